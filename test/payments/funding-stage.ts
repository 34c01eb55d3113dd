import assert from 'node:assert/strict'
import type Stripe from 'stripe'
import { newId } from '../../src/base/ids.ts'
import type { FundingDesk } from '../../src/core/payments/funding/desk.ts'
import { type GiveBack, giveBack } from '../../src/core/payments/funding/give-back.ts'
import { fundingChanged } from '../../src/core/payments/funding/settle.ts'
import {
  type FundingNeeds,
  type FundingOrder,
  type StartedFunding,
  startFunding,
} from '../../src/core/payments/funding/start.ts'
import { cardPartOf, walletOf } from '../journeys/desk.ts'
import { ask, type Person, type TestMarket } from '../support/market.ts'
import { needsOf } from '../wallet/stage.ts'

/** A desk without tables: it wants what a test says, and nothing it does not. */
export interface Wishes extends FundingDesk {
  /** Work that waits for this amount; answers what it is called. */
  work(amount: number): string
  /** It waits for another amount now; null: for none. */
  change(ref: string, amount: number | null): void
}

export function wishes(more: Pick<FundingDesk, 'paymentDisputed'> = {}): Wishes {
  const wanted = new Map<string, number>()
  return {
    ...more,
    fundedByCard: async (_sql, { ref, amount }) => wanted.get(ref) === amount,
    work(amount) {
      const ref = `milestone:${newId()}`
      wanted.set(ref, amount)
      return ref
    },
    change(ref, amount) {
      if (amount === null) wanted.delete(ref)
      else wanted.set(ref, amount)
    },
  }
}

export const fundingNeeds = (market: TestMarket, desk: FundingDesk): FundingNeeds => ({
  ...needsOf(market),
  desk,
  appUrl: market.url,
  twin: true,
})

export const orderOf = (
  { userId }: Person,
  ref: string,
  amount: number,
  more: Partial<FundingOrder> = {},
): FundingOrder => ({
  ref,
  user: userId,
  amount,
  description: 'A report about Unix',
  lineage: `session:${userId}`,
  spendLimit: null,
  ...more,
})

/** Types the card in on the twin's page; answers its status. */
export const pay = async (market: TestMarket, { url }: StartedFunding): Promise<number> =>
  (await ask(market.url, 'POST', url!)).status

/** What a message about this payment does, once it comes. */
export async function heard(needs: FundingNeeds, payment: string): Promise<Stripe.PaymentIntent> {
  const read = await needs.stripe.paymentIntents.retrieve(payment)
  await fundingChanged(needs, read)
  return read
}

/** Work that is funded by card; answers the payment. */
export async function funded(
  market: TestMarket,
  needs: FundingNeeds,
  person: Person,
  ref: string,
  amount: number,
): Promise<string> {
  const started = await startFunding(needs, orderOf(person, ref, amount))
  assert.equal(await pay(market, started), 303)
  await heard(needs, started.payment_intent_id)
  assert.equal((await moneyOf(market, person, ref)).escrow, amount)
  return started.payment_intent_id
}

/** Gives back what work holds, as its desk would. */
export const returned = ({ db }: TestMarket, order: GiveBack): Promise<number> =>
  db.transaction((sql) => giveBack(sql, order))

export interface Money {
  readonly escrow: number
  /** On its way to the card. */
  readonly clearing: number
  readonly wallet: number
  readonly card: number
  readonly debt: number
}

export const nothing: Money = { escrow: 0, clearing: 0, wallet: 0, card: 0, debt: 0 }

/** Where the money of a piece of work and of who pays for it is. */
export async function moneyOf(market: TestMarket, person: Person, ref: string): Promise<Money> {
  const [held] = await market.db.rows<{ escrow: number; clearing: number }>(
    `select ledger_held($1) as escrow,
       (select coalesce(sum(ledger_clearing(id::text)), 0)::bigint from provider_intent where ref = $1) as clearing`,
    [ref],
  )
  const wallet = await walletOf(person)
  return { ...held!, wallet: wallet.balance_cents, card: await cardPartOf(market, person), debt: wallet.debt_cents }
}

/** What has become of the payments of a piece of work, in the order they were made. */
export async function statusesOf({ db }: TestMarket, ref: string): Promise<string[]> {
  const rows = await db.rows<{ status: string }>(`select status from card_funding where ref = $1 order by id`, [ref])
  return rows.map(({ status }) => status)
}

/** What the provider has made for a piece of work. */
export const paymentsAt = async (needs: FundingNeeds, ref: string): Promise<Stripe.PaymentIntent[]> => {
  const { data } = await needs.stripe.paymentIntents.list({ limit: 100 })
  return data.filter(({ transfer_group: group }) => group === ref).reverse()
}
