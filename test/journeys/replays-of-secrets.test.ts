import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ask, type Fields, startTestMarket } from '../support/market.ts'
import { act, claim, fund, people, post, refused, went } from './desk.ts'

const market = await startTestMarket({ worker: false, env: { TRUST_PROXY: 'true' } })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')

const again = { 'idempotency-key': 'same-key-for-everybody' }
const from = (address: string): Record<string, string> => ({ ...again, 'x-forwarded-for': address })
/** Whatever was remembered so far is now two minutes old. */
const aMinuteLater = (): Promise<unknown> =>
  market.db.rows(
    `update idempotency set created_at = created_at - interval '2 minutes', sealed_until = sealed_until - interval '2 minutes'`,
  )

test('two strangers who use the same key do not get each other’s device', async () => {
  const start = (address: string) =>
    ask<{ device_code: string }>(market.url, 'POST', '/api/auth/device', { client_name: 'laptop' }, from(address))
  const answers = [await start('192.0.2.1'), await start('192.0.2.2'), await start('192.0.2.1')]
  const codes = answers.map((answer) => went(answer).device_code)
  assert.equal(new Set(codes).size, 3, 'nor does somebody behind the same address')
  assert.equal(answers[2]!.headers.get('idempotency-replayed'), null)
})

test('whoever has the device’s code gets its key again, and only from where it was collected', async () => {
  const { device_code, user_code } = went(
    await ask<{ device_code: string; user_code: string }>(market.url, 'POST', '/api/auth/device', {}),
  )
  const browser = { cookie: ada.cookie, origin: market.url }
  went(await ask(market.url, 'POST', '/api/auth/device/approve', { user_code, approve: true }, browser))
  const collect = (address: string) =>
    ask<{ key: string }>(market.url, 'POST', '/api/auth/device/token', { device_code }, from(address))
  const first = went(await collect('192.0.2.1'))
  const second = await collect('192.0.2.1')
  assert.equal(went(second).key, first.key)
  assert.equal(second.headers.get('idempotency-replayed'), 'true')
  refused(await collect('192.0.2.2'), 400, 'expired_token')
  await aMinuteLater()
  refused(await collect('192.0.2.1'), 409, 'secret_already_shown')
})

test('what strangers are remembered by is not their address', async () => {
  const rows = await market.db.rows<{ lineage: string }>(
    `select lineage from idempotency where lineage like 'stranger:%'`,
  )
  assert.ok(rows.length > 0)
  for (const { lineage } of rows) assert.match(lineage, /^stranger:[\w-]{43}$/)
})

test('an accept that is repeated after a minute shows no variables, though the worker still has the job', async () => {
  await fund(market, ada, 2_000)
  const job = await post(ada, { envVars: { TOKEN: 'canary-of-the-sender' } })
  await claim(bob, job)
  const accept = () => bob.ask<Fields>('POST', `/api/jobs/${job.id}/accept`, undefined, again)
  assert.deepEqual(went(await accept()).env_vars, { TOKEN: 'canary-of-the-sender' })
  assert.deepEqual(went(await accept()).env_vars, { TOKEN: 'canary-of-the-sender' }, 'a lost answer is given again')
  await aMinuteLater()
  const late = await accept()
  assert.equal(refused(late, 409, 'secret_already_shown').job_id, job.id)
  assert.doesNotMatch(late.text, /canary/)
  // Their own read is no replay.
  assert.match((await bob.ask('GET', `/api/jobs/${job.id}`)).text, /canary-of-the-sender/)
})

test('an accept of a job without variables is repeated as it was', async () => {
  const job = await post(ada)
  await claim(bob, job)
  const key = { 'idempotency-key': 'another' }
  const first = await bob.ask('POST', `/api/jobs/${job.id}/accept`, undefined, key)
  await aMinuteLater()
  const later = await bob.ask('POST', `/api/jobs/${job.id}/accept`, undefined, key)
  assert.deepEqual([later.status, later.text], [200, first.text])
  went(await act(bob, 'fail', job))
})
