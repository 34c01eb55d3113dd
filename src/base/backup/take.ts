import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type PidLock, takePidLock } from '../pid-lock.ts'
import { openBackupFolder, readArchiving } from '../postgres/archiving.ts'
import { followAttachments, sumAttachments } from './attachments.ts'
import { BackupFault } from './fault.ts'
import { findBackups, type Manifest, type StoredFile, writeManifest } from './manifest.ts'
import { fingerprintOf, type MarketFolder, secretOf } from './market-folder.ts'
import { pack, packed } from './packing.ts'
import { numberOf, segmentAt, timelineOf } from './wal.ts'

export interface TakeOptions {
  /** Of the running server, as its superuser. */
  readonly url: string
  readonly market: MarketFolder
  /** The folder of all backups. */
  readonly into: string
  readonly secret: string | undefined
  /** What is being done, with a share from 0 to 1 where that is known. */
  readonly onProgress: (what: string, share?: number) => void
}

const controlFile = 'global/pg_control'
/** Made anew by every server, or of no use to a copy. */
const emptied = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]
const leftOut =
  /^(postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|current_logfiles|recovery\.signal|standby\.signal)$|(^|\/)(pgsql_tmp[^/]*|pg_internal\.init[^/]*|t\d+_\d+[^/]*)$/

/**
 * Takes a base backup of a running cluster: it goes on working meanwhile. Together with the log that was written during it, which it
 * holds, it can be restored by itself; with the archived log behind it, to any later moment. It appears whole or not at all.
 */
export async function takeBackup({ url, market, into, secret, onProgress }: TakeOptions): Promise<Manifest> {
  openBackupFolder(into)
  const lock = oneAtATime(into)
  const client = new pg.Client({ connectionString: url })
  // A server that goes away fails the next question.
  client.on('error', () => {})
  try {
    await client.connect()
    sweepUnfinished(into)
    const id = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    if (existsSync(join(into, 'base', id)))
      throw new BackupFault('too_soon', 'A backup was taken this very second.', 'clawrk backup list')
    const making = join(into, 'base', `${id}.unfinished-${process.pid}`)
    mkdirSync(making, { mode: 0o700 })
    const manifest = await copyCluster({ client, market, into, making, id, secret, onProgress })
    onProgress('bringing it to the disk')
    flush(making)
    writeManifest(making, manifest)
    renameSync(making, join(into, 'base', id))
    flush(join(into, 'base'))
    return manifest
  } finally {
    await client.end()
    lock.release()
  }
}

interface Copying {
  readonly client: pg.Client
  readonly market: MarketFolder
  readonly into: string
  readonly making: string
  readonly id: string
  readonly secret: string | undefined
  readonly onProgress: TakeOptions['onProgress']
}

async function copyCluster({ client, market, into, making, id, secret, onProgress }: Copying): Promise<Manifest> {
  const ask = async (text: string, values: unknown[] = []): Promise<Record<string, string>> =>
    (await client.query(text, values)).rows[0]
  const before = findBackups(into).findLast(({ manifest }) => manifest)?.manifest ?? null
  const startedAt = new Date().toISOString()
  onProgress('waiting for a checkpoint')
  // Keeps the log that is written meanwhile from being overwritten; it is gone with this session.
  await ask(`select pg_create_physical_replication_slot($1, true, true)`, [`clawrk_backup_${process.pid}`])
  const start = await ask(
    `select pg_walfile_name(lsn) as segment, (select system_identifier::text from pg_control_system()) as system, current_setting('server_version') as version,
       current_setting('archive_mode') as archives
     from pg_backup_start($1, fast => true) as lsn`,
    [id],
  )
  const target = join(making, 'cluster')
  const { folders, files: paths, bytes: expected } = await listCluster(market.cluster)
  const files: (StoredFile & { stored: number })[] = []
  let read = 0
  await eachOf(paths, 4, async (path) => {
    const file = await pack(join(market.cluster, path), join(target, `${path}${packed}`), path)
    if (file) files.push(file)
    read += file?.bytes ?? 0
    onProgress('copying', Math.min(1, read / expected))
  })
  // The one file that is read before the log can mend it.
  files.push(await packBytes(target, controlFile, await readSteady(join(market.cluster, controlFile)), making))
  onProgress('waiting for the end of the log')
  const stop = await ask(
    `select pg_walfile_name(lsn - 1) as segment, labelfile from pg_backup_stop(wait_for_archive => false)`,
  )
  files.push(await packBytes(target, 'backup_label', Buffer.from(stop.labelfile!), making))
  const timeline = timelineOf(start.segment!)
  for (let number = numberOf(start.segment!); number <= numberOf(stop.segment!); number++) {
    const path = join('pg_wal', segmentAt(timeline, number))
    const segment = await pack(join(market.cluster, path), join(target, `${path}${packed}`), path)
    if (!segment)
      throw new BackupFault(
        'wal_gone',
        `PostgreSQL has thrown away ${path} while the backup was taken.`,
        'clawrk backup',
      )
    files.push(segment)
  }
  const own = secretOf(market, secret)
  const includesSecret = existsSync(market.secretFile)
  if (includesSecret) writeFileSync(join(making, 'secret'), readFileSync(market.secretFile), { mode: 0o600 })
  onProgress('copying attachments')
  await followAttachments(market.attachments, join(into, 'files'))
  const archiving = readArchiving(market.postgres)
  return {
    format: 1,
    id,
    started_at: startedAt,
    ended_at: new Date().toISOString(),
    server_version: start.version!,
    system_identifier: start.system!,
    start_segment: start.segment!,
    stop_segment: stop.segment!,
    line: archiving?.folder === into && start.archives === 'on' ? archiving.line : null,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    stored_bytes: files.reduce((sum, file) => sum + file.stored, 0),
    secret: { included: includesSecret, fingerprint: own === null ? null : fingerprintOf(own) },
    folders,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    attachments: await sumAttachments(market.attachments, join(into, 'files'), before),
  }
}

async function packBytes(
  target: string,
  path: string,
  bytes: Buffer,
  making: string,
): Promise<StoredFile & { stored: number }> {
  const plain = join(making, 'plain')
  writeFileSync(plain, bytes, { mode: 0o600 })
  const file = await pack(plain, join(target, `${path}${packed}`), path)
  rmSync(plain)
  return file!
}

/** A small file that is written now and then, as it was between two writes. */
async function readSteady(file: string): Promise<Buffer> {
  for (let before = await readFile(file); ; ) {
    await pause(5)
    const again = await readFile(file)
    if (again.equals(before)) return again
    before = again
  }
}

interface Listed {
  readonly folders: string[]
  readonly files: string[]
  readonly bytes: number
}

async function listCluster(cluster: string): Promise<Listed> {
  const listed: { folders: string[]; files: string[]; bytes: number } = { folders: [], files: [], bytes: 1 }
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(cluster, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        listed.folders.push(path)
        if (!emptied.includes(path)) await walk(path)
      } else if (entry.isFile() && path !== controlFile && !leftOut.test(path)) {
        listed.files.push(path)
        listed.bytes += statSync(join(cluster, path), { throwIfNoEntry: false })?.size ?? 0
      } else if (entry.isSymbolicLink()) {
        throw new BackupFault(
          'linked',
          `${join(cluster, path)} leads out of the data folder; a copy of it would not be whole.`,
        )
      }
    }
  }
  await walk('')
  listed.folders.push('pg_wal/archive_status', 'pg_wal/summaries')
  return listed
}

/** Does a piece of work for each, `most` at a time. */
export async function eachOf<T>(all: readonly T[], most: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values()
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (const one of queue) await work(one)
    }),
  )
}

function oneAtATime(into: string): PidLock {
  const lock = takePidLock(join(into, 'backup.pid'), '')
  if ('release' in lock) return lock
  throw new BackupFault(
    'backup_runs',
    `Another backup into ${into} is being taken (process ${lock.pid}).`,
    'clawrk backup list',
  )
}

/** Throws away what was begun and never finished; nobody else is at it. */
function sweepUnfinished(into: string): void {
  for (const name of readdirSync(join(into, 'base')))
    if (name.includes('.unfinished-')) rmSync(join(into, 'base', name), { recursive: true, force: true })
}

/** Brings a folder's files to the disk: all at once, which costs a hundredth of one by one. */
function flush(folder: string): void {
  const { status, error } = spawnSync('sync', ['-f', folder], { stdio: 'ignore' })
  if (error ?? status !== 0) throw new Error(`sync -f ${folder} failed`, { cause: error })
}
