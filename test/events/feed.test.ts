import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { WireEvent } from '../../src/core/events/kind.ts'
import { numbered, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { readFeed } from './reader.ts'

const isCampaign = Boolean(process.env.CAMPAIGN)

interface Story {
  readonly market: TestMarket
  readonly ada: Person
  readonly bob: Person
  readonly eve: Person
}

async function story(context: TestContext): Promise<Story> {
  const market = await startTestMarket({ apis: 2 })
  context.after(() => market.close())
  const [ada, bob, eve] = [await market.person('Ada'), await market.person('Bob'), await market.person('Eve')]
  await market.db.rows(
    `select ledger_post('topup', $1::text, $1::text, 'USD', array['platform:stripe'], array['wallet:' || $1], array[1000000])`,
    [ada.userId],
  )
  return { market, ada, bob, eve }
}

const askFor = async (ada: Person): Promise<string> => {
  const { status, body } = await ada.ask<{ id: string }>('POST', '/api/jobs/run', {
    prompt: 'Translate a page of a secret diary into French.',
    price_cents: 500,
    confirmed: true,
  })
  assert.equal(status, 201)
  return body.id
}

/** Something that happens to one person only, and says which time it was. */
const happen = (market: TestMarket, who: Person, from: number, to: number): Promise<unknown> =>
  market.db.rows(
    `select event_write('thing.happened', 'thing:' || n, array[$1::uuid], json_build_object('nth', n)) from generate_series($2::int, $3::int) as n`,
    [who.userId, from, to],
  )

test('the feed holds one’s own affairs, at most a second late, each in the shape it has everywhere', async (context) => {
  const { market, ada, bob, eve } = await story(context)
  const feedOf = async (who: Person, query = 'after=0'): Promise<WireEvent[]> =>
    (await who.ask<WireEvent[]>('GET', `/api/events?${query}`)).body
  // A busy machine may be late once: something that happens to nobody else is read in time the next time.
  const dora = await market.person('Dora')
  const late: number[] = []
  do {
    const since = Date.now()
    const nth = late.length + 1
    await happen(market, dora, nth, nth)
    await until('Dora reads of it', async () => (await feedOf(dora)).some(({ data }) => data.nth === nth))
    late.push(Date.now() - since)
  } while (late.at(-1)! >= 1_500 && late.length < 10)
  context.diagnostic(`${late} ms from what happens to the feed`)
  assert.ok(late.at(-1)! < 1_500, `${late} ms`)
  const job = await askFor(ada)
  await bob.ask('POST', `/api/jobs/${job}/claim`)
  await until('Bob reads that he holds it', async () => (await feedOf(bob)).some(({ event }) => event === 'job.held'))
  const hers = await feedOf(ada)
  const names = hers.map(({ event }) => event).filter((event) => event.startsWith('job.'))
  assert.deepEqual(names, ['job.created', 'job.queued', 'job.held'])
  const held = hers.at(-1)!
  assert.deepEqual(Object.keys(held), ['id', 'seq', 'event', 'data', 'timestamp'])
  assert.equal(held.data.job_id, job)
  assert.match(held.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(
    (await feedOf(bob)).find(({ event }) => event === 'job.held'),
    held,
  )
  assert.ok(!(await feedOf(eve)).some(({ event }) => event.startsWith('job.')), 'nobody else’s affairs')
  assert.deepEqual(await feedOf(ada, `after=${held.seq}`), [])
  assert.deepEqual(await feedOf(ada, 'limit=1'), [held], 'without a place: the newest')

  const open = await feedOf(eve, 'public=1&after=0')
  assert.deepEqual(
    open.map(({ event, data }) => ({ event, ...data })),
    [{ event: 'job.queued', job_id: job, status: 'queued', skill: 'translation', price_cents: 500, terms: 'wallet' }],
  )
  assert.deepEqual(await feedOf(eve, 'public=1'), open)
  assert.ok(!JSON.stringify(open).includes('diary'))

  const ahead = await ada.ask('GET', `/api/events?after=${held.seq! + 1_000}`)
  assert.deepEqual([ahead.status, ahead.body.code], [410, 'resync'])
  await market.db.rows(`update event_sequence set forgotten = 3`)
  const behind = await ada.ask('GET', '/api/events?after=2')
  assert.deepEqual([behind.status, behind.body.code, behind.body.oldest_seq], [410, 'resync', 3])
  for (const bad of ['after=-1', 'after=x', 'limit=0', 'limit=201', 'public=no'])
    assert.equal((await ada.ask('GET', `/api/events?${bad}`)).status, 400, bad)
})

test('a stream tells of what happens as it happens, and says when a place is not kept any more', async (context) => {
  const { market, ada } = await story(context)
  await numbered(market)
  let isOpen = false
  const reading = readFeed(market.url, ada.key, {
    stop: (blocks, text) => {
      isOpen ||= text.includes(': nothing new')
      return blocks.some(({ event }) => event === 'job.queued')
    },
  })
  await until('the stream has begun', () => isOpen)
  const since = Date.now()
  await askFor(ada)
  const { blocks, lastEventId } = await reading
  context.diagnostic(`${Date.now() - since} ms from asking to the stream`)
  assert.deepEqual(
    blocks.map(({ event }) => event),
    ['job.created', 'job.queued'],
    'without a place it begins now',
  )
  for (const { id, event, data } of blocks) assert.deepEqual([Number(id), event], [data.seq, data.event])

  const isQuiet = (_: unknown, text: string): boolean => text.includes(': nothing new')
  const nothing = await readFeed(market.url, ada.key, { lastEventId, stop: isQuiet })
  assert.deepEqual(nothing.blocks, [])
  const again = await readFeed(market.url, ada.key, {
    path: `/api/events/stream?after=${blocks[0]!.id}`,
    stop: isQuiet,
  })
  assert.deepEqual(again.blocks, blocks.slice(1))

  await market.db.rows(`update event_sequence set forgotten = $1`, [Number(blocks[0]!.id)])
  const lost = await readFeed(market.url, ada.key, { lastEventId: '1', stop: isQuiet })
  assert.deepEqual(
    lost.blocks.map(({ event }) => event),
    ['resync', 'job.queued'],
  )
  assert.deepEqual(lost.blocks[0]!.data, {
    oldest_seq: Number(blocks[0]!.id),
    newest_seq: Number(lastEventId),
    goes_on_behind: Number(blocks[0]!.id),
  })
  for (const strange of ['999999', 'abc', '1e3']) {
    const { blocks: told, lastEventId: place } = await readFeed(market.url, ada.key, {
      lastEventId: strange,
      stop: isQuiet,
    })
    assert.deepEqual([told.map(({ event }) => event), place], [['resync'], lastEventId], strange)
  }
})

test('20 streams are the most; a dead credential ends one within 5 s, and the end of the process with when to come again', async (context) => {
  const { market, ada, bob } = await story(context)
  const controllers = Array.from({ length: 20 }, () => new AbortController())
  const streams = await Promise.all(
    controllers.map(({ signal }) =>
      fetch(`${market.url}/api/events/stream`, { signal, headers: { 'x-api-key': ada.key } }),
    ),
  )
  assert.ok(streams.every(({ status }) => status === 200))
  const one = await ada.ask('GET', '/api/events/stream')
  assert.deepEqual([one.status, one.body.code], [429, 'too_many_streams'])
  for (const controller of controllers) controller.abort()
  let isOpen = false
  const reading = readFeed(market.url, bob.key, {
    patienceMs: 60_000,
    stop: (_, text) => {
      isOpen ||= text.includes(': nothing new')
      return false
    },
  })
  await until('the stream has begun', () => isOpen)
  const since = Date.now()
  const { body: me } = await bob.ask<{ api_key_id: string }>('GET', '/api/keys/verify')
  await fetch(`${market.url}/api/keys/${me.api_key_id}/revoke`, {
    method: 'POST',
    headers: { cookie: bob.cookie, origin: market.url },
  })
  assert.equal((await reading).endedBy, 'server')
  // Within five seconds, and what a busy machine adds.
  assert.ok(Date.now() - since < 12_000)
})

test('whoever comes back with their place misses nothing and reads nothing twice, on whichever process', async (context) => {
  const { market, ada } = await story(context)
  // At a campaign 10,000 connections and more are broken off.
  const [many, readers] = isCampaign ? [3_600, 8] : [120, 4]
  let breaks = 0
  const follow = async (at: number): Promise<number[]> => {
    const seen: number[] = []
    let place = '0'
    for (let round = 0; seen.length < many; round++) {
      const goes = 1 + Math.floor(Math.random() * 4)
      const { blocks, lastEventId } = await readFeed(market.urls[(round + at) % 2]!, ada.key, {
        lastEventId: place,
        patienceMs: 400 + Math.random() * 1_000,
        stop: ({ length }) => length >= goes,
      })
      // Whatever came in with the last bytes was not looked at any more.
      const looked = blocks.slice(0, goes)
      seen.push(...looked.filter(({ event }) => event === 'thing.happened').map(({ data }) => data.data.nth as number))
      place = looked.at(-1)?.id ?? lastEventId
      breaks++
      assert.ok(round < many * 40, `no end is in sight: ${seen.length}`)
    }
    return seen
  }
  const writing = (async () => {
    for (let from = 1; from <= many; from += 5) {
      await happen(market, ada, from, Math.min(many, from + 4))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  const all = await Promise.all([...Array.from({ length: readers }, (_, at) => follow(at)), writing.then(() => [])])
  for (const seen of all.slice(0, readers))
    assert.deepEqual(
      seen,
      Array.from({ length: many }, (_, at) => at + 1),
    )
  context.diagnostic(`${breaks} connections broken off`)
})
