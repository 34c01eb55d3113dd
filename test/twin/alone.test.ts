import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import Stripe from 'stripe'
import { emptyDatabase } from '../support/database.ts'
import { takePort } from '../support/ports.ts'
import { controls } from './controls.ts'
import { sdk, stage, submit, topUp, until } from './stage.ts'

test('clawrk stripe-twin runs by itself: it says its address and secret, and SIGTERM ends it', async (t) => {
  const { url: databaseUrl } = await emptyDatabase()
  const { receiver } = await stage(t)
  const port = await takePort()
  const cli = join(import.meta.dirname, '../../src/edges/cli/main.ts')
  const options = ['--port', `${port}`, '--webhook-url', receiver.url, '--webhook-secret', 'whsec_alone']
  const child = spawn(process.execPath, [cli, 'stripe-twin', ...options], {
    env: { ...process.env, DATABASE_URL: databaseUrl, CLAWRK_SECRET: 'x'.repeat(40) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await until('it says its secret', () => said.includes('Webhook secret whsec_alone'))
  assert.ok(said.includes(`Stripe twin on http://127.0.0.1:${port}, webhooks to ${receiver.url}`))
  const twin = { url: `http://127.0.0.1:${port}`, port, close: async () => undefined }
  const stripe = sdk(twin, 'sk_test_whoever')
  const session = await stripe.checkout.sessions.create(topUp(700))
  assert.equal(session.url, `${twin.url}/twin/checkout/${session.id}`)
  assert.equal((await submit(session.url!)).status, 303)
  await until('the webhook', () => receiver.arrivals.some(({ event }) => event.type === 'checkout.session.completed'))
  const { body, signature } = receiver.arrivals.at(-1)!
  assert.equal(stripe.webhooks.constructEvent(body, signature, 'whsec_alone').type, 'checkout.session.completed')
  await controls(twin.url).fault('rate_limit')
  await assert.rejects(stripe.customers.list(), Stripe.errors.StripeRateLimitError)
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await exit, [0, null])
})

test('a call at work when the twin stops is answered, and does not keep it', async (t) => {
  const s = await stage(t)
  await s.controls.fault('slow', { milliseconds: 400 })
  const ada = s.stripe.customers.create({ name: 'Ada' })
  await until('it is at work', async () => (await s.controls.faults()).length === 0)
  const began = Date.now()
  await s.restart()
  assert.ok(Date.now() - began < 10_000, 'an idle connection of the SDK would stay for 72 s')
  assert.equal((await s.stripe.customers.retrieve((await ada).id)).object, 'customer')
})
