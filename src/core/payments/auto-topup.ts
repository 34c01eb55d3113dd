import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { iso } from '../../base/page.ts'
import { type paymentsApi, refusePayment } from './api.ts'
import { type Card, readCard } from './card.ts'

export interface AutoTopUp {
  readonly enabled: boolean
  readonly amount_cents: number | null
  readonly threshold_cents: number | null
  readonly max_per_day_cents: number | null
  /** What it has charged today (UTC), charges under way included. */
  readonly charged_today_cents: number
  readonly paused_at: string | null
  readonly paused_reason: string | null
  readonly card: Card | null
}

const defaultMaxPerDay = 5_000

/** How the wallet fills itself up, and with which card; whether and why a failure has paused it. */
export async function readAutoTopUp(sql: Sql, user: string): Promise<AutoTopUp> {
  const card = await readCard(sql, user)
  const [row] = await sql.rows<{ row: Omit<AutoTopUp, 'card'> }>(
    `select row_to_json(a) as row from (
       select enabled, amount_cents, threshold_cents, max_per_day_cents,
         case when day = (app_now() at time zone 'UTC')::date then day_cents else 0 end as charged_today_cents, paused_at, paused_reason
       from auto_topup where user_id = $1) as a`,
    [user],
  )
  const none = {
    enabled: false,
    amount_cents: null,
    threshold_cents: null,
    max_per_day_cents: null,
    charged_today_cents: 0,
  }
  const set = row?.row ?? { ...none, paused_at: null, paused_reason: null }
  return { ...set, paused_at: set.paused_at && iso(set.paused_at), card }
}

/** Sets how the wallet fills itself up from the saved card. Setting it ends a pause. */
export async function setAutoTopUp(
  { sql, actor, wake }: Call,
  input: Input<typeof paymentsApi.endpoints.set_auto_topup>,
): Promise<Reply<AutoTopUp>> {
  const before = await readAutoTopUp(sql, actor.userId)
  const amount = input.amount_cents ?? before.amount_cents
  const threshold = input.threshold_cents ?? before.threshold_cents
  const most = input.max_per_day_cents ?? before.max_per_day_cents ?? defaultMaxPerDay
  if (amount === null || threshold === null) {
    // Off is off, whether it was ever set or not.
    if (!input.enabled) return reply(200, before)
    throw refusePayment('auto_topup_incomplete')
  }
  const wrong = [
    threshold > amount && { path: 'threshold_cents', message: 'must be at most amount_cents' },
    most < amount && {
      path: 'max_per_day_cents',
      message: 'must be at least amount_cents, or nothing would ever be charged (5,000 when it is not given)',
    },
  ].filter((issue) => issue !== false)
  if (wrong.length > 0) throw refusePayment('invalid_input', { issues: wrong })
  if (input.enabled && !before.card) throw refusePayment('card_required')
  await sql.rows(
    `insert into auto_topup (user_id, enabled, amount_cents, threshold_cents, max_per_day_cents, changed_at) values ($1, $2, $3, $4, $5, app_now())
     on conflict (user_id) do update set enabled = excluded.enabled, amount_cents = excluded.amount_cents, threshold_cents = excluded.threshold_cents,
       max_per_day_cents = excluded.max_per_day_cents, paused_at = null, paused_reason = null, changed_at = excluded.changed_at`,
    [actor.userId, input.enabled, amount, threshold, most],
  )
  if (input.enabled) wake('autoTopUp')
  return reply(200, await readAutoTopUp(sql, actor.userId))
}
