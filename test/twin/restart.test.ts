import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import type Stripe from 'stripe'
import { runTwin } from '../../src/edges/twin/main.ts'
import { emptyDatabase } from '../support/database.ts'
import { pageOf, sdk, stage, start, submit, topUp } from './stage.ts'

test('a restart keeps everything: objects, answers under their keys, open sessions', async (t) => {
  const s = await stage(t)
  const ada = await s.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })
  const session = await s.stripe.checkout.sessions.create(topUp(1_000, { customer: ada.id }))
  await s.restart()
  assert.equal((await s.stripe.customers.retrieve(ada.id)).id, ada.id)
  assert.equal((await s.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })).id, ada.id)
  assert.equal((await submit(pageOf(s.twin, session.id))).status, 303)
  await s.restart()
  assert.equal((await s.stripe.checkout.sessions.retrieve(session.id)).payment_status, 'paid')
})

test('three twins that start together on an empty database share it', async (t) => {
  const { url } = await emptyDatabase()
  const nowhere = { url: 'http://127.0.0.1:1/hook' }
  const twins = await Promise.all([start(url, nowhere), start(url, nowhere), start(url, nowhere)])
  t.after(() => Promise.all(twins.map((twin) => twin.close())))
  const ada = await sdk(twins[0]!).customers.create({ name: 'Ada' })
  for (const twin of twins) assert.equal((await sdk(twin).customers.retrieve(ada.id)).id, ada.id)
})

test('a twin without its settings says which are missing', async () => {
  await assert.rejects(runTwin({ STRIPE_TWIN_PORT: '4000' }), /needs DATABASE_URL, STRIPE_TWIN_WEBHOOK_SECRET, APP_URL/)
})

test('a fee that is no number is refused by name', async () => {
  const env = { DATABASE_URL: 'x', STRIPE_TWIN_WEBHOOK_SECRET: 'x', APP_URL: 'x', STRIPE_TWIN_PORT: '0' }
  await assert.rejects(runTwin({ ...env, STRIPE_TWIN_DISPUTE_CENTS: '15.00' }), /disputeCents .* not "15.00"/)
})

test('as a process of its own it speaks, and SIGTERM ends it cleanly', async (t) => {
  const { url } = await emptyDatabase()
  const main = join(import.meta.dirname, '../../src/edges/twin/main.ts')
  const settings = {
    STRIPE_TWIN_PORT: '0',
    DATABASE_URL: url,
    STRIPE_TWIN_WEBHOOK_SECRET: 'whsec_x',
    APP_URL: 'http://market.test/',
    PORT: '1',
    STRIPE_TWIN_CARD_PERMILLE: '10',
    STRIPE_TWIN_CARD_FIXED_CENTS: '5',
  }
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [, port] =
    /Stripe twin on http:\/\/127\.0\.0\.1:(\d+), webhooks to http:\/\/127\.0\.0\.1:1\/api\/stripe\/webhook/.exec(
      String(line),
    ) ?? []
  const stripe = sdk({ url: '', port: Number(port), close: async () => undefined })
  const session = await stripe.checkout.sessions.create(topUp(1_000))
  assert.equal(session.url, `http://market.test/twin/checkout/${session.id}`)
  await submit(`http://127.0.0.1:${port}/twin/checkout/${session.id}`)
  const { data: charges } = await stripe.charges.list({ expand: ['data.balance_transaction'] })
  assert.equal((charges[0]!.balance_transaction as Stripe.BalanceTransaction).fee, 15, 'the fees of its environment')
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exit, [0, null])
})
