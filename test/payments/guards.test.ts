import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, readConfig } from '../../src/base/config.ts'
import { openStripe } from '../../src/core/payments/stripe.ts'
import { startTwin } from '../../src/edges/twin/start.ts'
import { went } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import { ask } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { processesOf, until } from '../support/processes.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-guards-'))
after(() => rmSync(dataDir, { recursive: true, force: true }))
const testKey = 'sk_test_ofTheGuards'
const webhookSecret = 'whsec_of_the_guards'
const secret = 's'.repeat(40)

/** Every page the market shows a person. */
const pages = ['/', '/wallet', '/device', '/docs'] as const

interface Running {
  readonly process: ChildProcess
  said(): string
}

/** `src/main.ts` as its own process, with nothing in its environment but this. */
function start(env: Readonly<Record<string, string>>, ...role: string[]): Running {
  let text = ''
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), ...role], {
    env: { PATH: process.env.PATH, CLAWRK_DATA_DIR: dataDir, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk) => {
      text += chunk
    })
  after(() => child.kill('SIGKILL'))
  return { process: child, said: () => text }
}

async function refusal(env: Readonly<Record<string, string>>, ...role: string[]): Promise<string> {
  const { process: child, said } = start(env, ...role)
  await once(child, 'close')
  assert.equal(child.exitCode, 1, said())
  return said()
}

/** A market under its supervisor, with a key, that talks to a twin of the test's own. */
async function startWithKey(
  env: Readonly<Record<string, string>>,
): Promise<{ url: string; market: Running; twin: string }> {
  const port = await takePort()
  const url = `http://127.0.0.1:${port}`
  const { url: databaseUrl } = await cloneDatabase()
  const twin = await startTwin({
    databaseUrl,
    port: 0,
    webhookUrl: `${url}/api/stripe/webhook`,
    webhookSecret,
    pagesBase: 'http://pages.test/twin',
  })
  after(() => twin.close())
  const market = start({
    PORT: `${port}`,
    APP_URL: url,
    DATABASE_URL: databaseUrl,
    STRIPE_SECRET_KEY: testKey,
    STRIPE_WEBHOOK_SECRET: `whsec_old,${webhookSecret}`,
    STRIPE_API_BASE: twin.url,
    ...env,
  })
  await until(`the market runs; it said: ${market.said()}`, () => market.said().includes('is running at'), 30_000)
  return { url, market, twin: twin.url }
}

async function stop({ process: child }: Running): Promise<void> {
  child.kill('SIGTERM')
  await once(child, 'exit')
}

test('with a key no twin is started, its pages are not served, and payments go where STRIPE_API_BASE says', async () => {
  const { url, market, twin } = await startWithKey({})
  const roles = processesOf(dataDir).map((line) => line.split(' ').at(-1))
  assert.deepEqual(roles.filter((role) => ['api', 'worker', 'twin'].includes(role!)).sort(), ['api', 'worker'])
  for (const path of pages) assert.match((await ask(url, 'GET', path)).text, /TEST MODE/, path)
  assert.equal((await ask(url, 'GET', '/twin/checkout/cs_test_1')).status, 404)

  const email = 'ada@people.test'
  const signedUp = await ask(url, 'POST', '/api/auth/sign-up/email', {
    email,
    password: 'correct horse battery',
    name: 'Ada',
  })
  const cookie = signedUp.headers.get('set-cookie')!.split(';')[0]!
  const browser = { cookie, origin: url }
  const { url: checkout } = went(
    await ask<{ url: string }>(url, 'POST', '/api/wallet/topup', { amount_cents: 500 }, browser),
  )
  assert.match(checkout, /^http:\/\/pages\.test\/twin\/checkout\//)
  await fetch(new URL(new URL(checkout).pathname, twin), { method: 'POST', redirect: 'manual' })
  // Signed with the newer of the two secrets.
  await until('the money has come', async () => {
    const wallet = await ask<{ balance_cents: number }>(url, 'GET', '/api/wallet/balance', undefined, browser)
    return wallet.body.balance_cents === 500
  })
  await stop(market)
})

const live = { CLAWRK_MODE: 'live', CLAWRK_SECRET: secret, ALLOW_RULES_ONLY: '1' }

test('live mode runs with a key, starts no twin and says nothing of a test', async () => {
  const { url, market } = await startWithKey(live)
  assert.ok(!processesOf(dataDir).some((line) => line.endsWith(' twin')))
  for (const path of pages) {
    const page = await ask(url, 'GET', path)
    assert.equal(page.status, 200, path)
    assert.doesNotMatch(page.text, /TEST MODE/, path)
    assert.equal(page.headers.get('clawrk-mode'), null)
  }
  assert.equal(went(await ask(url, 'GET', '/api/health')).mode, 'live')
  assert.doesNotMatch(market.said(), /TEST MODE/)
  await stop(market)
})

test('live mode refuses the twin, as a market and as the twin itself; a live key is refused outside it', async () => {
  const port = `${await takePort()}`
  const told = await Promise.all([
    refusal({ ...live, PORT: port }),
    refusal({ ...live, PORT: port }, 'twin'),
    refusal({ PORT: port, STRIPE_SECRET_KEY: 'sk_live_abc', STRIPE_WEBHOOK_SECRET: webhookSecret }),
    refusal({ PORT: port, STRIPE_SECRET_KEY: 'rk_live_abc', STRIPE_WEBHOOK_SECRET: webhookSecret }, 'api'),
  ])
  assert.match(told[0]!, /live mode needs STRIPE_SECRET_KEY: the Stripe twin is play money/)
  assert.match(told[1]!, /live mode refuses the Stripe twin/)
  for (const said of told.slice(2)) {
    assert.match(said, /a live Stripe key needs CLAWRK_MODE=live/)
    assert.doesNotMatch(said, /_live_abc/, 'the key itself is not said')
  }
})

test('what is half configured is refused by name', () => {
  const env = { ...live, STRIPE_SECRET_KEY: testKey, STRIPE_WEBHOOK_SECRET: webhookSecret }
  const faultOf = (more: Record<string, string>): string => {
    try {
      readConfig({ ...env, ...more })
      return ''
    } catch (error) {
      return error instanceof ConfigError ? error.faults.join('\n') : String(error)
    }
  }
  assert.equal(faultOf({}), '')
  assert.match(faultOf({ STRIPE_WEBHOOK_SECRET: ' , ' }), /STRIPE_WEBHOOK_SECRET is needed too/)
  assert.match(faultOf({ STRIPE_SECRET_KEY: 'pk_live_x' }), /must be a secret or restricted key/)
  assert.match(faultOf({ STRIPE_API_BASE: 'http://stripe.test' }), /needs https in STRIPE_API_BASE/)
  assert.match(faultOf({ STRIPE_API_BASE: 'nowhere' }), /must be a web address/)
  assert.match(faultOf({ STRIPE_PRICE_PRO: '9449' }), /STRIPE_PRICE_PRO must be at least 9450 .* 63 cents/)
  assert.equal(faultOf({ STRIPE_PRICE_PRO: '9450' }), '')
  assert.equal(faultOf({ CLAWRK_MODE: 'test', STRIPE_PRICE_PRO: '100' }), '', 'play money may be cheap')
  assert.deepEqual(readConfig({ ...env, STRIPE_WEBHOOK_SECRET: 'whsec_a, whsec_b' }).stripe.webhookSecrets, [
    'whsec_a',
    'whsec_b',
  ])
})

test('the SDK talks to Stripe, or to STRIPE_API_BASE, and to nothing else', () => {
  const hostOf = (apiBase: string | null): unknown =>
    openStripe({ stripe: { secretKey: testKey, apiBase } }).getApiField('host')
  assert.equal(hostOf(null), 'api.stripe.com')
  assert.equal(hostOf('http://127.0.0.1:4242'), '127.0.0.1')
  assert.throws(() => openStripe({ stripe: { secretKey: null, apiBase: null } }), /must name the Stripe twin/)
})
