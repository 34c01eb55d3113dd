import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { casesOf } from '../../bench/growth/cases.ts'
import { grow } from '../../bench/growth/grow.ts'
import { openGrown } from '../../bench/growth/market.ts'
import { type Reading, readingsOf } from '../../bench/growth/plans.ts'
import { growing, steady } from '../../bench/growth/tables.ts'
import { openDatabase } from '../../src/base/db.ts'
import { cloneDatabase } from '../support/database.ts'

// Small enough for every run, and large enough that reading all of anything shows: more than 700 of everything that grows.
const deals = 5_000
const perAgent = 2
const openJobs = 64

const { url } = await cloneDatabase()
await grow({ url, deals, perAgent })
const grown = await openGrown(url, mkdtempSync(join(tmpdir(), 'clawrk-plans-')), openJobs)
const { db } = grown.market
after(() => grown.close())

/** Reads a growing table whole, or more of it than it needs. */
const isTooMuch = ({ table, node, rows }: Reading, most: number): boolean =>
  growing.includes(table) && (node.includes('Seq Scan') || rows > most)

test('no statement that is asked often reads a growing table whole', async () => {
  const faults: string[] = []
  let statements = 0
  for (const { name, hot, prepare, once, most = 700 } of await casesOf(grown)) {
    if (!hot) continue
    await prepare?.()
    const readings = await readingsOf(db, once)
    statements += new Set(readings.map(({ query }) => query)).size
    for (const one of readings.filter((reading) => isTooMuch(reading, most)))
      faults.push(
        `"${name}" reads ${one.rows} rows of ${one.table} by ${one.node} ${one.index ?? ''}: give it an index or a bound; ${one.query.replaceAll(/\s+/g, ' ').slice(0, 200)}`,
      )
  }
  assert.deepEqual([...new Set(faults)], [])
  assert.ok(statements > 150, `only ${statements} plans were seen: auto_explain tells nothing`)
})

test('a statement that reads all is found out, inside a function too', async () => {
  await db.pool.query(
    `create function pg_temp.unpaid() returns bigint language plpgsql as $$ begin return (select count(*) from job where prompt = 'none'); end $$`,
  )
  const readings = await readingsOf(db, () => db.rows(`select pg_temp.unpaid()`))
  assert.ok(readings.some((reading) => reading.table === 'job' && isTooMuch(reading, 700)))
})

test('it is said of every table whether it grows', async () => {
  const reader = openDatabase({ url, poolSize: 1 })
  const rows = await reader.rows<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename !~ '^kysely_'`,
  )
  await reader.close()
  const tables = rows.map(({ name }) => name).sort()
  assert.deepEqual(
    [...growing, ...Object.keys(steady)].sort(),
    tables,
    'bench/growth/tables.ts says it of each table once',
  )
})
