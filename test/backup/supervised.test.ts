import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findBackups } from '../../src/base/backup/manifest.ts'
import { readChain } from '../../src/base/backup/wal.ts'
import { readArchiving, switchArchiving } from '../../src/base/postgres/archiving.ts'
import { openShell } from '../cli/clawrk.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { sampleOf, scrape } from '../watch/scrape.ts'

const folder = mkdtempSync(join(tmpdir(), 'clawrk-supervised-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const [dataDir, backups] = [join(folder, 'data'), join(folder, 'backups')]

test('one setting: the market archives from its start, takes its first backup by itself, and archives the rest when it stops', async () => {
  const env = { CLAWRK_BACKUP_DIR: backups, READY_GRACE_MS: '0' }
  const market = await startRole(null, { databaseUrl: '', dataDir, env })
  assert.match(market.said(), /the database archives its log into/)
  assert.match(market.said(), new RegExp(`Backups +${backups}`))
  await until('the first backup was taken', () => market.said().includes('a backup was taken into'), 60_000)
  const [found] = findBackups(backups)
  const { line } = readArchiving(join(dataDir, 'pg'))!
  assert.equal(found!.manifest!.line, line)
  const before = readChain(join(backups, 'wal', line), found!.manifest!.start_segment).segments.length
  const shown = sampleOf(await scrape(market.url), 'clawrk_backup_age_seconds')
  assert.ok(shown !== undefined && shown < 120, 'every process of the market knows where its backups are')
  await market.end('SIGINT')
  assert.ok(readChain(join(backups, 'wal', line), found!.manifest!.start_segment).segments.length > before)
  const checked = await openShell({ CLAWRK_DATA_DIR: dataDir, CLAWRK_BACKUP_DIR: backups })('backup', 'check', '--json')
  assert.equal(checked.code, 0, checked.stdout)
  // Switched off and on again, it has a gap: so a new line begins, which needs a backup of its own.
  switchArchiving(join(dataDir, 'pg'), null)
  assert.ok(switchArchiving(join(dataDir, 'pg'), backups))
  assert.notEqual(readArchiving(join(dataDir, 'pg'))!.line, line)
})

test('no market starts on a folder whose restore was interrupted', async () => {
  const half = join(folder, 'half')
  mkdirSync(half)
  writeFileSync(join(half, 'restore.unfinished'), '')
  await assert.rejects(
    startRole(null, { databaseUrl: '', dataDir: half }),
    /was being restored, and that did not come to its end/,
  )
})
