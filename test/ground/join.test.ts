import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { went } from '../journeys/desk.ts'
import { ask, signUp } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-join-'))
// Nothing is said of a database or of Stripe: they are the ones of the data folder.
const options = { databaseUrl: '', dataDir, env: { STRIPE_API_BASE: '' } }

test('a further process joins the market that runs on its data folder, with its database and its Stripe twin', async () => {
  await assert.rejects(startRole('api', options), /No market runs on .*clawrk-join-.* Start it with {2}clawrk serve/)
  const market = await startRole(null, options)
  const more = await startRole('api', options)
  const ada = await signUp(market.url, 'Ada')
  const whoami = { authorization: `Bearer ${ada.key}` }
  assert.equal(went(await ask(more.url, 'GET', '/api/keys/verify', undefined, whoami)).user_id, ada.userId)
  // Asked for at the further process, paid at the twin, heard of by the market.
  const started = went(await ask<{ url: string }>(more.url, 'POST', '/api/wallet/topup', { amount_cents: 500 }, whoami))
  await ask(more.url, 'POST', started.url)
  await until('the money has come', async () => {
    const wallet = await ask<{ balance_cents: number }>(more.url, 'GET', '/api/wallet/balance', undefined, whoami)
    return went(wallet).balance_cents === 500
  })
  assert.equal((await more.end('SIGTERM')).code, 0)
  went(await ask(market.url, 'GET', '/api/ready'))
  assert.equal((await market.end('SIGINT')).code, 0)
})
