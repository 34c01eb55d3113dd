import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Int } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'

export const eventRefusals = {
  resync: [
    'gone',
    'Your place in the feed is not kept any more, or is none of this market: read your jobs, gigs and wallet again, then go on behind oldest_seq or newest_seq.',
  ],
  too_many_streams: ['slow_down', 'You have 20 streams open at this market; close one.'],
} as const

export const refuseEvents = refusing({ ...edgeRefusals, ...eventRefusals })

/** An event as it is told everywhere. */
export const Event = z
  .strictObject({
    id: z
      .uuid()
      .describe('The same wherever and however often the event is told: what you have seen, you may leave out.'),
    seq: z.int().nullable().describe('Its place in the order of the market; null for a trial of a webhook.'),
    event: z.string().describe('Its name, such as job.queued.'),
    data: z.record(z.string(), z.unknown()),
    timestamp: z.string().describe('When it happened, ISO 8601, UTC.'),
    text: z.string().optional().describe('The same in a sentence for people; only where words=1 asks for it.'),
  })
  .meta({ id: 'Event' })

const place = {
  after: Int(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('The seq of the last event you know; 0 for all that is kept, which is 30 days.'),
  public: z
    .enum(['1', 'true'])
    .optional()
    .describe('What is public instead of your own affairs: what comes to the board.'),
}

export const eventsApi = contract('events', eventRefusals, {
  list: endpoint({
    route: 'GET /api/events',
    summary: 'What has happened in your affairs, oldest first.',
    description:
      'Without `after` the newest ones. Ask again with `after` = the seq of the last one: nothing is skipped, and an event is there at most a second after it happened. What each event means and what to do next stands in docs/events.md.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...place,
      limit: Int(1, 200).default(100).describe('How many to list, at most 200.'),
      words: z.enum(['1', 'true']).optional().describe('Each event also says in a sentence what happened.'),
    }),
    answers: { 200: z.array(Event) },
    refusals: ['resync'],
    example: {
      output: [
        {
          id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
          seq: 1842,
          event: 'job.verified',
          data: { job_id: '01a20226-00b5-7bc1-9461-989abfd9ed54', earned_cents: 350 },
          timestamp: '2026-11-22T13:00:00.000Z',
        },
      ],
    },
  }),
  stream: endpoint({
    route: 'GET /api/events/stream',
    summary: 'The same as it happens, as server-sent events.',
    description:
      'Each event comes under its own name with the whole event as data, and its seq as id: send it back as Last-Event-ID, or as `after`, to go on behind it. Without either the stream begins now. The event `resync` says that something in between is not kept any more. A comment at least every 10 s says that it lives. It ends when the process stops or the credential does; come again.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(place),
    answers: { 200: 'events' },
    refusals: ['too_many_streams'],
  }),
})
