import type Stripe from 'stripe'
import type { Sql } from '../../base/db.ts'
import { tell } from '../events/write.ts'
import { confirmed, declined, type Errand } from './intent.ts'

const bookAccount = `with ${confirmed('connect_account')} update app_user set stripe_account_id = coalesce(stripe_account_id, $2), stripe_account_status = 'pending'
  from moved where app_user.id = moved.user_id and stripe_account_id is null`

const forgetAccount = `with ${declined('connect_account')} select id from moved`

/** The account at the provider that a person's earnings are paid out to. */
export const connectAccountErrand: Errand = {
  async ask(stripe, { id, user_id, target }) {
    const account = await stripe.accounts.create(
      {
        type: 'express',
        ...(target ? { email: target } : {}),
        capabilities: { transfers: { requested: true } },
        metadata: { kind: 'connect_account', intent_id: id, user_id },
      },
      { idempotencyKey: `connect_account:${id}` },
    )
    return { is: 'done', object: account.id }
  },
  async lookUp(stripe, { id, asked_seconds }) {
    // Newest first: older than the intent, by more than clocks may differ, it cannot be.
    for await (const account of stripe.accounts.list({ limit: 100 })) {
      if (account.metadata?.intent_id === id) return { is: 'done', object: account.id }
      if ((account.created ?? 0) < asked_seconds - 3_600) break
    }
    return null
  },
  book: async (sql, { id }, object) => void (await sql.rows(bookAccount, [id, object])),
  undo: async (sql, { id }, reason) => void (await sql.rows(forgetAccount, [id, reason])),
}

export type ConnectStatus = 'not_connected' | 'pending' | 'active'

const statusOf = (account: Stripe.Account): ConnectStatus =>
  account.details_submitted === true && account.payouts_enabled === true && account.capabilities?.transfers === 'active'
    ? 'active'
    : 'pending'

const storeStatus = `with moved as (
  update app_user set stripe_account_status = $2 where stripe_account_id = $1 and stripe_account_status <> $2 returning id
), told as (
  ${tell({
    name: `'connect.changed'`,
    ref: `'user:' || id`,
    parties: ['id'],
    data: `json_build_object('status', $2::text)`,
    from: 'moved',
  })}
) select id from moved`

/** Something has happened to an account: it is read again. Active is one that may be paid; restricted later, it is pending again. */
export async function accountChanged(db: Sql, stripe: Stripe, accountId: string): Promise<ConnectStatus> {
  const status = statusOf(await stripe.accounts.retrieve(accountId))
  await db.rows(storeStatus, [accountId, status])
  return status
}
