import assert from 'node:assert/strict'
import { bookFunding } from '../../src/core/payments/funding/book.ts'
import { type Funding, fundingRow } from '../../src/core/payments/funding/funding.ts'
import { lookUpFundings, settleFunding } from '../../src/core/payments/funding/settle.ts'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { fundingDesk } from '../../src/market.ts'
import { people, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, type TestMarket } from '../support/market.ts'
import { needsOf } from '../wallet/stage.ts'

/** The answer to `fund`. */
export interface Funded {
  readonly client_secret: string | null
  readonly payment_intent_id: string | null
  readonly url?: string
  readonly milestone: Milestone
  readonly contract: Contract
}

/** Somebody who posts gigs and somebody who works on them. */
export async function twoSides(
  market: Pick<TestMarket, 'db' | 'url'>,
  clientName = 'Ada',
  workerName = 'Bob',
): Promise<{ client: Person; worker: Person }> {
  const [client, worker] = await people(market, clientName, workerName)
  went(await client.ask('PATCH', '/api/profile/me', { user_type: 'client' }))
  went(await worker.ask('PATCH', '/api/profile/me', { user_type: 'freelancer' }))
  return { client, worker }
}

export interface Sides {
  readonly client: Person
  readonly worker: Person
}

interface Terms {
  readonly rate_cents?: number
  readonly hours_per_week?: number
  readonly start_date?: string
  /** Who says yes to the terms as they stand; the worker unless told otherwise. */
  readonly agrees?: 'client' | 'worker'
}

/** A gig is posted, applied to, negotiated and agreed on: $50 an hour for 10 hours unless told otherwise. */
export async function agreed({ client, worker }: Sides, terms: Terms = {}): Promise<Contract> {
  const { agrees = 'worker', ...offer } = { rate_cents: 5_000, hours_per_week: 10, ...terms }
  const gig = went(
    await client.ask<{ id: string }>('POST', '/api/gigs', {
      title: 'Paint the lighthouse',
      description: 'All of it.',
      scope: 'White, twice.',
      status: 'active',
    }),
    201,
  )
  const application = went(await worker.ask<{ id: string }>('POST', `/api/gigs/${gig.id}/apply`), 201)
  went(await client.ask('PATCH', `/api/gigs/${gig.id}/applications/${application.id}`, { status: 'shortlisted' }))
  const { id } = went(
    await client.ask<{ id: string }>('POST', '/api/negotiate', {
      gig_id: gig.id,
      worker_user_id: worker.userId,
      ...offer,
    }),
    201,
  )
  return agreeOn({ client, worker }[agrees], id)
}

/** Says yes to the terms of a negotiation as they stand. */
export async function agreeOn(person: Person, negotiationId: string): Promise<Contract> {
  const { contract_id: id } = went(
    await person.ask<{ contract_id: string }>('POST', `/api/negotiations/${negotiationId}/agree`),
  )
  return see(person, { id })
}

export const see = async (person: Person, { id }: Pick<Contract, 'id'>): Promise<Contract> =>
  went(await person.ask<Contract>('GET', `/api/contracts/${id}`))

/** A verb on a contract. */
export const act = <B = Contract>(
  person: Person,
  verb: 'approve' | 'revise' | 'cancel',
  { id }: Pick<Contract, 'id'>,
  body?: Fields,
): Promise<Answer<B>> => person.ask<B>('POST', `/api/contracts/${id}/${verb}`, body)

export const cancelIt = (person: Person, contract: Pick<Contract, 'id'>): Promise<Answer<Contract>> =>
  act(person, 'cancel', contract, { reason: 'It has been called off.' })

export const reviseIt = (person: Person, contract: Pick<Contract, 'id'>): Promise<Answer<Contract>> =>
  act(person, 'revise', contract, { notes: 'Ten hours are too many.' })

/** Funds the newest milestone of a contract. */
export const fundIt = (
  person: Person,
  { id, milestones }: Pick<Contract, 'id' | 'milestones'>,
  body: Fields = {},
): Promise<Answer<Funded>> =>
  person.ask<Funded>('POST', `/api/contracts/${id}/milestones/${milestones.at(-1)!.id}/fund`, body)

/** Both sides approve; answers the contract as the client sees it. */
export async function approved({ client, worker }: Sides, contract: Pick<Contract, 'id'>): Promise<Contract> {
  went(await act(worker, 'approve', contract))
  return went(await act(client, 'approve', contract))
}

/** A contract that both have approved. */
export const agreedAndApproved = async (sides: Sides, terms: Terms = {}): Promise<Contract> =>
  approved(sides, await agreed(sides, terms))

/** The provider says of somebody that they can, or cannot, be paid: as its message is booked, without the walk through its form. */
export async function payable({ db }: Pick<TestMarket, 'db'>, { userId }: Person, can = true): Promise<void> {
  await db.rows(
    `with moved as (
       update app_user set stripe_account_id = coalesce(stripe_account_id, 'acct_' || replace(id::text, '-', '')), stripe_account_status = $2
       where id = $1 returning id
     ) insert into event (name, ref, parties, data, created_at)
       select 'connect.changed', 'user:' || id, array[id], json_build_object('status', $2::text), app_now() from moved`,
    [userId, can ? 'active' : 'pending'],
  )
}

/** The same without a message: nobody is told. */
export async function secretlyPayable({ db }: Pick<TestMarket, 'db'>, { userId }: Person, can = true): Promise<void> {
  await db.rows(`update app_user set stripe_account_status = $2 where id = $1`, [userId, can ? 'active' : 'pending'])
}

const needs = (market: TestMarket) => ({ ...needsOf(market), desk: fundingDesk({ gigFeePercent: 5 }) })

/** Types a card in on the twin's page. */
export async function payByCard(market: TestMarket, { url }: Pick<Funded, 'url'>): Promise<number> {
  assert.ok(url, 'there is a page for the card')
  return (await ask(market.url, 'POST', url)).status
}

/** Does what the worker process does with card payments: reads each that is not done and books what it says. */
export async function bookCards(market: TestMarket): Promise<void> {
  const open = await market.db.rows<Funding>(
    `select ${fundingRow} from card_funding where status in ('asked', 'open', 'stopping')`,
  )
  for (const funding of open) await settleFunding(needs(market), funding)
  await lookUpFundings(needs(market))
}

/** A card payment that has gone through, ready to be booked as its message would be: the provider has been asked already. */
export async function bookingOf(market: TestMarket, { payment_intent_id: id }: Funded): Promise<() => Promise<void>> {
  const { db, stripe, desk } = needs(market)
  const payment = await stripe.paymentIntents.retrieve(id!)
  return () => bookFunding(db, payment, desk)
}

/** What is held for a milestone. */
export async function heldFor({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Milestone, 'id'>): Promise<number> {
  const [row] = await db.rows<{ held: number }>(`select ledger_held('milestone:' || $1) as held`, [id])
  return row!.held
}

/** How often money moved for a milestone, by kind of movement. */
export async function movementsOf(
  { db }: Pick<TestMarket, 'db'>,
  { id }: Pick<Milestone, 'id'>,
): Promise<Record<string, number>> {
  const rows = await db.rows<{ kind: string; cents: number }>(
    `select kind, sum(amount) as cents from transfer where ref = 'milestone:' || $1 group by kind order by kind`,
    [id],
  )
  return Object.fromEntries(rows.map(({ kind, cents }) => [kind, Number(cents)]))
}

/** What a contract has told, in order: the names of its events with the status they name. */
export async function toldOf({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Contract, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ told: string }>(
    `select name || ' ' || (data ->> 'status') as told from event where ref = 'contract:' || $1 order by position`,
    [id],
  )
  return rows.map(({ told }) => told)
}

/** The turns about a contract, in order: whose, what, and how they ended. */
export async function turnsOf({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Contract, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ turn: string }>(
    `select name || ' ' || kind || case when answered is null then '' when answered then ' done' else ' missed' end as turn
     from turn join app_user u on u.id = user_id where ref = 'contract:' || $1 order by turn.id`,
    [id],
  )
  return rows.map(({ turn }) => turn)
}

/** Moves the clock to a contract's deadline, or some milliseconds beside it, and fires nothing. */
export async function moveClockToDeadline(
  { db }: Pick<TestMarket, 'db'>,
  { id }: Pick<Contract, 'id'>,
  beside = 0,
): Promise<void> {
  await db.rows(
    `update app_clock set skew = (select due_at from contract where id = $1) - clock_timestamp() + make_interval(secs => $2::float8 / 1000)`,
    [id, beside],
  )
}
