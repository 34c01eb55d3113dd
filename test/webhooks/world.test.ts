import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openEgress } from '../../src/base/egress/egress.ts'
import { openLog } from '../../src/base/log.ts'
import { openSealer } from '../../src/base/seal.ts'
import { numberEvents } from '../../src/core/events/sequence.ts'
import { openDeliverer } from '../../src/core/webhooks/deliver.ts'
import { queueForWebhooks } from '../../src/core/webhooks/fan-out.ts'
import { postTo } from '../../src/core/webhooks/post.ts'
import type { Delivery, Webhook } from '../../src/core/webhooks/webhook.ts'
import { openHeap } from '../support/live-heap.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { type RoleProcess, startRole } from '../support/roles.ts'
import { day, type Playing, personalities, play } from './personalities.ts'

/** The campaign is what the issue asks for; every run of the tests does a small one. */
const isCampaign = Boolean(process.env.CAMPAIGN)
const [many, few, kills, everyMs] = isCampaign ? [2_000, 50, 12, 45] : [30, 2, 2, 60]

const secret = 'a secret of the tests, long enough for any mode'

const happen = (market: TestMarket, who: readonly string[], nth: number): Promise<unknown> =>
  market.db.rows(
    `select event_write('job.verified', 'thing:' || $2, array[person]::uuid[], json_build_object('nth', $2::int)) from unnest($1::uuid[]) as person`,
    [who, nth],
  )

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Two workers. One is killed again and again; the other lasts, so that one sees what a long time does to its memory. */
async function workers(
  context: TestContext,
  market: TestMarket,
): Promise<{ killOne(): Promise<void>; memory(): Promise<{ live: number; rss: number }> }> {
  const options = {
    databaseUrl: market.databaseUrl,
    dataDir: mkdtempSync(join(tmpdir(), 'clawrk-worker-')),
    env: {
      CLAWRK_SECRET: secret,
      ALLOW_PRIVATE_WEBHOOKS: '1',
      WEBHOOK_TIMEOUT_MS: isCampaign ? '1000' : '300',
      LOG_LEVEL: 'info',
    },
  }
  const watched = { ...options, env: { ...options.env, NODE_OPTIONS: '--inspect=127.0.0.1:0' } }
  const running: RoleProcess[] = await Promise.all([startRole('worker', watched), startRole('worker', options)])
  context.after(async () => {
    await Promise.all(running.map((worker) => worker.end('SIGKILL')))
  })
  const [lasting] = running as [RoleProcess]
  const heap = await openHeap(/Debugger listening on (ws:\S+)/.exec(lasting.said())![1]!)
  context.after(() => heap.close())
  return {
    async killOne() {
      await running.pop()!.end('SIGKILL')
      running.push(await startRole('worker', options))
    },
    // Without a collection Node takes from the machine what it likes, and tells nothing of what it holds on to.
    async memory() {
      const live = (await heap.live()) / 1024 / 1024
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${lasting.pid}/status`, 'utf8'))![1]) / 1024
      return { live, rss }
    },
  }
}

test('receivers of every kind, while workers are killed: each event reaches each live one, and nobody waits for another', async (context) => {
  const market = await startTestMarket({
    worker: false,
    env: { CLAWRK_SECRET: secret, ALLOW_PRIVATE_WEBHOOKS: '1' },
    limits: { signUps: 1_000 },
  })
  context.after(() => market.close())
  const cast: { who: Person; playing: Playing; webhook: Webhook }[] = []
  for (const personality of personalities) {
    const who = await market.person('Ada')
    const playing = await play(personality)
    context.after(() => playing.close())
    const { body } = await who.ask<Webhook & { secret: string }>('POST', '/api/webhooks', {
      url: playing.url,
      events: ['job.verified'],
    })
    playing.secret = body.secret
    cast.push({ who, playing, webhook: body })
  }
  const { killOne, memory } = await workers(context, market)
  const created = new Map<number, number>()
  let killing = Promise.resolve()
  let killed = 0
  const memories: { live: number; rss: number }[] = []
  for (let nth = 1; nth <= many; nth++) {
    const due = cast.filter(({ playing }) => playing.personality.many || nth <= few).map(({ who }) => who.userId)
    created.set(nth, Date.now())
    await happen(market, due, nth)
    if (killed < kills && nth >= ((killed + 1) * many) / (kills + 1)) {
      killed++
      killing = killing.then(killOne)
    }
    if (nth % (many / 10) === 0) memories.push(await memory())
    await pause(everyMs * (0.5 + Math.random()))
  }
  await killing
  const wanted = ({ many: isMany }: { many: boolean }): number => (isMany ? many : few)
  const healthy = cast.filter(({ playing }) => playing.personality.isHealthy)
  await until(
    'the healthy ones have everything',
    () => healthy.every(({ playing }) => playing.taken.size === many),
    isCampaign ? 60_000 : 20_000,
  )
  const waits = healthy
    .flatMap(({ playing }) => [...playing.taken].map(([nth, at]) => at - created.get(nth)!))
    .sort((a, b) => a - b)
  const p95 = waits[Math.floor(waits.length * 0.95)]!
  context.diagnostic(
    `${waits.length} deliveries to healthy receivers: p50 ${waits[Math.floor(waits.length / 2)]} ms, p95 ${p95} ms, max ${waits.at(-1)} ms; ${killed} workers killed`,
  )
  // At first a process grows until it is warm.
  const [half, end] = [memories[memories.length / 2 - 1]!, memories.at(-1)!]
  const inWords = ({ live, rss }: { live: number; rss: number }): string =>
    `${live.toFixed(1)} MB of heap in use (${Math.round(rss)} MB in all)`
  context.diagnostic(
    `the worker that lasted: ${inWords(memories[0]!)} at first, ${inWords(half)} half-way, ${inWords(end)} at the end`,
  )
  assert.ok(end.live < half.live * (isCampaign ? 1.1 : 1.3), `memory grows: ${memories.map(inWords).join(', ')}`)
  assert.ok(end.rss < half.rss * (isCampaign ? 1.25 : 1.5), `memory grows: ${memories.map(inWords).join(', ')}`)

  // Now time goes by: each retry comes when it is due. After a day the one that was dead comes back.
  const live = cast.filter(({ playing }) => playing.personality.fate === 'live')
  const isDone = (): boolean => live.every(({ playing }) => playing.taken.size === wanted(playing.personality))
  const quiet = async (): Promise<boolean> => {
    const [row] = await market.db.rows<{ due: boolean }>(
      `select exists (select from webhook_delivery d join webhook w on w.id = d.webhook_id
         where d.due_at <= app_now() and (w.hold_until is null or w.hold_until <= app_now()) or d.lease is not null) as due`,
    )
    return !row!.due
  }
  for (const seconds of isCampaign ? [6, 340, 2_000, 8_000, 20_000, 40_000, 56_000] : [6, 56_000]) {
    if (seconds > 40_000) day.isOver = true
    await market.advance(seconds)
    await until(`all that was due by then (${seconds} s) was tried`, quiet, isCampaign ? 240_000 : 40_000)
  }
  for (let round = 0; !isDone() && round < 10; round++) {
    await market.advance(86_400)
    await until('all that was due was tried', quiet, isCampaign ? 240_000 : 40_000)
  }
  for (const { who, playing, webhook } of cast) {
    const { name, fate } = playing.personality
    assert.deepEqual(playing.forged, [], `${name}: a delivery that does not verify`)
    if (fate === 'live') {
      const missing = [...Array(wanted(playing.personality)).keys()].filter((at) => !playing.taken.has(at + 1))
      assert.deepEqual(missing, [], `${name} misses events`)
    } else {
      assert.equal(playing.taken.size, 0, name)
      const [state] = (await who.ask<Webhook[]>('GET', '/api/webhooks')).body
      const log = (await who.ask<Delivery[]>('GET', `/api/webhooks/${webhook.id}/deliveries?limit=5`)).body
      assert.ok(log.length > 0 && log.every(({ status }) => status !== 'delivered'), name)
      if (fate === 'gone') assert.equal(state!.disabled_reason, 'gone')
      else assert.notEqual(state!.failing_since, null, name)
    }
    context.diagnostic(`${name}: ${playing.taken.size} taken in ${playing.requests} requests`)
  }
  // On a machine that does much else at the same time a small run says little about time.
  if (isCampaign) assert.ok(p95 < 2_000, `p95 ${p95} ms`)
})

test('an address that leads inside, by its looks or by a name that changes its mind, is never connected to', async (context) => {
  let heard = 0
  const inner = createServer((_request, answer) => answer.end()).on('connection', () => heard++)
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve))
  context.after(() => inner.close())
  const { port } = inner.address() as AddressInfo
  const market = await startTestMarket({ worker: false, env: { CLAWRK_SECRET: secret } })
  context.after(() => market.close())
  const ada = await market.person('Ada')
  const urls = [`http://127.0.0.1:${port}/`, `http://[::ffff:7f00:1]:${port}/`, `http://rebinding.example:${port}/`]
  const ids: string[] = []
  for (const url of urls) {
    const { body } = await ada.ask<Webhook>('POST', '/api/webhooks', { url: 'https://example.com/' })
    // As if it had been let in before the rules were what they are.
    await market.db.rows(`update webhook set url = $2 where id = $1`, [body.id, url])
    ids.push(body.id)
  }
  await happen(market, [ada.userId], 1)
  await until('it has its number', () => numberEvents(market.db, [], [queueForWebhooks]))
  let asked = 0
  const deliverer = openDeliverer({
    db: market.db,
    way: postTo(
      openEgress({
        allowPrivate: false,
        limits: { connectMs: 200, answerMs: 400 },
        // At first somewhere that nobody listens, then inside.
        resolve: async () => (asked++ === 0 ? ['192.0.1.1'] : ['127.0.0.1']),
      }),
      openSealer(secret, 'webhook secrets'),
    ),
    log: openLog('silent', 'test'),
    onRoom: () => {},
  })
  for (let round = 0; round < 3; round++) {
    await until('each was tried', async () => {
      await deliverer.once()
      const [row] = await market.db.rows<{ left: number }>(
        `select count(*)::int as left from webhook_delivery where due_at <= app_now() or lease is not null`,
      )
      return row!.left === 0
    })
    await market.advance(400)
  }
  await deliverer.stop()
  assert.equal(heard, 0)
  for (const [at, id] of ids.entries()) {
    const log = (await ada.ask<Delivery[]>('GET', `/api/webhooks/${id}/deliveries`)).body
    const errors = log.flatMap(({ attempts }) => attempts.map(({ error }) => error))
    assert.ok(errors.length >= 2)
    assert.ok(
      errors.slice(at === 2 ? 1 : 0).some((error) => error!.includes('not on the open internet')),
      `${urls[at]}: ${errors.join()}`,
    )
  }
})
