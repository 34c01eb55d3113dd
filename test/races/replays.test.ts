import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import {
  act,
  assertLawful,
  claim,
  eventsOf,
  fund,
  movementsOf,
  people,
  post,
  postUnpaid,
  refused,
  see,
  take,
  unixPrompt,
  unixReport,
  verifyAll,
  walletOf,
  went,
} from '../journeys/desk.ts'
import { type Answer, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { at } from './contest.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')
await fund(market, ada, 100_000)
const job = { prompt: unixPrompt, price_cents: 500, time_limit_seconds: 3600, confirmed: true }

/** A request that can be repeated: how to get ready for it, and what shows that it happened once. */
interface Repeated {
  readonly who: Person
  readonly path: string
  readonly body?: Fields
  readonly other: Fields
  readonly once: () => Promise<void>
  /** What goes on afterwards, so that a replay is no longer what the state would answer. */
  readonly onwards?: () => Promise<unknown>
}

const repeated: Record<string, () => Promise<Repeated>> = {
  'run, paid': async () => {
    const before = (await walletOf(ada)).balance_cents
    return {
      who: ada,
      path: '/api/jobs/run',
      body: job,
      other: { ...job, price_cents: 501 },
      once: async () => assert.equal((await walletOf(ada)).balance_cents, before - 500),
      onwards: async () => {
        const [newest] = went(await ada.ask<Job[]>('GET', '/api/jobs'))
        went(await act(ada, 'cancel', newest!))
      },
    }
  },
  'run, unpaid': async () => {
    const [poor] = await people(market, 'Poor')
    return {
      who: poor,
      path: '/api/jobs/run',
      body: job,
      other: { ...job, prompt: 'Another prompt.' },
      once: async () => assert.equal(went(await poor.ask<Job[]>('GET', '/api/jobs')).length, 1),
      onwards: () => fund(market, poor, 500),
    }
  },
  'run, a quote': async () => ({
    who: ada,
    path: '/api/jobs/run',
    body: { prompt: unixPrompt },
    other: { prompt: 'Another prompt.' },
    once: async () => assert.ok(true),
  }),
  pay: async () => {
    const [poor] = await people(market, 'Poor')
    const saved = await postUnpaid(poor)
    await fund(market, poor, 1000)
    return {
      who: poor,
      path: `/api/jobs/${saved.id}/pay`,
      other: { reason: 'no such field' },
      once: async () => assert.deepEqual(await movementsOf(market, saved), { job_paid: 1 }),
      onwards: () => act(poor, 'cancel', saved),
    }
  },
  'cancel at once': async () => {
    const { id } = await post(ada)
    return {
      who: ada,
      path: `/api/jobs/${id}/cancel`,
      other: {},
      once: async () => assert.deepEqual(await movementsOf(market, { id }), { job_paid: 1, refund: 1 }),
    }
  },
  'cancel, asked for': async () => {
    const working = await take(bob, await post(ada))
    return {
      who: ada,
      path: `/api/jobs/${working.id}/cancel`,
      other: {},
      once: async () => assert.equal((await see(ada, working)).cancellation_requested, true),
      onwards: () => act(bob, 'fail', working),
    }
  },
  'cancel, a no-op': async () => {
    const gone = await post(ada)
    went(await act(ada, 'cancel', gone))
    return {
      who: ada,
      path: `/api/jobs/${gone.id}/cancel`,
      other: {},
      once: async () => assert.deepEqual(await movementsOf(market, gone), { job_paid: 1, refund: 1 }),
    }
  },
  pull: async () => {
    const offered = await post(ada)
    return {
      who: bob,
      path: '/api/jobs/pull',
      body: { agent_name: 'default' },
      other: {},
      once: async () => assert.equal((await eventsOf(market, offered)).filter((name) => name === 'job.held').length, 1),
      onwards: async () => {
        went(await act(bob, 'reject', offered))
        went(await act(ada, 'cancel', offered))
      },
    }
  },
  claim: async () => {
    const offered = await post(ada)
    return {
      who: bob,
      path: `/api/jobs/${offered.id}/claim`,
      other: { agent_name: 'default' },
      once: async () => assert.equal((await eventsOf(market, offered)).filter((name) => name === 'job.held').length, 1),
      onwards: async () => {
        went(await act(bob, 'accept', offered))
        went(await act(bob, 'fail', offered))
        went(await act(ada, 'cancel', offered))
      },
    }
  },
  accept: async () => {
    const held = await claim(bob, await post(ada))
    return {
      who: bob,
      path: `/api/jobs/${held.id}/accept`,
      other: { agent_name: 'default' },
      once: async () => assert.equal((await see(ada, held)).attempt_count, 1),
      onwards: async () => {
        went(await act(bob, 'fail', held))
        went(await act(ada, 'cancel', held))
      },
    }
  },
  reject: async () => {
    const held = await claim(bob, await post(ada))
    return {
      who: bob,
      path: `/api/jobs/${held.id}/reject`,
      other: {},
      once: async () =>
        assert.equal((await eventsOf(market, held)).filter((name) => name === 'job.requeued').length, 1),
      onwards: async () => act(ada, 'cancel', held),
    }
  },
  submit: async () => {
    const working = await take(bob, await post(ada))
    return {
      who: bob,
      path: `/api/jobs/${working.id}/submit`,
      body: { output: unixReport },
      other: { output: `${unixReport} And more.` },
      once: async () => assert.equal((await see(ada, working)).status, 'submitted'),
      onwards: async () => {
        await verifyAll(market)
        assert.deepEqual(await movementsOf(market, working), { job_paid: 1, job_settled: 1 })
      },
    }
  },
  fail: async () => {
    const working = await take(bob, await post(ada))
    return {
      who: bob,
      path: `/api/jobs/${working.id}/fail`,
      body: { reason: 'too hard' },
      other: { reason: 'too easy' },
      once: async () => {
        const seen = await see(ada, working)
        assert.deepEqual([seen.status, seen.attempt_count], ['queued', 1])
      },
      onwards: async () => act(ada, 'cancel', working),
    }
  },
  topup: async () => {
    const [rich] = await people(market, 'Rich')
    return {
      who: rich,
      path: '/api/wallet/topup',
      body: { amount_cents: 2000 },
      other: { amount_cents: 2001 },
      once: async () => {
        const made = await market.db.rows(`select 1 from topup where user_id = $1`, [rich.userId])
        const sessions = await market.db.rows(
          `select 1 from stripe_twin.object where kind = 'checkout.session' and body::text like '%' || $1 || '%'`,
          [rich.userId],
        )
        assert.deepEqual([made.length, sessions.length], [1, 1])
      },
    }
  },
  'an agent': async () => {
    const [owner] = await people(market, 'Owner')
    return {
      who: owner,
      path: '/api/agents',
      body: { name: 'twin' },
      other: { name: 'other' },
      once: async () => assert.equal(went(await owner.ask<unknown[]>('GET', '/api/agents')).length, 2),
    }
  },
}

const replayed = (answer: Answer<unknown>): boolean => answer.headers.get('idempotency-replayed') === 'true'

for (const [name, prepare] of Object.entries(repeated)) {
  test(`${name}: five at once under one Idempotency-Key have one effect and one answer, and so has a sixth much later`, async () => {
    const { who, path, body, other, once, onwards } = await prepare()
    const key = { 'idempotency-key': randomUUID() }
    const everywhere = market.urls.map((url) => at(url, who))
    const five = await Promise.all([0, 1, 0, 1, 0].map((n) => everywhere[n]!.ask('POST', path, body, key)))
    const status = five[0]!.status
    assert.ok(status < 300 || status === 402, five[0]!.text)
    for (const answer of five) assert.deepEqual([answer.status, answer.text], [status, five[0]!.text])
    assert.equal(five.filter(replayed).length, 4, 'all but one are replays, and say so')
    await once()

    await onwards?.()
    const sixth = await who.ask('POST', path, body, key)
    assert.deepEqual([sixth.status, sixth.text, replayed(sixth)], [status, five[0]!.text, true])
    if (JSON.stringify(other) !== '{}' || body !== undefined) {
      const reused = await who.ask('POST', path, other, key)
      assert.ok([400, 422].includes(reused.status), reused.text)
      if (!('reason' in other && path.endsWith('/pay'))) refused(reused, 422, 'idempotency_key_reused')
    }
    await assertLawful(market)
  })
}
