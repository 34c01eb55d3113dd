import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertLawful, refused, went } from '../journeys/desk.ts'
import type { Fields } from '../support/market.ts'
import { assertRefused, type FieldSchema, footprint, send, sendTo, startTarget, targetsOf } from './attack.ts'

const market = await startTarget()
after(() => market.close())
const { targets, mallory } = await targetsOf(market)
const changing = targets.filter(({ method, endpoint }) => method !== 'GET' && endpoint.kind !== 'upload')

/** Text that PostgreSQL cannot hold, as it stands in JSON. */
const unstorable = ['\\u0000', 'a\\u0000b', '\\ud800', 'x\\udfff', '\\udc00\\ud800']

/** Every place of a schema where a text may stand, as a JSON value with HERE in that place. */
function places(schema: FieldSchema): string[] {
  if (schema.type === 'string') return ['"HERE"']
  if (schema.type === 'array') return places(schema.items ?? {}).map((inner) => `[${inner}]`)
  if (schema.type === 'object') {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, FieldSchema>)
    const named = properties.flatMap(([name, inner]) =>
      places(inner).map((place) => `{${JSON.stringify(name)}:${place}}`),
    )
    return [...named, '{"HERE":"x"}', '{"x":"HERE"}']
  }
  const choices = (schema.anyOf ?? schema.oneOf ?? []) as FieldSchema[]
  return choices.length > 0 ? choices.flatMap(places) : ['"HERE"', '{"x":"HERE"}', '["HERE"]']
}

for (const target of changing) {
  const found = Object.entries(target.fields).flatMap(([field, schema]) =>
    places(schema).map((place) => ({ field, place })),
  )
  if (found.length === 0) continue
  test(`${target.name} refuses NUL and broken Unicode in each of ${found.length} places, and nothing changes`, async () => {
    const before = await footprint(market.db)
    for (const { field, place } of found) {
      for (const text of unstorable) {
        const { [field]: _gone, ...others } = target.good
        const body = `${JSON.stringify(others).slice(0, -1)}${Object.keys(others).length > 0 ? ',' : ''}"${field}":${place.replace('HERE', text)}}`
        const answer = await sendTo(market, target, body)
        assertRefused(answer, `${target.name} ${body.slice(0, 200)}`)
        assert.equal(answer.status, 400, `${target.name} ${body.slice(0, 200)}: ${answer.text}`)
      }
    }
    assert.deepEqual(await footprint(market.db), before)
  })
}

test('checks of every kind refuse text that PostgreSQL cannot hold', async () => {
  const run = targets.find(({ name }) => name === 'jobs.run')!
  const checks = [
    '{"type":"contains","value":"HERE"}',
    '{"type":"not_contains","value":"x","name":"HERE"}',
    '{"type":"regex","value":"HERE"}',
    '{"type":"json_schema","schema":{"const":"HERE"}}',
    '{"type":"json_schema","schema":{"properties":{"HERE":{}}}}',
    '{"type":"json_schema","schema":{"enum":[["HERE"]]}}',
    '{"type":"command","run":"HERE"}',
    '{"type":"HERE"}',
  ]
  for (const check of checks) {
    for (const text of unstorable) {
      const answer = await sendTo(market, run, `{"prompt":"Write a poem.","checks":[${check.replace('HERE', text)}]}`)
      assertRefused(answer, check)
      assert.equal(answer.status, 400, `${check}: ${answer.text}`)
    }
  }
})

test('queries refuse what they cannot mean: NUL, doubled fields, broken cursors', async () => {
  const before = await footprint(market.db)
  const anId = '01a20226-00b5-7bc1-9461-989abfd9ed53'
  const cursorOf = (text: string): string => Buffer.from(text).toString('base64url')
  const cursors = [
    'x', '%00', '!', 'AAAA', cursorOf('|'), cursorOf(`|${anId}`), cursorOf(`2026-01-01T00:00:00Z|`), cursorOf(`1|${anId}`),
    cursorOf(`now|${anId}`), cursorOf(`infinity|${anId}`), cursorOf(`2026-01-01|${'-'.repeat(36)}`),
    cursorOf(`2026-01-01T00:00:00Z|${'a'.repeat(36)}`), cursorOf(`2026-02-31T00:00:00Z|${anId}`),
    cursorOf(`Thu, 01 Jan 1970 00:00:00 GMT (x)|${anId}`), cursorOf(`+275760-09-13T00:00:00.000Z|${anId}`),
    cursorOf(`2026-01-01T00:00:00Z|${anId}|x`), cursorOf(`2026-01-01T00:00:00Z'; drop table job; --|${anId}`), 'x'.repeat(401),
  ] // biome-ignore format: a table reads better in rows
  const limits = [
    '0',
    '-1',
    '201',
    '1.5',
    '',
    'x',
    '0x10',
    '1e1',
    ' 1',
    '%00',
    '１',
    '99999999999999999999',
    '1&limit=2',
  ]
  const lists = targets.filter(({ method, fields }) => method === 'GET' && 'limit' in fields)
  assert.ok(lists.length >= 4)
  for (const { name, path, headers, fields } of lists) {
    for (const limit of limits) {
      const answer = await send(
        market.url,
        'GET',
        `${path}?limit=${encodeURI(limit).replaceAll('%2500', '%00')}`,
        headers,
      )
      assertRefused(answer, `${name}?limit=${limit}`)
      assert.equal(answer.status, 400, `${name}?limit=${limit}`)
    }
    for (const cursor of 'cursor' in fields ? cursors : []) {
      const answer = await send(market.url, 'GET', `${path}?cursor=${cursor}`, headers)
      assertRefused(answer, `${name}?cursor=${cursor}`)
      assert.equal(answer.status, 400, `${name}?cursor=${Buffer.from(cursor, 'base64url')}: ${answer.text}`)
    }
  }
  const { headers } = targets.find(({ name }) => name === 'jobs.jobs')!
  for (const query of [
    'status=queued&status=held',
    'status=',
    'status=%00',
    'status[]=queued',
    'status=QUEUED',
    'cursor=a&cursor=b',
  ])
    assertRefused(await send(market.url, 'GET', `/api/jobs?${query}`, headers), query)
  assert.deepEqual(await footprint(market.db), before)
})

test('every field refuses a value of another kind', async () => {
  const before = await footprint(market.db)
  const kinds = { string: '"x"', number: '1.25', boolean: 'true', array: '[[]]', object: '{"x":{}}' } as const
  let tried = 0
  for (const target of changing) {
    for (const [field, schema] of Object.entries(target.fields)) {
      const allowed = new Set(kindsOf(schema))
      if (allowed.size === 0) continue
      for (const [kind, value] of Object.entries(kinds)) {
        if (allowed.has(kind)) continue
        const { [field]: _gone, ...others } = target.good
        const body = `{${Object.entries(others)
          .map(([name, good]) => `"${name}":${JSON.stringify(good)},`)
          .join('')}"${field}":${value}}`
        const answer = await sendTo(market, target, body)
        assertRefused(answer, `${target.name} ${body}`)
        assert.equal(answer.status, 400, `${target.name} ${body}`)
        tried++
      }
    }
  }
  assert.ok(tried > 60, `${tried}`)
  assert.deepEqual(await footprint(market.db), before)
})

function kindsOf(schema: FieldSchema): string[] {
  const choices = (schema.anyOf ?? schema.oneOf) as FieldSchema[] | undefined
  if (choices) return choices.flatMap(kindsOf)
  return schema.type ? [schema.type === 'integer' ? 'number' : schema.type] : []
}

test('text that looks like code stays text', async () => {
  const texts = [
    "'; drop table job; --", '$1', '%s%n', '{{7*7}}', '#{exit}', '<script>alert(1)</script>', '\\', '"', '\u202Egnp.exe',
    '\uFEFF', '👩‍👩‍👧‍👦', 'a\nb\rc\td', '‮', 'ＳＥＬＥＣＴ', '../../etc/passwd', '__proto__', 'constructor', 'null', 'a'.repeat(100),
  ] // biome-ignore format: a table reads better in rows
  for (const name of texts) {
    const made = await mallory.ask<Fields>('POST', '/api/agents', { name, personality: name })
    if (name.trim() === '') {
      refused(made, 400, 'invalid_input')
      continue
    }
    const { id } = went(made, 201)
    const kept = went(await mallory.ask<Fields>('GET', `/api/agents/${String(id)}`))
    assert.deepEqual([kept.name, kept.personality], [name.trim(), name])
    assert.ok(
      [200, 204].includes((await mallory.ask('POST', '/api/jobs/pull', { agent_name: name, min_score: 0.999 })).status),
      name,
    )
    const quote = went(await mallory.ask<Fields>('POST', '/api/jobs/run', { prompt: name }))
    assert.ok(String(quote.title).length > 0, `no title for ${JSON.stringify(name)}`)
  }
  await assertLawful(market)
})
