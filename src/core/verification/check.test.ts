import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Check, checkLimits } from './check.ts'

const faultOf = (check: unknown): string | null => {
  const read = Check.safeParse(check)
  return read.success ? null : `${read.error.issues[0]!.path.join('.')}: ${read.error.issues[0]!.message}`
}

const nested = (depth: number): unknown => (depth === 0 ? {} : { not: nested(depth - 1) })

test('checks within the limits are taken as they are', () => {
  const checks: Check[] = [
    { type: 'contains', value: 'x' },
    { type: 'not_contains', value: 'y'.repeat(10_000), name: 'n'.repeat(200) },
    { type: 'regex', value: '^a+$' },
    { type: 'json_schema', schema: { type: 'object', properties: { a: { enum: [1, null, 'x', true] } } } },
    { type: 'json_schema', schema: nested(39) as Record<string, unknown> },
    { type: 'min_words', min: 1 },
    { type: 'min_words', min: 200_000 },
    { type: 'command', run: 'node test.mjs', files: [{ name: 'test.mjs', content: 'process.exit(0)' }] },
  ]
  for (const check of checks) assert.deepEqual(Check.parse(check), check)
})

test('what is over a limit, unknown or not storable is refused with its place', () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ type: 'contains' }, /^value/],
    [{ type: 'contains', value: '' }, /^value/],
    [{ type: 'contains', value: 'x'.repeat(10_001) }, /^value/],
    [{ type: 'contains', value: 'a\u0000b' }, /^value.*NUL/],
    [{ type: 'contains', value: 'a\ud800b' }, /^value.*Unicode/],
    [{ type: 'contains', value: 'x', name: 'n'.repeat(201) }, /^name/],
    [{ type: 'contains', value: 'x', extra: 1 }, /extra/],
    [{ type: 'contain', value: 'x' }, /^type/],
    [{ type: 'min_words', min: 0 }, /^min/],
    [{ type: 'min_words', min: 200_001 }, /^min/],
    [{ type: 'min_words', min: 1.5 }, /^min/],
    [{ type: 'min_words', min: '5' }, /^min/],
    [{ type: 'json_schema', schema: true }, /^schema/],
    [{ type: 'json_schema', schema: [] }, /^schema/],
    [{ type: 'json_schema', schema: nested(41) }, /^schema.*deeper than 40/],
    [{ type: 'json_schema', schema: { title: 'x'.repeat(checkLimits.schemaBytes) } }, /^schema.*20000 bytes/],
    [{ type: 'json_schema', schema: { title: 'é'.repeat(12_000) } }, /^schema.*20000 bytes/],
    [{ type: 'json_schema', schema: { const: 'a\u0000' } }, /^schema.*NUL/],
    [{ type: 'json_schema', schema: { properties: { 'a\ud800': {} } } }, /^schema.*Unicode/],
    [{ type: 'command', run: 'x', files: [{ name: '../x', content: 'y' }] }, /^files\.0\.name/],
    [{ type: 'command', run: 'x', files: [{ name: '.bashrc', content: 'y' }] }, /^files\.0\.name/],
    [null, /./],
    ['contains', /./],
  ]
  for (const [check, fault] of wrong)
    assert.match(faultOf(check) ?? 'taken', fault, JSON.stringify(check)?.slice(0, 80))
})

test('a schema of a hundred thousand brackets is refused, not walked into', () => {
  const bomb: unknown = JSON.parse(`${'{"not":'.repeat(100_000)}{}${'}'.repeat(100_000)}`)
  assert.match(faultOf({ type: 'json_schema', schema: bomb }) ?? 'taken', /deeper/)
  const wide: unknown = JSON.parse(`{"enum":[${'1,'.repeat(300_000)}1]}`)
  assert.match(faultOf({ type: 'json_schema', schema: wide }) ?? 'taken', /bytes/)
})
