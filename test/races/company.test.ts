import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Sql } from '../../src/base/db.ts'
import { run, statement } from '../../src/base/statement.ts'

const verb = (name: string) =>
  statement({ who: 'text' }, `done as (select n, who, '${name}' as verb from asked)`, { subject: 'who' })
const [post, pull] = [verb('post'), verb('pull')]

/** A database whose answers wait until the test lets them go, so that what leaves when does not hang on a clock. */
function patientDatabase() {
  const groups: { verb: string; size: number; land(): void }[] = []
  const sql: Sql = {
    rows<R>(text: string, [asked]: readonly unknown[] = []): Promise<R[]> {
      const calls = JSON.parse(asked as string) as { n: number; who: string }[]
      const { promise, resolve } = Promise.withResolvers<R[]>()
      groups.push({
        verb: text.includes(`'post'`) ? 'post' : 'pull',
        size: calls.length,
        land: () => resolve(calls.map(({ n, who }) => ({ n, row: who })) as R[]),
      })
      return promise
    },
  }
  return { sql, groups, left: () => groups.map(({ verb: name, size }) => `${name} ${size}`) }
}

const ask = (sql: Sql, what: typeof post, many: number, from = 0): Promise<unknown>[] =>
  Array.from({ length: many }, (_, index) => run({ sql, remember: null }, what, { who: `${from + index}` }))

/** Until what can happen without a clock has happened. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn()
}

test('two halves of those who are about go beside each other', async () => {
  const { sql, groups, left } = patientDatabase()
  const all = [...ask(sql, post, 8), ...ask(sql, pull, 8)]
  await settle()
  assert.deepEqual(left(), ['post 8', 'pull 8'])
  for (const { land } of groups) land()
  assert.equal((await Promise.all(all)).length, 16)
})

test('fewer than half wait while others are with PostgreSQL, and leave when those come back, before these are answered', async () => {
  const { sql, groups, left } = patientDatabase()
  const answered: string[] = []
  const many = ask(sql, post, 12).map((one) => one.then(() => answered.push(left().join())))
  const few = ask(sql, pull, 3)
  await turn()
  // On a machine that stands still for a moment the few have waited long enough by now.
  assert.equal(left()[0], 'post 12', 'the largest goes first')
  groups[0]!.land()
  await Promise.all(many)
  assert.deepEqual([...new Set(answered)], ['post 12,pull 3'], 'the next had left before anybody was answered')
  groups[1]!.land()
  await Promise.all(few)
})

test('nobody waits for company for ever: a small group leaves beside one that does not come back', async () => {
  const { sql, groups, left } = patientDatabase()
  const many = ask(sql, post, 12)
  const few = ask(sql, pull, 2)
  while (groups.length < 2) await turn()
  assert.deepEqual(left(), ['post 12', 'pull 2'])
  groups[1]!.land()
  assert.deepEqual(await Promise.all(few), ['0', '1'])
  groups[0]!.land()
  await Promise.all(many)
})

test('a few calls wait for nobody, also beside others that are with PostgreSQL', async () => {
  const { sql, groups, left } = patientDatabase()
  const first = ask(sql, post, 3)
  await turn()
  const second = ask(sql, pull, 1)
  await turn()
  assert.deepEqual(left(), ['post 3', 'pull 1'])
  for (const { land } of groups) land()
  await Promise.all([...first, ...second])
})

test('no more than sixteen go together; the rest leaves when they are back', async () => {
  const { sql, groups, left } = patientDatabase()
  const all = ask(sql, post, 20)
  await settle()
  assert.equal(left()[0], 'post 16')
  groups[0]!.land()
  await settle()
  assert.deepEqual(left(), ['post 16', 'post 4'])
  groups[1]!.land()
  assert.equal((await Promise.all(all)).length, 20)
})
