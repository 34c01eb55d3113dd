import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { hasLost, readNewest, readOwn, readPublic, readReach } from '../../src/core/events/feed.ts'
import { numberEvents, tidyPages } from '../../src/core/events/sequence.ts'
import { cloneDatabase } from '../support/database.ts'
import { until } from '../support/processes.ts'

/** How many times longer a campaign is than what every run of the tests does. */
const scale = process.env.CAMPAIGN ? 10 : 1

const people = ['Ada', 'Bob', 'Eve', 'Kim'].map(() => randomUUID())

async function open(context: TestContext): Promise<Database> {
  const { url } = await cloneDatabase()
  const db = openDatabase({ url, poolSize: 24 })
  context.after(() => db.close())
  return db
}

const write = `insert into event (name, ref, parties, data, created_at)
  select $1, 'thing:' || $2, $3::uuid[], json_build_object('nth', $2::int), app_now()`

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What a transaction took and gave back is let go of only when every transaction on the server that could have taken it has ended. */
const drain = (db: Database): Promise<unknown> =>
  until('everything has its number', async () => {
    await numberEvents(db, [], [])
    const [state] = await db.rows<{ waits: boolean }>(`select event_waits() as waits`)
    return !state!.waits
  })

test('every committed event gets one number, none that was rolled back, whoever numbers and however they overlap', async (context) => {
  const db = await open(context)
  const committed = new Set<number>()
  let nth = 0
  let writing = true
  const writer = async (): Promise<void> => {
    for (let round = 0; round < 60 * scale; round++) {
      const mine: number[] = []
      const fails = Math.random() < 0.3
      await db
        .transaction(async (sql) => {
          for (let times = 1 + Math.floor(Math.random() * 3); times > 0; times--) {
            const number = ++nth
            const parties = people.filter(() => Math.random() < 0.5)
            await sql.rows(write, ['thing.happened', number, parties.length > 0 ? parties : [people[0]]])
            mine.push(number)
            if (Math.random() < 0.3) await pause(Math.random() * 30)
          }
          if (fails) throw new RangeError('changed our mind')
        })
        .then(
          () => {
            for (const number of mine) committed.add(number)
          },
          (error: unknown) => assert.ok(error instanceof RangeError),
        )
    }
  }
  // Readers that poll as an agent does, with the last number they have seen.
  const seen = people.map(() => [] as number[])
  const reader = async (at: number): Promise<void> => {
    for (let after = 0; ; ) {
      const last = !writing
      const events = await readOwn(db, people[at]!, after, 50)
      seen[at]!.push(...events.map(({ data }) => data.nth as number))
      after = events.at(-1)?.seq ?? after
      if (events.length === 0 && last) return
      await pause(10)
    }
  }
  const numberer = async (): Promise<void> => {
    while (writing) {
      await numberEvents(db, [], [])
      await pause(Math.random() * 10)
    }
  }
  const readers = people.map((_, at) => reader(at))
  const numberers = [numberer(), numberer(), numberer()]
  await Promise.all(Array.from({ length: 12 }, writer))
  await pause(50)
  await drain(db)
  writing = false
  await Promise.all([...readers, ...numberers])

  const rows = await db.rows<{ nth: number; seq: number }>(
    `select distinct (e.data->>'nth')::int as nth, u.seq from event_page p, unnest(p.seqs, p.positions) as u (seq, position) join event e using (position)`,
  )
  assert.equal(rows.length, committed.size, 'each has one number')
  assert.deepEqual(new Set(rows.map(({ nth }) => nth)), committed)
  assert.deepEqual(
    rows.map(({ seq }) => seq).sort((a, b) => a - b),
    Array.from({ length: committed.size }, (_, at) => at + 1),
    'the numbers have no holes',
  )
  for (const [at, person] of people.entries()) {
    const own = await db.rows<{ nth: number }>(
      `select (data->>'nth')::int as nth from event where $1 = any (parties)`,
      [person],
    )
    assert.equal(seen[at]!.length, own.length, 'a reader that polls misses and repeats nothing')
    assert.deepEqual(new Set(seen[at]), new Set(own.map(({ nth }) => nth)))
  }
  const [state] = await db.rows<{ gaps: number }>(`select cardinality(gaps) as gaps from event_sequence`)
  assert.equal(state!.gaps, 0, 'what was rolled back is given up')
  context.diagnostic(`${committed.size} events committed of ${nth} written`)
})

test('what led to an event has the smaller number, though its transaction is the younger one', async (context) => {
  const db = await open(context)
  const slow = await db.pool.connect()
  const late = await db.pool.connect()
  const early = await db.pool.connect()
  try {
    // Somebody's long transaction holds nothing up, and its event is not lost either.
    await slow.query('begin')
    await slow.query(write, ['long', 0, [people[0]]])
    await late.query('begin')
    await late.query('select pg_current_xact_id()')
    await early.query(write, ['cause', 1, [people[0]]])
    await late.query(write, ['effect', 2, [people[0]]])
    await late.query('commit')
    await numberEvents(db, [], [])
    const names = async (): Promise<string[]> => (await readOwn(db, people[0]!, 0, 10)).map(({ event }) => event)
    assert.deepEqual(await names(), ['cause', 'effect'])
    await numberEvents(db, [], [])
    await slow.query('commit')
    await numberEvents(db, [], [])
    assert.deepEqual(await names(), ['cause', 'effect', 'long'])
  } finally {
    for (const client of [slow, late, early]) client.release()
  }
})

test('reading one’s own affairs costs with them, not with the whole history', async (context) => {
  const db = await open(context)
  const many = 20_000
  await db.rows(
    `insert into event (name, ref, parties, data, created_at)
     select 'thing.happened', 'thing:' || n, array[case when n % 500 = 0 then $1 else $2 end]::uuid[], json_build_object('nth', n), app_now()
     from generate_series(1, $3::int) as n`,
    [people[0], people[1], many],
  )
  await drain(db)
  await db.rows('analyze')
  assert.equal((await readOwn(db, people[0]!, 0, 200)).length, many / 500)
  const newest = await readNewest(db, people[0]!, 7)
  assert.deepEqual(
    newest.map(({ data }) => data.nth),
    Array.from({ length: 7 }, (_, at) => many - (6 - at) * 500),
  )
  const plan = await db.rows<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, costs off, timing off) select * from events_of('${people[0]}', 0, ${many}, 200)`,
  )
  const text = plan.map((row) => row['QUERY PLAN']).join('\n')
  const touched = Number(/Buffers: shared hit=(\d+)/.exec(text)?.[1])
  assert.ok(touched > 0 && touched < 400, `${touched} pages for 40 events of ${many}:\n${text}`)
})

test('behind whatever number somebody reads on, and however much at once, they get what follows it, over pages of every size', async (context) => {
  const db = await open(context)
  let nth = 0
  for (const size of [1, 4, 1, 30, 2, 1, 1, 12, 3]) {
    for (let at = 0; at < size; at++)
      for (const whose of at % 3 === 1 ? [people[1]!] : [people[0]!, people[1]!])
        await db.rows(write, ['thing.happened', ++nth, [whose]])
    await drain(db)
  }
  const hers = (
    await db.rows<{ seq: number }>(`select unnest(seqs) as seq from event_page where person = $1 order by seq`, [
      people[0],
    ])
  ).map(({ seq }) => seq)
  assert.ok(hers.length > 30 && hers.length < nth)
  for (let after = 0; after <= hers.at(-1)!; after++)
    for (const limit of [1, 3, 10, 200]) {
      const read = (await readOwn(db, people[0]!, after, limit)).map(({ seq }) => seq)
      const expected = hers.filter((seq) => seq > after).slice(0, limit)
      assert.deepEqual(read, expected, `${limit} behind ${after}`)
    }
  const between = await db.rows<{ seq: number }>(`select seq from events_of($1, $2, $3, 200)`, [
    people[0],
    hers[3],
    hers[20],
  ])
  assert.deepEqual(
    between.map(({ seq }) => seq),
    hers.slice(4, 21),
    'up to another number',
  )
})

test('what is too old is thrown away, and whoever reads behind it is told', async (context) => {
  const db = await open(context)
  await db.rows(write, ['thing.happened', 1, [people[0]]])
  await drain(db)
  await db.rows(`update app_clock set skew = skew + interval '32 days'`)
  await db.rows(write, ['thing.happened', 2, [people[0]]])
  await drain(db)
  await tidyPages(db)
  const [pages] = await db.rows<{ many: number }>(`select count(*)::int as many from event_page`)
  assert.equal(pages!.many, 1, 'the old page is gone')
  const reach = await readReach(db)
  assert.deepEqual(reach, { newest: 2, forgotten: 1 })
  assert.deepEqual(
    (await readOwn(db, people[0]!, 0, 10)).map(({ seq }) => seq),
    [2],
  )
  assert.deepEqual(
    [0, 1, 2, 3].map((after) => hasLost(reach, after)),
    [true, false, false, true],
  )
})

test('what is public is read on past what turns out not to be', async (context) => {
  const db = await open(context)
  for (let number = 1; number <= 30; number++) await db.rows(write, ['thing.shown', number, [people[0]]])
  await numberEvents(db, ['thing.shown'], [])
  const kind = { name: 'thing.shown', when: '', example: {}, next: '', words: { text: '' } }
  const kinds = new Map([
    ['thing.shown', { ...kind, open: ({ nth }: { nth?: unknown }) => (Number(nth) % 10 === 0 ? { nth } : null) }],
  ])
  const found = await readPublic(db, kinds, 0, 2)
  assert.deepEqual(
    found.map(({ data }) => data.nth),
    [10, 20],
  )
  assert.deepEqual(
    (await readPublic(db, kinds, found.at(-1)!.seq!, 2)).map(({ data }) => data.nth),
    [30],
  )
})
