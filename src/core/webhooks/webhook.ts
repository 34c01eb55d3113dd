import { z } from 'zod'
import { iso } from '../../base/page.ts'
import { Event } from '../events/api.ts'

export const webhooksMax = 20

const timestamp = z.string().describe('ISO 8601, UTC')

/** A webhook endpoint as its owner sees it; the secret is nowhere in it. */
export const Webhook = z
  .strictObject({
    id: z.uuid(),
    url: z.string(),
    events: z.array(z.string()).nullable().describe('The events it is told; null for all.'),
    enabled: z.boolean(),
    disabled_reason: z
      .enum(['owner', 'gone', 'failing'])
      .nullable()
      .describe('Why it is told nothing: you said so, it answered 410, or it failed for five days.'),
    failing_since: timestamp.nullable().describe('Of the first failure since the last delivery.'),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof Webhook>

export const NewWebhook = Webhook.extend({
  secret: z.string().describe('Signs every delivery; shown this once. Begins with whsec_.'),
}).meta({ id: 'NewWebhook' })

export const deliveryStates = ['pending', 'delivered', 'failed'] as const

/** One event for one webhook: what is sent, and what came of it. */
export const Delivery = z
  .strictObject({
    id: z.uuid(),
    webhook_id: z.uuid(),
    event_id: z.uuid(),
    seq: z.int().nullable(),
    event: z.string(),
    status: z.enum(deliveryStates),
    next_attempt_at: timestamp.nullable().describe('When it is tried next; null when it is over.'),
    request: z
      .strictObject({
        method: z.literal('POST'),
        body: Event.nullable().describe('What is sent as the body; null once the event is older than 30 days.'),
      })
      .describe('What is sent. The signatures are made anew for each attempt.'),
    attempts: z.array(
      z.strictObject({
        number: z.int(),
        at: timestamp,
        url: z.string(),
        status: z.int().nullable().describe('The status of the answer; null when there was none.'),
        error: z.string().nullable(),
        duration_ms: z.int(),
        response: z.string().nullable().describe('The beginning of the answer’s body, 1,000 characters at most.'),
      }),
    ),
    created_at: timestamp,
    ended_at: timestamp.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })
export type Delivery = z.infer<typeof Delivery>

/** A webhook's row as SQL writes it into JSON. */
export interface WebhookRow {
  id: string
  user_id: string
  url: string
  events: string[] | null
  enabled: boolean
  disabled_reason: 'owner' | 'gone' | 'failing' | null
  failing_since: string | null
  created_at: string
  updated_at: string
}

export const webhookColumns =
  'id, user_id, url, events, enabled, disabled_reason, failing_since, created_at, updated_at'

export const showWebhook = ({ user_id: _, ...row }: WebhookRow): Webhook => ({
  ...row,
  failing_since: iso(row.failing_since),
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
})
