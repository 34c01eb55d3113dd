import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { payOutCredits } from '../../src/desks/jobs/pay-out.ts'
import { type Person, readAll, startTestMarket } from '../support/market.ts'
import { assertBooked, connected, owners, settleAll } from '../wallet/stage.ts'
import { act, fund, junk, people, walletOf, went } from './desk.ts'
import { submittedForCredits } from './first-api-desk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

/** How many withdrawals the verdicts so far have started. */
async function payOut(): Promise<number> {
  let started = 0
  await readAll(market.db, 'jobs.pay_out', async () => {
    started += await payOutCredits(market.db)
    return 0
  })
  return started
}

const moneyOf = async (person: Person): Promise<readonly [balance: number, pending: number]> => {
  const { balance_cents, pending_cents } = await walletOf(person)
  return [balance_cents, pending_cents]
}

test('with a connected account what was earned for credits leaves at once, the dollar and nothing else', async () => {
  const [ada] = await people(market, 'Ada')
  const [bob] = await owners(market, 'Bob')
  await connected(market, bob)
  await fund(market, bob, 700)
  const job = await submittedForCredits(ada, bob)
  went(await act(ada, 'verify', job))
  assert.deepEqual(await moneyOf(bob), [800, 0])
  assert.equal(await payOut(), 1)
  assert.deepEqual(await moneyOf(bob), [700, 100], 'on its way')
  assert.equal(await payOut(), 0)
  await settleAll(market)
  assert.deepEqual(await moneyOf(bob), [700, 0])
  const [newest] = (await walletOf(bob)).ledger
  assert.match(newest!.reason, /^withdrawal:/)
  assert.equal(newest!.delta, -100)
  await assertBooked(market)
})

test('without one, while money may not leave, and for work that was rejected: nothing leaves', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const [cleo] = await owners(market, 'Cleo')
  went(await act(ada, 'verify', await submittedForCredits(ada, bob)))
  assert.equal(await payOut(), 0)
  assert.deepEqual(await moneyOf(bob), [100, 0])
  await connected(market, cleo)
  went(await act(ada, 'verify', await submittedForCredits(ada, cleo, junk)))
  assert.equal(await payOut(), 0)
  await freezeLedger(market.db, 'a test')
  went(await act(ada, 'verify', await submittedForCredits(ada, cleo)))
  assert.equal(await payOut(), 0)
  await unfreezeLedger(market.db)
  assert.deepEqual(await moneyOf(cleo), [100, 0])
  await assertBooked(market)
})
