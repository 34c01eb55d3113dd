import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { lookUpOpenTopUps } from '../../src/core/payments/look-up.ts'
import { lookUpPlans } from '../../src/core/payments/plans/look-up.ts'
import { went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { assertBooked, madeAt, needsOf, owners } from '../wallet/stage.ts'
import { assertReconciled, creditsOf, tierOf } from './stage.ts'

/** Stands between a process and the provider; `lost` is called when a checkout was made, and its answer goes nowhere. */
async function openLossyLine(twin: string, lost: () => void): Promise<{ url: string; server: Server }> {
  const server = createServer((incoming, outgoing) => {
    const up = request(
      new URL(incoming.url!, twin),
      { method: incoming.method!, headers: incoming.headers },
      (answer) => {
        void textOf(answer).then((text) => {
          if (incoming.method === 'POST' && incoming.url === '/v1/checkout/sessions') return lost()
          outgoing.writeHead(answer.statusCode!, answer.headers).end(text)
        })
      },
    )
    incoming.pipe(up)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

test('the process dies when the checkout is made: it is found by its reference, without any webhook, and booked once', async (story) => {
  const market = await startTestMarket({ worker: false })
  story.after(() => market.close())
  const [ada] = await owners(market, 'Ada')
  await market.stripe.fault('webhook_missing', {}, { times: 10_000 })
  // A customer of before: other sessions of theirs stand beside the lost ones.
  went(await ada.ask('POST', '/api/wallet/topup', { amount_cents: 700 }))

  let api: ChildProcess | undefined
  const line = await openLossyLine(market.twinUrl, () => api!.kill('SIGKILL'))
  story.after(() => {
    line.server.closeAllConnections()
    line.server.close()
  })
  const dieFor = async (path: string, body: object): Promise<void> => {
    const port = await takePort()
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'api'], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: market.databaseUrl,
        PORT: `${port}`,
        APP_URL: market.url,
        CLAWRK_SECRET: 'x'.repeat(40),
        STRIPE_API_BASE: line.url,
        STRIPE_TWIN_WEBHOOK_SECRET: 'whsec_x',
        LOG_LEVEL: 'silent',
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    api = child
    story.after(() => child.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    await until('it listens', () =>
      fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    await assert.rejects(ask(url, 'POST', path, body, { authorization: `Bearer ${ada.key}` }))
    await until('it is dead', () => child.signalCode === 'SIGKILL')
  }
  await dieFor('/api/wallet/topup', { amount_cents: 2_000 })
  await dieFor('/api/stripe/checkout', { tier: 'starter' })
  const [rows] = await market.db.rows<{ topups: number; plans: number }>(
    `select (select count(*) from topup where status = 'asked') as topups, (select count(*) from plan_checkout where status = 'asked') as plans`,
  )
  assert.deepEqual(rows, { topups: 1, plans: 1 }, 'nobody here knows the sessions')
  const sessions = await madeAt(market, 'checkout.session')
  assert.equal(sessions.length, 3)
  for (const { id } of sessions.slice(1)) await ask(market.url, 'POST', `/twin/checkout/${id}`)

  const { db, stripe, log } = needsOf(market)
  await market.db.rows(`update app_clock set skew = skew + interval '3 minutes'`)
  for (let minute = 0; minute < 3; minute++) {
    await lookUpOpenTopUps(db, stripe, log)
    await lookUpPlans(db, stripe, log)
  }
  const { balance_cents: balance } = went(await ada.ask<{ balance_cents: number }>('GET', '/api/wallet/balance'))
  assert.deepEqual([balance, await creditsOf(market, ada), await tierOf(ada)], [2_000, 60, 'starter'])
  await assertBooked(market)
})

test('what was found so is in both books', async (story) => {
  const market = await startTestMarket()
  story.after(() => market.close())
  const [bob] = await owners(market, 'Bob')
  // The answer is lost and not the process: the same request finds the same checkout by its key.
  await market.stripe.fault('answer_lost', {}, { times: 1, match: { path: '/v1/checkout/sessions' } })
  const key = { 'idempotency-key': 'one-top-up' }
  const first = await bob.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 900 }, key)
  const again = await bob.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 900 }, key)
  assert.equal(went(first).url, went(again).url)
  await ask(market.url, 'POST', again.body.url)
  await until('the money has come', async () => {
    const { balance_cents: balance } = went(await bob.ask<{ balance_cents: number }>('GET', '/api/wallet/balance'))
    return balance === 900
  })
  await assertReconciled(market)
})
