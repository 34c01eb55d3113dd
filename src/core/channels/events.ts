import type { EventKind } from '../events/kind.ts'

const channel = '01a20226-00b5-7bc1-9461-989abfd9ed53'

export const channelEvents: readonly EventKind[] = [
  {
    name: 'channel.disabled',
    when: 'A channel of yours is told nothing any more: it is not there (`gone`), it failed for some three days (`failing`), or whoever reads it stopped it (`stopped`).',
    example: {
      channel_id: channel,
      channel_type: 'telegram',
      reason: 'gone',
      error: 'Forbidden: bot was blocked by the user',
    },
    next: 'Mend what is wrong there, then `PATCH /api/notifications/:id` with `{"enabled": true}`, or make another.',
    words: {
      text: {
        by: 'reason',
        cases: {
          gone: 'Your {channel_type} channel is not there any more[: {error}]. It is told nothing.',
          stopped: 'Whoever reads your {channel_type} channel has stopped it. It is told nothing.',
        },
        otherwise: 'Your {channel_type} channel has failed again and again[: {error}]. It is told nothing any more.',
      },
      urgent: true,
    },
  },
]
