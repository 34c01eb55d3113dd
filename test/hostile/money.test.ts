import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertLawful } from '../journeys/desk.ts'
import { assertRefused, footprint, sendTo, startTarget, targetsOf } from './attack.ts'

const market = await startTarget()
after(() => market.close())
const { targets } = await targetsOf(market)
const moneyFields = targets.flatMap((target) =>
  Object.entries(target.fields)
    .filter(([field]) => field.endsWith('_cents'))
    .map(([field, schema]) => ({ target, field, schema })),
)

/** Thirty-five values that are no amount of money, as they would stand in a JSON body. */
const wrong = [
  '-1', '-500', '-0.01', '0.5', '1.5', '499.99', '500.000001', '1e-7', '1e21', '1e308', '1e400', '-1e400',
  '9007199254740992', '9007199254740993', '-9007199254740992', '18446744073709551616', '99999999999999999999999999',
  '"500"', '"0"', '""', '" "', '"$5.00"', '"5e2"', '"0x1F4"', '"５００"', '"NaN"', '"500\\u0000"',
  'null', 'true', 'false', '[]', '[500]', '{}', '{"cents":500}', '[[500]]',
] // biome-ignore format: a table reads better in rows
const brokenJson = [
  'NaN',
  'Infinity',
  '+500',
  '0500',
  '5_00',
  '500n',
  '.5',
  '5.',
  '0x1F4',
  "'500'",
  'undefined',
  '5,00',
]

test('there are money fields to attack in every room that takes money', () => {
  const names = moneyFields.map(({ target, field }) => `${target.name}.${field}`).sort()
  for (const known of [
    'accounts.create_key.spend_limit_cents',
    'jobs.pull.min_price_cents',
    'jobs.run.price_cents',
    'wallet.topup.amount_cents',
  ])
    assert.ok(names.includes(known), `${known} in ${names.join(', ')}`)
})

for (const { target, field, schema } of moneyFields.filter(({ target }) => target.method !== 'GET')) {
  test(`${target.name} refuses everything that is no amount in ${field}, and nothing changes`, async () => {
    const bodyWith = (value: string): string => {
      const { [field]: _gone, ...others } = target.good
      return `{${Object.entries(others)
        .map(([name, good]) => `${JSON.stringify(name)}:${JSON.stringify(good)},`)
        .join('')}"${field}":${value}}`
    }
    assert.ok(typeof schema.minimum === 'number' && typeof schema.maximum === 'number', `${field} has no limits`)
    const beside = [schema.minimum - 1, schema.maximum + 1].map(String)
    const before = await footprint(market.db)
    for (const value of [...wrong, ...beside]) {
      const answer = await sendTo(market, target, bodyWith(value))
      assertRefused(answer, `${field}: ${value}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_input'], value)
      const issues = answer.body.issues as { path: string }[]
      assert.ok(
        issues.some(({ path }) => path === field),
        `${value}: ${answer.text}`,
      )
    }
    for (const value of brokenJson) {
      const answer = await sendTo(market, target, bodyWith(value))
      assertRefused(answer, `${field}: ${value}`)
      assert.deepEqual([answer.status, answer.body.code], [400, 'invalid_json'], value)
    }
    assert.deepEqual(await footprint(market.db), before)
  })
}

test('money fields of queries are as strict', async () => {
  for (const { target, field } of moneyFields.filter(({ target }) => target.method === 'GET')) {
    for (const value of ['-1', '1.5', '', 'x', '1e9', '0x10', '99999999999999999999', '%00', `5&${field}=6`]) {
      const answer = await sendTo(market, { ...target, path: `${target.path}?${field}=${value}` }, '')
      assertRefused(answer, `${target.name}?${field}=${value}`)
    }
  }
})

test('amounts at the limits are taken, one cent beyond them is not', async () => {
  const topup = targets.find(({ name }) => name === 'wallet.topup')!
  for (const [amount, status] of [
    [499, 400],
    [500, 200],
    [1_000_000, 200],
    [1_000_001, 400],
    ['5e2', 200],
    ['500.0', 200],
  ])
    assert.equal((await sendTo(market, topup, `{"amount_cents":${amount}}`)).status, status, `${amount}`)
  await assertLawful(market)
})
