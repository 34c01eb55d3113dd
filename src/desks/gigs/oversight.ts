import { type Figures, lateFigures } from '../../base/figures.ts'
import { sqlList } from '../../base/states.ts'
import type { Counted } from '../../core/operators/census.ts'
import { late, type StuckQuestion } from '../../core/operators/stuck.ts'
import { contractLife, contractStates } from './contract/contract.ts'
import { milestoneLife, milestoneStates } from './contract/milestone.ts'
import { disputeLife, disputeStates } from './dispute/dispute.ts'
import { gigStates } from './gig/gig.ts'
import { negotiationLife, negotiationStates } from './negotiation/negotiation.ts'
import { reviewLife, reviewStates } from './review/review.ts'
import { timers } from './timers.ts'

const openOf = <S extends string>(states: readonly S[], ended: readonly S[]): S[] =>
  states.filter((state) => !ended.includes(state))

const by = (column: string, table: string, where = ''): string =>
  `select ${column} as state, count(*) as n from ${table} ${where} group by 1`

// An agreed negotiation waits for its contract under a timer too; whoever has neither has ended.
const openNegotiations = openOf(negotiationStates, [...negotiationLife.ended, 'approved'])

/** The contract desk by state, for operators; what is open is counted on indexes that hold nothing else. */
export const gigCounts: readonly Counted[] = [
  {
    name: 'gigs',
    states: gigStates,
    // A gig stays active until its owner closes it, so there are more of them every year.
    openStates: [],
    open: null,
    all: by('status', 'gig'),
  },
  {
    name: 'negotiations',
    states: negotiationStates,
    openStates: openNegotiations,
    open: by('state', 'negotiation', `where due_at is not null`),
    all: by('state', 'negotiation'),
  },
  {
    name: 'contracts',
    states: contractStates,
    openStates: openOf(contractStates, contractLife.ended),
    open: by('status', 'contract', `where ended_at is null`),
    all: by('status', 'contract'),
  },
  {
    name: 'milestones',
    states: milestoneStates,
    openStates: openOf(milestoneStates, milestoneLife.ended),
    open: by('status', 'milestone', `where ended_at is null`),
    all: by('status', 'milestone'),
  },
  {
    name: 'disputes',
    states: disputeStates,
    openStates: openOf(disputeStates, disputeLife.ended),
    open: by('status', 'dispute', `where due_at is not null`),
    all: by('status', 'dispute'),
  },
  {
    name: 'reviews',
    states: reviewStates,
    openStates: reviewLife.moves.pass_in_silence.from,
    open: by('status', 'review', `where status in (${reviewLife.from('pass_in_silence')})`),
    all: by('status', 'review'),
  },
]

const worker = 'See that a worker process is running (clawrk serve --role worker) and what its log says about this id'

const pastTimer = (
  kind: string,
  state: 'state' | 'status',
  { what = `and its timer fell due, but nothing has moved it. ${worker}.`, where = 'due_at is not null' } = {},
): StuckQuestion => ({
  name: `${kind}s past their timer`,
  query: `select '${kind}' as kind, id::text as id, due_at as since, format('This ${kind} is %s ${what}', ${state}) as what
    from ${kind} where ${where} and due_at < app_now() - ${late} order by due_at limit $1`,
})

/** What the clock should have moved on this desk and has not; each is found on the index of what is due. */
export const gigsStuck: readonly StuckQuestion[] = [
  pastTimer('negotiation', 'state'),
  pastTimer('contract', 'status'),
  // What a bank has frozen waits for the bank.
  pastTimer('milestone', 'status', { where: 'due_at is not null and chargeback_id is null' }),
  pastTimer('dispute', 'status', {
    where: `due_at is not null and status in (${sqlList(openOf(disputeStates, disputeLife.ended))})
      and not exists (select from milestone m where m.id = milestone_id and m.chargeback_id is not null)`,
    what: `and should have been decided by the market by now. Decide it: POST /api/operator/disputes/<id>/resolve. ${worker}.`,
  }),
  {
    name: 'reviews past their timer',
    query: `select 'review' as kind, id::text as id, created_at + interval '${timers.review}' as since,
        'This review waits for an operator and should have been published by itself by now. Decide on it: POST /api/operator/reviews/<id>/publish or reject. ${worker}.' as what
      from review where status in (${reviewLife.from('pass_in_silence')}) and created_at + interval '${timers.review}' < app_now() - ${late}
      order by created_at limit $1`,
  },
]

const firstDue = (life: string, where = 'due_at is not null') => ({
  life,
  state: 'open',
  due: `select due_at from ${life} where ${where} order by due_at limit 1`,
})

/** How late the clock is at this desk: each life at the front of its index of what is due. */
export const gigFigures: readonly Figures[] = [
  lateFigures([
    firstDue('negotiation'),
    firstDue('contract'),
    // What a bank has frozen waits for the bank.
    firstDue('milestone', 'due_at is not null and chargeback_id is null'),
    firstDue(
      'dispute',
      `due_at is not null and not exists (select from milestone m where m.id = milestone_id and m.chargeback_id is not null)`,
    ),
    {
      life: 'review',
      state: 'open',
      due: `select min(created_at) + interval '${timers.review}' from review where status in (${reviewLife.from('pass_in_silence')})`,
    },
  ]),
]
