import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, test } from 'node:test'
import { assertLawful, people, refused, walletOf, went } from '../journeys/desk.ts'
import { ask, type Fields, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertRefused, footprint, send } from './attack.ts'

const secret = 'whsec_of_the_tests'
const market = await startTestMarket()
after(() => market.close())
const [mallory] = await people(market, 'Mallory')

const now = (): number => Math.floor(Date.now() / 1000)
const sign = (body: string, { at = now(), key = secret, scheme = 'v1' } = {}): string =>
  `t=${at},${scheme}=${createHmac('sha256', key).update(`${at}.${body}`).digest('hex')}`
const deliver = (body: string | Buffer, signature: string | null) =>
  send(
    market.url,
    'POST',
    '/api/stripe/webhook',
    {
      'content-type': 'application/json',
      'content-length': `${Buffer.byteLength(body)}`,
      ...(signature === null ? {} : { 'stripe-signature': signature }),
    },
    body,
  )
const completed = (id: string, session: string, metadata: Fields = {}): string =>
  JSON.stringify({
    id,
    object: 'event',
    type: 'checkout.session.completed',
    data: {
      object: { id: session, object: 'checkout.session', payment_status: 'paid', amount_total: 1_000_000, metadata },
    },
  })

/** A top-up that Mallory has started and not paid. */
async function unpaid(): Promise<{ session: string; topup: string; url: string }> {
  const { url } = went(await mallory.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 10_000 }))
  const [row] = await market.db.rows<{ session_id: string; id: string }>(
    `select session_id, id from topup where url = $1`,
    [url],
  )
  return { session: row!.session_id, topup: row!.id, url }
}

test('an event that is not signed by the provider is 400, and nothing is booked', async () => {
  const { session, topup } = await unpaid()
  const body = completed('evt_forged', session, { kind: 'wallet_topup', topup_id: topup, user_id: mallory.userId })
  const good = sign(body)
  const signatures = [
    null,
    '',
    'nonsense',
    't=,v1=',
    good.replace('v1=', 'v0='),
    good.slice(0, -1) + (good.endsWith('0') ? '1' : '0'),
    good.slice(0, -2),
    sign(`${body} `),
    sign(body, { key: 'whsec_guess' }),
    sign(body, { key: '' }),
    sign(body, { at: now() - 301 }),
    sign(body, { at: 0 }),
    `t=${now()},v1=${'0'.repeat(64)}`,
    `t=${now()},${good.split(',')[1]}`.replace(/t=\d+/, `t=${now() - 100}`),
    `v1=${'é'.repeat(32)}`,
  ]
  const before = await footprint(market.db)
  for (const signature of signatures) {
    const answer = await deliver(body, signature)
    assertRefused(answer, `${signature}`)
    assert.deepEqual([answer.status, answer.body.code], [400, 'signature_invalid'], `${signature}`)
  }
  for (const bytes of ['', '{}', 'null', '[]', '{', Buffer.from([0xff, 0xfe, 0x00])]) {
    const answer = await deliver(bytes, good)
    assertRefused(answer, `${bytes}`)
    assert.equal(answer.status, 400)
  }
  assert.deepEqual(await footprint(market.db), before)
  assert.equal((await walletOf(mallory)).balance_cents, 0)
})

test('what an event says is not believed, even when it is signed: the provider is asked what was paid', async () => {
  const { session, topup } = await unpaid()
  const claims = { kind: 'wallet_topup', topup_id: topup, user_id: mallory.userId }
  for (const [n, id] of [session, 'cs_test_invented', '', '../customers', 'cs_test_%00'].entries()) {
    const body = completed(`evt_lie_${n}`, id, claims)
    assert.ok((await deliver(body, sign(body))).status < 500)
  }
  await until('the inbox has looked', async () => {
    const [row] = await market.db.rows<{ done: boolean }>(
      `select processed_at is not null as done from stripe_inbox where id = 'evt_lie_0'`,
    )
    return row?.done
  })
  assert.equal((await walletOf(mallory)).balance_cents, 0)
  await assertLawful(market)
})

test('signed events of other shapes do no harm', async () => {
  const shapes = [
    { id: 'evt_1' },
    { id: 'evt_2', type: 'checkout.session.completed' },
    { id: 'evt_3', type: 'checkout.session.completed', data: null },
    { id: 'evt_4', type: 'checkout.session.completed', data: { object: null } },
    { id: 'evt_5', type: 'checkout.session.completed', data: { object: { id: { $ne: 1 } } } },
    { id: 'evt_6\u0000', type: 'checkout.session.completed', data: { object: { id: 'cs_\u0000' } } },
    { id: ['evt_7'], type: 'checkout.session.completed', data: { object: { id: 7 } } },
    { id: null, type: 'checkout.session.completed', data: { object: { id: 'cs_test_8' } } },
    { id: 'evt_9', type: 'never.heard.of', data: { object: { id: 'x' } } },
    null,
    [],
    'text',
    7,
  ]
  for (const shape of shapes) {
    const body = JSON.stringify(shape)
    const answer = await deliver(body, sign(body))
    assert.ok(answer.status < 500, `${body}: ${answer.status} ${answer.text}`)
  }
  assert.equal((await walletOf(mallory)).balance_cents, 0)
})

test('the real event moves the money once, however often and by whomever it is delivered again', async () => {
  const { session, url } = await unpaid()
  await ask(market.url, 'POST', url)
  await until('the money has come', async () => (await walletOf(mallory)).balance_cents === 10_000)
  const [real] = await market.db.rows<{ id: string }>(`select id from stripe_inbox where object_id = $1`, [session])
  const replays = Array.from({ length: 5 }, (_, n) => completed(n < 3 ? real!.id : `evt_again_${n}`, session))
  for (const answer of await Promise.all(replays.map((body) => deliver(body, sign(body))))) went(answer)
  await until('the inbox is empty', async () => {
    const [row] = await market.db.rows<{ n: number }>(
      `select count(*) as n from stripe_inbox where processed_at is null and object_id = $1`,
      [session],
    )
    return row!.n === 0
  })
  assert.equal((await walletOf(mallory)).balance_cents, 10_000)
  await assertLawful(market)
})

test('events about what the provider never heard of do not stand before the others', async () => {
  for (let n = 0; n < 25; n++) {
    const body = completed(`evt_nothing_${n}`, `cs_test_nothing_${n}`)
    went(await deliver(body, sign(body)))
  }
  const before = (await walletOf(mallory)).balance_cents
  const { url } = await unpaid()
  await ask(market.url, 'POST', url)
  await until('the money has come', async () => (await walletOf(mallory)).balance_cents === before + 10_000)
})

test('only POST, and no more than 1 MB', async () => {
  refused(await ask(market.url, 'GET', '/api/stripe/webhook'), 404, 'not_found')
  const big = 'x'.repeat(1024 * 1024 + 1)
  assert.equal((await deliver(big, sign(big))).status, 413)
})
