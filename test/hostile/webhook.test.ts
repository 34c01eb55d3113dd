import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, test } from 'node:test'
import { assertLawful, people, refused, walletOf, went } from '../journeys/desk.ts'
import { ask, type Fields, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertRefused, footprint, send } from './attack.ts'

const secret = 'whsec_of_the_tests'
const oldSecret = 'whsec_that_is_going_out_of_use'
const market = await startTestMarket({ env: { STRIPE_WEBHOOK_SECRET: `${oldSecret}, ${secret}` } })
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

const hmac = (text: string, key = secret, hash = 'sha256'): string => createHmac(hash, key).update(text).digest('hex')

test('forged, truncated, replayed, re-serialised, wrong-secret signatures: all 400, and nothing is booked', async (story) => {
  // The market's own first comparison with the provider leaves a row; it comes soon after the start.
  await until(
    'the books have been compared',
    async () => (await market.db.rows(`select 1 from reconciliation`)).length > 0,
  )
  const { session, topup } = await unpaid()
  const body = completed('evt_forged', session, { kind: 'wallet_topup', topup_id: topup, user_id: mallory.userId })
  const at = now()
  const good = sign(body, { at })
  const digest = good.split('v1=')[1]!
  const other = completed('evt_other', session)
  /** Each kind: the bytes sent, and the header that vouches for them. */
  const kinds: Readonly<Record<string, readonly [bytes: string | Buffer, signature: string | null]>> = {
    'no header': [body, null],
    'an empty header': [body, ''],
    'a word': [body, 'nonsense'],
    'empty fields': [body, 't=,v1='],
    'no time': [body, `v1=${digest}`],
    'no signature': [body, `t=${at}`],
    'an empty signature': [body, `t=${at},v1=`],
    'only the digest': [body, digest],
    'fields the other way round': [body, `v1=${digest},t=${at}`],
    'another scheme': [body, good.replace('v1=', 'v0=')],
    'a scheme that is none': [body, good.replace('v1=', 'v11=')],
    'scheme in capitals': [body, good.replace('v1=', 'V1=')],
    'digest in capitals': [body, `t=${at},v1=${digest.toUpperCase()}`],
    'last digit wrong': [body, good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')],
    'first digit wrong': [body, `t=${at},v1=${digest.startsWith('0') ? '1' : '0'}${digest.slice(1)}`],
    'cut by a byte': [body, good.slice(0, -2)],
    'cut to half': [body, `t=${at},v1=${digest.slice(0, 32)}`],
    'a byte too long': [body, `${good}00`],
    'a digest of zeros': [body, `t=${at},v1=${'0'.repeat(64)}`],
    'not hexadecimal': [body, `t=${at},v1=${'z'.repeat(64)}`],
    'not ASCII': [body, `t=${at},v1=${'é'.repeat(32)}`],
    'base64 of the digest': [body, `t=${at},v1=${Buffer.from(digest, 'hex').toString('base64')}`],
    'SHA-1': [body, `t=${at},v1=${hmac(`${at}.${body}`, secret, 'sha1')}`],
    'SHA-512': [body, `t=${at},v1=${hmac(`${at}.${body}`, secret, 'sha512')}`],
    'the body without its time': [body, `t=${at},v1=${hmac(body)}`],
    'the time behind the body': [body, `t=${at},v1=${hmac(`${body}.${at}`)}`],
    'a guessed secret': [body, sign(body, { key: 'whsec_guess' })],
    'an empty secret': [body, sign(body, { key: '' })],
    'the secret without its prefix': [body, sign(body, { key: secret.slice('whsec_'.length) })],
    'the secret with a line end': [body, sign(body, { key: `${secret}\n` })],
    'both secrets as one': [body, sign(body, { key: `${secret},${oldSecret}` })],
    'a second too old': [body, sign(body, { at: at - 302 })],
    'an hour old': [body, sign(body, { at: at - 3600 })],
    'of the year 1970': [body, sign(body, { at: 0 })],
    'from the future': [body, sign(body, { at: at + 3600 })],
    'in milliseconds': [body, sign(body, { at: at * 1000 })],
    'a negative time': [body, sign(body, { at: -at })],
    'a time that is no number': [body, `t=NaN,v1=${hmac(`NaN.${body}`)}`],
    'a time with a word behind it': [body, good.replace(`t=${at}`, `t=${at}x`)],
    'a renewed time': [body, `t=${at},v1=${sign(body, { at: at - 400 }).split('v1=')[1]}`],
    'two times': [body, `t=${at - 9000},${good}`],
    'an old time signed, a new one beside it': [body, `${sign(body, { at: at - 9000 })},t=${at}`],
    'the signature of another event': [body, sign(other)],
    'another event under this signature': [other, good],
    're-serialised with spaces': [JSON.stringify(JSON.parse(body), null, 2), good],
    're-serialised in another order': [
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).reverse())),
      good,
    ],
    're-serialised with escapes': [body.replace('checkout', '\\u0063heckout'), good],
    'a space before it': [` ${body}`, good],
    'a line end behind it': [`${body}\n`, good],
    'a byte order mark before it': [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)]), good],
    'in UTF-16': [Buffer.from(body, 'utf16le'), good],
    'without its last byte': [body.slice(0, -1), good],
    twice: [body + body, good],
    'an empty body': ['', good],
    'an empty body, signed': ['', sign('')],
    'half an object, signed': ['{', sign('{')],
    'bytes that are no text': [Buffer.from([0xff, 0xfe, 0x00]), good],
    'bytes that are no text, signed as what they are read as': [Buffer.from([0x22, 0xff, 0x22]), sign('"\ufffd"')],
    'two headers in one': [body, `${good}, ${good}`],
    'a list of a hundred signatures': [body, `t=${at}${`,v1=${'0'.repeat(64)}`.repeat(99)},v1=${digest}`],
    'a very long header': [body, `t=${at},v1=${'a'.repeat(10_000)}`],
  }
  const before = await footprint(market.db)
  for (const [kind, [bytes, signature]] of Object.entries(kinds)) {
    const answer = await deliver(bytes, signature)
    assertRefused(answer, kind)
    assert.deepEqual([answer.status, answer.body.code], [400, 'signature_invalid'], kind)
  }
  assert.deepEqual(await footprint(market.db), before)
  assert.equal((await walletOf(mallory)).balance_cents, 0)
  const count = Object.keys(kinds).length
  assert.ok(count >= 40)
  story.diagnostic(`${count} kinds of bad signature`)
})

test('while a secret is changed for another, both sign; each signature may stand beside others', async () => {
  const body = JSON.stringify({ id: 'evt_rotation', type: 'not.ours', data: { object: { id: 'x_1' } } })
  const at = now()
  const by = (key: string): string => hmac(`${at}.${body}`, key)
  for (const signature of [
    sign(body),
    sign(body, { key: oldSecret }),
    `t=${at},v1=${'0'.repeat(64)},v1=${by(oldSecret)}`,
    `t=${at},v1=${by(secret)},v0=${'0'.repeat(64)}`,
    sign(body, { at: at - 290 }),
  ])
    went(await deliver(body, signature))
  const rows = await market.db.rows(`select type, object_id, status from stripe_inbox where id = 'evt_rotation'`)
  assert.deepEqual(
    rows,
    [{ type: 'not.ours', object_id: 'x_1', status: 'not_ours' }],
    'kept once, and that it is not ours',
  )
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
