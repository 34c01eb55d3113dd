import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { rounds } from '../races/contest.ts'
import { ask } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { type Flow, flows, payIfAsked } from './flows.ts'
import { openStage, type Stage } from './stage.ts'

/** Where the process dies, or what is lost. */
const disasters = [
  'dies before the intent is written',
  'dies after the intent is written',
  'dies before the call',
  'dies while the call is on its way, never applied',
  'dies after the call was applied, before its answer',
  'dies after the answer, before it is booked',
  'dies after booking, before the reply',
  'lives on; the call never arrives',
  'lives on; applied, but the answer is lost',
] as const
type Disaster = (typeof disasters)[number]

const failpoints: Partial<Record<Disaster, string>> = {
  'dies before the intent is written': 'before_intent',
  'dies after the intent is written': 'after_intent',
  'dies before the call': 'before_call',
  'dies after the answer, before it is booked': 'before_booking',
  'dies after booking, before the reply': 'after_booking',
}
const strikes = {
  'dies while the call is on its way, never applied': 'killed_before',
  'dies after the call was applied, before its answer': 'killed_after',
  'lives on; the call never arrives': 'lost_before',
  'lives on; applied, but the answer is lost': 'lost_after',
} as const

interface Cell {
  readonly flow: Flow
  readonly disaster: Disaster
  /** A day passes before the process comes back: the provider has forgotten its keys. */
  readonly late: boolean
}

/** One disaster over one flow: what has happened once the market is back, and once whoever asked has asked again. */
async function survive(stage: Stage, { flow, disaster, late }: Cell): Promise<string> {
  await stage.start()
  const person = await flow.prepare(stage)
  const failpoint = failpoints[disaster]
  if (failpoint) await stage.start(`${flow.point}:${failpoint}`)
  // The provider's library asks three times.
  if (disaster in strikes) stage.proxy.strike(strikes[disaster as keyof typeof strikes], flow.path, stage.kill, 3)
  const key = randomUUID()
  const dies = disaster.startsWith('dies')
  const first = await flow.act(stage, person, key)
  if (dies) await stage.died()
  else await until('the call is lost', () => stage.proxy.struck())
  stage.proxy.strike('lost_before', 'none', stage.kill, 0)
  if (dies) assert.equal(first, null, `it did not die: ${first?.text}`)

  await stage.start()
  await pass(stage, late ? 25 * 3_600 : 151)
  await until('no intent is open', async () => {
    const [open] = await stage.db.rows<{ n: number }>(
      `select count(*) as n from provider_intent where status = 'asked'`,
    )
    if (open!.n > 0) await pass(stage, 151)
    return open!.n === 0
  })
  const [provider, books] = await flow.effects(stage, person)
  assert.ok(
    provider <= 1 && provider === books,
    `before anybody asked again: ${provider} at the provider, ${books} in the books`,
  )

  // Whoever had no answer asks again, with the same key; the lease of the dead process's answer has run out.
  await stage.db.rows(`update idempotency set leased_until = clock_timestamp() where answer is null`)
  const again = await flow.act(stage, person, key)
  if (again) assert.equal(again.status, 200, again.text)
  await payIfAsked(flow, stage, person, again)
  const reached = async (): Promise<boolean> => (await flow.effects(stage, person)).join() === '1,1'
  await until('it has happened once', reached, 60_000).catch(async () => {
    assert.deepEqual(await flow.effects(stage, person), [1, 1])
  })
  // Time enough for whatever would do it a second time.
  await pass(stage, 151)
  assert.deepEqual(await flow.effects(stage, person), [1, 1])
  assert.deepEqual(await checkLaws(stage.db, [...paymentLaws, ...jobLaws, ...gigLaws]), [])
  return `${provider} then 1`
}

async function pass({ url }: Stage, seconds: number): Promise<void> {
  assert.equal((await ask(url, 'POST', '/api/test/clock', { advance_seconds: seconds })).status, 200)
}

const isCampaign = rounds >= 200
const all: readonly Cell[] = flows.flatMap((flow) =>
  disasters.flatMap((disaster) => [false, true].map((late) => ({ flow, disaster, late }))),
)
/** In every `npm test`: the worst moment of each flow, and a few of the others. */
const some: readonly Cell[] = all.filter(
  ({ flow, disaster, late }) =>
    (late && disaster === 'dies after the call was applied, before its answer') ||
    (!late && ['withdrawal', 'payout'].includes(flow.point) && disaster === 'dies after the intent is written') ||
    (!late && flow.point === 'card_refund' && disaster === 'dies after the answer, before it is booked'),
)

test('whatever dies or is lost around a call of the provider: exactly one effect', async (story) => {
  const cells = [...(isCampaign ? all : some)]
  const told = new Map<Cell, string>()
  const walk = async (): Promise<void> => {
    const stage = await openStage()
    try {
      for (let cell = cells.shift(); cell; cell = cells.shift()) {
        const { flow, disaster, late } = cell
        const outcome = await survive(stage, cell).catch(
          (error: Error) => `BROKEN ${error.message.split('\n').join(' ')}`,
        )
        told.set(cell, outcome)
        const line = `${flow.name.padEnd(15)} · ${disaster.padEnd(52)} · ${late ? '25 h later' : 'at once   '} · ${outcome}`
        if (isCampaign) process.stdout.write(`${line}\n`)
        else story.diagnostic(line)
      }
    } finally {
      await stage.close()
    }
  }
  await Promise.all([walk(), walk()])
  const broken = [...told].filter(([, outcome]) => outcome.startsWith('BROKEN'))
  assert.deepEqual(
    broken.map(
      ([{ flow, disaster, late }, outcome]) => `${flow.name}, ${disaster}${late ? ', a day later' : ''}: ${outcome}`,
    ),
    [],
  )
  story.diagnostic(`${told.size} cells of flow × disaster × time, one effect each`)
})
