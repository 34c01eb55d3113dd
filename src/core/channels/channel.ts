import { z } from 'zod'
import { iso } from '../../base/page.ts'

export const channelsMax = 20

export const channelTypes = ['telegram', 'discord', 'slack', 'email'] as const
export type ChannelType = (typeof channelTypes)[number]

export const digests = ['off', 'hourly', 'daily'] as const
export type Digest = (typeof digests)[number]

/** How long the first event of a digest waits for others, as a PostgreSQL interval. */
export const digestWaits = { hourly: '1 hour', daily: '1 day' } as const

/** Failures in a row after which a channel is told nothing more: some three days of them, by the schedule of deliveries. */
export const triesMax = 10

const timestamp = z.string().describe('ISO 8601, UTC')

/** Where a channel leads, as its owner is shown it: enough to know it again, and no more. */
export const MaskedConfig = z.strictObject({
  chat_id: z.string().optional().describe('Of a Telegram chat: its end.'),
  webhook_url: z.string().optional().describe('Of Discord or Slack: its host and its end.'),
  address: z.string().optional().describe('An e-mail address: its first letter and its domain.'),
})
export type MaskedConfig = z.infer<typeof MaskedConfig>

/** A channel as its owner sees it. */
export const Channel = z
  .strictObject({
    id: z.uuid(),
    channel_type: z.enum(channelTypes),
    config: MaskedConfig,
    enabled_events: z
      .array(z.string())
      .nullable()
      .describe('The events it is told; null for all but those that docs/events.md calls quiet.'),
    created_at: timestamp,
    updated_at: timestamp,
    digest: z
      .enum(digests)
      .describe('off: told at once. Else what comes within an hour or a day goes into one message.'),
    enabled: z.boolean(),
    disabled_reason: z
      .enum(['owner', 'gone', 'failing', 'stopped'])
      .nullable()
      .describe(
        'Why it is told nothing: you said so, it is not there any more, it failed for days, or whoever reads it said so.',
      ),
    confirmed: z
      .boolean()
      .describe('false: an address that was written to and has not been confirmed; nothing else is sent there before.'),
    available: z.boolean().describe('false: this market has not been set up to send there, and waits with nothing.'),
    failing_since: timestamp.nullable().describe('Of the first failure since the last message that arrived.'),
    last_error: z.string().nullable().describe('What went wrong then.'),
    delivered_at: timestamp.nullable().describe('When a message arrived last.'),
    hold_until: timestamp
      .nullable()
      .describe('Nothing is sent before: it asked for a pause, has failed, or has just been told much.'),
  })
  .meta({ id: 'Channel' })
export type Channel = z.infer<typeof Channel>

export const outcomes = ['delivered', 'postponed', 'failed', 'refused', 'given_up'] as const
export type Outcome = (typeof outcomes)[number]

/** One message that was sent to a channel, or tried. */
export const Message = z
  .strictObject({
    id: z.uuid(),
    channel_id: z.uuid(),
    at: timestamp,
    kind: z.enum(['events', 'test', 'confirmation']),
    events: z.int().describe('How many events it told of.'),
    names: z.array(z.string()).describe('Of which kinds.'),
    outcome: z
      .enum(outcomes)
      .describe(
        'delivered; postponed, because the receiver asked for a pause; failed, and tried again; refused, this message for good; given_up, with everything that waited.',
      ),
    status: z.int().nullable().describe('What it answered; null when it did not.'),
    error: z.string().nullable(),
    duration_ms: z.int(),
  })
  .meta({ id: 'ChannelMessage' })
export type Message = z.infer<typeof Message>

/** A channel's row as SQL writes it into JSON. */
export interface ChannelRow {
  id: string
  user_id: string
  channel_type: ChannelType
  /** Sealed, in hex. */
  config: string
  enabled_events: string[] | null
  digest: Digest
  enabled: boolean
  disabled_reason: Channel['disabled_reason']
  confirmed_at: string | null
  failing_since: string | null
  last_error: string | null
  hold_until: string | null
  delivered_at: string | null
  created_at: string
  updated_at: string
}

export const channelColumns = `id, user_id, channel_type, encode(config, 'hex') as config, enabled_events, digest, enabled, disabled_reason,
  confirmed_at, failing_since, last_error, case when hold_until > app_now() then hold_until end as hold_until, delivered_at, created_at, updated_at`

export const showChannel = (row: ChannelRow, config: MaskedConfig, available: boolean): Channel => ({
  id: row.id,
  channel_type: row.channel_type,
  config,
  enabled_events: row.enabled_events,
  created_at: iso(row.created_at),
  updated_at: iso(row.updated_at),
  digest: row.digest,
  enabled: row.enabled,
  disabled_reason: row.disabled_reason,
  confirmed: row.confirmed_at !== null,
  available,
  failing_since: iso(row.failing_since),
  last_error: row.last_error,
  delivered_at: iso(row.delivered_at),
  hold_until: iso(row.hold_until),
})
