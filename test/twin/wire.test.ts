import assert from 'node:assert/strict'
import { test } from 'node:test'
import { processingFee } from '../../src/edges/twin/objects/balance.ts'
import { canonical, parseForm } from '../../src/edges/twin/wire/form.ts'
import { print } from '../../src/edges/twin/wire/print.ts'

const plain = (text: string): unknown => JSON.parse(JSON.stringify(parseForm(text)))

test('brackets nest, empty brackets append, plus and percent decode', () => {
  assert.deepEqual(plain(''), {})
  assert.deepEqual(plain('a=1&b%5Bc%5D=x+y%26&d[0][e]=2&d[1][e]=3&f[]=4&f[]=5'), {
    a: '1',
    b: { c: 'x y&' },
    d: { 0: { e: '2' }, 1: { e: '3' } },
    f: { 0: '4', 1: '5' },
  })
  assert.deepEqual(plain('constructor=1&metadata[toString]=2'), { constructor: '1', metadata: { toString: '2' } })
})

test('what is ambiguous or hostile is refused', () => {
  const bad = [
    'a[b=1',
    'a]b[=1',
    '[a]=1',
    'a[b]c=1',
    'a=1&a[b]=2',
    'a[b]=2&a=1',
    'a[][b]=1',
    'a[b][c][d][e][f][g]=1',
    '__proto__[x]=1',
    'a[__proto__]=1',
  ]
  for (const text of bad) assert.throws(() => parseForm(text), { name: 'ApiError' }, text)
  assert.throws(() => parseForm('a=1&'.repeat(1_001)), { name: 'ApiError' })
  assert.equal(({} as { x?: string }).x, undefined)
})

test('the order of parameters does not make another request, their values do', () => {
  assert.equal(canonical(parseForm('a=1&b[c]=2&b[d]=3')), canonical(parseForm('b[d]=3&b[c]=2&a=1')))
  assert.notEqual(canonical(parseForm('a=1')), canonical(parseForm('a=2')))
  assert.notEqual(canonical(parseForm('a[b]=1')), canonical(parseForm('a=b1')))
})

test('JSON is printed as Stripe prints it: id and object first, then by name', () => {
  assert.equal(
    print({ b: [{ z: 1, id: 'x' }], object: 'o', a: null, id: 'i' }),
    JSON.stringify({ id: 'i', object: 'o', a: null, b: [{ id: 'x', z: 1 }] }, null, 2),
  )
})

test('the processing fee is 2.9 % rounded half up, and 30 cents', () => {
  const usual = { cardPermille: 29, cardFixedCents: 30, disputeCents: 1_500 }
  const fees = [50, 100, 500, 1_000, 2_000, 2_500, 1_000_000].map((amount) => processingFee(amount, usual))
  assert.deepEqual(fees, [31, 33, 45, 59, 88, 103, 29_030])
  assert.equal(processingFee(1_000, { ...usual, cardPermille: 15, cardFixedCents: 25 }), 40)
})
