import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openMeters } from '../../src/base/meters.ts'
import { onlyPrimary } from '../../src/base/reads.ts'
import { until } from '../support/processes.ts'
import { type Sample, sampleOf, samplesOf } from '../watch/scrape.ts'
import { openBackupStage } from './stage.ts'

const stage = await openBackupStage()
const { db, backups, clawrk } = stage
after(() => stage.close())

/** What a process shows that has just begun. */
const shown = async (folder: string | null): Promise<Sample[]> =>
  samplesOf(await openMeters({ db, reads: onlyPrimary(db), figures: [], backups: folder }).metrics())
const age = async (folder: string | null): Promise<number | undefined> =>
  sampleOf(await shown(folder), 'clawrk_backup_age_seconds')
const failing = async (): Promise<number | undefined> =>
  sampleOf(await shown(null), 'clawrk_log_archive_failing_seconds')
const doctor = async (): Promise<string> => (await clawrk('doctor')).stdout

test('how old the newest backup is: that of the last finished one, whatever was begun since', async () => {
  assert.equal(await age(null), undefined, 'nobody takes backups here')
  const without = (await age(backups))!
  assert.ok(without >= 0 && without < 5, 'without any it is as old as the process')
  assert.equal((await clawrk('backup')).code, 0)
  assert.doesNotMatch(await doctor(), /days old/)
  const [id] = readdirSync(join(backups, 'base'))
  const made = new Date(Date.now() - 3 * 86_400_000)
  utimesSync(join(backups, 'base', id!, 'backup.json'), made, made)
  assert.ok(Math.abs((await age(backups))! - 3 * 86_400) < 60)
  const away = mkdtempSync(join(tmpdir(), 'clawrk-away-'))
  rmSync(away, { recursive: true })
  assert.ok((await age(away))! < 5, 'a folder that is away breaks nothing')
})

test('while the log cannot be archived it shows since when, and 0 when it can again', async () => {
  await until('it archives', async () => (await failing()) === 0)
  const wal = join(backups, 'wal')
  const [line] = readdirSync(wal)
  const write = async (): Promise<void> => {
    await db.rows(`select pg_logical_emit_message(true, 'test', 'something to archive')`)
    await db.rows(`select pg_switch_wal()`)
  }
  renameSync(join(wal, line!), join(wal, 'away'))
  await write()
  await until('it fails', async () => ((await failing()) ?? 0) > 0)
  assert.match(await doctor(), /PostgreSQL cannot archive [0-9A-F]{24}, and \d+ segments wait/)
  renameSync(join(wal, 'away'), join(wal, line!))
  // It tries again when there is more to archive.
  await until('it archives again', async () => {
    await write()
    return (await failing()) === 0
  })
})
