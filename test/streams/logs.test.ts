import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { read } from './reader.ts'

const good =
  'Unix began in 1969 at Bell Labs, where Thompson and Ritchie wrote the operating system after Multics; its history leads to C, BSD and Linux.'

async function accepted(market: TestMarket, ada: Person, bob: Person): Promise<string> {
  const { body } = await ada.ask<Job>('POST', '/api/jobs/run', {
    prompt: 'Research the history of the Unix operating system. It must mention Bell Labs.',
    price_cents: 500,
    confirmed: true,
    checks: [{ type: 'contains', value: 'Bell Labs' }],
  })
  await bob.ask('POST', `/api/jobs/${body.id}/claim`)
  await bob.ask('POST', `/api/jobs/${body.id}/accept`)
  assert.ok(market)
  return body.id
}

async function story(context: TestContext): Promise<{ market: TestMarket; ada: Person; bob: Person; eve: Person }> {
  const market = await startTestMarket()
  context.after(() => market.close())
  const [ada, bob, eve] = [await market.person('Ada'), await market.person('Bob'), await market.person('Eve')]
  await ada.topUp(5_000)
  return { market, ada, bob, eve }
}

test('both parties watch the verification as it happens; the stream ends with the job, and asking again answers 204', async (context) => {
  const { market, ada, bob, eve } = await story(context)
  const job = await accepted(market, ada, bob)
  const watching = [read(market.url, ada, job), read(market.url, bob, job)]
  await bob.ask('POST', `/api/jobs/${job}/submit`, { output: good })
  for (const { events } of await Promise.all(watching)) {
    assert.deepEqual([...new Set(events.map(({ event }) => event))], ['log', 'verdict', 'end'])
    assert.equal(events.find(({ event }) => event === 'verdict')!.data.pass, true)
    assert.equal(events.at(-1)!.data.status, 'verified')
    assert.deepEqual(
      events.map(({ id }) => id),
      events.map(({ id }) => id).sort((a, b) => a - b),
    )
    assert.equal((await read(market.url, ada, job, events.at(-1)!.id)).status, 204)
  }
  assert.equal((await read(market.url, eve, job)).status, 404)
})

test('a worker reads the lines of their own attempts only', async (context) => {
  const { market, ada, bob, eve } = await story(context)
  const job = await accepted(market, ada, bob)
  await bob.ask('POST', `/api/jobs/${job}/submit`, {
    output: 'A canary sang of other things, for long enough to be counted as work.',
  })
  await until('requeued', async () => (await ada.ask<Job>('GET', `/api/jobs/${job}`)).body.status === 'queued')
  await eve.ask('POST', `/api/jobs/${job}/claim`)
  await eve.ask('POST', `/api/jobs/${job}/accept`)
  await eve.ask('POST', `/api/jobs/${job}/submit`, { output: good })
  const [hers, his, theirs] = [
    await read(market.url, eve, job),
    await read(market.url, bob, job),
    await read(market.url, ada, job),
  ]
  assert.deepEqual(
    hers.events.filter(({ event }) => event === 'verdict').map(({ data }) => data.pass),
    [true],
  )
  assert.deepEqual(
    his.events.filter(({ event }) => event === 'verdict').map(({ data }) => data.pass),
    [false],
  )
  assert.deepEqual(
    theirs.events.filter(({ event }) => event === 'verdict').map(({ data }) => data.pass),
    [false, true],
  )
  assert.ok(!JSON.stringify(hers.events).includes('canary'), 'nothing of the other worker’s text')
})

test('a stream ends soon after its key is revoked, and 20 streams are the most', async (context) => {
  const { market, ada, bob } = await story(context)
  const job = await accepted(market, ada, bob)
  const controllers = Array.from({ length: 20 }, () => new AbortController())
  const open = await Promise.all(
    controllers.map((controller) =>
      fetch(`${market.url}/api/jobs/${job}/logs`, { signal: controller.signal, headers: { 'x-api-key': bob.key } }),
    ),
  )
  assert.ok(open.every(({ status }) => status === 200))
  const one = await bob.ask('GET', `/api/jobs/${job}/logs`)
  assert.deepEqual([one.status, one.body.code], [429, 'too_many_streams'])
  for (const controller of controllers.slice(1)) controller.abort()
  const { body: me } = await bob.ask<{ api_key_id: string }>('GET', '/api/keys/verify')
  await fetch(`${market.url}/api/keys/${me.api_key_id}/revoke`, {
    method: 'POST',
    headers: { cookie: bob.cookie, origin: market.url },
  })
  const ended = await Promise.race([
    open[0]!.text().then(() => true),
    new Promise((resolve) => setTimeout(() => resolve(false), 9_000)),
  ])
  assert.equal(ended, true)
})

test('a pull that waits is handed the job when it is queued, and answers 204 when none came', async (context) => {
  const { ada, bob } = await story(context)
  const empty = Date.now()
  const nothing = await bob.ask('POST', '/api/jobs/pull', { wait_seconds: 1 })
  assert.equal(nothing.status, 204)
  assert.ok(Date.now() - empty >= 950)
  const waiting = bob.ask<Job>('POST', '/api/jobs/pull', { wait_seconds: 20 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const asked = Date.now()
  const { body: job } = await ada.ask<Job>('POST', '/api/jobs/run', {
    prompt: 'Translate a page into French.',
    price_cents: 500,
    confirmed: true,
  })
  const { status, body } = await waiting
  assert.deepEqual([status, body.id, body.status], [200, job.id, 'held'])
  context.diagnostic(`handed over ${Date.now() - asked} ms after it was asked for`)
  assert.equal((await bob.ask('POST', '/api/jobs/pull', { wait_seconds: 31 })).status, 400)
})

test('a line whose telling was lost with the listening connection is read as soon as that is made again', async (context) => {
  const { market, ada, bob } = await story(context)
  const job = await accepted(market, ada, bob)
  const reading = read(market.url, ada, job, undefined, ({ length }) => length > 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const cut = await market.db.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen %'`,
  )
  assert.equal(cut.length, 1)
  const written = Date.now()
  await market.db.rows(
    `insert into job_log (job_id, kind, data, created_at) values ($1, 'log', '{"message": "unheard"}', app_now())`,
    [job],
  )
  const { events } = await reading
  assert.deepEqual(
    events.map(({ data }) => data.message),
    ['unheard'],
  )
  // By itself the stream looks every 10 s.
  assert.ok(Date.now() - written < 7_000, `it took ${Date.now() - written} ms`)
})
