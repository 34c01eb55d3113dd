import type Stripe from 'stripe'
import type { Database, Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'
import { tell } from '../events/write.ts'
import { bookTopUp } from './book-top-up.ts'
import { bookFunding } from './funding/book.ts'
import type { FundingDesk } from './funding/desk.ts'
import { lockPayout, noteGivenAgain, noteTaken } from './payouts/take-back.ts'
import { idOf } from './stripe.ts'

// `$4`: the work that the payment funded; `$5` and `$6`: who waits to be paid for it, and how much.
const bookTaken = `with payment as materialized (
  select id, user_id from card_payment where id = $2
), made as (
  insert into chargeback (id, payment_id, user_id, amount_cents, status, created_at)
  select $1, id, user_id, $3, 'taken', app_now() from payment on conflict (id) do nothing returning id, user_id, amount_cents
), taken as materialized (
  select id, user_id, amount_cents, ledger_chargeback(user_id, 'dispute:' || id, amount_cents, $4::text, $5::uuid, $6::bigint) as debt from made
), marked as (
  update card_payment set disputed = true where id = $2 and exists (select from made)
), told as (
  ${tell({
    name: `'wallet.debt'`,
    ref: `'dispute:' || id`,
    parties: ['user_id'],
    data: `json_build_object('dispute_id', id, 'amount_cents', amount_cents, 'debt_cents', debt, 'status', 'taken')`,
    from: 'taken',
  })}
) select id, debt from taken`

const bookWon = `with payment as materialized (
  select id, user_id from card_payment where id = $2
), moved as (
  insert into chargeback as c (id, payment_id, user_id, amount_cents, status, created_at, ended_at)
  select $1, id, user_id, $3, 'won', app_now(), app_now() from payment
  on conflict (id) do update set status = 'won', ended_at = app_now() where c.status = 'taken'
  returning id, user_id, amount_cents
), back as materialized (
  select id, user_id, amount_cents, ledger_chargeback_won(user_id, 'dispute:' || id, $4::boolean, $5::boolean) from moved
), marked as (
  update card_payment p set disputed = exists (select from chargeback c where c.payment_id = p.id and c.id <> $1 and c.status <> 'won')
  where id = $2 and exists (select from moved)
), told as (
  ${tell({
    name: `'wallet.debt'`,
    ref: `'dispute:' || id`,
    parties: ['user_id'],
    data: `json_build_object('dispute_id', id, 'amount_cents', amount_cents, 'debt_cents', 0, 'status', 'won')`,
    from: 'back',
  })}
) select id from back`

const bookDisputeFee = `select ledger_post('stripe_fee', 'dispute:' || $1::text, 'fee:' || $2::text, 'USD',
  array[case when $3::bigint > 0 then 'platform:stripe' else 'platform:processing' end],
  array[case when $3::bigint > 0 then 'platform:processing' else 'platform:stripe' end], array[abs($3::bigint)])`

const bookLost = `update chargeback set status = 'lost', ended_at = app_now() where id = $1 and status = 'taken' returning 1`

/**
 * A payer's bank takes card money back, or gives it back: the dispute is read again and booked as it is now, in whatever order and
 * however often its messages come. It takes what is held for the work that the payment funded, then what of it waits to be paid out to its
 * worker, then the payer's wallet, and then becomes debt; won, the same legs are reversed.
 */
export async function chargeback(db: Database, stripe: Stripe, desk: FundingDesk, disputeId: string): Promise<void> {
  const dispute = await stripe.disputes.retrieve(disputeId)
  const payment = idOf(dispute.payment_intent)
  if (!payment || !(await knowsPayment(db, stripe, desk, payment))) return
  // An inquiry has not taken anything yet, and may never.
  const hasTaken = dispute.balance_transactions.some(({ amount }) => amount < 0)
  const book = (status: Status): Promise<void> =>
    db.transaction((sql) => bookStatus(sql, desk, { id: dispute.id, payment, amount: dispute.amount, status }))
  if (dispute.status === 'won') await book('won')
  else if (hasTaken) await book('taken')
  if (dispute.status === 'lost') await book('lost')
  for (const { id, fee } of dispute.balance_transactions) if (fee !== 0) await bookFeeOnce(db, dispute.id, id, fee)
}

type Status = 'taken' | 'won' | 'lost'

interface Booking {
  readonly id: string
  readonly payment: string
  readonly amount: number
  readonly status: Status
}

// One dispute at a time, and each status once: what comes late must not freeze again what was given back. Then the desk, before any money
// is locked: it locks its work first, like everybody; then the payout, then the ledger.
async function bookStatus(sql: Sql, desk: FundingDesk, { id, payment, amount, status }: Booking): Promise<void> {
  await sql.rows(`select pg_advisory_xact_lock(hashtextextended('dispute:' || $1, 0))`, [id])
  const [known] = await sql.rows<{ status: Status }>(`select status from chargeback where id = $1`, [id])
  const isNews = { taken: !known, won: !known || known.status === 'taken', lost: known?.status === 'taken' }
  if (!isNews[status]) return
  const [funding] = await sql.rows<{ ref: string; held: boolean }>(
    `select f.ref, f.status = 'paid' as held from card_payment p join card_funding f on f.id = p.funding_id
     where p.id = $1 and f.status <> 'unwanted'`,
    [payment],
  )
  const isThere = await heardBy(sql, desk, funding, { id, payment, amount, status })
  const payout = funding ? await lockPayout(sql, funding.ref) : null
  if (status === 'taken') {
    await sql.rows(bookTaken, [id, payment, amount, funding?.ref ?? null, payout?.user ?? null, payout?.cents ?? 0])
    if (payout) await noteTaken(sql, payout, `dispute:${id}`)
  } else if (status === 'won') {
    await sql.rows(bookWon, [id, payment, amount, isThere, payout?.is_there ?? false])
    if (payout) await noteGivenAgain(sql, payout, `dispute:${id}`)
  } else await sql.rows(bookLost, [id])
}

/** Whether the work that the payment funded is there to take back what is won, as its desk says. */
async function heardBy(
  sql: Sql,
  desk: FundingDesk,
  funding: { readonly ref: string; readonly held: boolean } | undefined,
  { id, payment, amount, status }: Booking,
): Promise<boolean> {
  if (!funding || !desk.paymentDisputed) return funding?.held === true
  const [other] = await sql.rows<{ id: string }>(
    `select id from chargeback where payment_id = $1 and id <> $2 and status = 'taken' order by created_at, id limit 1`,
    [payment, id],
  )
  return desk.paymentDisputed(sql, {
    ref: funding.ref,
    paymentId: payment,
    amount,
    disputeId: id,
    otherId: other?.id ?? null,
    status,
  })
}

async function bookFeeOnce(db: Database, dispute: string, transaction: string, fee: number): Promise<void> {
  await db.transaction(async (sql) => {
    const fresh = await sql.rows(
      `insert into provider_fee (id, fee_cents, booked_at) values ($1, $2, app_now()) on conflict do nothing returning 1`,
      [transaction, fee],
    )
    if (fresh.length > 0) await sql.rows(bookDisputeFee, [dispute, transaction, fee])
  })
}

/** Whether a payment is one of a wallet or for a piece of work; one whose own message has not been worked on yet is booked first. */
async function knowsPayment(db: Database, stripe: Stripe, desk: FundingDesk, payment: string): Promise<boolean> {
  if (await isBooked(db, payment)) return true
  await bookFunding(db, await stripe.paymentIntents.retrieve(payment), desk)
  const { data } = await stripe.checkout.sessions.list({ payment_intent: payment, limit: 1 })
  if (data[0]) await bookTopUp(db, data[0])
  return isBooked(db, payment)
}

const isBooked = async (sql: Sql, payment: string): Promise<boolean> =>
  (await sql.rows(`select 1 from card_payment where id = $1`, [payment])).length > 0

/** Asks the provider about disputes that are still open: a message that never came costs an hour, not the money. */
export async function lookUpChargebacks(db: Database, stripe: Stripe, desk: FundingDesk, log: Log): Promise<void> {
  const open = await db.rows<{ id: string }>(
    `select id from chargeback where status = 'taken' and (looked_up_at is null or looked_up_at < app_now() - interval '1 hour')
     order by looked_up_at nulls first limit 50`,
  )
  for (const { id } of open) {
    try {
      await chargeback(db, stripe, desk, id)
    } catch (error) {
      log.warn({ dispute: id, err: error }, 'an open dispute could not be looked up')
    }
    await db.rows(`update chargeback set looked_up_at = app_now() where id = $1`, [id])
  }
}

const writeOff = `with gone as materialized (
  select user_id, amount from ledger_write_off(app_now() - interval '2 years')
), told as (
  ${tell({
    name: `'wallet.debt'`,
    ref: `'user:' || user_id`,
    parties: ['user_id'],
    data: `json_build_object('amount_cents', amount, 'debt_cents', 0, 'status', 'written_off')`,
    from: 'gone',
  })}
) select user_id from gone`

/** Debts of more than two years are the market's loss. */
export async function writeOffDebts(db: Sql): Promise<number> {
  return (await db.rows(writeOff)).length
}
