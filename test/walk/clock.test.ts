import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { readStuck } from '../../src/core/operators/stuck.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { paymentsStuck } from '../../src/core/payments/oversight.ts'
import { paymentWorks } from '../../src/core/payments/works.ts'
import { followAccounts } from '../../src/desks/gigs/contract/follow-accounts.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { gigsStuck } from '../../src/desks/gigs/oversight.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { jobsStuck } from '../../src/desks/jobs/oversight.ts'
import { payOutCredits } from '../../src/desks/jobs/pay-out.ts'
import { fundingDesk } from '../../src/market.ts'
import { anOperator } from '../gigs/dispute-stage.ts'
import { day } from '../gigs/gig-stage.ts'
import { verifyAll } from '../journeys/desk.ts'
import { readAll, startTestMarket } from '../support/market.ts'
import { needsOf } from '../wallet/stage.ts'
import { nouns } from './nouns.ts'
import { type Ground, make, type Noun, reachedByMarket, stateOf, type Thing } from './thing.ts'

// Nobody does anything any more: no other party, no operator, no model. The clock is moved through 800 days, and the market does what
// its workers do. Whatever holds money comes to rest, by moves of the table, and whoever it is about is told of each.
const market = await startTestMarket({ worker: false, env: { ARBITRATION_FEE_CENTS: '300' } })
after(() => market.close())
const ground: Ground = { market, operator: await anOperator(market) }
const days = 800
/** All of it, or what `npm test` has the time for: one thing of each state, and longer steps when nothing is due any more. */
const isWhole = process.env.WALK === 'whole'
const longStep = isWhole ? 25 : 145

interface Followed {
  readonly noun: Noun
  readonly thing: Thing
  now: string | null
  readonly path: string[]
  /** The day from which on nothing is held for it. */
  restsFrom: number | null
}

const followed: Followed[] = []
for (const noun of nouns)
  for (const [state, ways] of Object.entries(noun.ways))
    for (const way of isWhole ? ways : ways.slice(0, 1)) {
      const thing = await make(ground, noun, state, way)
      followed.push({ noun, thing, now: state, path: [state], restsFrom: null })
    }

const works = paymentWorks({ ...needsOf(market), desk: fundingDesk({ gigFeePercent: 5 }) }, 'test')

/** One round of everything a worker process does about work and money, until nothing more is done at once. */
async function background(): Promise<void> {
  await verifyAll(market)
  await readAll(market.db, 'contracts', () => followAccounts(market.db))
  await readAll(market.db, 'jobs.pay_out', () => payOutCredits(market.db))
  for (const work of Object.values(works))
    for (let more = true, rounds = 0; more && rounds < 5; rounds++) more = await work.once()
}

/** What is held for a piece of work, and what is on its way to somebody because of it. */
async function moneyOf({ ref }: Thing): Promise<number> {
  if (ref === null) return 0
  const [row] = await market.db.rows<{ cents: number }>(
    `select ledger_held($1) + coalesce((select sum(amount_cents) from payout where ref = $1 and ended_at is null), 0) as cents`,
    [ref],
  )
  return Number(row!.cents)
}

/** Who was told of a thing since an event, by whatever names it; what ends with its contract is told with the contract. */
async function toldSince(position: number, { noun, id, path }: Thing): Promise<Set<string>> {
  const rows = await market.db.rows<{ party: string }>(
    `select distinct unnest(parties)::text as party from event
     where position > $1 and (ref = $2 || ':' || $3 or data ->> ($2 || '_id') = $3
       or (ref = 'contract:' || $4 and name = 'contract.updated' and data ->> 'milestone_id' is null))`,
    [position, noun, id, path.id],
  )
  return new Set(rows.map(({ party }) => party))
}

const newest = async (): Promise<number> =>
  (await market.db.rows<{ at: number }>(`select coalesce(max(position), 0) as at from event`))[0]!.at

const wrong: string[] = []
/** Each thing that is stuck is told of once. */
const known = new Set<string>()
const moves = new Set<string>()

async function lookAt(one: Followed, elapsed: number, since: number): Promise<void> {
  const { noun, thing } = one
  const state = await stateOf(ground, noun, thing)
  const about = `${noun.name} ${thing.state} (${thing.kind}) on day ${elapsed}`
  if (state !== one.now) {
    moves.add(`${noun.name} ${one.now} → ${state}`)
    if (state === null || !reachedByMarket(noun, one.now!).has(state))
      wrong.push(`${about}: from ${one.now} to ${state}, which no move of the market does`)
    const told = await toldSince(since, thing)
    const untold = thing.told.filter((party) => !told.has(party))
    if (untold.length > 0)
      wrong.push(`${about}: from ${one.now} to ${state}, and ${untold.length} of ${thing.told.length} were not told`)
    one.now = state
    one.path.push(`${state} (day ${elapsed})`)
  }
  const isHeld = (await moneyOf(thing)) !== 0
  if (isHeld) one.restsFrom = null
  else one.restsFrom ??= elapsed
}

test(`from every state of both desks, through ${days} days, with nobody acting`, async (story) => {
  for (let elapsed = 0; elapsed <= days; ) {
    const since = await newest()
    // Day by day as long as anything is due, then in longer steps.
    const step = elapsed < 75 ? 1 : longStep
    await market.advance(step * day)
    await background()
    await market.advance(1)
    elapsed += step
    for (const one of followed) await lookAt(one, elapsed, since)
    const stuck = await readStuck(market.db, [...jobsStuck, ...gigsStuck, ...paymentsStuck], 200)
    for (const { kind, id, what } of stuck)
      if (!known.has(id)) known.add(id) && wrong.push(`day ${elapsed}: stuck: ${kind} ${id}: ${what}`)
    if (elapsed % 5 === 0 && (isWhole || elapsed % 25 === 0))
      for (const { law, where, detail } of await checkLaws(market.db, [...paymentLaws, ...jobLaws, ...gigLaws]))
        wrong.push(`day ${elapsed}: ${law}: ${where}, ${detail}`)
    if (wrong.length > 40) break
  }
  assert.deepEqual(wrong, [])

  const deadEnds = followed.filter(
    ({ noun, now, restsFrom }) => restsFrom === null || !(noun.life.ended.includes(now!) || noun.rests.includes(now!)),
  )
  for (const { noun, thing, path, restsFrom } of followed)
    if (path.length > 1 || restsFrom !== 1)
      story.diagnostic(`${noun.name} (${thing.kind}): ${path.join(' → ')}; no money from day ${restsFrom}`)
  story.diagnostic(`${followed.length} things, ${moves.size} moves of the clock, dead ends: ${deadEnds.length}`)
  assert.deepEqual(
    deadEnds.map(({ noun, thing, now }) => `${noun.name} (${thing.kind}) is ${now} for ever, ${thing.ref ?? ''}`),
    [],
  )
})

test('no account of people or work holds anything that is on its way', async () => {
  const rows = await market.db.rows<{ account: string; balance: number }>(
    `select id as account, balance from ledger_account where balance <> 0 and split_part(id, ':', 1) in ('escrow', 'pending', 'clearing', 'debt')`,
  )
  assert.deepEqual(rows, [])
})

test('nobody waits for anybody: every contract that is still active has nothing open in it', async () => {
  const rows = await market.db.rows(
    `select c.id, m.status from contract c join milestone m on m.contract_id = c.id where c.ended_at is null and m.ended_at is null`,
  )
  assert.deepEqual(rows, [])
  const turns = await market.db.rows(`select ref, kind from turn where closed_at is null`)
  assert.deepEqual(turns, [])
})
