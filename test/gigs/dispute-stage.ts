import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import type { Dispute, OperatorDispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { people, went } from '../journeys/desk.ts'
import type { Answer, Fields, Person, TestMarket } from '../support/market.ts'
import { type Sides, twoSides } from './contract-stage.ts'
import { active, moved } from './milestone-stage.ts'

export const proof = {
  type: 'screenshot',
  url: 'https://example.com/shot.png',
  description: 'The north side is still red.',
}

type Disputed = Pick<Milestone, 'id' | 'contract_id'>

/** One side disputes a milestone, with a piece of evidence unless told otherwise. */
export const dispute = (
  person: Person,
  party: 'client' | 'worker',
  { id, contract_id }: Disputed,
  fields: Fields = {},
): Promise<Answer<Dispute>> =>
  person.ask<Dispute>('POST', '/api/disputes/create', {
    contract_id,
    milestone_id: id,
    disputing_party: party,
    reason: 'It is not what we agreed on.',
    evidence: [proof],
    ...fields,
  })

export const respondTo = (person: Person, { id }: Pick<Dispute, 'id'>, body: Fields = {}): Promise<Answer<Dispute>> =>
  person.ask<Dispute>('POST', `/api/disputes/${id}/respond`, body)

export const recommendOn = (person: Person, { id }: Pick<Dispute, 'id'>): Promise<Answer<Dispute>> =>
  person.ask<Dispute>('POST', `/api/disputes/${id}/recommend`)

export const resolveIt = (
  person: Person,
  { id }: Pick<Dispute, 'id'>,
  share: number,
  note = 'Both have a point.',
): Promise<Answer<OperatorDispute>> =>
  person.ask<OperatorDispute>('POST', `/api/operator/disputes/${id}/resolve`, { worker_share_percent: share, note })

export const seeDispute = async (person: Person, { id }: Pick<Dispute, 'id'>): Promise<Dispute> =>
  went(await person.ask<Dispute>('GET', `/api/disputes/${id}?evidence=1`))

/** Somebody who decides. */
export async function anOperator(market: Pick<TestMarket, 'db' | 'url'>): Promise<Person> {
  const [olga] = await people(market, 'Olga')
  await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [olga.userId])
  return olga
}

export interface Quarrel extends Sides {
  readonly milestone: Milestone
}

/** Two sides with an active contract whose first milestone, $500, is funded, or delivered too. */
export async function quarrel(
  market: TestMarket,
  status: 'funded' | 'delivered',
  terms: Parameters<typeof active>[2] = {},
  given?: Sides,
): Promise<Quarrel> {
  const sides = given ?? (await twoSides(market))
  const { first } = await active(market, sides, terms)
  return { ...sides, milestone: status === 'delivered' ? await moved(sides.worker, 'deliver', first) : first }
}

/** What has been told of a dispute, in order: the cause, and to how many. */
export async function toldOfDispute({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Dispute, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ told: string }>(
    `select name || ' ' || (data ->> 'reason') || ' to ' || cardinality(parties) as told from event where ref = 'dispute:' || $1 order by position`,
    [id],
  )
  return rows.map(({ told }) => told)
}

/** The turns about a dispute: whose, and how they ended. */
export async function answersTo({ db }: Pick<TestMarket, 'db'>, { id }: Pick<Dispute, 'id'>): Promise<string[]> {
  const rows = await db.rows<{ turn: string }>(
    `select name || ' ' || kind || case when answered is null then '' when answered then ' done' else ' missed' end as turn
     from turn join app_user u on u.id = user_id where ref = 'dispute:' || $1 order by turn.id`,
    [id],
  )
  return rows.map(({ turn }) => turn)
}

/** Where the money of a milestone went: what was posted, by account. */
export async function paidTo(
  { db }: Pick<TestMarket, 'db'>,
  { id }: Pick<Milestone, 'id'>,
): Promise<Record<string, number>> {
  const rows = await db.rows<{ to: string; cents: number }>(
    `select split_part(to_account, ':', 1) || case when starts_with(to_account, 'platform:') then ':' || split_part(to_account, ':', 2) else '' end as to,
       sum(amount) as cents
     from transfer where ref = 'milestone:' || $1 and from_account = 'escrow:milestone:' || $1 group by 1 order by 1`,
    [id],
  )
  return Object.fromEntries(rows.map(({ to, cents }) => [to, Number(cents)]))
}
