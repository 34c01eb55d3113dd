import assert from 'node:assert/strict'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { chargeback } from '../../src/core/payments/chargeback.ts'
import { bookFees } from '../../src/core/payments/fees.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { payOutDue } from '../../src/core/payments/payouts/pay-out.ts'
import type { PayoutStatus } from '../../src/core/payments/payouts/payout.ts'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { fundingDesk } from '../../src/market.ts'
import { agreedAndApproved, bookCards, fundIt, payable, payByCard, type Sides } from '../gigs/contract-stage.ts'
import { move, moved } from '../gigs/milestone-stage.ts'
import { moveClock, walletOf, went } from '../journeys/desk.ts'
import type { Person, TestMarket } from '../support/market.ts'
import { connected, madeAt, needsOf, owners, paid, settleAll } from '../wallet/stage.ts'
import { compareNow } from './stage.ts'

export interface Work extends Sides {
  readonly contract: Contract
  readonly milestone: Milestone
  readonly ref: string
  /** The card payment; null: it came from the wallet. */
  readonly payment: string | null
}

/** Two who may do everything with their wallets; the worker has walked through the provider's form. */
export async function sidesOf(market: TestMarket, clientName = 'Ada', workerName = 'Bob'): Promise<Sides> {
  const [client, worker] = await owners(market, clientName, workerName)
  went(await client.ask('PATCH', '/api/profile/me', { user_type: 'client' }))
  went(await worker.ask('PATCH', '/api/profile/me', { user_type: 'freelancer' }))
  await connected(market, worker)
  return { client, worker }
}

/** An active contract of two people whose first milestone, $500, is paid for with money that the provider knows of. */
export async function fundedWork(
  market: TestMarket,
  { source = 'card', ...terms }: { source?: 'card' | 'wallet' } & Parameters<typeof agreedAndApproved>[1] = {},
  given?: Sides,
): Promise<Work> {
  const sides = given ?? (await sidesOf(market))
  await payable(market, sides.worker)
  const approved = await agreedAndApproved(sides, terms)
  if (source === 'wallet') await paid(market, sides.client, approved.amount_cents)
  const funded = went(await fundIt(sides.client, approved, { source }))
  if (source === 'card') {
    await payByCard(market, funded)
    await bookCards(market)
  }
  const contract = went(await sides.client.ask<Contract>('GET', `/api/contracts/${approved.id}`))
  const milestone = contract.milestones.at(-1)!
  assert.deepEqual([contract.status, milestone.status], ['active', 'funded'])
  return { ...sides, contract, milestone, ref: `milestone:${milestone.id}`, payment: funded.payment_intent_id }
}

/** The same, released: $475.00 wait for the worker. */
export async function releasedWork(...args: Parameters<typeof fundedWork>): Promise<Work> {
  const work = await fundedWork(...args)
  const milestone = await moved(work.client, 'release', work.milestone)
  assert.equal(milestone.status, 'released')
  return { ...work, milestone }
}

export const release = ({ client, milestone }: Work) => move(client, 'release', milestone)

/** Does what the worker process does with what is due. */
export const payOut = (market: TestMarket): Promise<number> => payOutDue(needsOf(market))

export interface PayoutNow {
  readonly status: PayoutStatus
  readonly refusals: number
  readonly taken: number
}

/** The payout of a piece of work. */
export async function payoutNow({ db }: TestMarket, { ref }: Pick<Work, 'ref'>): Promise<PayoutNow> {
  const [row] = await db.rows<PayoutNow>(`select status, refusals, taken_cents as taken from payout where ref = $1`, [
    ref,
  ])
  return row!
}

/** Moves the clock to its day, or some seconds beside it; fires nothing. */
export async function toItsDay({ db }: TestMarket, { ref }: Pick<Work, 'ref'>, beside = 1): Promise<void> {
  await db.rows(
    `update app_clock set skew = (select due_at from payout where ref = $1) - clock_timestamp() + make_interval(secs => $2::float8)`,
    [ref, beside],
  )
}

/** Hours until it is tried again. */
export async function hoursLeft({ db }: TestMarket, { ref }: Pick<Work, 'ref'>): Promise<number> {
  const [row] = await db.rows<{ hours: number }>(
    `select round(extract(epoch from due_at - app_now()) / 360) / 10 as hours from payout where ref = $1`,
    [ref],
  )
  return Number(row!.hours)
}

/** What the provider has transferred for a piece of work, in cents. */
export async function transfersFor({ db }: TestMarket, { ref }: Pick<Work, 'ref'>): Promise<number[]> {
  const rows = await db.rows<{ cents: number }>(
    `select (body ->> 'amount')::integer as cents from stripe_twin.object where kind = 'transfer' and body ->> 'transfer_group' = $1 order by seq`,
    [ref],
  )
  return rows.map(({ cents }) => cents)
}

export interface Purse {
  readonly wallet: number
  readonly pending: number
  readonly debt: number
}

export const empty: Purse = { wallet: 0, pending: 0, debt: 0 }

/** What somebody sees of their money. */
export async function purseOf(person: Person): Promise<Purse> {
  const { balance_cents: wallet, pending_cents: pending, debt_cents: debt } = await walletOf(person)
  return { wallet, pending, debt }
}

/** What a payout has told its person, in order. */
export async function paidOutOf({ db }: TestMarket, { userId }: Person): Promise<string[]> {
  const rows = await db.rows<{ told: string }>(
    `select (data ->> 'status') || ' ' || (data ->> 'amount_cents') as told from event where name = 'wallet.paid_out' and $1 = any (parties) order by position`,
    [userId],
  )
  return rows.map(({ told }) => told)
}

const desk = fundingDesk({ gigFeePercent: 5 })

/** The messages about a dispute come, as often as is said. */
export async function told(market: TestMarket, dispute: string, times = 2): Promise<void> {
  const { db, stripe } = needsOf(market)
  for (let n = 0; n < times; n++) await chargeback(db, stripe, desk, dispute)
}

/** The payer's bank takes the payment back, or a part of it; its messages come. Answers the dispute. */
export async function disputed(market: TestMarket, { payment }: Work, amount?: number): Promise<string> {
  const { id } = await market.stripe.dispute({ payment_intent: payment! }, amount ? { amount } : {})
  await told(market, id)
  // Answered: the bank takes as long as it likes over it.
  await market.stripe.decide(id, 'under_review')
  return id
}

/** The bank has decided; its messages come. */
export async function decided(market: TestMarket, dispute: string, how: 'won' | 'lost'): Promise<void> {
  await market.stripe.decide(dispute, how)
  await told(market, dispute)
}

/** Every law holds, and the books are the provider's to the cent. */
export async function assertExact(market: TestMarket): Promise<void> {
  await settleAll(market)
  await moveClock(market, 61)
  const { db, stripe, log } = needsOf(market)
  while ((await bookFees(db, stripe, log)) > 0);
  assert.deepEqual(await checkLaws(db, [...paymentLaws, ...gigLaws]), [])
  const { differences, in_flight } = await compareNow(market)
  assert.deepEqual([differences, in_flight], [[], 0])
}

/** How many transfers the provider has made in all. */
export const transfersMade = async (market: TestMarket): Promise<number> => (await madeAt(market, 'transfer')).length
