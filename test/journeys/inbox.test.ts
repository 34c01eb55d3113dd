import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import Stripe from 'stripe'
import { openLog } from '../../src/base/log.ts'
import { noDesk } from '../../src/core/payments/funding/desk.ts'
import { inboxState, pauseAfter, readInbox, receiveEvent, retryGivenUp } from '../../src/core/payments/inbox.ts'
import { startTestMarket } from '../support/market.ts'
import { assertLawful, people, refused, walletOf, went } from './desk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada] = await people(market, 'Ada')
const silent = openLog('silent', 'test')

/** A provider that answers about one checkout as it is told to. */
const provider = (answer: () => Promise<unknown>): Stripe =>
  ({ checkout: { sessions: { retrieve: answer } } }) as unknown as Stripe
const event = (id: string, type = 'checkout.session.completed', more: object = {}): Stripe.Event =>
  ({ id, type, data: { object: { id: 'cs_test_1' } }, ...more }) as unknown as Stripe.Event
const rowOf = async (
  id: string,
): Promise<{ status: string; attempts: number; last_error: string | null; wait: number }> => {
  const [row] = await market.db.rows<{ row: never }>(
    `select json_build_object('status', status, 'attempts', attempts, 'last_error', last_error,
       'wait', extract(epoch from due_at - clock_timestamp())) as row from stripe_inbox where id = $1`,
    [id],
  )
  return row!.row
}
const dueNow = (id: string) => market.db.rows(`update stripe_inbox set due_at = clock_timestamp() where id = $1`, [id])

test('an event is tried again after growing pauses, keeps its last error, and is given up where the operator sees it', async () => {
  assert.equal(await receiveEvent(market.db, event('evt_away')), true)
  assert.equal(await receiveEvent(market.db, event('evt_away')), false, 'stored once')
  const away = provider(async () => {
    throw new Stripe.errors.StripeConnectionError({
      message: 'the line to sk_test_secretpart is dead',
      type: 'api_error',
    })
  })
  await readInbox(market.db, away, silent, noDesk)
  const first = await rowOf('evt_away')
  assert.deepEqual([first.status, first.attempts], ['waiting', 1])
  assert.equal(first.last_error, 'Error: the line to [key] is dead')
  assert.ok(first.wait > 4 && first.wait < 7, `${first.wait} s`)
  assert.equal(await readInbox(market.db, away, silent, noDesk), 0, 'not before its time')
  let last = first
  for (let tries = 1; tries < 24; tries++) {
    assert.equal(last.status, 'waiting')
    await dueNow('evt_away')
    await readInbox(market.db, away, silent, noDesk)
    last = await rowOf('evt_away')
  }
  assert.deepEqual([last.status, last.attempts], ['given_up', 24])
  const state = await inboxState(market.db)
  assert.deepEqual(state.examples, [
    { id: 'evt_away', type: 'checkout.session.completed', reason: 'Error: the line to [key] is dead' },
  ])
  assert.equal(await retryGivenUp(market.db), 1)
  await readInbox(
    market.db,
    provider(async () => ({ id: 'cs_test_1', metadata: {} })),
    silent,
    noDesk,
  )
  assert.deepEqual([(await rowOf('evt_away')).status, (await rowOf('evt_away')).last_error], ['done', null])
})

test('the pauses grow from 5 seconds to 6 hours and last three days in all', () => {
  const pauses = Array.from({ length: 24 }, (_, n) => pauseAfter(n + 1))
  assert.ok(pauses[0]! >= 5 && pauses[0]! < 6.5)
  assert.ok(pauses.every((pause) => pause <= 21_600 * 1.25))
  const days = pauses.reduce((sum, pause) => sum + pause, 0) / 86_400
  assert.ok(days > 2.7 && days < 4.5, `${days} days`)
})

test('of several processes one works on an event; when that one dies another does after its lease', async () => {
  await receiveEvent(market.db, event('evt_leased'))
  let calls = 0
  const slow = provider(async () => {
    calls++
    await new Promise((done) => setTimeout(done, 200))
    return { id: 'cs_test_1', metadata: {} }
  })
  await Promise.all(Array.from({ length: 5 }, () => readInbox(market.db, slow, silent, noDesk)))
  assert.equal(calls, 1)
  await market.db.rows(
    `update stripe_inbox set status = 'waiting', processed_at = null, due_at = clock_timestamp() + interval '5 minutes' where id = 'evt_leased'`,
  )
  assert.equal(await readInbox(market.db, slow, silent, noDesk), 0)
  await dueNow('evt_leased')
  assert.equal(await readInbox(market.db, slow, silent, noDesk), 1)
  assert.equal((await rowOf('evt_leased')).status, 'done')
})

test('what is not ours is kept as that, and what names no object is given up at once', async () => {
  const kinds: readonly [string, Stripe.Event, string][] = [
    ['evt_unknown', event('evt_unknown', 'balance.available'), 'not_ours'],
    ['evt_inside', event('evt_inside', 'checkout.session.completed', { account: 'acct_1' }), 'not_ours'],
    ['evt_bare', event('evt_bare', 'checkout.session.completed', { data: {} }), 'given_up'],
  ]
  for (const [id, body, status] of kinds) {
    assert.equal(await receiveEvent(market.db, body), false, id)
    assert.equal((await rowOf(id)).status, status)
  }
})

test('a caller is not told what the provider said', async (story) => {
  const away = await startTestMarket({ worker: false, env: { STRIPE_API_BASE: 'http://127.0.0.1:9' } })
  story.after(() => away.close())
  const bob = await away.person('Bob')
  const answer = await bob.ask('POST', '/api/wallet/topup', { amount_cents: 500 })
  const body = refused(answer, 503, 'payments_unavailable')
  assert.deepEqual(Object.keys(body).sort(), ['code', 'error', 'request_id', 'retry_after_seconds', 'retryable'])
  went(await bob.ask('GET', '/api/wallet/balance'))
})

test('nothing of all that moved money', async () => {
  assert.equal((await walletOf(ada)).balance_cents, 0)
  await assertLawful(market)
})
