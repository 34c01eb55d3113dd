import assert from 'node:assert/strict'
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import test from 'node:test'
import { Webhook as Official } from 'standardwebhooks'
import { signatures } from '../../src/core/webhooks/sign.ts'
import { type Signed, verifyWebhook, WebhookError } from '../../src/edges/sdk/client.ts'

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`
const secret = newSecret()

const delivery = (data: unknown = { job_id: 'ä' }): { id: string; body: string } => {
  const id = randomUUID()
  return {
    id,
    body: JSON.stringify({ id, seq: 7, event: 'job.verified', data, timestamp: '2026-11-22T13:00:00.000Z' }),
  }
}

const now = Date.now()
const { id, body } = delivery()
const headers = signatures([secret], id, body, now)
const refused = (error: unknown): boolean => error instanceof WebhookError

test('what the market signs is taken by our helper, by the official library and by the documented header', async () => {
  for (let round = 0; round < 20; round++) {
    const own = newSecret()
    const sent = delivery({ round, text: 'ü€𝄞 "\\' })
    const signed = signatures([own], sent.id, sent.body, Date.now())
    assert.equal((await verifyWebhook({ ...sent, headers: signed, secret: own })).id, sent.id)
    assert.equal((await verifyWebhook({ ...sent, headers: new Headers(signed), secret: [newSecret(), own] })).seq, 7)
    assert.equal(
      (await verifyWebhook({ body: Buffer.from(sent.body), headers: signed, secret: own })).event,
      'job.verified',
    )
    new Official(own).verify(sent.body, signed)
    assert.equal(
      signed['x-clawconnected-signature'],
      `sha256=${createHmac('sha256', own).update(sent.body).digest('hex')}`,
    )
  }
})

test('while a secret is changed both verify, each in its own header', async () => {
  const before = newSecret()
  const signed = signatures([secret, before], id, body, now)
  for (const either of [secret, before]) {
    await verifyWebhook({ body, headers: signed, secret: either })
    new Official(either).verify(body, signed)
  }
  const documented = (key: string): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
  assert.equal(signed['x-clawconnected-signature'], documented(secret))
  assert.equal(signed['x-clawconnected-signature-previous'], documented(before))
})

/** What somebody might send instead: forged, replayed or mangled. */
function forgeries(): [what: string, signed: Partial<Signed> & { headers?: Record<string, unknown> }][] {
  const cases: [string, Record<string, unknown>][] = []
  const [version, mac] = headers['webhook-signature']!.split(',') as [string, string]
  const time = Number(headers['webhook-timestamp'])
  const withHeaders = (change: Record<string, unknown>): Record<string, unknown> => ({
    headers: { ...headers, ...change },
  })
  const signAs = (key: string, at = now, of = body, as = id): Record<string, string> => ({
    ...signatures([key], as, of, at),
  })
  // Forged: by keys that are not the secret.
  for (let nth = 0; nth < 10; nth++) cases.push([`another secret ${nth}`, { headers: signAs(newSecret()) }])
  cases.push([
    'keyed with the text of the secret',
    withHeaders({
      'webhook-signature': `v1,${createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')}`,
    }),
  ])
  cases.push([
    'over the body alone',
    withHeaders({
      'webhook-signature': `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
        .update(body)
        .digest('base64')}`,
    }),
  ])
  for (const algorithm of ['sha1', 'sha512', 'md5', 'sha384'])
    cases.push([
      algorithm,
      withHeaders({
        'webhook-signature': `v1,${createHmac(algorithm, Buffer.from(secret.slice(6), 'base64'))
          .update(`${id}.${time}.${body}`)
          .digest('base64')}`,
      }),
    ])
  cases.push([
    'no key',
    withHeaders({
      'webhook-signature': `v1,${createHmac('sha256', '').update(`${id}.${time}.${body}`).digest('base64')}`,
    }),
  ])
  // Mangled signatures.
  for (let bit = 0; bit < 24; bit++) {
    const bytes = Buffer.from(mac, 'base64')
    bytes[bit]! ^= 1 << (bit % 8)
    cases.push([
      `bit ${bit} of the signature`,
      withHeaders({ 'webhook-signature': `${version},${bytes.toString('base64')}` }),
    ])
  }
  for (const wrong of [
    '',
    ' ',
    'v1',
    'v1,',
    `v2,${mac}`,
    `v1a,${mac}`,
    `V1,${mac}`,
    mac,
    `v1=${mac}`,
    `v1,${mac.slice(0, -1)}`,
    `v1,${mac}=`,
    `v1,${mac}A`,
    `v1,${mac.slice(0, 20)}`,
    `v1,${mac}${mac}`,
    `v1,${mac.toLowerCase()}`,
    `v1, ${mac}`,
    `v1,${Buffer.from(mac, 'base64').toString('hex')}`,
    `v1;${mac}`,
    'v1,null',
    'v1,undefined',
    'v1,AAAA',
    `v1,${'A'.repeat(43)}=`,
    `v1,${mac.replace('=', '%3D')}`,
    `v1,\u0000${mac}`,
    'x '.repeat(5_000),
  ])
    cases.push([`the signature ${JSON.stringify(wrong.slice(0, 30))}`, withHeaders({ 'webhook-signature': wrong })])
  cases.push([
    'two signature headers',
    withHeaders({ 'webhook-signature': [headers['webhook-signature'], headers['webhook-signature']] }),
  ])
  cases.push(['the signature under two names', withHeaders({ 'Webhook-Signature': 'v1,AAAA' })])
  cases.push([
    'the right one behind ten others',
    withHeaders({ 'webhook-signature': `${'v1,AAAA '.repeat(10)}v1,${mac}` }),
  ])
  // Other times, and copies.
  for (const seconds of [-86_400, -3_600, -301, -302, 301, 302, 3_600, 86_400])
    cases.push([`rightly signed ${seconds} s away`, { headers: signAs(secret, now + seconds * 1_000) }])
  for (const wrong of [
    '',
    '0',
    '-1',
    'now',
    `${time}.0`,
    `0${time}`,
    `${time}x`,
    ` ${time}`,
    `${time * 1_000}`,
    `${time + 1}`,
    `${time - 1}`,
    '1e9',
    'NaN',
    'Infinity',
    `${time},${time}`,
  ])
    cases.push([`the time ${JSON.stringify(wrong)}`, withHeaders({ 'webhook-timestamp': wrong })])
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
    cases.push([`without ${name}`, withHeaders({ [name]: undefined })])
  cases.push([
    'only the documented header',
    { headers: { 'x-clawconnected-signature': headers['x-clawconnected-signature'] } },
  ])
  cases.push(['another id', withHeaders({ 'webhook-id': randomUUID() })])
  cases.push(['the id in capitals', withHeaders({ 'webhook-id': id.toUpperCase() })])
  const other = delivery()
  cases.push([
    'another event, rightly signed for this id',
    { body: other.body, headers: signAs(secret, now, other.body, id) },
  ])
  cases.push(['a dot moved from the id', withHeaders({ 'webhook-id': `${id}.${time}`, 'webhook-timestamp': '1' })])
  // Mangled bodies.
  for (const wrong of [
    '',
    ' ',
    '{}',
    `${body} `,
    ` ${body}`,
    `${body}\n`,
    body.slice(0, -1),
    body.replace('job', 'jbo'),
    body.replace('7', '8'),
    body.replace('ä', 'a\u0308'),
    JSON.stringify(JSON.parse(body), null, 1),
    `\ufeff${body}`,
    body.repeat(2),
    other.body,
    'null',
  ])
    cases.push([`the body ${JSON.stringify(wrong.slice(0, 20))}`, { body: wrong }])
  for (const text of ['not json', 'null', '[]', '1', '"x"', '{"id":1}', `{"id":"${id}"}`])
    cases.push([`rightly signed ${text}`, { body: text, headers: signAs(secret, now, text) }])
  // Secrets that are none.
  for (const wrong of [
    '',
    'whsec_',
    secret.slice(6),
    `whsec_${'!'.repeat(44)}`,
    'whsec_AAAA',
    secret.slice(0, -2),
    `${secret}x`,
    ` ${secret}`,
  ])
    cases.push([`the secret ${JSON.stringify(wrong.slice(0, 10))}`, { secret: wrong }])
  cases.push(['no secret at all', { secret: [] }])
  return cases as ReturnType<typeof forgeries>
}

test('nothing that was forged, replayed or mangled is accepted', async (context) => {
  const cases = forgeries()
  assert.ok(cases.length >= 120, `${cases.length} are too few`)
  for (const [what, change] of cases)
    await assert.rejects(verifyWebhook({ body, headers, secret, now, ...change } as Signed), refused, what)
  context.diagnostic(`${cases.length} tried, 0 accepted`)
})

test('an event that comes again is refused by whoever keeps ids, within the tolerance too', async () => {
  const known = new Set<string>()
  const seen = (one: string): boolean => known.has(one) || !known.add(one)
  await verifyWebhook({ body, headers, secret, seen })
  await assert.rejects(verifyWebhook({ body, headers, secret, seen }), refused)
  await verifyWebhook({ body, headers, secret, now: now + 299_000 })
})
