import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test from 'node:test'
import type Stripe from 'stripe'
import { openLog } from '../../src/base/log.ts'
import { lookUpOpenTopUps } from '../../src/core/payments/look-up.ts'
import { startTestMarket } from '../support/market.ts'

test('a paid top-up whose webhook was lost is found, however many abandoned ones stand before it', async (story) => {
  const market = await startTestMarket({ worker: false })
  story.after(() => market.close())
  const ada = await market.person('Ada')
  const open = (count: number, minutes: number, prefix: string): Promise<unknown> =>
    market.db.rows(
      `insert into topup (id, user_id, amount_cents, status, session_id, url, created_at)
       select gen_random_uuid(), $1, 2000, 'open', $2 || n, 'http://nowhere', app_now() - make_interval(mins => $3)
       from generate_series(1, $4::integer) as n`,
      [ada.userId, prefix, minutes, count],
    )
  const paid = randomUUID()
  await open(150, 60, 'cs_older_')
  await market.db.rows(
    `insert into topup (id, user_id, amount_cents, status, session_id, url, created_at)
     values ($1, $2, 2000, 'open', 'cs_paid', 'http://nowhere', app_now() - interval '30 minutes')`,
    [paid, ada.userId],
  )
  await open(150, 10, 'cs_newer_')
  // The outside: a provider that knows one paid checkout, and none of the others any more.
  const retrieve = async (id: string): Promise<unknown> => {
    if (id !== 'cs_paid') throw new Error(`no such checkout: ${id}`)
    const metadata = { kind: 'wallet_topup', topup_id: paid, user_id: ada.userId }
    return { id, url: null, status: 'complete', payment_status: 'paid', amount_total: 2000, metadata }
  }
  const stripe = { checkout: { sessions: { retrieve } } } as unknown as Stripe
  for (let minute = 0; minute < 4; minute++) await lookUpOpenTopUps(market.db, stripe, openLog('silent', 'test'))
  const { body } = await ada.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')
  assert.equal(body.balance_cents, 2000, 'found once, booked once')
})
