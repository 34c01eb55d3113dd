import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { settleFailed, settlePassed } from '../../src/desks/jobs/settle.ts'
import { startTestMarket } from '../support/market.ts'
import { assertLawful, fund, junk, moveClock, people, post, see, submit, take, verifyAll, walletOf } from './desk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')
await fund(market, ada, 100_000)

test('work that no check can be run on for a day ends with a refund, and leaves no mark on the worker', async () => {
  const [gus] = await people(market, 'Gus')
  const before = (await walletOf(ada)).balance_cents
  const job = await post(ada, { checks: [{ type: 'contains', value: 'Unix' }] })
  await take(gus, job)
  // A check that was fine when it was declared and that this machine cannot run any more.
  await market.db.rows(`update job set checks = '[{"type":"command","run":"true"}]' where id = $1`, [job.id])
  await submit(gus, job)
  const other = await post(ada)
  await take(bob, other)
  await submit(bob, other)
  await verifyAll(market)
  assert.equal((await see(bob, other)).status, 'verified', 'other work goes on meanwhile')
  for (let hour = 1; hour < 24; hour++) {
    await market.advance(3_600)
    await verifyAll(market)
    assert.equal((await see(ada, job)).status, 'submitted', `after ${hour} hours`)
  }
  await market.advance(3_660)
  await verifyAll(market)
  const gone = await see(ada, job)
  assert.deepEqual([gone.status, gone.output, gone.verification], ['cancelled', null, null])
  assert.equal((await walletOf(ada)).balance_cents, before - 500)
  const [shown] = await market.db.rows<{ outcome: string }>(`select outcome from job_presentation where job_id = $1`, [
    job.id,
  ])
  assert.equal(shown!.outcome, 'void')
  await assertLawful(market)
})

test('a verifier that died loses its claim after its lease; what it says later is void', async () => {
  const [gus] = await people(market, 'Gus')
  const job = await post(ada)
  await take(gus, job)
  await submit(gus, job)
  const dead = 'ffffffff-ffff-4fff-8fff-ffffffffffff'
  await market.db.rows(`update job set verify_token = $2, due_at = app_now() + interval '60 seconds' where id = $1`, [
    job.id,
    dead,
  ])
  assert.equal(await verifyAll(market), 0, 'somebody else has it')
  await moveClock(market, 61)
  assert.equal(await verifyAll(market), 1)
  assert.equal((await see(gus, job)).status, 'verified')
  const verdict = (await see(gus, job)).verification!
  await settleFailed(market.db, dead, { id: job.id, verdict: { ...verdict, pass: false }, lines: [] })
  await settlePassed(market.db, dead, [{ id: job.id, terms: 'wallet', verdict, lines: [] }])
  assert.equal((await see(gus, job)).status, 'verified')

  const [hal] = await people(market, 'Hal')
  const other = await post(ada)
  await take(gus, other)
  await submit(gus, other, junk)
  await market.db.rows(`update job set verify_token = $2 where id = $1`, [other.id, dead])
  await verifyAll(market)
  await take(hal, other)
  await submit(hal, other)
  await settlePassed(market.db, dead, [{ id: other.id, terms: 'wallet', verdict, lines: [] }])
  await settleFailed(market.db, dead, { id: other.id, verdict: { ...verdict, pass: false }, lines: [] })
  assert.equal((await see(hal, other)).status, 'submitted', 'those were verdicts on the work of another worker')
  await verifyAll(market)
  assert.equal((await walletOf(hal)).balance_cents, 350)
  await assertLawful(market)
})
