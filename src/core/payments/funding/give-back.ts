import type { Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'
import { fundingLife } from './funding.ts'

export interface GiveBack {
  /** The work, `milestone:<uuid>`. */
  readonly ref: string
  /** Who had paid. */
  readonly user: string
  readonly source: 'card' | 'wallet'
  readonly amount: number
}

const toWallet = `select ledger_post('refund', $1, $1, 'USD', array['escrow:' || $1], array['wallet:' || $2], array[$3::bigint]) as outcome`

const toCard = `with paid as materialized (
  update card_funding set status = ${fundingLife.to('give_back')} where ref = $1 and user_id = $2 and status in (${fundingLife.from('give_back')}) returning id
), reserved as (
  update card_payment p set refunded_cents = refunded_cents + $3 from paid where p.funding_id = paid.id returning p.id
), asked as (
  insert into provider_intent (id, kind, user_id, amount_cents, target, ref, created_at, due_at)
  select $4::uuid, 'card_refund', $2, $3, id, $1, app_now(), app_now() from reserved returning 1
) select ledger_post('card_refund', $1, 'card_refund:' || $4, 'USD', array['escrow:' || $1], array['clearing:' || $4], array[$3::bigint]) as outcome from asked`

/**
 * What is held for a piece of work goes back to who paid for it, the way it came, once: into the wallet, or out of it to the card in
 * the background (a card whose bank definitely refuses: into the wallet, as card money). Within the caller's transaction, which
 * ends the work. Never more than is still held: a bank may have taken it back. Answers how many cents that was.
 */
export async function giveBack(sql: Sql, { ref, user, source, amount }: GiveBack): Promise<number> {
  const [held] = await sql.rows<{ cents: number }>(`select ledger_lock_held($1) as cents`, [ref])
  const cents = Math.min(amount, held!.cents)
  if (cents === 0) {
    if (source === 'card')
      await sql.rows(
        `update card_funding set status = ${fundingLife.to('give_back')} where ref = $1 and status in (${fundingLife.from('give_back')})`,
        [ref],
      )
    return 0
  }
  const [posted] = await (source === 'wallet'
    ? sql.rows<{ outcome: string }>(toWallet, [ref, user, cents])
    : sql.rows<{ outcome: string }>(toCard, [ref, user, cents, newId()]))
  if (posted?.outcome !== 'posted')
    throw new Error(
      `${cents} cents of ${ref} could not go back to ${source}: ${posted?.outcome ?? 'no card has paid it'}`,
    )
  return cents
}
