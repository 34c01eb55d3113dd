import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Answer, ask, type Fields, startTestMarket } from '../support/market.ts'
import { people, refused, went } from './desk.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())

const signUp = (body: unknown): Promise<Answer<{ user: Fields }>> =>
  ask(market.url, 'POST', '/api/auth/sign-up/email', body)
const signIn = (body: Fields): Promise<Answer<{ user: Fields }>> =>
  ask(market.url, 'POST', '/api/auth/sign-in/email', body === eve ? { email: eve.email, password: eve.password } : body)
const cookieOf = (answer: Answer<unknown>): string => answer.headers.get('set-cookie')!.split(';')[0]!
const whoami = (cookie: string, headers: Record<string, string> = { origin: market.url }, url = market.url) =>
  ask(url, 'POST', '/api/whoami', undefined, { cookie, ...headers })

const eve = { email: 'Eve.Adams@People.Test', password: 'a long pass phrase', name: 'Eve Adams' }

test('sign-up: an account, an empty wallet, ten credits, a browser session and nothing to be verified by', async () => {
  const answer = await signUp(eve)
  const { user } = went(answer, 201)
  assert.deepEqual([user.email, user.name, user.balance_cents], ['eve.adams@people.test', 'Eve Adams', 0])
  const [credits] = await market.db.rows<{ balance: number; unit: string }>(
    `select balance, unit from ledger_account where id = 'credits:' || $1`,
    [user.id],
  )
  assert.deepEqual(credits, { balance: 10, unit: 'CREDIT' })

  const cookie = answer.headers.get('set-cookie')!
  const flags = cookie.split('; ').slice(1)
  assert.ok(flags.includes('HttpOnly'), cookie)
  assert.ok(flags.includes('SameSite=Lax'), cookie)
  assert.ok(flags.includes('Path=/'), cookie)
  assert.ok(!flags.includes('Secure'), 'this market is served by http')
  went(await whoami(cookieOf(answer)))
  const stored = await market.db.rows<{ row: string }>(
    `select row_to_json(l)::text as row from login l union all select row_to_json(s)::text from session s`,
  )
  const secrets = [eve.password, cookieOf(answer).split('=')[1]!]
  for (const { row } of stored) for (const secret of secrets) assert.ok(!row.includes(secret), 'only hashes are kept')
})

test('sign-up refuses what is missing or wrong, and an address that is taken, in whatever case', async () => {
  refused(await signUp({ ...eve, email: 'eve.adams@people.test' }), 409, 'email_taken')
  refused(await signUp({ ...eve, email: 'EVE.ADAMS@PEOPLE.TEST' }), 409, 'email_taken')
  const wrong: readonly [field: string, body: unknown][] = [
    ['email', { password: eve.password, name: 'x' }],
    ['email', { ...eve, email: 'not an address' }],
    ['email', { ...eve, email: `${'x'.repeat(250)}@people.test` }],
    ['password', { email: 'new@people.test', name: 'x' }],
    ['password', { ...eve, email: 'new@people.test', password: 'short' }],
    ['password', { ...eve, email: 'new@people.test', password: 'x'.repeat(201) }],
    ['name', { email: 'new@people.test', password: eve.password }],
    ['name', { ...eve, email: 'new@people.test', name: '  ' }],
    ['user_type', { ...eve, email: 'new@people.test', user_type: 'operator' }],
  ]
  for (const [field, body] of wrong) {
    const { issues } = refused(await signUp(body), 400, 'invalid_input')
    assert.equal(issues![0]!.path, field)
  }
})

test('two people who want the same address at once: one gets it', async () => {
  const same = { ...eve, email: 'twin@people.test' }
  const answers = await Promise.all([signUp(same), signUp(same), signUp(same)])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409])
})

test('sign-in: a wrong password and an unknown address look the same', async () => {
  const wrongPassword = refused(await signIn({ email: eve.email, password: 'wrong' }), 401, 'login_wrong')
  const unknown = refused(await signIn({ email: 'nobody@people.test', password: 'wrong' }), 401, 'login_wrong')
  assert.equal(wrongPassword.error, unknown.error)
  refused(await signIn({ email: eve.email }), 400, 'invalid_input')
  refused(await signIn({}), 400, 'invalid_input')
  const answer = await signIn(eve)
  assert.equal(went(answer).user.name, 'Eve Adams')
  went(await whoami(cookieOf(answer)))
})

test('a change made by cookie comes from a page of this market; reading does not need to say', async () => {
  const cookie = cookieOf(await signIn(eve))
  for (const origin of ['https://evil.test', 'null', 'http://localhost:1', `${market.url}.evil.test`, 'file://'])
    refused(await whoami(cookie, { origin }), 403, 'origin_mismatch')
  refused(await whoami(cookie, {}), 403, 'origin_mismatch')
  went(await ask(market.url, 'GET', '/api/agents', undefined, { cookie }))
  const [ada] = await people(market, 'Ada')
  went(await ada.ask('POST', '/api/whoami', undefined, { origin: 'https://evil.test' }))
  const both = await ada.ask<{ user: { id: string } }>('POST', '/api/whoami', undefined, { cookie })
  assert.equal(went(both).user.id, ada.userId, 'a key wins over a cookie')
})

test('sign-out ends this session at once and no other', async () => {
  const [here, there] = [cookieOf(await signIn(eve)), cookieOf(await signIn(eve))]
  went(await whoami(here))
  const out = await ask(market.url, 'POST', '/api/auth/sign-out', undefined, { cookie: here, origin: market.url })
  assert.deepEqual(went(out), { ok: true })
  assert.match(out.headers.get('set-cookie')!, /Max-Age=0/)
  refused(await whoami(here), 401, 'credential_dead')
  went(await whoami(there))
  const [ada] = await people(market, 'Ada')
  refused(await ada.ask('POST', '/api/auth/sign-out'), 403, 'session_required')
  refused(await ask(market.url, 'POST', '/api/whoami'), 401, 'authentication_required')
})

test('a session lasts seven days from its last use, and thirty in all', async () => {
  const [used, idle, old] = [await signIn(eve), await signIn(eve), await signIn(eve)].map(cookieOf) as [
    string,
    string,
    string,
  ]
  await market.db.rows(
    `update session set created_at = created_at - interval '30 days' where token_hash = sha256($1::bytea)`,
    [Buffer.from(old.split('=')[1]!)],
  )
  refused(await whoami(old), 401, 'credential_dead')
  // A look-up is believed for some seconds, so that another process is asked each time.
  await market.advance(6 * 86_400)
  went(await whoami(used, { origin: market.urls[0]! }, market.urls[0]))
  await market.advance(6 * 86_400)
  went(await whoami(used, { origin: market.urls[1]! }, market.urls[1]))
  refused(await whoami(idle), 401, 'credential_dead')
})

test('signing in by many people at once does not keep the others waiting', async () => {
  const [ada] = await people(market, 'Ada')
  const start = performance.now()
  const crowd = Array.from({ length: 12 }, (_, n) => signIn({ email: `crowd${n}@people.test`, password: 'guess' }))
  await new Promise((done) => setTimeout(done, 100))
  const answer = await ada.ask('GET', '/api/wallet/balance')
  const read = performance.now() - start
  for (const one of await Promise.all(crowd)) refused(one, 401, 'login_wrong')
  const all = performance.now() - start
  went(answer)
  // Beside them and not behind them, however fast the machine is.
  assert.ok(read < all / 3, `a wallet was read after ${read.toFixed(0)} ms of ${all.toFixed(0)}`)
})
