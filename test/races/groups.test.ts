import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { run, statement } from '../../src/base/statement.ts'
import { cloneDatabase } from '../support/database.ts'

const add = statement(
  { name: 'text', amount: 'integer' },
  `moved as (
  update tally set amount = tally.amount + asked.amount from asked
  where tally.name = asked.name and tally.amount + asked.amount <= 100 returning n, tally.name, tally.amount, pg_current_xact_id()::text as xid
), done as (select * from moved)`,
  { subject: 'name' },
)

interface Added {
  name: string
  amount: number
  xid: string
}

async function openTally(story: TestContext, names: readonly string[]): Promise<Database> {
  const { url } = await cloneDatabase()
  const db = openDatabase({ url, poolSize: 8 })
  story.after(() => db.close())
  await db.rows(`create table tally (name text primary key, amount integer not null check (amount >= 0))`)
  await db.rows(`insert into tally select name, 0 from unnest($1::text[]) as name`, [names])
  return db
}

const addTo = (db: Database, name: string, amount: number): Promise<Added | null> =>
  run(
    {
      sql: db,
      remember: null,
    },
    add,
    { name, amount },
  )

const names = Array.from({ length: 40 }, (_, index) => `n${index}`)

test('calls that come together share commits, and each gets its own answer', async (story) => {
  const db = await openTally(story, names)
  const answers = await Promise.all(names.map((name, index) => addTo(db, name, index + 1)))
  assert.deepEqual(
    answers.map((answer) => [answer?.name, answer?.amount]),
    names.map((name, index) => [name, index + 1]),
  )
  const commits = new Set(answers.map((answer) => answer!.xid))
  assert.ok(commits.size <= 5, `${names.length} calls took ${commits.size} commits`)
})

test('a call alone waits for nobody', async (story) => {
  const db = await openTally(story, ['a'])
  await addTo(db, 'a', 1)
  const before = performance.now()
  for (let n = 0; n < 20; n++) await addTo(db, 'a', 1)
  const each = (performance.now() - before) / 20
  // Two milliseconds for company or 25 for a flight would show; a loaded machine may take some of either.
  story.diagnostic(`${each.toFixed(1)} ms each`)
  assert.equal((await addTo(db, 'a', 0))!.amount, 21)
})

test('calls about the same thing see each other: the limit holds to the last unit', async (story) => {
  const db = await openTally(story, ['a'])
  const answers = await Promise.all(Array.from({ length: 60 }, () => addTo(db, 'a', 3)))
  const amounts = answers.flatMap((answer) => (answer ? [answer.amount] : []))
  assert.deepEqual(
    amounts.toSorted((a, b) => a - b),
    Array.from({ length: 33 }, (_, index) => 3 * (index + 1)),
  )
})

test('one that Postgres refuses fails alone, and nothing of the others happens twice', async (story) => {
  const db = await openTally(story, names)
  const answers = await Promise.allSettled(names.map((name, index) => addTo(db, name, index === 7 ? -1 : 5)))
  const refused = answers.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  assert.deepEqual(refused, [7])
  const rows = await db.rows<{ name: string; amount: number }>(`select name, amount from tally where amount <> 5`)
  assert.deepEqual(rows, [{ name: 'n7', amount: 0 }])
})

test('a row that somebody keeps locked holds up those who want it and nobody else for long', async (story) => {
  const db = await openTally(story, names)
  let release = (): void => {}
  const locked = new Promise<void>((resolve) => {
    release = resolve
  })
  let isLocked = (): void => {}
  const begun = new Promise<void>((resolve) => {
    isLocked = resolve
  })
  const holding = db.transaction(async (sql) => {
    await sql.rows(`select 1 from tally where name = 'n0' for update`)
    isLocked()
    await locked
  })
  await begun
  const stuck = addTo(db, 'n0', 1)
  await sleep(5)
  const others = await Promise.all(names.slice(1).map((name) => addTo(db, name, 1)))
  assert.ok(others.every((answer) => answer?.amount === 1))
  release()
  await holding
  assert.equal((await stuck)!.amount, 1)
})

test('a connection that breaks is not repeated: whoever asked is told', async (story) => {
  const db = await openTally(story, names)
  let isLocked = (): void => {}
  let release = (): void => {}
  const begun = new Promise<void>((resolve) => {
    isLocked = resolve
  })
  const locked = new Promise<void>((resolve) => {
    release = resolve
  })
  const holding = db.transaction(async (sql) => {
    await sql.rows(`select 1 from tally where name = 'n3' for update`)
    isLocked()
    await locked
  })
  await begun
  const asked = Promise.allSettled(names.slice(0, 8).map((name) => addTo(db, name, 1)))
  await sleep(100)
  const killed = await db.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  )
  assert.equal(killed.length, 1)
  const answers = await asked
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  release()
  await holding
  const [sum] = await db.rows<{ sum: number }>(`select sum(amount) as sum from tally`)
  assert.equal(sum!.sum, 0)
})
