import assert from 'node:assert/strict'
import test from 'node:test'
import { ask, startTestMarket } from '../support/market.ts'

test('the clock moves once for one key, also when the process that moved it died before it could say so', async (context) => {
  const market = await startTestMarket({ worker: false })
  context.after(() => market.close())
  const day = 86_400
  const move = () =>
    ask(market.url, 'POST', '/api/test/clock', { advance_seconds: day }, { 'idempotency-key': 'tomorrow' })
  const skewed = async (): Promise<number> =>
    (
      await market.db.rows<{ days: number }>(`select extract(epoch from skew)::float8 / $1 as days from app_clock`, [
        day,
      ])
    )[0]!.days
  assert.equal((await move()).status, 200)
  // What is left by a process that ends between the effect and its answer, when its lease has run out.
  await market.db.rows(`update idempotency set answer = null, leased_until = clock_timestamp() - interval '1 second'`)
  assert.deepEqual([(await move()).status, await skewed()], [200, 1])
  await market.db.rows(
    `update idempotency set answer = null, status = null, leased_until = clock_timestamp() - interval '1 second'`,
  )
  assert.deepEqual([(await move()).status, await skewed()], [200, 2], 'one that died before the effect has had none')
})
