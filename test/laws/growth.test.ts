import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { archiveLaws } from '../../src/core/ledger/archive-laws.ts'
import { laws } from '../../src/core/ledger/laws.ts'
import { paymentLaws } from '../../src/core/payments/laws.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { allContracts } from '../../src/market.ts'

const projectDir = join(import.meta.dirname, '../..')
const page = readFileSync(join(projectDir, 'docs/growth.md'), 'utf8')

/** The first cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = page.split(`### ${heading}\n`)[1]?.split('\n### ')[0]
  assert.ok(section, `docs/growth.md has no section "${heading}"`)
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) => row.split('|')[1]!.trim())
}

test('docs/growth.md says of every table where it would lie, and of none that there is not', () => {
  const schema = readFileSync(join(projectDir, 'migrations/schema.sql'), 'utf8')
  const tables = [...schema.matchAll(/^create table (\w+) \(/gm)].map((match) => match[1]!)
  assert.deepEqual(firstCells('Where each table lies').sort(), tables.map((name) => `\`${name}\``).sort())
})

test('docs/growth.md says of every statement of the hot path and of every law which shards it touches', () => {
  const said = firstCells('What each statement touches')
  const hot = allContracts.flatMap(({ endpoints }) =>
    Object.values(endpoints).flatMap(({ kind, route }) => (kind === 'statement' ? [`\`${route}\``] : [])),
  )
  const names = [...laws, ...archiveLaws, ...jobLaws, ...gigLaws, ...paymentLaws].map(({ name }) => `law: ${name}`)
  assert.ok(hot.length > 5 && names.length > 20)
  assert.deepEqual(
    [...hot, ...names].filter((one) => !said.includes(one)),
    [],
  )
})
