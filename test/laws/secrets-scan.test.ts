import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { ask, type Fields } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import {
  breaking,
  canaries,
  closeScanned,
  databasePassword,
  databaseUrl,
  everythingKept,
  keptInClear,
  log,
  nobody,
  own,
  personal,
  post,
  printed,
  role,
  running,
  type Somebody,
  secret,
  settings,
  signed,
  somebody,
  start,
  upload,
  url,
  webhookSecret,
} from './scanned-market.ts'

after(closeScanned)

const work = (also: string): string =>
  `Unix was born at Bell Labs in 1969; its history since then is one of research at Berkeley and of Linux. ${also}`

interface Ordered {
  readonly id: string
  readonly order: Fields
  readonly variable: string
  /** A key that rotation ended, the one it became, and a device code that was used. */
  readonly spent: readonly string[]
  readonly signIn: Fields
}

test('no log and no table holds a secret, whatever goes well or wrong', async (story) => {
  // It stands in for Stripe beside a market that has a key: by itself it would be refused one.
  start('twin', { STRIPE_SECRET_KEY: '' })
  start('api')
  start('worker')
  await until('the market answers', () => ask(url, 'GET', '/api/ready').then(({ status }) => status === 200, nobody))
  const [ada, bob] = [await somebody('Ada'), await somebody('Bob')]

  const job = await whatGoesWell(ada, bob)
  assert.deepEqual(await keptInClear(), [])
  await whatIsRefused(ada, job)
  await whatGoesWrong(ada, bob, job)
  await whatDoesNotStart()
  await Promise.all(running.map((printing) => printing.stop()))

  assert.deepEqual(
    [...canaries.in(log())].map(({ field }) => `a log holds the ${field}`),
    [],
  )
  assert.deepEqual(await keptInClear(), [])
  // A fast hash of a password or a variable is as good as the password itself to whoever may try at leisure.
  const hashes = [job.variable, ada.password, JSON.stringify(job.signIn), JSON.stringify(job.order)]
  const kept = await own.rows<{ print: string }>(`select encode(fingerprint, 'hex') as print from idempotency`)
  assert.ok(kept.length > 8)
  for (const text of hashes)
    assert.ok(
      !kept.some(({ print }) => print === createHash('sha256').update(text).digest('hex')),
      'a fast hash of a secret is kept',
    )

  await theScanFinds()
  story.diagnostic(
    `${canaries.all.length} secrets, ${log().split('\n').length} lines of log from ${running.length} processes, 0 leaks`,
  )
})

/** Signing in, a device, a key rotated, a top-up, a job with variables and files. */
async function whatGoesWell(ada: Somebody, bob: Somebody): Promise<Ordered> {
  const signIn = { email: ada.email, password: ada.password }
  const signedIn = await post('/api/auth/sign-in/email', signIn, { 'idempotency-key': 'sign-in' })
  assert.equal(signedIn.status, 200)
  secret('second session of Ada', signedIn.headers.get('set-cookie')!.split(/[=;]/)[1]!)
  const device = (
    await post<Record<string, string>>('/api/auth/device', { client_name: 'laptop' }, { 'idempotency-key': 'device' })
  ).body
  secret('device code', device.device_code!)
  secret('user code', device.user_code!)
  await post('/api/auth/device/approve', { user_code: device.user_code, approve: true }, ada.page)
  const collected = await post<{ key: string }>(
    '/api/auth/device/token',
    { device_code: device.device_code },
    { 'idempotency-key': 'collect' },
  )
  assert.equal(collected.status, 200, collected.text)
  secret('key of the device', collected.body.key)
  const rotated = await post<{ key: string }>(
    '/api/keys/rotate',
    {},
    { authorization: `Bearer ${collected.body.key}`, 'idempotency-key': 'rotate' },
  )
  assert.equal(rotated.status, 200)
  secret('key after rotation', rotated.body.key)
  const topUp = await post<{ url: string }>(
    '/api/wallet/topup',
    { amount_cents: 5_000 },
    { ...ada.bearer, 'idempotency-key': 'top-up' },
  )
  assert.equal(topUp.status, 200, topUp.text)
  // With a key of Stripe's the market shows no pages of the twin's; the twin does.
  await ask(settings.STRIPE_API_BASE, 'POST', new URL(topUp.body.url).pathname)
  await until('the money has come', async () => {
    const { body } = await ask<{ balance_cents: number }>(url, 'GET', '/api/wallet/balance', undefined, ada.bearer)
    return body.balance_cents === 5_000
  })
  const variable = secret('value of a variable')
  const order = {
    prompt: `Research the history of Unix. The report must mention Bell Labs. For the worker: ${personal('prompt')}.`,
    price_cents: 500,
    confirmed: true,
    envVars: { TOKEN: variable },
    attachments: [await upload(ada.bearer, `${personal('name of a file')}.txt`, personal('bytes of a file'))],
  }
  const job = (await post<{ id: string }>('/api/jobs/run', order, { ...ada.bearer, 'idempotency-key': 'run' })).body
  assert.equal((await post(`/api/jobs/${job.id}/claim`, {}, bob.bearer)).status, 200)
  const accepted = await post(`/api/jobs/${job.id}/accept`, {}, { ...bob.bearer, 'idempotency-key': 'accept' })
  assert.ok(accepted.text.includes(variable), 'the worker gets the value')
  assert.equal((await own.rows(`select from job_secret where job_id = $1`, [job.id])).length, 1)
  return { id: job.id, order, variable, spent: [collected.body.key, rotated.body.key, device.device_code!], signIn }
}

/** Secrets in the wrong places. */
async function whatIsRefused(ada: Somebody, { order, variable, spent, signIn }: Ordered): Promise<void> {
  const [deadKey, liveKey, deviceCode] = spent
  const typed = secret('password that was typed wrongly')
  const sentAway = [
    await post('/api/auth/sign-in/email', { email: ada.email, password: typed }, { 'idempotency-key': 'wrong' }),
    await post('/api/auth/sign-in/email', { email: typed, password: typed, [typed]: typed }),
    await post('/api/auth/sign-in/email', `{"password": "${typed}"`),
    await post('/api/auth/sign-up/email', { email: `${typed}@x`, password: typed, name: '' }),
    await post('/api/auth/sign-up/email', { ...signIn, name: 'Ada' }),
    await post(`/api/keys/${liveKey}/revoke`, {}, ada.page),
    await ask(url, 'GET', `/api/jobs?status=${variable}&${variable}=1`, undefined, ada.bearer),
    await post('/api/jobs/run', { ...order, envVars: { [`1${variable}`]: variable, A: [variable] } }, ada.bearer),
    await post('/api/whoami', {}, { authorization: `Basic ${Buffer.from(`x:${typed}`).toString('base64')}` }),
    await post('/api/whoami', {}, { authorization: `Bearer ${deadKey}` }),
    await post('/api/cron/enforce-deadlines', {}, { authorization: `Bearer ${liveKey}` }),
    await post('/api/auth/device/token', { device_code: deviceCode }),
    await post('/api/stripe/webhook', `{"id":"${typed}"}`, { 'stripe-signature': `t=1,v1=${webhookSecret}` }),
    await post('/api/jobs/run', order, { ...ada.bearer, 'idempotency-key': `not ${variable}` }),
    await ask(url, 'GET', `/nowhere/${ada.password}?${ada.password}`),
  ]
  for (const { status, text } of sentAway) assert.ok(status >= 400 && status < 500, text)
  const away = await ask(url, 'GET', '/api/auth/sign-in/github')
  const state = new URL(away.headers.get('location')!).searchParams.get('state')!
  const luggage = { cookie: away.headers.get('set-cookie')!.split(';')[0]! }
  const gone = await ask(
    url,
    'GET',
    `/api/auth/callback/github?code=${secret('code of GitHub')}&state=${state}`,
    undefined,
    luggage,
  )
  assert.equal(gone.status, 503, gone.text)
}

/** PostgreSQL refuses rows and says what was in them, connections break, the provider knows nothing or is away. */
async function whatGoesWrong(ada: Somebody, bob: Somebody, { id, order, signIn }: Ordered): Promise<void> {
  await breaking('login', () =>
    post('/api/auth/sign-up/email', {
      email: `${personal('e-mail address of nobody')}@people.test`,
      password: secret('password of nobody'),
      name: 'N',
    }),
  )
  await breaking('session', () => post('/api/auth/sign-in/email', signIn))
  await breaking('api_key', () => post('/api/keys', { name: personal('name of no key') }, ada.page))
  await breaking('job_secret', () => post('/api/jobs/run', { ...order, attachments: [] }, ada.bearer))
  await breaking('job', () =>
    post('/api/jobs/run', { ...order, attachments: [], prompt: personal('prompt of no job') }, ada.bearer),
  )
  await breaking('idempotency', () =>
    post('/api/jobs/run', { ...order, attachments: [] }, { ...ada.bearer, 'idempotency-key': 'broken' }),
  )
  // The answer comes before its line: another process prints it.
  const faults = () => printed('a request failed by a fault of ours')
  await until('every fault is told of', () => faults() >= 6)
  assert.equal(faults(), 6, log())
  await breaking('job_log', async () => {
    const attachments = [await upload(bob.bearer, `${personal('name of work')}.txt`, personal('bytes of work'))]
    const handedIn = await post(`/api/jobs/${id}/submit`, { output: work(personal('work')), attachments }, bob.bearer)
    assert.equal(handedIn.status, 200, handedIn.text)
    await until('the worker could not book a verdict', () => printed('background work failed') > 0)
  })
  const unknown = JSON.stringify({
    id: 'evt_unknown',
    object: 'event',
    type: 'checkout.session.completed',
    data: { object: { id: 'cs_test_unknown' } },
  })
  assert.equal((await post('/api/stripe/webhook', unknown, { 'stripe-signature': signed(unknown) })).status, 200)
  await until('the worker asked about the event', () => printed('could not be worked on') > 0)
  await own.rows(`select pg_terminate_backend(pid) from pg_stat_activity where usename = $1`, [role])
  await until('the broken connections are told of', () => printed('a database connection broke') > 0)
  await until('the market is back', () => ask(url, 'GET', '/api/ready').then(({ status }) => status === 200, nobody))

  await own.rows(`update job set due_at = app_now() where id = $1 and status = 'submitted'`, [id])
  await until('the job is verified', async () => {
    const { body } = await ask<{ status: string }>(url, 'GET', `/api/jobs/${id}`, undefined, ada.bearer)
    return body.status === 'verified'
  })
  assert.deepEqual(await own.rows(`select job_id from job_secret`), [], 'box and key are gone with the job')

  await running[0]!.stop()
  const withoutTwin = await post('/api/wallet/topup', { amount_cents: 500 }, ada.bearer)
  assert.equal(withoutTwin.status, 503)
  assert.deepEqual([...canaries.in(withoutTwin.text)], [])
}

/** Settings that nothing starts with. */
async function whatDoesNotStart(): Promise<void> {
  const strangers = [
    start('api', { DATABASE_URL: databaseUrl.replace(role, 'nobody_of_that_name'), PORT: `${await takePort()}` }),
    start('api', { DATABASE_URL: `postgres://${role}:${databasePassword}@[`, PORT: `${await takePort()}` }),
    start('worker', { STRIPE_SECRET_KEY: `sk_live_${secret('live key of Stripe')}`, GITHUB_CLIENT_ID: '' }),
    start('worker', { CLAWRK_MODE: 'live', CLAWRK_SECRET: secret('weak secret') }),
  ]
  await until('they have said why', () => strangers.slice(1).every(({ said }) => said() !== ''))
}

/** The scan would find what it looks for: what may be kept is found, and so is what is put there. */
async function theScanFinds(): Promise<void> {
  const found = [...(await everythingKept()).values()].flatMap((canariesIn) => [...canariesIn])
  const fields = new Set(found.map(({ field }) => field))
  for (const field of [
    'prompt',
    'work',
    'name of a file',
    'name of work',
    'e-mail address of Ada',
    'name of a key of Bob',
  ])
    assert.ok(fields.has(field), `the ${field} is kept, and was not found`)
  const key = canaries.all.find(({ field }) => field === 'key of Ada')!.text
  await own.rows(`create table planted (bytes bytea)`)
  for (const bytes of [key, Buffer.from(`x${key}`).toString('base64')]) {
    await own.rows(`insert into planted select $1::bytea`, [Buffer.from(bytes)])
    assert.deepEqual(await keptInClear(), ['public.planted holds the key of Ada'])
    await own.rows(`delete from planted`)
  }
  for (const { text, field } of canaries.all)
    assert.ok(
      [...canaries.in(JSON.stringify({ msg: text }))].some((canary) => canary.field === field),
      field,
    )
}
