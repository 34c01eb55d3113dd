import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openDatabase, type Sql } from '../../src/base/db.ts'
import { addressOf, limitedRoutes, limitsOf, openMeter, tidyQuotas } from '../../src/edges/http/limits.ts'
import { allContracts } from '../../src/market.ts'
import { refused, went } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import { type Answer, ask, type Person, startTestMarket } from '../support/market.ts'

/** Stays within one minute: waits for the next one when this one is nearly over. */
async function enoughOfTheMinute(seconds = 15): Promise<void> {
  const left = 60 - (Date.now() / 1000 - 60 * Math.floor(Date.now() / 60_000))
  if (left < seconds) await new Promise((done) => setTimeout(done, left * 1000 + 200))
}

const board = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(url, 'GET', '/api/board', undefined, headers)

test('a credential has so many requests a minute over all processes, and every answer says what is left', async (story) => {
  const market = await startTestMarket({ worker: false, apis: 2, limits: { requests: 40, pulls: 20 } })
  story.after(() => market.close())
  const ada = await market.person('Ada')
  await enoughOfTheMinute()
  const whoami = (who: Person, url: string): Promise<Answer> =>
    ask(url, 'POST', '/api/whoami', undefined, { authorization: `Bearer ${who.key}` })

  const first = await whoami(ada, market.urls[0]!)
  assert.equal(first.headers.get('ratelimit-policy'), '"default";q=40;w=60')
  assert.match(first.headers.get('ratelimit')!, /^"default";r=39;t=\d{1,2}$/)
  const answers = [first]
  for (let n = 0; n < 30; n++) answers.push(...(await Promise.all([0, 1].map((at) => whoami(ada, market.urls[at]!)))))
  const letIn = answers.filter(({ status }) => status === 200).length
  assert.equal(letIn, 40, 'exact when both processes use their blocks up')
  const last = answers.at(-1)!
  const body = refused(last, 429, 'rate_limited') as { retry_after_seconds?: number; retryable?: boolean }
  assert.ok(body.retry_after_seconds! >= 1 && body.retry_after_seconds! <= 60)
  assert.equal(last.headers.get('retry-after'), String(body.retry_after_seconds))
  assert.match(last.headers.get('ratelimit')!, /^"default";r=0;t=\d{1,2}$/)

  // A rotation is no new allowance, and another credential is not held to this one's.
  const [quota] = await market.db.rows<{ subject: string; taken: number }>(
    `select subject, taken from request_quota where quota = 'requests' and subject not like 'session:%'`,
  )
  const [key] = await market.db.rows<{ lineage: string }>(`select lineage from api_key where user_id = $1`, [
    ada.userId,
  ])
  assert.equal(quota!.subject, key!.lineage)
  const bob = await market.person('Bob')
  went(await whoami(bob, market.urls[0]!))

  const pulled = await bob.ask('POST', '/api/jobs/pull')
  assert.equal(pulled.status, 204)
  assert.equal(pulled.headers.get('ratelimit-policy'), '"default";q=40;w=60, "pulls";q=20;w=60')
  for (let n = 1; n < 20; n++) assert.equal((await bob.ask('POST', '/api/jobs/pull')).status, 204)
  const over = refused(await bob.ask('POST', '/api/jobs/pull'), 429, 'rate_limited') as { limit?: string }
  assert.equal(over.limit, 'pulls')
  went(await whoami(bob, market.urls[0]!))
})

test('an address has few tries before sign-in, for public pages and refused credentials alike; sign-ups are fewer', async (story) => {
  const market = await startTestMarket({
    worker: false,
    limits: { address: 30, signUps: 3 },
    env: { TRUST_PROXY: 'true' },
  })
  story.after(() => market.close())
  await enoughOfTheMinute()
  const from = (ip: string): Record<string, string> => ({ 'x-forwarded-for': ip })
  const guess = (ip: string): Promise<Answer> =>
    ask(market.url, 'POST', '/api/whoami', undefined, { authorization: 'Bearer clk_x_y', ...from(ip) })
  for (let n = 0; n < 15; n++) {
    went(await board(market.url, from('10.0.0.1')))
    refused(await guess('10.0.0.1'), 401, 'credential_dead')
  }
  const turned = refused(await guess('10.0.0.1'), 429, 'rate_limited')
  assert.match(turned.error, /good credential/)
  refused(await board(market.url, from('10.0.0.1')), 429, 'rate_limited')
  went(await ask(market.url, 'GET', '/api/health', undefined, from('10.0.0.1')))
  went(await board(market.url, from('10.0.0.2')))

  const signUp = (ip: string): Promise<Answer> =>
    ask(
      market.url,
      'POST',
      '/api/auth/sign-up/email',
      { email: `${randomUUID()}@p.test`, password: 'long enough', name: 'x' },
      from(ip),
    )
  for (let n = 1; n <= 3; n++) went(await signUp(`2001:db8:0:7::${n}`), 201)
  const over = refused(await signUp('2001:db8:0:7:ffff::9'), 429, 'rate_limited') as { retry_after_seconds?: number }
  assert.ok(over.retry_after_seconds! <= 3_600)
  went(await signUp('2001:db8:0:8::1'), 201)
})

test('the documented limits, and a thousand times as much with play money; every limited route is there', () => {
  assert.deepEqual(limitsOf('live'), { requests: 600, pulls: 120, address: 60, signUps: 20, deviceCodes: 10 })
  assert.deepEqual(limitsOf('test'), { requests: 600e3, pulls: 120e3, address: 60e3, signUps: 20e3, deviceCodes: 10 })
  const routes = allContracts.flatMap(({ endpoints }) => Object.values(endpoints).map(({ route }) => route as string))
  for (const route of Object.keys(limitedRoutes)) assert.ok(routes.includes(route), route)
})

test('who an address is: one machine, one household', () => {
  const same: readonly [string, string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8:0:0:a:b:c:d', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ]
  for (const [ip, address] of same) assert.equal(addressOf(ip), address)
})

test('blocks: one statement a block whatever the crowd, exact under a race of processes, closed when the database is away', async (story) => {
  const { url } = await cloneDatabase()
  const db = openDatabase({ url, poolSize: 8 })
  story.after(() => db.close())
  let asked = 0
  const counting: Sql = {
    rows(text, params) {
      asked++
      return db.rows(text, params)
    },
  }

  const alone = openMeter(counting, 'alone', 1_000, 3_600)
  const all = await Promise.all(Array.from({ length: 1_500 }, () => alone.take('ada')))
  assert.equal(all.filter(({ allowed }) => allowed).length, 1_000)
  assert.equal(asked, 10, 'ten blocks, and the eleventh is known to be empty')

  const processes = Array.from({ length: 5 }, () => openMeter(db, 'raced', 100, 3_600))
  const raced = await Promise.all(
    Array.from({ length: 400 }, async (_, n) => (await processes[n % 5]!.take('bob')).allowed),
  )
  assert.equal(raced.filter(Boolean).length, 100)

  const away = openMeter({ rows: () => Promise.reject(new Error('ECONNREFUSED')) }, 'away', 100, 60)
  await assert.rejects(async () => away.take('cleo'), /ECONNREFUSED/)

  const quick = openMeter(db, 'quick', 10_000_000, 3_600)
  await quick.take('dora')
  for (let n = 0; n < 1_000; n++) assert.ok(!(quick.take('dora') instanceof Promise), 'counted in memory, at once')

  await db.rows(`update request_quota set ends_at = clock_timestamp() - interval '2 minutes' where quota = 'raced'`)
  await tidyQuotas(db)
  const left = await db.rows<{ quota: string }>(`select distinct quota from request_quota order by 1`)
  assert.deepEqual(
    left.map(({ quota }) => quota),
    ['alone', 'quick'],
  )
})

test('nobody comes in uncounted: without its counters the market is shut, but for those who ask how it is', async (story) => {
  const market = await startTestMarket({ worker: false })
  story.after(() => market.close())
  const ada = await market.person('Ada')
  went(await ada.ask('POST', '/api/whoami'))
  await market.db.rows(`alter table request_quota rename to elsewhere`)
  went(await ada.ask('POST', '/api/whoami'), 200)
  const never = await ada.ask('POST', '/api/jobs/pull')
  refused(never, 503, 'busy')
  assert.equal(never.headers.get('retry-after'), '2')
  went(await ask(market.url, 'GET', '/api/health'))
  await market.db.rows(`alter table elsewhere rename to request_quota`)
  assert.equal((await ada.ask('POST', '/api/jobs/pull')).status, 204)
})
