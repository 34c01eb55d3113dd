import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Registry } from 'prom-client'
import { type KeptLine, keptLine, watchAge } from '../../src/base/backup/age.ts'
import { logArchiveFigures } from '../../src/base/backup/log-archive.ts'
import { findBackups, type Manifest } from '../../src/base/backup/manifest.ts'
import { readConfig } from '../../src/base/config.ts'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { showFigures } from '../../src/base/figures.ts'
import { readArchiving, walFolderOf } from '../../src/base/postgres/archiving.ts'
import { openBackupStage } from '../backup/stage.ts'
import { openShell } from '../cli/clawrk.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { sampleOf, samplesOf, scrape } from './scrape.ts'

const stage = await openBackupStage()
const market = await startTestMarket({ databaseUrl: stage.postgres.url, worker: false, env: stage.env })
after(async () => {
  await market.close()
  await stage.close()
})
const day = 86_400
const line = keptLine(readConfig({ ...stage.env, DATABASE_URL: stage.postgres.url }))!
const base = join(stage.backups, 'base')

/** What a process shows that looks now for the first time. */
const age = (of: KeptLine = line): Promise<number> => watchAge(of)()

async function assertAge(is: number | Promise<number>, seconds: number): Promise<void> {
  const found = await is
  assert.ok(found >= seconds && found < seconds + 60, `${found} s are not about ${seconds} s`)
}

/** The newest backup as if it had been finished so long ago. */
function ageBackup(seconds: number): void {
  const file = join(findBackups(stage.backups).at(-1)!.folder, 'backup.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!) as Manifest
  const text = JSON.stringify({ ...manifest, ended_at: new Date(Date.now() - seconds * 1000).toISOString() })
  writeFileSync(file, `${text}\n${createHash('sha256').update(text).digest('hex')}\n`)
}

async function archiveFails(db: Database = stage.db): Promise<number> {
  const registry = new Registry()
  showFigures(registry, db, logArchiveFigures)
  return sampleOf(samplesOf(await registry.metrics()), 'clawrk_log_archive_failing_seconds')!
}

/** Ends the segment that is being written: there is something to archive. */
const endSegment = (): Promise<unknown> =>
  stage.db.rows(`select pg_switch_wal() from pg_logical_emit_message(true, 'test', 'something')`)

test('the age of the newest backup is shown, and an old one is nothing that the doctor calls fine', async () => {
  await assertAge(age(), 0)
  await assertAge(age({ ...line, began: new Date(Date.now() - 5 * day * 1000) }), 5 * day)
  const made = await stage.clawrk('backup')
  assert.equal(made.code, 0, made.stderr)
  await assertAge(age({ ...line, began: new Date(0) }), 0)
  const fine = await stage.clawrk('doctor')
  assert.deepEqual([fine.code, /\n✔ Every law holds\.\n$/.test(fine.stdout)], [0, true], fine.stdout)

  ageBackup(3 * day)
  await assertAge((await scrape(market.url).then((seen) => sampleOf(seen, 'clawrk_backup_age_seconds')))!, 3 * day)
  const old = await stage.clawrk('doctor')
  assert.equal(old.code, 1, old.stdout)
  assert.match(
    old.stdout,
    /✖ the newest backup is 3d old.*clawrk backup.*\n[\s\S]*\n✖ Every law holds, but the backups/,
  )
})

test('what is no good backup of this line does not make it younger', async () => {
  await assertAge(age({ ...line, line: 'of another history', began: new Date(Date.now() - day * 1000) }), day)
  // Later by their names: one that was never finished, one that is being taken, and one that is damaged.
  const later = ['29990101T000000Z', '29990101T000001Z.unfinished-1', '29990101T000002Z']
  for (const name of later) mkdirSync(join(base, name))
  writeFileSync(join(base, later[2]!, 'backup.json'), `{"ended_at":"${new Date().toISOString()}"}\nno sum\n`)
  await assertAge(age(), 3 * day)
  for (const name of later) rmSync(join(base, name), { recursive: true })
})

test('a folder that is away hides nothing: the last known age goes on growing, and what was never seen begins with the process', async () => {
  const known = watchAge(line, 0)
  const first = await known()
  renameSync(stage.backups, `${stage.backups} away`)
  const second = await known()
  assert.ok(second >= first && second < first + 60)
  await assertAge(age(), 0)
  assert.ok((await scrape(market.url)).length > 50)
  renameSync(`${stage.backups} away`, stage.backups)
  await assertAge(known(), 3 * day)
  // Within a minute the folder is not looked at again.
  const calm = watchAge(line)
  await assertAge(calm(), 3 * day)
  ageBackup(4 * day)
  await assertAge(calm(), 3 * day)
  await assertAge(known(), 3 * day)
})

test('a disk that does not answer is waited for once, for a moment', async () => {
  const folder = join(base, '29990101T000000Z')
  mkdirSync(folder)
  // Whoever reads a pipe that nobody writes waits, as for a network that has gone.
  const pipe = join(folder, 'backup.json')
  execFileSync('mkfifo', [pipe])
  const hung = watchAge(line, 0)
  const begun = performance.now()
  await assertAge(hung(), 0)
  await assertAge(hung(), 0)
  assert.ok(performance.now() - begun < 2_000)
  writeFileSync(pipe, '')
  rmSync(folder, { recursive: true })
  await until('the disk has answered', async () => (await hung()) > 3 * day)
})

test('whose database is the operator’s own, or who keeps no backups, is shown no age', () => {
  const { databaseUrl, ...config } = readConfig({ ...stage.env, DATABASE_URL: stage.postgres.url })
  assert.equal(keptLine({ ...config, databaseUrl: 'postgres://market:theirs@db.example/market' }), null)
  assert.equal(keptLine({ ...config, databaseUrl, backupDir: null }), null)
  assert.equal(keptLine({ ...config, databaseUrl, backupDir: join(stage.folder, 'other') }), null)
  assert.equal(keptLine({ ...config, databaseUrl, dataDir: join(stage.folder, 'other') }), null)
})

test('a log that cannot be archived is shown from the first failure to the next success, to any role', async () => {
  await stage.db.rows(`create role watcher login password 'watches'`)
  const url = new URL(stage.postgres.url)
  Object.assign(url, { username: 'watcher', password: 'watches' })
  const watcher = openDatabase({ url: url.href, poolSize: 1 })
  const folder = walFolderOf(readArchiving(stage.market.postgres)!)
  try {
    await endSegment()
    await until('the log is archived', async () => (await archiveFails()) === 0)
    renameSync(folder, `${folder} away`)
    await endSegment()
    const first = await until('archiving fails', archiveFails)
    const second = await until('the figure rises', async () => {
      const now = await archiveFails(watcher)
      return now > first + 0.5 && now
    })
    assert.ok(second < 60)
    const ill = await stage.clawrk('doctor')
    assert.equal(ill.code, 1, ill.stdout)
    assert.match(ill.stdout, /✖ PostgreSQL cannot archive [\s\S]*✖ Every law holds, but the backups/)
    const theirs = await openShell({ DATABASE_URL: stage.postgres.url })('doctor', '--json')
    assert.equal(theirs.code, 1)
    assert.ok(theirs.json<{ log_archive_failing_seconds: number }>().log_archive_failing_seconds >= second)
    renameSync(`${folder} away`, folder)
    await endSegment()
    await until('it is archived again', async () => (await archiveFails(watcher)) === 0)
    assert.equal(sampleOf(await scrape(market.url), 'clawrk_log_archive_failing_seconds'), 0)
  } finally {
    await watcher.close()
  }
})
