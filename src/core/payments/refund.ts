import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { failpoint } from '../../base/failpoint.ts'
import { newId } from '../../base/ids.ts'
import { type paymentsApi, refusePayment } from './api.ts'
import { afterFirstGo, type Intent, type ProviderNeeds } from './intent.ts'
import { pursue } from './pursue.ts'

export interface RefundPart {
  readonly id: string
  readonly amount_cents: number
  readonly status: 'refunded' | 'pending' | 'refused'
  readonly reason: string | null
}

export interface Refunded {
  readonly refund_id: string
  readonly status: 'refunded' | 'pending' | 'partly_refused'
  readonly amount_cents: number
  readonly parts: RefundPart[]
}

/** More parts than these are asked for in the background. */
const askedAtOnce = 20

/**
 * Sends unspent card money back to the cards it came from, the newest payment first: each part is reserved in clearing with an
 * intent of its own, then asked for, then booked. A part that is definitely refused is card money of the wallet again.
 */
export async function refund(
  { actor, remember }: Call,
  { amount_cents: amount }: Input<typeof paymentsApi.endpoints.refund>,
  needs: ProviderNeeds,
): Promise<Reply<Refunded>> {
  const batch = remember?.effectId ?? newId()
  failpoint('card_refund', 'before_intent')
  const ids = await needs.db.transaction(async (sql) => {
    const reserved = await reserve(sql, batch, actor.userId, amount)
    if (reserved.length === 0) throw refusePayment('nothing_to_refund')
    return reserved
  })
  failpoint('card_refund', 'after_intent')
  for (const id of ids.slice(0, askedAtOnce)) await pursue(needs, id)
  const intents = await needs.db.rows<Pick<Intent, 'id' | 'amount_cents' | 'status' | 'reason'>>(
    `select id, amount_cents, status, reason from provider_intent where batch = $1 order by id`,
    [batch],
  )
  const parts = intents.map(({ id, amount_cents, status, reason }) => ({
    id,
    amount_cents,
    status: ({ asked: 'pending', done: 'refunded', refused: 'refused' } as const)[status],
    reason,
  }))
  if (parts.every(({ status }) => status === 'refused'))
    throw refusePayment(
      'provider_refused',
      { refund_id: batch, reason: parts[0]!.reason },
      `The payment provider refused the refund, and the money is back in your wallet: ${parts[0]!.reason}`,
    )
  const worst = (['refused', 'pending', 'refunded'] as const).find((status) =>
    parts.some((part) => part.status === status),
  )!
  return reply(200, {
    refund_id: batch,
    status: worst === 'refused' ? 'partly_refused' : worst,
    amount_cents: parts.reduce((sum, part) => sum + (part.status === 'refused' ? 0 : part.amount_cents), 0),
    parts,
  })
}

/**
 * Takes the amount (all there is without one) from the newest payments that have something left, and writes an intent for each; a
 * second time finds them. Answers their ids: none when nothing can go back to a card.
 */
export async function reserve(sql: Sql, batch: string, user: string, asked: number | undefined): Promise<string[]> {
  await sql.rows(`select ledger_lock($1)`, [user])
  const known = await sql.rows<{ id: string }>(`select id from provider_intent where batch = $1 order by id`, [batch])
  if (known.length > 0) return known.map(({ id }) => id)
  const payments = await sql.rows<{ id: string; rest: number; unspent: number }>(
    `select id, amount_cents - refunded_cents as rest, ledger_card_part(user_id) as unspent from card_payment
     where user_id = $1 and refunded_cents < amount_cents and not disputed and funding_id is null order by created_at desc, id desc for no key update`,
    [user],
  )
  const refundable = Math.min(
    payments[0]?.unspent ?? 0,
    payments.reduce((sum, { rest }) => sum + rest, 0),
  )
  if (refundable === 0) return []
  if (asked !== undefined && asked > refundable)
    throw refusePayment('more_than_refundable', { refundable_cents: refundable, required_cents: asked })
  let left = asked ?? refundable
  const ids: string[] = []
  for (const { id: payment, rest } of payments) {
    if (left === 0) break
    const id = newId()
    const part = Math.min(rest, left)
    const [posted] = await sql.rows<{ outcome: string }>(
      `with written as (
         insert into provider_intent (id, kind, user_id, amount_cents, target, batch, created_at, due_at)
         values ($1, 'card_refund', $2, $3, $4, $5, app_now(), ${afterFirstGo}) returning 1
       ), reserved as (
         update card_payment set refunded_cents = refunded_cents + $3 where id = $4 returning 1
       ) select ledger_post('card_refund', 'card_refund:' || $1, 'card_refund:' || $1, 'USD', array['wallet:' || $2], array['clearing:' || $1], array[$3::bigint]) as outcome
         from written, reserved`,
      [id, user, part, payment, batch],
    )
    if (posted!.outcome !== 'posted') throw refusePayment('nothing_to_refund')
    ids.push(id)
    left -= part
  }
  return ids
}
