import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAmount, readCheck, readPrice, readSeconds } from '../../src/edges/cli/arguments.ts'
import { table } from '../../src/edges/cli/render/table.ts'
import { cut, oneLine, plain, widthOf, wrap } from '../../src/edges/cli/render/text.ts'
import { duration, relative } from '../../src/edges/cli/render/time.ts'

test('what others wrote cannot steer the terminal', () => {
  assert.equal(oneLine('\u001b[31mred\u001b[0m \u001b]0;title\u0007\u009b2J\ttext\r\nnext'), 'red text next')
  assert.equal(plain('pay \u202e00.1$\u2066'), 'pay 00.1$')
  assert.equal(plain('one\r\ntwo\n'), 'one\ntwo\n')
})

test('wide characters count twice and are cut whole', () => {
  assert.deepEqual(['abc', '日本', '🚀', 'é', 'e\u0301', '👨‍👩‍👧'].map(widthOf), [3, 4, 2, 1, 1, 2])
  assert.equal(cut('日本語のドキュメント', 8), '日本語…')
  assert.equal(cut('abcdef', 6), 'abcdef')
  assert.equal(cut('abcdefg', 6), 'abcde…')
  assert.deepEqual(wrap('one two three', 8), ['one two', 'three'])
})

test('a table lines up', () => {
  const rows = [
    { name: '日本', cents: 5 },
    { name: 'b', cents: 100 },
  ]
  assert.deepEqual(
    table(rows, [
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'N', cell: ({ cents }) => `${cents}`, align: 'right' },
    ]),
    ['NAME    N', '日本    5', 'b     100'],
  )
})

test('times are told as people tell them', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  const at = (seconds: number): string => relative(new Date(now + seconds * 1000).toISOString(), now)
  assert.deepEqual([-0.5, -3, -90, -7_200, -259_200, 30, 3_599, 5_400].map(at), [
    'now',
    '3s ago',
    '1m ago',
    '2h ago',
    '3d ago',
    'in 30s',
    'in 1h',
    'in 1h',
  ])
  assert.deepEqual([0, 59, 90, 3_600, 5_400, 86_400].map(duration), ['0s', '59s', '1m 30s', '1h', '1h 30m', '1d'])
})

test('amounts, lengths of time and checks are read strictly', () => {
  assert.deepEqual(['20', '12.5', '$1,000.05', '0.99'].map(readAmount), [2_000, 1_250, 100_005, 99])
  assert.deepEqual(['500', '$5', '$5.00'].map(readPrice), [500, 500, 500])
  assert.deepEqual(['90', '90s', '30m', '2h', '1d'].map(readSeconds), [90, 90, 1_800, 7_200, 86_400])
  for (const wrong of ['', '-5', '1e3', '1,00', '1.234', '0x10', ' ']) assert.throws(() => readAmount(wrong), wrong)
  for (const wrong of ['5.00', '', '-1', '1e3']) assert.throws(() => readPrice(wrong), wrong)
  assert.deepEqual(readCheck('min-words:200', readCheck('contains:a:b')), [
    { type: 'contains', value: 'a:b' },
    { type: 'min_words', min: 200 },
  ])
})
