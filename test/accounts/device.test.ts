import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KeyRow } from '../../src/core/accounts/queries.ts'
import type { DeviceStarted } from '../../src/core/accounts/start-device.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, signUp, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false, apis: 2, limits: { deviceCodes: 30 } })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')

const start = async (body: unknown = { client_name: 'laptop' }): Promise<DeviceStarted> =>
  went(await ask<DeviceStarted>(market.url, 'POST', '/api/auth/device', body))
const poll = (
  code: string,
  headers: Record<string, string> = {},
  url = market.url,
): Promise<Answer<KeyRow & { key: string }>> =>
  ask(url, 'POST', '/api/auth/device/token', { device_code: code }, headers)
const byPage = (who: Person, method: string, path: string, body?: unknown): Promise<Answer> =>
  ask(market.url, method, path, body, { cookie: who.cookie, origin: market.url })
const decide = (who: Person, code: string, approve = true): Promise<Answer> =>
  byPage(who, 'POST', '/api/auth/device/approve', { user_code: code, approve })

test('a device shows a code, a person approves it, and the device gets a key of theirs, once', async () => {
  const device = await start()
  assert.match(device.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  assert.equal(device.verification_uri, `${market.url}/device`)
  assert.equal(device.verification_uri_complete, `${market.url}/device?user_code=${device.user_code}`)
  assert.deepEqual([device.expires_in, device.interval], [600, 5])
  const stored = await market.db.rows<{ row: string }>(`select row_to_json(d)::text as row from device_code d`)
  for (const { row } of stored)
    assert.ok(!row.includes(device.device_code) && !row.includes(device.user_code), 'only hashes are kept')

  const pending = refused(await poll(device.device_code), 400, 'authorization_pending') as { interval?: number }
  assert.equal(pending.interval, 5)

  const seen = went(await byPage(ada, 'GET', `/api/auth/device?user_code=${device.user_code}`))
  assert.deepEqual([seen.user_code, seen.client_name], [device.user_code, 'laptop'])
  // As people type it.
  const typed = device.user_code.toLowerCase().replace('-', ' ')
  assert.deepEqual(went(await decide(ada, typed)), { approved: true, client_name: 'laptop' })

  const made = went(await poll(device.device_code, {}, market.urls[1]))
  assert.equal(made.name, 'cli@laptop')
  assert.ok(!made.scopes.includes('wallet:manage'))
  const whoami = went(await ask(market.url, 'GET', '/api/keys/verify', undefined, { 'x-api-key': made.key }))
  assert.equal(whoami.user_id, ada.userId)
  refused(await poll(device.device_code), 400, 'expired_token')
  refused(await decide(bob, device.user_code), 404, 'device_code_unknown')
})

test('denied, too old, unknown, decided on twice', async () => {
  const denied = await start({})
  went(await decide(ada, denied.user_code, false))
  refused(await poll(denied.device_code), 400, 'access_denied')
  refused(await decide(ada, denied.user_code), 404, 'device_code_unknown')

  const old = await start()
  const approvedInTime = await start()
  went(await decide(ada, approvedInTime.user_code))
  await market.advance(601)
  refused(await decide(ada, old.user_code), 404, 'device_code_unknown')
  refused(await byPage(ada, 'GET', `/api/auth/device?user_code=${old.user_code}`), 404, 'device_code_unknown')
  refused(await poll(old.device_code), 400, 'expired_token')
  refused(await poll(approvedInTime.device_code), 400, 'expired_token')
  refused(await poll('made up'), 400, 'expired_token')
  refused(await decide(ada, 'BCDF'), 400, 'invalid_input')
  for (const name of ['', 'x'.repeat(81), 'a\u0000b', 'evil\u202Egnp.exe', 'two\u2028lines'])
    refused(await ask(market.url, 'POST', '/api/auth/device', { client_name: name }), 400, 'invalid_input')
  const foreign = { cookie: ada.cookie, origin: 'https://evil.example' }
  const fresh = await start()
  const body = { user_code: fresh.user_code, approve: true }
  refused(await ask(market.url, 'POST', '/api/auth/device/approve', body, foreign), 403, 'origin_mismatch')
  refused(await ada.ask('POST', '/api/auth/device/approve', body), 403, 'session_required')
})

test('who asks faster than told is told to slow down, by five seconds each time', async () => {
  const device = await start()
  const interval = async (code: string): Promise<unknown> =>
    (refused(await poll(device.device_code), 400, code) as unknown as Fields).interval
  assert.equal(await interval('authorization_pending'), 5)
  assert.equal(await interval('slow_down'), 10)
  assert.equal(await interval('slow_down'), 15)
  await market.advance(16)
  assert.equal(await interval('authorization_pending'), 15)
  went(await decide(ada, device.user_code))
  went(await poll(device.device_code))
})

test('ten polls and ten decisions at once: one key, one decision', async () => {
  for (let round = 0; round < 5; round++) {
    const device = await start()
    const decisions = await Promise.all([ada, bob].map((who) => decide(who, device.user_code)))
    assert.deepEqual(decisions.map(({ status }) => status).sort(), [200, 404])
    const polls = await Promise.all(
      Array.from({ length: 10 }, (_, n) => poll(device.device_code, {}, market.urls[n % 2])),
    )
    const keys = polls.filter(({ status }) => status === 200)
    assert.equal(keys.length, 1)
    for (const other of polls.filter(({ status }) => status !== 200)) refused(other, 400, 'expired_token')
  }
})

test('a lost answer is had again with the same Idempotency-Key, and nothing pending is remembered under it', async () => {
  const device = await start()
  const again = { 'idempotency-key': 'device-1' }
  refused(await poll(device.device_code, again), 400, 'authorization_pending')
  went(await decide(ada, device.user_code))
  const first = await poll(device.device_code, again)
  const second = await poll(device.device_code, again)
  assert.equal(went(second).key, went(first).key)
  const [row] = await market.db.rows<{ answer: object }>(`select answer from idempotency where key = 'device-1'`)
  assert.ok(!JSON.stringify(row!.answer).includes(first.body.key.slice(17)))
})

test('fifty keys are the most for devices too; the code is not lost by it', async () => {
  const [cleo] = await people(market, 'Cleo')
  const keys = await Promise.all(Array.from({ length: 49 }, () => byPage(cleo, 'POST', '/api/keys', {})))
  const device = await start()
  went(await decide(cleo, device.user_code))
  refused(await poll(device.device_code), 400, 'too_many_keys')
  went(await byPage(cleo, 'POST', `/api/keys/${String(keys[0]!.body.id)}/revoke`))
  went(await poll(device.device_code))
})

test('a person has few tries at codes', async () => {
  const eve = await signUp(market.url, 'Eve')
  for (let n = 0; n < 30; n++) {
    const tried = n % 2 ? decide(eve, 'BBBB-BBBB') : byPage(eve, 'GET', '/api/auth/device?user_code=BBBBBBBB')
    refused(await tried, 404, 'device_code_unknown')
  }
  const again = await ask(market.url, 'POST', '/api/auth/sign-in/email', {
    email: eve.email,
    password: 'correct horse battery',
  })
  assert.equal(again.status, 200, again.text)
  const cookie = again.headers.get('set-cookie')!.split(';')[0]!
  const device = await start()
  refused(await decide({ ...eve, cookie }, device.user_code), 429, 'rate_limited')
  went(await decide(ada, device.user_code))
})
