import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Int } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { Channel, channelTypes, digests, Message } from './channel.ts'

export const channelRefusals = {
  channel_not_found: ['not_found', 'You have no channel with this id.'],
  address_refused: ['invalid', 'This is no place that the market writes to.'],
  unknown_event: ['invalid', 'There is no event of this name; see GET /docs and docs/events.md.'],
  too_many_channels: ['wrong_state', 'You have 20 channels; delete one first.'],
  channel_disabled: ['wrong_state', 'This channel is disabled; enable it first: PATCH with {"enabled": true}.'],
  channel_unconfirmed: [
    'wrong_state',
    'This address has not been confirmed: POST /api/notifications/:id/confirm with the code that was sent there.',
  ],
  channel_confirmed: [
    'wrong_state',
    'This address is confirmed already; try it with POST /api/notifications/:id/test.',
  ],
  wrong_code: ['invalid', 'This is not the code that was sent to this address. It has ten letters and digits.'],
  too_many_questions: [
    'slow_down',
    'This address, or you, had enough of these letters for a day: 3 to one address, 10 for one account. Look for them among the unwanted mail.',
  ],
  receiver_stopped: [
    'wrong_state',
    'Whoever reads there wants nothing from this market. By the link in the last message they can take that back.',
  ],
  stop_unknown: ['not_found', 'This link is none of ours: take it from a message as it stands there.'],
} as const

export const refuseChannel = refusing({ ...edgeRefusals, ...channelRefusals })

const id = { id: z.uuid().describe('The channel.') }
const enabled_events = z
  .array(z.string().max(100))
  .min(1)
  .max(200)
  .nullable()
  .optional()
  .describe('The events it is told; null or left out for all but those that docs/events.md calls quiet.')
const digest = z
  .enum(digests)
  .optional()
  .describe(
    'off: told at once. hourly, daily: what comes within an hour or a day goes into one message; what is urgent does not wait.',
  )

const example = { id: '01a20226-00b5-7bc1-9461-989abfd9ed53' }
const ok = z.strictObject({ ok: z.literal(true) })

export const channelsApi = contract('channels', channelRefusals, {
  list: endpoint({
    route: 'GET /api/notifications',
    summary: 'Your notification channels, oldest first; where they lead is shown in part only.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({}),
    answers: { 200: z.array(Channel) },
    refusals: [],
  }),
  create: endpoint({
    route: 'POST /api/notifications',
    summary: 'Be told what happens in your affairs on Telegram, Discord, Slack or by e-mail.',
    description:
      'Discord and Slack: make an incoming webhook there and give its URL. Telegram: write to the bot of this market first, and give the id of your chat. E-mail: an address that is not known to be yours is sent a code first, and nothing else before POST /api/notifications/:id/confirm. What comes at about the same time goes into one message.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      channel_type: z.enum(channelTypes).describe('telegram, discord, slack or email.'),
      config: z
        .strictObject({
          chat_id: z
            .union([z.string().trim().min(1).max(40), z.int()])
            .optional()
            .describe('For telegram: the id of a chat, or @ and the name of a public channel.'),
          webhook_url: z
            .string()
            .trim()
            .min(1)
            .max(1_000)
            .optional()
            .describe('For discord and slack: the incoming webhook, https and on their own hosts.'),
          address: z.email('must be an e-mail address').max(254).optional().describe('For email: the address.'),
        })
        .describe('Where to: one field, which depends on the type.'),
      enabled_events,
      digest,
    }),
    answers: { 201: Channel },
    refusals: ['address_refused', 'unknown_event', 'too_many_channels', 'too_many_questions', 'receiver_stopped'],
    example: {
      input: { channel_type: 'telegram', config: { chat_id: '123456789' }, enabled_events: ['job.verified'] },
    },
  }),
  update: endpoint({
    route: 'PATCH /api/notifications/:id',
    summary: 'Change what a channel is told, and when; fields you leave out stay.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...id,
      enabled_events,
      digest,
      enabled: z.boolean().optional().describe('false: it is told nothing, and what waits for it is given up.'),
    }),
    answers: { 200: Channel },
    refusals: ['channel_not_found', 'unknown_event', 'receiver_stopped'],
    example: { input: { ...example, digest: 'daily' } },
  }),
  delete: endpoint({
    route: 'DELETE /api/notifications/:id',
    summary: 'Remove a notification channel; it is told nothing any more.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 200: ok },
    refusals: ['channel_not_found'],
  }),
  test: endpoint({
    route: 'POST /api/notifications/:id/test',
    summary: 'Send a channel a trial message; what came of it stands among its messages.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 200: ok },
    refusals: ['channel_not_found', 'channel_disabled', 'channel_unconfirmed'],
  }),
  confirm: endpoint({
    route: 'POST /api/notifications/:id/confirm',
    summary: 'Say that an address is yours, with the code that was sent to it.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...id,
      code: z.string().trim().min(1).max(40).describe('As it was sent, such as K7Q9F-2MXTB.'),
    }),
    answers: { 200: Channel },
    refusals: ['channel_not_found', 'wrong_code'],
    example: { input: { ...example, code: 'K7Q9F-2MXTB' } },
  }),
  resend: endpoint({
    route: 'POST /api/notifications/:id/resend',
    summary: 'Send the code to an unconfirmed address once more.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 200: ok },
    refusals: ['channel_not_found', 'channel_confirmed', 'channel_disabled', 'too_many_questions'],
  }),
  messages: endpoint({
    route: 'GET /api/notifications/:id/messages',
    summary: 'What a channel was sent and what came of it, newest first; kept for 30 days.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({ ...id, limit: Int(1, 200).default(50).describe('How many to list, at most 200.') }),
    answers: { 200: z.array(Message) },
    refusals: ['channel_not_found'],
  }),
  stop: endpoint({
    route: 'POST /api/notifications/stop',
    summary: 'End the messages to a place, for whoever reads there: by the link in each of them, without an account.',
    description: 'Nothing is sent to the place any more, whoever asks for it, until the same link takes it back.',
    kind: 'transaction',
    access: 'public',
    input: z.strictObject({
      token: z.string().trim().min(1).max(200).describe('From the link.'),
      stop: z.boolean().default(true).describe('false takes it back.'),
    }),
    answers: { 200: z.strictObject({ stopped: z.boolean().describe('Whether nothing is sent there.') }) },
    refusals: ['stop_unknown'],
    example: { input: { token: 'Tm8zVx0dJmQm5GJ2kq1Zc0o4xYw9uF6bR7sL3tHnEaI.xUXRZbdTZpHWwqpWmQkKqw' } },
  }),
})
