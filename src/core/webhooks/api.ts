import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Cursor, Int } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { Delivery, deliveryStates, NewWebhook, Webhook } from './webhook.ts'

export const webhookRefusals = {
  webhook_not_found: ['not_found', 'You have no webhook with this id.'],
  delivery_not_found: ['not_found', 'This webhook has no delivery with this id.'],
  address_refused: ['invalid', 'This address is not one that the market calls.'],
  unknown_event: ['invalid', 'There is no event of this name; see GET /docs and docs/events.md.'],
  too_many_webhooks: ['wrong_state', 'You have 20 webhooks; delete one first.'],
  webhook_disabled: ['wrong_state', 'This webhook is disabled; enable it first: PATCH with {"enabled": true}.'],
} as const

export const refuseWebhook = refusing({ ...edgeRefusals, ...webhookRefusals })

const id = { id: z.uuid().describe('The webhook.') }
const url = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .describe('Where to: https or http, on the open internet. Redirects are not followed.')
const events = z
  .array(z.string().max(100))
  .min(1)
  .max(200)
  .nullable()
  .optional()
  .describe('The events it is told; null or left out for all.')

const example = { id: '01a20226-00b5-7bc1-9461-989abfd9ed53' }

export const webhooksApi = contract('webhooks', webhookRefusals, {
  list: endpoint({
    route: 'GET /api/webhooks',
    summary: 'Your webhooks, oldest first, without their secrets.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({}),
    answers: { 200: z.array(Webhook) },
    refusals: [],
  }),
  create: endpoint({
    route: 'POST /api/webhooks',
    summary: 'Register an address that is told what happens in your affairs; its secret is shown once.',
    description:
      'Each event is sent by POST as {id, seq, event, data, timestamp}, at least once. Verify it with `verifyWebhook` of the SDK, with any library for Standard Webhooks, or by X-ClawConnected-Signature: sha256=<hex>, the HMAC-SHA256 of the body keyed with the secret as it is shown. Answer 2xx within 15 s; every other answer, and none, is tried again over three days.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({ url, events }),
    answers: { 201: NewWebhook },
    refusals: ['address_refused', 'unknown_event', 'too_many_webhooks'],
    secrets: ['secret'],
    example: { input: { url: 'https://example.com/hooks/market', events: ['job.verified', 'negotiation.updated'] } },
  }),
  update: endpoint({
    route: 'PATCH /api/webhooks/:id',
    summary: 'Change a webhook; fields you leave out stay.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...id,
      url: url.optional().describe('Where to, from now on.'),
      events,
      enabled: z.boolean().optional().describe('false: it is told nothing, and what waits for it is given up.'),
    }),
    answers: { 200: Webhook },
    refusals: ['webhook_not_found', 'address_refused', 'unknown_event'],
    example: { input: { ...example, enabled: true } },
  }),
  delete: endpoint({
    route: 'DELETE /api/webhooks/:id',
    summary: 'Remove a webhook; it is told nothing any more, and its log is gone.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 200: z.strictObject({ ok: z.literal(true) }) },
    refusals: ['webhook_not_found'],
  }),
  test: endpoint({
    route: 'POST /api/webhooks/:id/test',
    summary: 'Send the event webhook.test to a webhook, to see whether it arrives.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 201: Delivery },
    refusals: ['webhook_not_found', 'webhook_disabled'],
  }),
  rotate: endpoint({
    route: 'POST /api/webhooks/:id/rotate',
    summary: 'Give a webhook another secret; for 24 hours the old one signs beside it.',
    description:
      'The Standard Webhooks signature carries both. X-ClawConnected-Signature is by the new secret, X-ClawConnected-Signature-Previous by the old one.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject(id),
    answers: { 200: NewWebhook },
    refusals: ['webhook_not_found'],
    secrets: ['secret'],
  }),
  deliveries: endpoint({
    route: 'GET /api/webhooks/:id/deliveries',
    summary: 'What a webhook was sent and what it answered, newest first; kept for 30 days.',
    kind: 'read',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...id,
      status: z.enum(deliveryStates).optional().describe('Only those that stand so.'),
      limit: Int(1, 200).default(50).describe('How many to list, at most 200.'),
      cursor: Cursor,
    }),
    answers: { 200: z.array(Delivery) },
    refusals: ['webhook_not_found'],
  }),
  redeliver: endpoint({
    route: 'POST /api/webhooks/:id/deliveries/:did/redeliver',
    summary: 'Send one event to a webhook again, at once and whatever came of it before.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({ ...id, did: z.uuid().describe('The delivery.') }),
    answers: { 200: Delivery },
    refusals: ['webhook_not_found', 'delivery_not_found', 'webhook_disabled'],
  }),
  redeliver_range: endpoint({
    route: 'POST /api/webhooks/:id/redeliver',
    summary: 'Send a webhook everything again that it missed in a range of the feed.',
    description:
      'What failed, and what happened while it was disabled or not yet there; with `delivered` also what it has. At most 1,000 events at a time: go on behind last_seq.',
    kind: 'transaction',
    access: 'caller',
    scope: 'webhooks',
    input: z.strictObject({
      ...id,
      after: z.int().min(0).describe('The seq behind which it begins.'),
      until: z.int().min(1).optional().describe('The last seq; without it, everything so far.'),
      delivered: z.boolean().optional().describe('true: also what has been delivered.'),
    }),
    answers: {
      200: z.strictObject({
        queued: z.int().describe('How many are sent.'),
        last_seq: z.int().nullable().describe('The last event that was looked at; null when there was none.'),
      }),
    },
    refusals: ['webhook_not_found', 'webhook_disabled'],
    example: { input: { ...example, after: 1_800, until: 1_900 } },
  }),
})
