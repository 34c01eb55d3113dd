import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { junk, refused, unixReport } from '../journeys/desk.ts'
import { effort } from '../support/effort.ts'
import { assertRefused, footprint, send, sendTo, startTarget, targetsOf } from './attack.ts'

const market = await startTarget()
after(() => market.close())
const { targets, mallory } = await targetsOf(market)
// A file is no JSON: uploads have tests of their own.
const changing = targets.filter(({ method, endpoint }) => method !== 'GET' && endpoint.kind !== 'upload')
const withBody = (name: string) => targets.find((target) => target.name === name)!

test('broken JSON, and JSON that is no object, is 400 everywhere', async () => {
  const before = await footprint(market.db)
  const broken = [
    '{',
    '}',
    '{"a":}',
    '{"a":1,}',
    "{'a':1}",
    'a',
    '{"a":1}{"b":2}',
    '{"a":1} x',
    '\u0000',
    '{"a":"\u0001"}',
    '"\\x"',
  ]
  for (const target of changing) {
    for (const body of broken) {
      const answer = await sendTo(market, target, body)
      assertRefused(answer, `${target.name} ${body}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_json'], `${target.name} ${body}`)
    }
    for (const body of ['[]', '[{}]', '"text"', '0', 'true']) {
      const answer = await sendTo(market, target, body)
      assertRefused(answer, `${target.name} ${body}`)
      assert.equal(answer.status, 400, `${target.name} ${body}`)
    }
  }
  assert.deepEqual(await footprint(market.db), before)
})

test('an unknown field is refused by name, with the nearest known one', async () => {
  const before = await footprint(market.db)
  for (const target of changing) {
    const answer = await sendTo(market, target, JSON.stringify({ ...target.good, no_such_field_at_all: 1 }))
    assertRefused(answer, target.name)
    assert.equal(answer.status, 400, target.name)
    const issues = answer.body.issues as { path: string }[]
    assert.ok(
      issues.some(({ path }) => path === 'no_such_field_at_all'),
      `${target.name}: ${answer.text}`,
    )
  }
  const slip = refused(
    await mallory.ask('POST', '/api/jobs/run', { prompt: 'x', prise_cents: 500 }),
    400,
    'invalid_input',
  )
  assert.match(slip.error, /prise_cents.*price_cents/)
  for (const path of ['/api/jobs?status=queued&statsu=held', '/api/agents?x=1', '/api/wallet/balance?limit=1&limits=2'])
    refused(await mallory.ask('GET', path), 400, 'invalid_input')
  assert.deepEqual(await footprint(market.db), before)
})

test('an id belongs into the path: one in the body is refused', async () => {
  for (const target of changing.filter(({ endpoint }) => endpoint.route.includes(':'))) {
    const answer = await sendTo(market, target, JSON.stringify({ ...target.good, id: target.path.split('/')[3] }))
    assertRefused(answer, target.name)
    assert.equal(answer.status, 400, `${target.name}: ${answer.text}`)
  }
})

test('nobody reaches the prototype of anything', async () => {
  const before = await footprint(market.db)
  const poison = [
    '{"__proto__":{"admin":true}}',
    '{"\\u005f_proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"a":{"__proto__":1}}',
    '{"toString":1}',
    '{"hasOwnProperty":1}',
  ]
  for (const target of changing) {
    for (const body of poison) {
      const answer = await sendTo(market, target, body)
      assertRefused(answer, `${target.name} ${body}`)
      assert.equal(answer.status, 400, `${target.name} ${body}`)
    }
  }
  for (const query of ['__proto__=1', 'constructor=1', '__proto__[a]=1'])
    assert.equal(
      (await send(market.url, 'GET', `/api/jobs?${query}`, withBody('jobs.jobs').headers)).status,
      400,
      query,
    )
  assert.equal(({} as { admin?: boolean }).admin, undefined)
  assert.deepEqual(await footprint(market.db), before)
  const talk = 'Explain why {"__proto__": {"admin": true}} and "constructor": {"prototype": 1} are dangerous in JSON.'
  assert.equal((await mallory.ask('POST', '/api/jobs/run', { prompt: talk })).status, 200, 'one may talk about it')
})

test('no body, an empty one and white space count as {}, with and without a content type', async () => {
  const auth = { authorization: `Bearer ${mallory.key}` }
  const forms: [headers: Record<string, string>, body: string | undefined][] = [
    [{}, undefined],
    [{}, ''],
    [{ 'content-type': 'application/json' }, undefined],
    [{ 'content-type': 'application/json' }, ''],
    [{ 'content-type': 'application/json' }, ' \r\n\t'],
    [{ 'content-type': 'application/json; charset=utf-8' }, '{}'],
    [{ 'content-type': 'APPLICATION/JSON' }, '{}'],
    [{ 'content-type': 'text/plain' }, ''],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, ''],
    [{ 'content-type': 'multipart/form-data; boundary=x' }, ''],
  ]
  for (const [headers, body] of forms) {
    const length = body === undefined ? {} : { 'content-length': `${body.length}` }
    const answer = await send(market.url, 'POST', '/api/whoami', { ...auth, ...length, ...headers }, body)
    assert.equal(answer.status, 200, `${JSON.stringify(headers)} ${JSON.stringify(body)}: ${answer.text}`)
  }
  const prompt = await send(market.url, 'POST', '/api/jobs/run', auth)
  assert.equal(refused(prompt, 400, 'invalid_input').issues![0]!.path, 'prompt')
})

test('another content type is 415, whatever the body', async () => {
  const before = await footprint(market.db)
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'text/json',
    '*/*',
    'json',
  ]
  for (const target of changing.filter(({ name }) => name !== 'clock.advance')) {
    for (const type of types) {
      const answer = await sendTo(market, target, JSON.stringify(target.good), { 'content-type': type })
      assertRefused(answer, `${target.name} ${type}`)
      assert.deepEqual([answer.status, answer.body.code], [415, 'media_type_unsupported'], `${target.name} ${type}`)
    }
    const { 'content-length': _n, ...none } = { ...target.headers, 'content-length': '' }
    const answer = await send(market.url, target.method, target.path, { ...none, 'content-length': '2' }, '{}')
    assert.equal(answer.status, 415, `${target.name} without a content type: ${answer.text}`)
  }
  assert.deepEqual(await footprint(market.db), before)
})

test('a body of more than 1 MB is 413, for submit more than 4 MB; just below it is read', async () => {
  const before = await footprint(market.db)
  const padded = (bytes: number): string => `{"pad":"${'x'.repeat(bytes - 10)}"}`
  const mb = 1024 * 1024
  for (const target of changing) {
    const limit = target.name === 'jobs.submit' ? 4 * mb : (target.endpoint.bodyLimit ?? mb)
    const over = await sendTo(market, target, padded(limit + 1))
    assertRefused(over, target.name)
    assert.deepEqual([over.status, over.body.code], [413, 'body_too_large'], target.name)
    const below = await sendTo(market, target, padded(limit))
    assert.equal(below.status, 400, `${target.name}: ${below.text.slice(0, 200)}`)
  }
  const chunked = await send(
    market.url,
    'POST',
    '/api/whoami',
    { 'content-type': 'application/json', 'transfer-encoding': 'chunked', authorization: `Bearer ${mallory.key}` },
    padded(mb + 1),
  )
  assertRefused(chunked, 'chunked')
  assert.equal(chunked.status, 413)
  assert.deepEqual(await footprint(market.db), before)
})

test('an output may have a million characters, of whatever width', async () => {
  const { path } = withBody('jobs.submit')
  refused(await mallory.ask('POST', path, { output: 'x'.repeat(1_000_001) }), 400, 'invalid_input')
  const answer = await mallory.ask<{ status: string }>('POST', path, {
    output: `${unixReport} ${junk} `.padEnd(1_000_000, '漢'),
  })
  assert.deepEqual([answer.status, answer.body.status], [200, 'submitted'], answer.text.slice(0, 200))
})

test('deep nesting and floods of fields cost nobody anything', async () => {
  const before = await footprint(market.db)
  const deep = 300_000
  const bombs = {
    'arrays without end': `{"checks":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    'objects without end': `{"checks":[{"type":"json_schema","schema":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}]}`,
    'an unknown field without end': `{"x":${'['.repeat(deep)}${']'.repeat(deep)}}`,
    'a hundred thousand unknown fields': `{${Array.from({ length: 100_000 }, (_, n) => `"a${n}":1`).join()}}`,
    'the same field a hundred thousand times': `{${Array.from({ length: 70_000 }, () => '"prompt":""').join()}}`,
    'two hundred thousand wrong checks': `{"prompt":"x","checks":[${Array.from({ length: 200_000 }, () => '{}').join()}]}`,
    'half a million attachments': `{"prompt":"x","attachments":[${Array.from({ length: 500_000 }, () => '1').join()}]}`,
    'a number of a million digits': `{"prompt":"x","price_cents":${'9'.repeat(1_000_000)}}`,
  }
  const run = withBody('jobs.run')
  for (const [name, body] of Object.entries(bombs)) {
    let slowest = 0
    let spent = effort()
    const ticker = setInterval(() => {
      slowest = Math.max(slowest, spent())
      spent = effort()
    }, 5)
    const answer = await sendTo(market, run, body)
    await new Promise((done) => setTimeout(done, 10))
    clearInterval(ticker)
    assertRefused(answer, name)
    assert.ok(answer.text.length < 20_000, `${name}: an answer of ${answer.text.length} characters`)
    assert.ok(slowest < 1_000, `${name}: everybody else waited ${slowest.toFixed(0)} ms`)
  }
  assert.deepEqual(await footprint(market.db), before)
})
