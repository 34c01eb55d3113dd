import { newId } from '../../src/base/ids.ts'
import type { Affair } from '../../src/core/accounts/leaving.ts'
import { type ContractStatus, contractLife } from '../../src/desks/gigs/contract/contract.ts'
import type { MilestoneStatus } from '../../src/desks/gigs/contract/milestone.ts'
import { milestoneLife } from '../../src/desks/gigs/contract/milestone.ts'
import { type NegotiationState, negotiationLife } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { refused } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, type TestMarket } from '../support/market.ts'

/** Deletes somebody's account as their browser would. */
export const leave = (
  { url }: Pick<TestMarket, 'url'>,
  { cookie }: Person,
  body: Fields = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => ask(url, 'POST', '/api/account/delete', body, { cookie, origin: url, ...headers })

/** What keeps somebody, as the refusal says it. */
export async function keptBy(market: Pick<TestMarket, 'url'>, person: Person, body: Fields = {}): Promise<Affair[]> {
  return refused(await leave(market, person, body), 400, 'account_in_use').affairs as Affair[]
}

/** A gig with an application and a negotiation between two, in any state. */
export async function negotiationIn(
  { db }: Pick<TestMarket, 'db'>,
  [client, worker]: readonly [Person, Person],
  state: NegotiationState,
  texts: Partial<Record<'title' | 'description' | 'message', string>> = {},
): Promise<{ gig: string; application: string; negotiation: string }> {
  const [gig, application, negotiation] = [newId(), newId(), newId()]
  await db.rows(
    `insert into gig (id, owner_id, title, description, status, created_at, updated_at) values ($1, $2, $3, $4, 'active', app_now(), app_now())`,
    [gig, client.userId, texts.title ?? 'A gig', texts.description ?? ''],
  )
  await db.rows(
    `insert into application (id, gig_id, worker_id, message, status, created_at, updated_at) values ($1, $2, $3, $4, 'shortlisted', app_now(), app_now())`,
    [application, gig, worker.userId, texts.message ?? ''],
  )
  await db.rows(
    `insert into negotiation (id, gig_id, client_id, worker_id, state, round_number, rate_cents, hours_per_week, due_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 1, 5000, 10, case when $6 then null else app_now() + interval '7 days' end, app_now(), app_now())`,
    [
      negotiation,
      gig,
      client.userId,
      worker.userId,
      state,
      negotiationLife.ended.includes(state) || state === 'approved',
    ],
  )
  return { gig, application, negotiation }
}

const timed: readonly ContractStatus[] = [
  'pending_owner_approval',
  'pending_freelancer_kyc',
  'pending_client_funding',
  'pending_both',
]

/** A contract between two, in any state, with one milestone. */
export async function contractIn(
  market: Pick<TestMarket, 'db'>,
  [client, worker]: readonly [Person, Person],
  status: ContractStatus,
  milestone: MilestoneStatus = 'pending',
  texts: Partial<Record<'title' | 'description', string>> = {},
): Promise<{ contract: string; milestone: string; gig: string }> {
  const { db } = market
  const { gig, negotiation } = await negotiationIn(
    market,
    [client, worker],
    status === 'in_negotiation' ? 'in_progress' : 'approved',
    texts,
  )
  const [contract, first] = [newId(), newId()]
  await db.rows(
    `insert into contract (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week, payout_delay_days,
       status, client_approved_at, worker_approved_at, due_at, ended_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, '', 5000, 10, 3, $8, app_now(), app_now(), case when $9 then app_now() + interval '7 days' end,
       case when $10 then app_now() end, app_now(), app_now())`,
    [
      contract,
      negotiation,
      gig,
      client.userId,
      worker.userId,
      texts.title ?? 'A contract',
      texts.description ?? '',
      status,
      timed.includes(status),
      contractLife.ended.includes(status),
    ],
  )
  const wasFunded = ['funded', 'delivered', 'released', 'disputed', 'refunded'].includes(milestone)
  await db.rows(
    `insert into milestone (id, contract_id, position, title, amount_cents, fee_cents, fee_percent, status, source, released_cents, funded_at, delivered_at, ended_at, created_at, updated_at)
     values ($1, $2, 1, 'First', 50000, case when $4 then 2500 end, case when $4 then 5 end, $3, case when $4 then 'wallet' end,
       case when $3 = 'released' then 47500 end, case when $4 then app_now() end,
       case when $3 = 'delivered' then app_now() end,
       case when $5 then app_now() end, app_now(), app_now())`,
    [first, contract, milestone, wasFunded, hasEnded(milestone)],
  )
  return { contract, milestone: first, gig }
}

const hasEnded = (status: MilestoneStatus): boolean =>
  milestoneLife.ended.includes(status) || ['released', 'refunded', 'cancelled'].includes(status)
