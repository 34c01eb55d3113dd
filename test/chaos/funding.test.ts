import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FundingOrder, StartedFunding } from '../../src/core/payments/funding/start.ts'
import { moveClock } from '../journeys/desk.ts'
import {
  fundingNeeds,
  moneyOf,
  nothing,
  orderOf,
  pay,
  paymentsAt,
  statusesOf,
  wishes,
} from '../payments/funding-stage.ts'
import { rounds } from '../races/contest.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertBooked, owners } from '../wallet/stage.ts'
import { type Between, openProxy, type Strike } from './proxy.ts'

/** Where whoever begins a payment for work dies, or what is lost. */
const disasters = {
  'dies before the row is written': 'before_intent',
  'dies after the row is written': 'after_intent',
  'dies before the call': 'before_call',
  'dies while the call is on its way, never applied': 'killed_before',
  'dies after the call was applied, before its answer': 'killed_after',
  'dies after the answer, before it is noted': 'before_booking',
  'dies after it is noted, before the reply': 'after_booking',
  'lives on; the call never arrives': 'lost_before',
  'lives on; applied, but the answer is lost': 'lost_after',
} as const
type Disaster = keyof typeof disasters

const isStrike = (how: string): how is Strike => how.startsWith('killed') || how.startsWith('lost')

interface Child {
  readonly process: ChildProcess
  /** What it answers, or null when it has died. */
  readonly answer: Promise<Partial<StartedFunding> | null>
}

function begin({ databaseUrl, url }: TestMarket, proxy: Between, order: FundingOrder, failpoint: string | null): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'begin-funding.ts')], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      STRIPE_API_BASE: proxy.url,
      APP_URL: url,
      CLAWRK_SECRET: randomBytes(32).toString('hex'),
      LOG_LEVEL: 'silent',
      ORDER: JSON.stringify(order),
      ...(failpoint ? { CLAWRK_FAILPOINT: `funding:${failpoint}` } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout!.on('data', (bytes) => (text += bytes))
  const answer = once(child, 'close').then(() =>
    child.signalCode === 'SIGKILL' ? null : (JSON.parse(text) as Partial<StartedFunding>),
  )
  return { process: child, answer }
}

const all = (Object.keys(disasters) as Disaster[]).flatMap((disaster) =>
  [false, true].map((late) => ({ disaster, late })),
)
const cells =
  rounds >= 200
    ? all
    : all.filter(
        ({ disaster, late }) =>
          (late && disasters[disaster] === 'killed_after') || (!late && disasters[disaster] === 'after_intent'),
      )

test('whoever begins a payment for work dies, or has no answer: asked again, one can be paid, is paid once, and held once', async (story) => {
  const desk = wishes()
  const market = await startTestMarket({ desk })
  const proxy = await openProxy(market.twinUrl)
  const needs = fundingNeeds(market, desk)
  try {
    const [payer] = await owners(market, 'Payer')
    // The customer is there, so that the call that is struck is the payment's.
    assert.ok((await begin(market, proxy, orderOf(payer, desk.work(900), 900), null).answer)?.client_secret)
    for (const { disaster, late } of cells) {
      const how = disasters[disaster]
      const ref = desk.work(1_000)
      const order = orderOf(payer, ref, 1_000)
      let first: Child | undefined
      if (isStrike(how)) proxy.strike(how, '/v1/payment_intents', () => void first?.process.kill('SIGKILL'), 3)
      first = begin(market, proxy, order, isStrike(how) ? null : how)
      const answer = await first.answer
      proxy.strike('lost_before', 'none', () => {}, 0)
      if (disaster.startsWith('dies')) assert.equal(answer, null, `${disaster}: it did not die`)
      else assert.deepEqual(answer, { code: 'payments_unavailable' })
      if (late) await moveClock(market, 25 * 3_600)

      const again = await begin(market, proxy, order, null).answer
      assert.ok(again?.url, JSON.stringify(again))
      assert.equal(await pay(market, again as StartedFunding), 303)
      await until('it is held', async () => (await moneyOf(market, payer, ref)).escrow === 1_000)
      await market.advance(61)
      assert.deepEqual(await moneyOf(market, payer, ref), { ...nothing, escrow: 1_000 })
      assert.deepEqual(
        (await statusesOf(market, ref)).filter((status) => status !== 'stopped'),
        ['paid'],
      )
      const made = await paymentsAt(needs, ref)
      assert.deepEqual(
        made.map(({ status }) => status),
        ['succeeded'],
        disaster,
      )
      story.diagnostic(`${disaster.padEnd(52)} · ${late ? '25 h later' : 'at once   '} · one payment, held once`)
    }
    await assertBooked(market)
  } finally {
    await proxy.close()
    await market.close()
  }
})
