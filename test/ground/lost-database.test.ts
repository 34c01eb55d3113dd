import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startMarket } from '../../demo/market.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { type Held, post, refused, see, submit, take, unixPrompt, went } from '../journeys/desk.ts'
import { read } from '../streams/reader.ts'
import { type Answer, type Fields, type Person, signUp } from '../support/market.ts'
import { until } from '../support/processes.ts'

const market = await startMarket()
after(() => market.close())
const { url } = market
const [ada, bob, eve] = await Promise.all([signUp(url, 'Ada'), signUp(url, 'Bob'), signUp(url, 'Eve')])
await ada.topUp(300_000)

interface Crowd {
  readonly answers: Map<number, number>
  readonly faults: string[]
  stop(): Promise<void>
}

/** People who go on asking for all kinds of things without ever waiting; what they are told must be an answer or a 503 as documented. */
function crowd(job: string): Crowd {
  const answers = new Map<number, number>()
  const faults: string[] = []
  let over = false
  const asking = async (what: string, ask: () => Promise<Answer<unknown>>): Promise<void> => {
    while (!over) {
      const answer = await ask()
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
      if (answer.status >= 500) {
        try {
          // The twin's database is away with the market's own: what asks it may be told so.
          const isProvider = what === 'outside' && (answer.body as Fields).code === 'payments_unavailable'
          refused(answer, 503, isProvider ? 'payments_unavailable' : 'busy')
          assert.equal((answer.body as Fields).retryable, true)
          assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
        } catch (error) {
          faults.push(`${what}: ${(error as Error).message}`)
        }
      }
      await sleep(10)
    }
  }
  const keyed = (person: Person, path: string, body: unknown): Promise<Answer<Fields>> =>
    person.ask('POST', path, body, { 'idempotency-key': randomUUID() })
  const order = { prompt: unixPrompt, price_cents: 100, confirmed: true }
  const all = Promise.all([
    asking('a look', () => ada.ask('GET', `/api/jobs/${job}`)),
    asking('the board', () => ada.ask('GET', '/api/jobs?limit=5')),
    asking('one statement', () => keyed(ada, '/api/jobs/run', order)),
    asking('one transaction', () => keyed(ada, '/api/agents', { name: randomUUID(), personality: 'Writes reports.' })),
    asking('outside', () => keyed(ada, '/api/wallet/topup', { amount_cents: 500 })),
    asking('a pull', () => keyed(bob, '/api/jobs/pull', { min_price_cents: 99_999 })),
    asking('a stranger', () => fetchAnswer('/api/auth/sign-in/email')),
    asking('readiness', () => fetchAnswer('/api/ready')),
  ])
  return {
    answers,
    faults,
    async stop() {
      over = true
      await all
    },
  }
}

async function fetchAnswer(path: string): Promise<Answer<unknown>> {
  const post = path.includes('sign-in')
  const body = JSON.stringify({ email: 'nobody@people.test', password: 'not a password of anybody' })
  const answer = await fetch(
    url + path,
    post ? { method: 'POST', body, headers: { 'content-type': 'application/json' } } : {},
  )
  const text = await answer.text()
  return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers }
}

test('PostgreSQL is killed under a reader, a waiting pull and a crowd: 503 or an answer, and all goes on by itself', async (context) => {
  const before = [market.pids('api'), market.pids('worker')]
  for (let round = 1; round <= 3; round++) {
    const job = await take(bob, await post(ada))
    let isRead = false
    const reading = read(url, ada, job.id, undefined, () => {
      isRead = true
      return false
    })
    const pulling = eve.ask<Held>('POST', '/api/jobs/pull', { wait_seconds: 20, min_price_cents: 90_000 })
    const busy = crowd(job.id)
    await until('the stream is open and the crowd is answered', () => isRead && busy.answers.size > 0)
    await sleep(300)
    const killedAt = Date.now()
    await market.kill('postgres')
    await until('somebody is told that the market is busy', () => busy.answers.has(503))
    await until('everything runs again', () => market.isRunning(), 30_000)
    const awayMs = Date.now() - killedAt
    await sleep(300)
    await busy.stop()
    assert.deepEqual(busy.faults, [])

    // The same processes work with it, and whoever waited is told or goes on waiting.
    assert.deepEqual([market.pids('api'), market.pids('worker')], before, market.said())
    assert.equal((await see(bob, job)).status, 'accepted')
    const dear = await post(ada, { price_cents: 95_000 })
    const pulled = await pulling
    const held = pulled.status === 503 ? went(await eve.ask<Held>('POST', '/api/jobs/pull')) : went(pulled)
    if (pulled.status === 503) assert.equal(pulled.headers.get('retry-after'), '2')
    else assert.equal(held.id, dear.id)
    went(await eve.ask('POST', `/api/jobs/${held.id}/reject`))
    went(await ada.ask('POST', `/api/jobs/${dear.id}/cancel`))
    await submit(bob, job)
    const first = await reading
    const rest =
      first.endedBy === 'server' && first.events.at(-1)?.event === 'end'
        ? []
        : (await read(url, ada, job.id, first.events.at(-1)?.id)).events
    const events = [...first.events, ...rest].map(({ event }) => event)
    assert.deepEqual([...new Set(events)], ['log', 'verdict', 'end'])
    assert.equal((await see(ada, job)).status, 'verified')
    context.diagnostic(
      `round ${round}: back after ${awayMs} ms; answers ${JSON.stringify(Object.fromEntries(busy.answers))}; ` +
        `the stream ${rest.length > 0 ? `ended (${first.endedBy}) and was taken up again` : 'went on'}, the pull answered ${pulled.status}`,
    )
  }
  assert.deepEqual(await checkLaws(market.db), [])
  assert.doesNotMatch(market.said(), /fault of ours|nhandled/)
})
