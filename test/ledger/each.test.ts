import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Database, openDatabase, sqlState } from '../../src/base/db.ts'
import { cloneDatabase } from '../support/database.ts'

interface Leg {
  ref: string
  source: string
  target: string
  amount: number
}

/** A small generator of its own, so that a failure can be repeated from its number. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

const people = ['a', 'b', 'c']
const works = ['w1', 'w2', 'w3', 'w4']
const kinds = ['job_paid', 'job_settled', 'refund', 'topup']

/** Postings as a desk might ask for them, and as none ever should: nothing, too much, from nobody, to nobody, to and fro. */
function postings(roll: (sides: number) => number, round: number): { kind: string; legs: Leg[] } {
  const kind = kinds[roll(kinds.length)]!
  const any = (): string => {
    const one = roll(20)
    if (one === 0) return 'wallet:nobody'
    if (one === 1) return 'credits:a'
    if (one < 4) return 'platform:fees'
    return one < 12 ? `wallet:${people[roll(people.length)]}` : `escrow:${works[roll(works.length)]}`
  }
  const legs: Leg[] = []
  for (let posting = 0; posting < 1 + roll(6); posting++) {
    const ref = `p${round}-${posting}`
    const source = kind === 'topup' ? 'platform:stripe' : any()
    for (let leg = 0; leg < 1 + roll(3); leg++) {
      const target = any()
      legs.push({
        ref,
        source,
        target: target === source ? 'platform:other' : target,
        amount: roll(4) === 0 ? 0 : roll(60),
      })
    }
  }
  return { kind, legs }
}

const each = `select ref, outcome from ledger_post_each($1, 'USD', $2::text[], $3::text[], $4::text[], $5::bigint[]) order by ref`
const one = `select ledger_post($1, $2, $2, 'USD', $3::text[], $4::text[], $5::bigint[]) as outcome`

type Outcomes = Record<string, string>

async function together(db: Database, kind: string, legs: readonly Leg[]): Promise<Outcomes> {
  const columns = [
    legs.map((l) => l.ref),
    legs.map((l) => l.source),
    legs.map((l) => l.target),
    legs.map((l) => l.amount),
  ]
  const rows = await db.rows<{ ref: string; outcome: string }>(each, [kind, ...columns])
  return Object.fromEntries(rows.map(({ ref, outcome }) => [ref, outcome]))
}

function oneByOne(db: Database, kind: string, legs: readonly Leg[]): Promise<Outcomes> {
  return db.transaction(async (sql) => {
    const outcomes: Outcomes = {}
    for (const [ref, of] of Map.groupBy(legs, ({ ref }) => ref)) {
      const columns = [of.map((l) => l.source), of.map((l) => l.target), of.map((l) => l.amount)]
      const [row] = await sql.rows<{ outcome: string }>(one, [kind, ref, ...columns])
      outcomes[ref] = row!.outcome
    }
    return outcomes
  })
}

/** What came of it, or that it was refused as a whole. */
const tried = (outcome: Promise<Outcomes>): Promise<Outcomes | 'refused'> =>
  outcome.catch((error) => {
    assert.ok(sqlState(error), String(error))
    return 'refused'
  })

async function open(): Promise<Database> {
  const db = openDatabase({ url: (await cloneDatabase()).url, poolSize: 2 })
  await db.rows(
    `insert into ledger_account (id, unit, balance, card_part) select 'wallet:' || name, 'USD', 400, 150 from unnest($1::text[]) as name`,
    [people],
  )
  await db.rows(`insert into ledger_account (id, unit, balance) values ('credits:a', 'CREDIT', 100)`)
  return db
}

const accounts = (db: Database): Promise<unknown> =>
  db.rows('select id, unit, balance, card_part from ledger_account where balance <> 0 or card_part <> 0 order by id')
const transfers = (db: Database): Promise<unknown> =>
  db.rows(`select kind, source, leg, from_account, to_account, amount from transfer order by kind, source, leg`)

test('postings written together come out as the same ones written one by one', async (story) => {
  const [left, right] = [await open(), await open()]
  story.after(() => Promise.all([left.close(), right.close()]))
  const roll = dice(Number(process.env.SEED ?? 7))
  const seen = new Map<string, number>()
  for (let round = 0; round < 400; round++) {
    const { kind, legs } = postings(roll, round)
    const what = `${kind} ${JSON.stringify(legs)}`
    const expected = await tried(oneByOne(right, kind, legs))
    assert.deepEqual(await tried(together(left, kind, legs)), expected, what)
    for (const outcome of expected === 'refused' ? ['refused'] : Object.values(expected))
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    assert.deepEqual(await accounts(left), await accounts(right), what)
  }
  assert.deepEqual(await transfers(left), await transfers(right))
  story.diagnostic(JSON.stringify([...seen]))
  for (const outcome of ['posted', 'short', 'refused']) assert.ok(seen.get(outcome)! > 20, `hardly ever ${outcome}`)
})
