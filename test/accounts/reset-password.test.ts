import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openShell } from '../cli/clawrk.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, type Person, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada] = await people(market, 'Ada')
const clawrk = openShell({ DATABASE_URL: market.databaseUrl })

const signIn = (email: string, password: string): Promise<Answer> =>
  ask(market.url, 'POST', '/api/auth/sign-in/email', { email, password })
const whoami = ({ cookie }: Pick<Person, 'cookie'>): Promise<Answer> =>
  ask(market.url, 'POST', '/api/whoami', undefined, { cookie, origin: market.url })

test('a forgotten password is replaced on the machine: shown once, sessions end, keys go on', async () => {
  const device = went(await ask<{ device_code: string; user_code: string }>(market.url, 'POST', '/api/auth/device', {}))
  const body = { user_code: device.user_code, approve: true }
  went(await ask(market.url, 'POST', '/api/auth/device/approve', body, { cookie: ada.cookie, origin: market.url }))

  const ran = await clawrk('user', 'reset-password', ada.email.toUpperCase())
  assert.equal(ran.code, 0, ran.stderr)
  const password = /([a-z2-9]{5}-){3}[a-z2-9]{5}/.exec(ran.stdout)![0]
  assert.match(ran.stdout, /1 browser session has ended/)
  refused(await signIn(ada.email, 'correct horse battery'), 401, 'login_wrong')
  went(await signIn(ada.email, password))
  went(await ada.ask('POST', '/api/whoami'))
  refused(
    await ask(market.url, 'POST', '/api/auth/device/token', { device_code: device.device_code }),
    400,
    'access_denied',
  )
  const [stored] = await market.db.rows<{ row: string }>(
    `select row_to_json(l)::text as row from login l where user_id = $1`,
    [ada.userId],
  )
  assert.ok(!stored!.row.includes(password))
  await new Promise((done) => setTimeout(done, 4_500))
  refused(await whoami(ada), 401, 'credential_dead')
})

test('a password of one’s own comes from standard input and is not repeated; what is wrong is said', async () => {
  const own = await clawrk.with({ input: 'my own pass phrase\n' })(
    'user',
    'reset-password',
    ada.email,
    '--ask',
    '--json',
  )
  assert.equal(own.code, 0, own.stderr)
  assert.deepEqual(own.json(), { user_id: ada.userId, sessions_ended: 1 })
  went(await signIn(ada.email, 'my own pass phrase'))
  const short = await clawrk.with({ input: 'short' })('user', 'reset-password', ada.email, '--ask')
  assert.equal(short.code, 2)
  assert.match(short.stderr, /at least 8 characters/)
  const nobody = await clawrk('user', 'reset-password', 'nobody@people.test', '--json')
  assert.equal(nobody.code, 1)
  went(await signIn(ada.email, 'my own pass phrase'))
})
