import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { knock } from '../../src/base/knock.ts'
import { migrate } from '../../src/base/migrate.ts'
import { dumpSchema } from '../../src/base/schema-dump.ts'
import { openShell } from '../cli/clawrk.ts'
import { cloneDatabase, emptyDatabase } from '../support/database.ts'
import { launchPostgres15 } from '../support/postgres-15.ts'

async function ask<R>(url: string, text: string): Promise<R> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows[0]?.[0] as R
  } finally {
    await client.end()
  }
}

test('three processes that migrate an empty database at once find the same schema', async () => {
  const { url } = await emptyDatabase()
  await Promise.all([1, 2, 3].map(() => migrate(url, { mode: 'test' })))
  const { url: clone } = await cloneDatabase()
  assert.equal(await dumpSchema(url), await dumpSchema(clone))
})

test('migrating again changes nothing, not even the functions', async () => {
  const { url } = await cloneDatabase()
  const versions = `select md5(string_agg(oid || ':' || xmin, ',' order by oid)) from pg_proc where pronamespace = 'public'::regnamespace`
  const before = await ask(url, versions)
  await migrate(url, { mode: 'test' })
  assert.equal(await ask(url, versions), before)
})

test('the market clock moves in test mode and not in live mode', async () => {
  const { url } = await cloneDatabase()
  await ask(url, `update app_clock set skew = '3 days'`)
  const ahead = `select round(extract(epoch from app_now() - clock_timestamp()) / 3600)::int`
  assert.equal(await ask(url, ahead), 72)
  await migrate(url, { mode: 'live' })
  assert.equal(await ask(url, ahead), 0)
})

test('the dump leaves out what only keeps account of migrations', async () => {
  const dump = await dumpSchema((await cloneDatabase()).url)
  assert.match(dump, /create table app_clock \(/)
  assert.doesNotMatch(dump, /kysely|applied_functions/)
})

test('PostgreSQL 15 gets the same schema', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-ground-'))
  const old = await launchPostgres15(folder)
  if (!old) return context.skip('PostgreSQL 15 is not installed')
  try {
    await migrate(old.url, { mode: 'test' })
    assert.equal(await dumpSchema(old.url), await dumpSchema((await cloneDatabase()).url))
  } finally {
    await old.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('clawrk migrate makes a database a market, as often as it is asked; it needs to be told which', async () => {
  const { url } = await emptyDatabase()
  const addresses = { databaseUrl: url, databaseDirectUrl: null, databaseReadUrl: null }
  assert.match(
    (await knock(addresses)).refusals.join(),
    /no market in the database of DATABASE_URL yet.*clawrk migrate/,
  )
  const shell = openShell({ DATABASE_URL: url })
  assert.deepEqual((await shell('migrate', '--json')).json(), { migrated: true })
  assert.deepEqual(await knock(addresses), { refusals: [], warnings: [] })
  await ask(url, `delete from kysely_migration where name = (select max(name) from kysely_migration)`)
  assert.match(
    (await knock(addresses)).refusals.join(),
    /is older than this program \(\d{4}_\w+\): run {2}clawrk migrate/,
  )
  const nowhere = await openShell()('migrate')
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.stderr, /There is no DATABASE_URL/)
})
