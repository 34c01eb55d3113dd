import type Stripe from 'stripe'
import type { Sql } from '../../../base/db.ts'
import { tell } from '../../events/write.ts'
import { confirmed, declined, type Errand, type Intent } from '../intent.ts'
import { payoutLife, refusalsMost } from './payout.ts'

/** What a payout tells its person: `paid`, `in_wallet`, or `refused`, which is tried again. `from` has the payout and a reason. */
export const tellPayout = (status: 'paid' | 'in_wallet' | 'refused', from: string): string =>
  tell({
    name: `'wallet.paid_out'`,
    ref: `'payout:' || id`,
    parties: ['user_id'],
    data: `json_strip_nulls(json_build_object('payout_id', id, 'ref', ref, 'amount_cents', cents, 'status', '${status}', 'reason', reason))`,
    from,
  })

// `moved` is the intent, `payout` here what it was for.
const of = `p.intent_id = moved.id and p.status in (${payoutLife.from('pay')})
  returning p.id, p.ref, p.user_id, moved.id as intent_id, moved.amount_cents as cents, moved.reason`

const bookPayout = `with ${confirmed('payout')}, ended as (
  update payout p set status = ${payoutLife.to('pay')}, ended_at = app_now() from moved where ${of}
), posted as (
  select ledger_post('payout_paid', ref, 'payout:' || intent_id, 'USD', array['clearing:' || intent_id], array['platform:stripe'], array[cents]) from ended
), told as (
  ${tellPayout('paid', 'ended')}
) select (select count(*) from posted) as posts from moved`

// An hour, then twice as long each time: seven refusals take two and a half days.
const returnPayout = `with ${declined('payout')}, waiting as (
  update payout p set status = ${payoutLife.to('refuse')}, refusals = refusals + 1,
    due_at = app_now() + case when refusals + 1 < ${refusalsMost} then interval '1 hour' * 2 ^ refusals else interval '0' end
  from moved where ${of}
), posted as (
  select ledger_post('payout_returned', ref, 'payout:' || intent_id, 'USD', array['clearing:' || intent_id], array['pending:' || user_id], array[cents]) from waiting
), told as (
  ${tellPayout('refused', 'waiting')}
) select (select count(*) from posted) as posts from moved`

async function findTransfer(stripe: Stripe, { id, ref }: Intent): Promise<string | null> {
  // Of one piece of work there are a payment and at most one transfer.
  for await (const transfer of stripe.transfers.list({ transfer_group: ref!, limit: 100 }))
    if (transfer.metadata.intent_id === id) return transfer.id
  return null
}

/** Released money on its way to the account its worker has connected. */
export const payoutErrand: Errand = {
  async ask(stripe, { id, user_id, amount_cents, target, ref }) {
    const transfer = await stripe.transfers.create(
      {
        amount: amount_cents,
        currency: 'usd',
        destination: target!,
        transfer_group: ref!,
        metadata: { kind: 'payout', intent_id: id, user_id },
      },
      { idempotencyKey: `payout:${id}` },
    )
    return { is: 'done', object: transfer.id }
  },
  async lookUp(stripe, intent) {
    const object = await findTransfer(stripe, intent)
    return object === null ? null : { is: 'done', object }
  },
  book: async (sql: Sql, { id }, object) => void (await sql.rows(bookPayout, [id, object])),
  undo: async (sql: Sql, { id }, reason) => void (await sql.rows(returnPayout, [id, reason])),
}
