import { tell } from '../events/write.ts'
import { confirmed, declined, type Errand } from './intent.ts'

const bookWithdrawal = `with ${confirmed('withdrawal')}, posted as (
  select ledger_post('withdrawal_paid', 'withdrawal:' || id, 'withdrawal:' || id, 'USD', array['clearing:' || id], array['platform:stripe'], array[amount_cents]) from moved
), told as (
  ${tell({
    name: `'wallet.withdrawn'`,
    ref: `'withdrawal:' || id`,
    parties: ['user_id'],
    data: `json_build_object('withdrawal_id', id, 'amount_cents', amount_cents, 'status', 'paid')`,
    from: 'moved',
  })}
) select (select count(*) from posted) as posts from moved`

const returnWithdrawal = `with ${declined('withdrawal')}, posted as (
  select ledger_post('withdrawal_returned', 'withdrawal:' || id, 'withdrawal:' || id, 'USD', array['clearing:' || id], array['wallet:' || user_id], array[amount_cents]) from moved
), told as (
  ${tell({
    name: `'wallet.withdrawn'`,
    ref: `'withdrawal:' || id`,
    parties: ['user_id'],
    data: `json_build_object('withdrawal_id', id, 'amount_cents', amount_cents, 'status', 'refused', 'reason', reason)`,
    from: 'moved',
  })}
) select (select count(*) from posted) as posts from moved`

/** Earned money on its way to the account its owner has connected. */
export const withdrawalErrand: Errand = {
  async ask(stripe, { id, user_id, amount_cents, target }) {
    const transfer = await stripe.transfers.create(
      {
        amount: amount_cents,
        currency: 'usd',
        destination: target!,
        transfer_group: id,
        metadata: { kind: 'withdrawal', intent_id: id, user_id },
      },
      { idempotencyKey: `withdrawal:${id}` },
    )
    return { is: 'done', object: transfer.id }
  },
  async lookUp(stripe, { id }) {
    const { data } = await stripe.transfers.list({ transfer_group: id, limit: 1 })
    return data[0] ? { is: 'done', object: data[0].id } : null
  },
  book: async (sql, { id }, object) => void (await sql.rows(bookWithdrawal, [id, object])),
  undo: async (sql, { id }, reason) => void (await sql.rows(returnWithdrawal, [id, reason])),
}
