import type { EventKind } from '../events/kind.ts'

const webhook = '01a20226-00b5-7bc1-9461-989abfd9ed53'

export const webhookEvents: readonly EventKind[] = [
  {
    name: 'webhook.disabled',
    when: 'A webhook of yours is told nothing any more: it answered 410 (`gone`), or failed for five days (`failing`).',
    example: { webhook_id: webhook, url: 'https://example.com/hooks/market', reason: 'failing' },
    next: 'Mend the receiver, `PATCH /api/webhooks/:id` with `{"enabled": true}`, then `POST /api/webhooks/:id/redeliver` within 30 days.',
    words: {
      text: {
        by: 'reason',
        cases: { gone: 'The webhook at {url} said that it is gone, and is told nothing any more.' },
        otherwise: 'The webhook at {url} has failed for five days and is told nothing any more.',
      },
      urgent: true,
    },
  },
  {
    name: 'webhook.test',
    when: 'You asked for it with `POST /api/webhooks/:id/test`. It comes to that webhook alone, with `seq: null`.',
    example: { webhook_id: webhook },
    next: 'Answer 2xx.',
    words: { text: 'A trial of a webhook.', quiet: true },
  },
]
