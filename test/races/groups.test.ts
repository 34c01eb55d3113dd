import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { type Caller, run, statement } from '../../src/base/statement.ts'
import { cloneDatabase } from '../support/database.ts'

const add = statement(
  { name: 'text', amount: 'integer' },
  `moved as (
  update tally set amount = tally.amount + asked.amount from asked
  where tally.name = lower(asked.name) and tally.amount + asked.amount <= 100 returning n, tally.name, tally.amount, pg_current_xact_id()::text as xid
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

const addTo = (
  db: Database,
  name: string,
  amount: number,
  caller: Omit<Partial<Caller>, 'sql'> = {},
): Promise<Added | null> => run({ remember: null, ...caller, sql: db }, add, { name, amount })

const commitsOf = (answers: readonly (Added | null)[]): number => new Set(answers.map((answer) => answer!.xid)).size

/** Somebody else keeps a row locked until they are told to let go. */
async function keepLocked(db: Database, name: string): Promise<() => Promise<void>> {
  const [locked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = db.transaction(async (sql) => {
    await sql.rows(`select 1 from tally where name = $1 for update`, [name])
    locked.resolve()
    await released.promise
  })
  await locked.promise
  return () => {
    released.resolve()
    return holding
  }
}

const names = Array.from({ length: 40 }, (_, index) => `n${index}`)

test('calls that come together share commits, and each gets its own answer', async (story) => {
  const db = await openTally(story, names)
  const answers = await Promise.all(names.map((name, index) => addTo(db, name, index + 1)))
  assert.deepEqual(
    answers.map((answer) => [answer?.name, answer?.amount]),
    names.map((name, index) => [name, index + 1]),
  )
  const commits = commitsOf(answers)
  assert.ok(commits <= 5, `${names.length} calls took ${commits} commits`)
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
  const release = await keepLocked(db, 'n0')
  const stuck = addTo(db, 'n0', 1)
  await sleep(5)
  const others = await Promise.all(names.slice(1).map((name) => addTo(db, name, 1)))
  assert.ok(others.every((answer) => answer?.amount === 1))
  await release()
  assert.equal((await stuck)!.amount, 1)
})

test('a connection that breaks is not repeated: whoever asked is told', async (story) => {
  const db = await openTally(story, names)
  const release = await keepLocked(db, 'n3')
  const asked = Promise.allSettled(names.slice(0, 8).map((name) => addTo(db, name, 1)))
  await sleep(100)
  const killed = await db.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
  )
  assert.equal(killed.length, 1)
  const answers = await asked
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  await release()
  const [sum] = await db.rows<{ sum: number }>(`select sum(amount) as sum from tally`)
  assert.equal(sum!.sum, 0)
})

test('an id written in two ways is one thing', async (story) => {
  const db = await openTally(story, ['a'])
  const answers = await Promise.all([addTo(db, 'a', 1), addTo(db, 'A', 1)])
  assert.deepEqual(
    answers.map((answer) => answer?.amount),
    [1, 2],
  )
})

test('who spoils a group does not spoil the next: they fly alone for a while', async (story) => {
  const db = await openTally(story, names)
  const [, ...others] = names
  const spoil = (): Promise<unknown> =>
    assert.rejects(addTo(db, 'n0', -1, { actor: { userId: 'the spoiler' } }), /check/)
  const round = async (): Promise<number> => {
    const spoilt = spoil()
    const answers = await Promise.all(others.map((name) => addTo(db, name, 1)))
    await spoilt
    return commitsOf(answers)
  }
  const first = await round()
  assert.ok(first >= 15, `nothing was spoilt: ${first} commits`)
  const second = await round()
  assert.ok(second <= 5, `${others.length} calls took ${second} commits beside one that Postgres refuses`)
})

test('a request that comes twice at once spoils no group: its twin goes with the next', async (story) => {
  const db = await openTally(story, names)
  const remember = { lineage: 'l', route: 'r', key: 'k', fingerprint: Buffer.alloc(32), effectId: 'e' }
  const twins = Promise.allSettled([addTo(db, 'n0', 1, { remember }), addTo(db, 'n1', 1, { remember })])
  const answers = await Promise.all(names.slice(2).map((name) => addTo(db, name, 1)))
  const commits = commitsOf(answers.slice(0, 12))
  assert.ok(commits <= 2, `the first 12 took ${commits} commits`)
  assert.deepEqual(
    (await twins).map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  const [sum] = await db.rows<{ sum: number }>(`select sum(amount) as sum from tally where name in ('n0', 'n1')`)
  assert.equal(sum!.sum, 1)
})

test('while one group is stuck the others do not wait out its patience again and again', async (story) => {
  const db = await openTally(story, names)
  const release = await keepLocked(db, 'n0')
  const stuck = addTo(db, 'n0', 1)
  await sleep(5)
  const calls = 20
  const tries: number[] = []
  // Had each waited 25 ms, no try could be shorter; on a busy machine some of them may be.
  do {
    const before = performance.now()
    for (let n = 0; n < calls; n++) await addTo(db, 'n1', 1)
    tries.push(performance.now() - before)
  } while (tries.at(-1)! >= calls * 25 && tries.length < 10)
  assert.ok(tries.at(-1)! < calls * 25, `${calls} calls took ${tries.map(Math.round)} ms: each waited 25 ms`)
  await release()
  await stuck
})

test('groups of two processes lock in one order, rows and keys: no deadlock', async () => {
  const { url } = await cloneDatabase()
  const processes = [openDatabase({ url, poolSize: 4 }), openDatabase({ url, poolSize: 4 })]
  const [first] = processes
  await first!.rows(`create table tally (name text primary key, amount integer not null)`)
  await first!.rows(`insert into tally select name, 0 from unnest($1::text[]) as name`, [names])
  for (let round = 0; round < 60; round++) {
    const rows = names.slice(0, 14)
    await Promise.allSettled(
      processes.flatMap((db, index) =>
        (index === 0 ? rows : rows.toReversed()).map((name, n) => {
          // Keys in one order here and in the other there, too.
          const remember = {
            lineage: 'l',
            route: 'r',
            key: `${round}-${n}`,
            fingerprint: Buffer.alloc(32),
            effectId: 'e',
          }
          return addTo(db, name, 1, n % 2 === 0 ? {} : { remember, actor: { userId: `${round}-${n}` } })
        }),
      ),
    )
  }
  await Promise.all(processes.map((db) => db.close()))
  const observer = openDatabase({ url, poolSize: 1 })
  const [seen] = await observer.rows<{ deadlocks: number }>(
    `select deadlocks from pg_stat_database where datname = current_database()`,
  )
  await observer.close()
  assert.equal(seen!.deadlocks, 0)
})

test('a statement that Postgres refuses does not cost its connection', async (story) => {
  const { url } = await cloneDatabase()
  const db = openDatabase({ url, poolSize: 1 })
  story.after(() => db.close())
  const pid = async (): Promise<number> => (await db.rows<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid
  const before = await pid()
  await assert.rejects(db.rows('select 1 / $1::integer', [0]), /division by zero/)
  assert.equal(await pid(), before)
  await assert.rejects(db.rows('select pg_terminate_backend(pg_backend_pid())'))
  assert.notEqual(await pid(), before)
})
