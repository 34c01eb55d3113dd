import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { fund, went } from '../journeys/desk.ts'
import type { Answer, Fields, Person, TestMarket } from '../support/market.ts'
import { agreedAndApproved, bookCards, fundIt, payable, payByCard, type Sides } from './contract-stage.ts'

/** The answer of every verb on a milestone. */
export interface Moved {
  readonly milestone: Milestone
  readonly contract: Contract
}

export type MilestoneVerb = 'approve' | 'deliver' | 'release' | 'refund' | 'cancel' | 'fund'

export const note = 'Both coats are on, see for yourself.'

/** A verb on a milestone; what `deliver` and `fund` need is said unless it is said otherwise. */
export const move = (
  person: Person,
  verb: MilestoneVerb,
  { id, contract_id: contract }: Pick<Milestone, 'id' | 'contract_id'>,
  body: Fields = verb === 'deliver' ? { note } : verb === 'fund' ? { source: 'wallet' } : {},
): Promise<Answer<Moved>> => person.ask<Moved>('POST', `/api/contracts/${contract}/milestones/${id}/${verb}`, body)

/** A verb that goes well; answers the milestone as it is then. */
export const moved = async (...args: Parameters<typeof move>): Promise<Milestone> => went(await move(...args)).milestone

export const propose = (person: Person, { id }: Pick<Contract, 'id'>, fields: Fields = {}): Promise<Answer<Moved>> =>
  person.ask<Moved>('POST', `/api/contracts/${id}/milestones`, {
    title: 'Paint the lantern room',
    amount_cents: 20_000,
    ...fields,
  })

/** One more milestone that both sides have agreed on. */
export async function another({ client, worker }: Sides, contract: Pick<Contract, 'id'>, fields: Fields = {}) {
  const { milestone } = went(await propose(worker, contract, fields), 201)
  return moved(client, 'approve', milestone)
}

/** An active contract: $500 in its first milestone, from the wallet, unless told otherwise. */
export async function active(
  market: TestMarket,
  sides: Sides,
  { source = 'wallet', ...terms }: { source?: 'wallet' | 'card' } & Parameters<typeof agreedAndApproved>[1] = {},
): Promise<Contract & { readonly first: Milestone }> {
  await payable(market, sides.worker)
  const contract = await agreedAndApproved(sides, terms)
  const amount = contract.amount_cents
  if (source === 'wallet' && amount > 0) await fund(market, sides.client, amount)
  const funded = went(await fundIt(sides.client, contract, { source }))
  if (source === 'card' && amount > 0) {
    await payByCard(market, funded)
    await bookCards(market)
  }
  const now = went(await sides.client.ask<Contract>('GET', `/api/contracts/${contract.id}`))
  return { ...now, first: now.milestones.at(-1)! }
}

/** A milestone as this side sees it now. */
export async function seen(
  person: Person,
  { id, contract_id }: Pick<Milestone, 'id' | 'contract_id'>,
): Promise<Milestone> {
  const { milestones } = went(await person.ask<Contract>('GET', `/api/contracts/${contract_id}`))
  return milestones.find((one) => one.id === id)!
}

/** Moves the clock to a milestone's deadline, or some milliseconds beside it, and fires nothing. */
export async function clockToDeadline(
  { db }: Pick<TestMarket, 'db'>,
  { id }: Pick<Milestone, 'id'>,
  beside = 0,
): Promise<void> {
  await db.rows(
    `update app_clock set skew = (select due_at from milestone where id = $1) - clock_timestamp() + make_interval(secs => $2::float8 / 1000)`,
    [id, beside],
  )
}

/** The timer of a milestone runs out in so many milliseconds. */
export async function dueIn({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Milestone, 'id'>, ms: number): Promise<void> {
  await db.rows(`update milestone set due_at = app_now() + make_interval(secs => $2::float8 / 1000) where id = $1`, [
    id,
    ms,
  ])
}

export const sweepAll = ({ db }: Pick<TestMarket, 'db'>): Promise<number> => sweepGigs(db)

/** The turns about a milestone, in order: whose, what, and how they ended. */
export async function turnsAbout({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Milestone, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ turn: string }>(
    `select name || ' ' || kind || case when answered is null then '' when answered then ' done' else ' missed' end as turn
     from turn join app_user u on u.id = user_id where ref = 'milestone:' || $1 order by turn.id`,
    [id],
  )
  return rows.map(({ turn }) => turn)
}

/** What has been told of a milestone, in order: the reason, or the event that has a name of its own. */
export async function newsOf({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Milestone, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ news: string }>(
    `select case when name = 'contract.updated' then data ->> 'reason' else name end as news
     from event where data ->> 'milestone_id' = $1 order by position`,
    [id],
  )
  return rows.map(({ news }) => news)
}

export interface PayoutRow {
  readonly user_id: string
  readonly amount_cents: number
  readonly days: number
}

/** What waits to be paid out for a milestone. */
export async function payoutOf({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Milestone, 'id'>): Promise<PayoutRow[]> {
  return db.rows<PayoutRow>(
    `select user_id, amount_cents, round(extract(epoch from due_at - created_at) / 86400)::integer as days from payout where ref = 'milestone:' || $1`,
    [id],
  )
}
