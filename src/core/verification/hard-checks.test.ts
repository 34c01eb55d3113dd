import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Check } from './check.ts'
import { VerificationFault } from './fault.ts'
import { runHardChecks } from './hard-checks.ts'
import { whatIsWrongWithChecks } from './refuse-checks.ts'
import { closeThreads } from './threads.ts'

after(closeThreads)

/** A pattern whose automaton grows with every letter: linear, but some 10,000 steps a character. */
const heavy = '(?:a[ab]{900}|b[ab]{899})$'

/** The same noise of a and b every time, so that no prefix of it repeats. */
function noise(length: number): string {
  let seed = 1
  return Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return (seed >> 4) & 1 ? 'a' : 'b'
  }).join('')
}

async function passes(check: Check, output: string): Promise<boolean> {
  const [found] = await runHardChecks([check], output)
  assert.equal(found!.type, check.type)
  assert.ok(found!.message.length > 0 && found!.message.length <= 500)
  return found!.pass
}

/** Forty levels that each apply the next twice: 2^39 visits to any value. */
const doubling = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [
    `p${index}`,
    index === 39
      ? { type: 'number' }
      : { allOf: [{ $ref: `#/$defs/p${index + 1}` }, { $ref: `#/$defs/p${index + 1}` }] },
  ]),
)

test('texts that must or must not occur', async () => {
  assert.equal(await passes({ type: 'contains', value: 'Bell Labs' }, 'at Bell Labs in 1969'), true)
  assert.equal(await passes({ type: 'contains', value: 'bell labs' }, 'at Bell Labs in 1969'), false)
  assert.equal(await passes({ type: 'not_contains', value: 'TODO' }, 'done'), true)
  assert.equal(await passes({ type: 'not_contains', value: 'TODO' }, 'one TODO left'), false)
  assert.equal(await passes({ type: 'contains', value: 'café' }, 'un cafe\u0301'), true, 'two spellings of one letter')
  assert.equal(await passes({ type: 'not_contains', value: 'café' }, 'un cafe\u0301'), false)
  assert.equal(await passes({ type: 'contains', value: 'a\nb' }, 'a\r\nb'), true, 'two spellings of one line break')
  assert.equal(await passes({ type: 'contains', value: '.*' }, 'no pattern'), false)
})

test('words are counted in any script', async () => {
  assert.equal(await passes({ type: 'min_words', min: 3 }, 'one two three'), true)
  assert.equal(await passes({ type: 'min_words', min: 4 }, 'one two three …'), false)
  assert.equal(await passes({ type: 'min_words', min: 4 }, '自然言語'), true)
})

test('patterns are found anywhere, by RE2', async () => {
  assert.equal(await passes({ type: 'regex', value: '\\b\\d{4}-\\d{2}-\\d{2}\\b' }, 'on 2026-11-22.'), true)
  assert.equal(await passes({ type: 'regex', value: '^done$' }, 'done\n'), true, 'a last line break does not count')
  assert.equal(await passes({ type: 'regex', value: '^done$' }, 'not done'), false)
  assert.equal(await passes({ type: 'regex', value: '(?im)^result: ok$' }, 'log\nRESULT: OK\nend'), true)
  assert.equal(await passes({ type: 'regex', value: 'caf\\u00e9' }, 'un café'), true, 'JavaScript spelling')
  assert.equal(await passes({ type: 'regex', value: '\\p{Greek}+' }, 'λόγος'), true)
})

test('patterns that ruin backtracking engines end at once, on a megabyte', async () => {
  const output = `${'a'.repeat(999_999)}!`
  for (const value of ['(a+)+$', '(a|aa)+$', '^(a|a?)+$', '(.*a){20}$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y']) {
    const began = performance.now()
    assert.equal(await passes({ type: 'regex', value }, output), false, value)
    assert.ok(performance.now() - began < 4_000, value)
  }
})

test('JSON is checked against a schema, alone or in one fence', async () => {
  const schema = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string', pattern: '^[a-z]+$' } },
    additionalProperties: false,
  }
  const check: Check = { type: 'json_schema', schema }
  for (const output of [
    '{"name":"ann"}',
    ' {"name":"ann"}\n',
    '\uFEFF{"name":"ann"}',
    '```json\n{"name":"ann"}\n```',
    '```\r\n{"name":"ann"}\r\n```\n',
    '~~~~JSON\n{"name":"ann"}\n~~~~',
  ]) {
    assert.equal(await passes(check, output), true, output)
  }
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /not JSON/],
    ['{"name":"ann"', /not JSON/],
    ['Here it is:\n```json\n{"name":"ann"}\n```', /not JSON/],
    ['```json\n{"name":"ann"}\n```\n```json\n{}\n```', /not JSON/],
    ['{"name":"Ann"}', /\/name must match pattern/],
    ['{}', /required property 'name'/],
    ['{"name":"ann","extra":1}', /"extra"/],
    ['[]', /must be object/],
    ['{"__proto__":{"name":"ann"}}', /required property 'name'/],
  ]
  for (const [output, message] of wrong) {
    const [found] = await runHardChecks([check], output)
    assert.equal(found!.pass, false, output)
    assert.match(found!.message, message)
  }
})

test('what an object inherits is not in it', async () => {
  assert.equal(await passes({ type: 'json_schema', schema: { required: ['toString'] } }, '{}'), false)
  assert.equal(await passes({ type: 'json_schema', schema: { required: ['__proto__'] } }, '{}'), false)
  assert.equal(await passes({ type: 'json_schema', schema: { required: ['__proto__'] } }, '{"__proto__":1}'), true)
})

test('schemas of both drafts, references within, recursion', async () => {
  const tree = {
    type: 'object',
    properties: { kids: { type: 'array', items: { $ref: '#' } } },
    additionalProperties: false,
  }
  assert.equal(await passes({ type: 'json_schema', schema: tree }, '{"kids":[{"kids":[]}]}'), true)
  assert.equal(await passes({ type: 'json_schema', schema: tree }, '{"kids":[{"kid":[]}]}'), false)
  const draft7 = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    definitions: { n: { type: 'number' } },
    items: [{ $ref: '#/definitions/n' }],
    additionalItems: false,
  }
  assert.equal(await passes({ type: 'json_schema', schema: draft7 }, '[1]'), true)
  assert.equal(await passes({ type: 'json_schema', schema: draft7 }, '[1, 2]'), false)
  assert.equal(
    await passes({ type: 'json_schema', schema: { prefixItems: [{ type: 'number' }], items: false } }, '[1, 2]'),
    false,
  )
})

test('half a million wrong items make one short message', async () => {
  const [found] = await runHardChecks(
    [{ type: 'json_schema', schema: { items: { type: 'string' } } }],
    `[${'1,'.repeat(499_990)}1]`,
  )
  assert.equal(found!.pass, false)
  assert.ok(found!.message.length <= 500)
  const [few] = await runHardChecks([{ type: 'json_schema', schema: { items: { type: 'string' } } }], '[1,2,3,4,5,6,7]')
  assert.match(few!.message, /\/0 must be string; \/1 .*; and 2 more$/)
})

test('a bottomless output is not passed, and harms nobody', async () => {
  const deep = `${'['.repeat(499_990)}${']'.repeat(499_990)}`
  assert.equal(await passes({ type: 'json_schema', schema: { items: { $ref: '#' } } }, deep), false)
  assert.equal(await passes({ type: 'regex', value: 'still here' }, 'still here'), true)
})

test('a check that runs over on this output only is not passed, and what follows is not run', async () => {
  const checks: Check[] = [
    { type: 'regex', value: 'b' },
    { type: 'regex', value: heavy, name: 'heavy' },
    { type: 'min_words', min: 1 },
    { type: 'regex', value: 'a' },
  ]
  let ticks = 0
  const clock = setInterval(() => ticks++, 10)
  const found = await runHardChecks(checks, noise(1_000_000), { runMs: 700, probeMs: 10_000 }).finally(() =>
    clearInterval(clock),
  )
  assert.deepEqual(
    found.map(({ pass }) => pass),
    [true, false, true, false],
  )
  assert.match(found[1]!.message, /took too long on this output/)
  assert.match(found[3]!.message, /not run/)
  assert.ok(ticks >= 15, `the event loop went on meanwhile (${ticks} ticks)`)
  assert.equal(await passes({ type: 'regex', value: 'fresh' }, 'a fresh thread'), true)
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.ok(process.cpuUsage(before).user < 100_000, 'the thread that ran over was ended, not left running')
})

test('a check that hangs on every output blames nobody', async () => {
  const bomb: Check = { type: 'json_schema', schema: { $defs: doubling, $ref: '#/$defs/p0' } }
  await assert.rejects(runHardChecks([bomb], '1', { runMs: 400, probeMs: 400 }), VerificationFault)
})

test('a check that can never be run blames nobody', async () => {
  for (const check of [
    { type: 'regex', value: '(?=a)b' },
    { type: 'json_schema', schema: { $ref: 'https://example.com/schema' } },
    { type: 'command', run: 'true' },
  ] as const) {
    await assert.rejects(runHardChecks([check], '{}'), VerificationFault)
  }
})

test('many submissions at once share two threads and none loses its answer', async () => {
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      runHardChecks([{ type: 'regex', value: `^number ${index}$` }], `number ${index % 2 ? index : index + 1}`),
    ),
  )
  assert.deepEqual(
    all.map(([found]) => found!.pass),
    all.map((_, index) => index % 2 === 1),
  )
})

test('what cannot be run is refused when the job is posted, with its place', async () => {
  const loop = { $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } }, $ref: '#/$defs/a' }
  const checks: Check[] = [
    { type: 'regex', value: '(a' },
    { type: 'contains', value: '(a' },
    { type: 'regex', value: '(?=a)b' },
    { type: 'regex', value: '(a)\\1' },
    { type: 'regex', value: '^[a-z]+$' },
    { type: 'command', run: 'true' },
    { type: 'json_schema', schema: { type: 'strin' } },
    { type: 'json_schema', schema: { $ref: 'https://example.com/schema' } },
    { type: 'json_schema', schema: { $ref: '#/$defs/missing' } },
    { type: 'json_schema', schema: loop },
    { type: 'json_schema', schema: { $schema: 'http://json-schema.org/draft-04/schema#' } },
    { type: 'json_schema', schema: { pattern: '(?!x)' } },
    { type: 'json_schema', schema: { $async: true } },
    { type: 'json_schema', schema: { items: { $ref: '#' } } },
    { type: 'min_words', min: 3 },
  ]
  const faults = await whatIsWrongWithChecks(checks)
  assert.deepEqual(
    faults.map(({ path }) => path),
    [
      '0.value',
      '2.value',
      '3.value',
      '5.run',
      '6.schema',
      '7.schema',
      '8.schema',
      '9.schema',
      '10.schema',
      '11.schema',
      '12.schema',
    ],
  )
  assert.match(faults[1]!.message, /look-around/)
  assert.match(faults[3]!.message, /sandbox/)
  for (const { message } of faults) assert.ok(message.length <= 500)
})

test('checks that are sound are not refused, and without slow ones no thread starts', async () => {
  assert.deepEqual(await whatIsWrongWithChecks([]), [])
  assert.deepEqual(
    await whatIsWrongWithChecks([
      { type: 'contains', value: 'x' },
      { type: 'min_words', min: 2 },
    ]),
    [],
  )
  assert.deepEqual(
    await whatIsWrongWithChecks([
      { type: 'regex', value: '(?i)ok' },
      { type: 'json_schema', schema: { type: 'array', maxItems: 5 } },
    ]),
    [],
  )
})

test('bombs are refused in bounded time: patterns slow or huge to compile, schemas that multiply', async () => {
  const bombs: Check[] = [
    { type: 'regex', value: `(?i)${'[!-\u{ffff}]'.repeat(1_900)}` },
    { type: 'regex', value: 'a{1000}'.repeat(1_390) },
    { type: 'json_schema', schema: { $defs: doubling, $ref: '#/$defs/p0' } },
  ]
  for (const bomb of bombs) {
    const began = performance.now()
    const faults = await whatIsWrongWithChecks([{ type: 'regex', value: 'fine' }, bomb])
    assert.equal(faults.length, 1, JSON.stringify(bomb).slice(0, 60))
    assert.match(faults[0]!.path, /^1\./)
    assert.match(faults[0]!.message, /too long/)
    assert.ok(performance.now() - began < 8_000)
  }
})
