import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  act,
  assertLawful,
  claim,
  fund,
  people,
  post,
  postUnpaid,
  refused,
  see,
  submit,
  take,
  unixReport,
  verifyAll,
  went,
} from '../journeys/desk.ts'
import { type Answer, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob, cleo] = await people(market, 'Ada', 'Bob', 'Cleo')
await fund(market, ada, 100_000)

const replayed = (answer: Answer<unknown>): boolean => answer.headers.get('idempotency-replayed') === 'true'

test('the same key on another job is another request: 422, and that job stays as it is', async () => {
  const [one, two] = [await post(ada), await post(ada)]
  const key = { 'idempotency-key': 'one-for-two' }
  for (const [who, verb, body] of [
    [bob, 'claim', undefined],
    [bob, 'accept', undefined],
    [bob, 'submit', { output: unixReport }],
  ] as const) {
    if (verb !== 'claim') await (verb === 'accept' ? claim(cleo, two) : act(cleo, 'accept', two))
    went(await who.ask('POST', `/api/jobs/${one.id}/${verb}`, body, key))
    const before = await see(ada, two)
    refused(await who.ask('POST', `/api/jobs/${two.id}/${verb}`, body, key), 422, 'idempotency_key_reused')
    assert.deepEqual({ ...(await see(ada, two)) }, before)
  }
  went(await ada.ask('POST', `/api/jobs/${one.id}/cancel`, undefined, key))
  refused(await ada.ask('POST', `/api/jobs/${two.id}/cancel`, undefined, key), 422, 'idempotency_key_reused')
  assert.equal((await see(ada, two)).cancellation_requested, false)
  went(await act(cleo, 'fail', two))
  went(await act(ada, 'cancel', two))
  await verifyAll(market)
})

test('a refusal is not remembered: the key may be used again, with the same body or another', async () => {
  const [poor] = await people(market, 'Poor')
  const saved = await postUnpaid(poor)
  const key = { 'idempotency-key': 'again' }
  const path = `/api/jobs/${saved.id}/pay`
  for (let n = 0; n < 2; n++) refused(await poor.ask('POST', path, undefined, key), 402, 'insufficient_balance')
  await fund(market, poor, 500)
  const paid = await poor.ask('POST', path, undefined, key)
  went(paid)
  assert.equal(replayed(paid), false)
  went(await act(poor, 'cancel', saved))

  refused(await poor.ask('POST', '/api/agents', { name: 'default' }, key), 409, 'agent_exists')
  went(await poor.ask('POST', '/api/agents', { name: 'mine' }, key), 201)
  refused(await poor.ask('POST', '/api/wallet/topup', { amount_cents: 1 }, key), 400, 'invalid_input')
  went(await poor.ask('POST', '/api/wallet/topup', { amount_cents: 500 }, key))
})

test('a key belongs to one credential and one route: others may use the same', async () => {
  const key = { 'idempotency-key': 'shared' }
  const mine = went(await bob.ask<{ id: string }>('POST', '/api/agents', { name: 'shared' }, key), 201)
  const theirs = await cleo.ask<{ id: string }>('POST', '/api/agents', { name: 'shared' }, key)
  assert.notEqual(went(theirs, 201).id, mine.id)
  assert.equal(replayed(theirs), false)
  went(await bob.ask('POST', '/api/wallet/topup', { amount_cents: 500 }, key))
  await submit(bob, await take(bob, await post(ada)))
  await verifyAll(market)
  await assertLawful(market)
})

test('no answer is replayed to somebody whose key has died since', async () => {
  const [eve] = await people(market, 'Eve')
  const key = { 'idempotency-key': 'last' }
  went(await eve.ask('POST', '/api/agents', { name: 'last' }, key), 201)
  went(await eve.ask('POST', '/api/keys/rotate'))
  refused(await eve.ask('POST', '/api/agents', { name: 'last' }, key), 401, 'credential_dead')
})
