import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dropEvents, movableEvents, moveEvents } from '../../src/core/events/archive.ts'
import type { WireEvent } from '../../src/core/events/kind.ts'
import { readEvents } from '../../src/core/events/read.ts'
import { numberEvents, tidyPages } from '../../src/core/events/sequence.ts'
import { readRetention } from '../../src/core/operators/retention.ts'
import { fund, moveClock, people, post, refused, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { keysLast, moveAll } from './stage.ts'

const day = 86_400
const moving = { days: 90, most: 6 }

let market: TestMarket
let ada: Person
let bob: Person
before(async () => {
  market = await startTestMarket({ worker: false })
  ;[ada, bob] = await people(market, 'Ada', 'Bob')
  await keysLast(market)
})
after(() => market.close())

const number = async (): Promise<void> => {
  while (await numberEvents(market.db, ['job.queued'], []));
}

async function someJobs(): Promise<void> {
  await fund(market, ada, 1_000)
  for (let n = 0; n < 2; n++) await submit(bob, await take(bob, await post(ada)))
  while ((await verifyAll(market)) > 0);
}

/** Reads as a room does in the background, and answers the ids of what is new to it. */
async function readAll(reader: string): Promise<string[]> {
  const ids: string[] = []
  await until(`${reader} has read everything`, async () => {
    while (
      (await readEvents(market.db, reader, ['job.verified', 'job.created'], async (_, events) => {
        ids.push(...events.map(({ id }) => id))
      })) > 0
    );
    const [rest] = await market.db.rows<{ n: number }>(
      `select count(*) as n from event, event_reader r where r.name = $1 and (event.xid, event.position) > (r.xid, r.position)`,
      [reader],
    )
    return rest!.n === 0
  })
  return ids
}

const feed = async (person: Person, after: number): Promise<WireEvent[]> =>
  went(await person.ask<WireEvent[]>('GET', `/api/events?after=${after}&limit=200`))
const count = async (table: string): Promise<number> =>
  (await market.db.rows<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n

test('an event moves when it is old, numbered, no longer told and read by everybody', async () => {
  await someJobs()
  await moveClock(market, 100 * day)
  assert.equal(await moveEvents(market.db, moving), 0, 'what has no number stays')
  await number()
  await moveClock(market, 20 * day)
  await tidyPages(market.db)
  assert.equal((await feed(ada, 0)).length > 0, true)
  assert.equal(await moveEvents(market.db, moving), 0, 'what the feed still tells stays, however old it is')
  await moveClock(market, 75 * day)
  await market.db.rows(`insert into event_reader (name, xid, position) select 'one who lags', min(xid), 0 from event`)
  await tidyPages(market.db)
  assert.equal(await moveEvents(market.db, moving), 0, 'what a reader has not read stays')
  const [lying] = await readRetention(market.db, [movableEvents], { jobs: null, transfers: null, events: 90 })
  assert.match(lying!.kept.join(), /one who lags/)
  const [all] = [await count('event')]
  await readAll('one who lags')
  const moved = await moveAll(() => moveEvents(market.db, moving))
  assert.equal(moved, all)
  assert.deepEqual([await count('event'), await count('event_old')], [0, moved])
})

test('the feed goes on as before, over the boundary, and a new reader reads the archive first and nothing twice', async () => {
  await someJobs()
  await number()
  const [reach] = await market.db.rows<{ seq: number; forgotten: number }>(`select seq, forgotten from event_sequence`)
  const seen = await feed(ada, reach!.forgotten)
  assert.ok(seen.length > 5)
  assert.deepEqual(await feed(ada, 0), seen)
  refused(await ada.ask('GET', '/api/events?after=1'), 410, 'resync')
  const ids = await readAll('somebody new')
  assert.equal(new Set(ids).size, ids.length)
  const [told] = await market.db.rows<{ n: number }>(
    `select count(*) as n from event_all where name in ('job.verified', 'job.created')`,
  )
  assert.equal(ids.length, told!.n)
  await someJobs()
  assert.equal((await readAll('somebody new')).length, 4)
})

test('whoever leaves takes their words out of the archive, too, also while it is being moved', async () => {
  const old = await market.db.rows(
    `insert into event_old select nextval('event_position'), uuid7(), 'card.saved', 'user:x', array[$1::uuid], '{"brand":"visa","last4":"4242","kept":1}', 5, created_at
     from event_old order by position limit 1 returning position`,
    [bob.userId],
  )
  assert.equal(old.length, 1)
  await market.db.rows(
    `insert into event (name, ref, parties, data, created_at) values ('card.saved', 'user:x', array[$1::uuid], '{"brand":"visa","last4":"4242","kept":2}', app_now())`,
    [bob.userId],
  )
  for (let after = 0; ; ) {
    const [came] = await market.db.rows<{ until: number }>(`select event_forget_words($1, $2, 5) as until`, [
      bob.userId,
      after,
    ])
    if (came!.until <= after) break
    after = came!.until
  }
  const rest = await market.db.rows(`select data from event_all where name = 'card.saved' order by position`)
  assert.deepEqual(rest, [{ data: { kept: 1 } }, { data: { kept: 2 } }])
})

test('months of archived events are thrown away when somebody says so, and only whole ones', async () => {
  const before = await count('event_old')
  assert.deepEqual(await dropEvents(market.db, 36_500), [])
  assert.equal(await count('event_old'), before)
  const gone = await dropEvents(market.db, 120)
  assert.equal(gone.length, 1, gone.join())
  assert.match(gone[0]!, /^\d{4}-\d\d$/)
  assert.ok((await count('event_old')) < before)
  assert.ok((await readAll('somebody later')).length > 0)
})
