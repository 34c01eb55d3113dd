import {
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { chown } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { restoreCommand } from '../postgres/archiving.ts'
import { launchPostgres, type Postgres } from '../postgres/launch.ts'
import { attachmentPath, copyWhole, followAttachments } from './attachments.ts'
import { chainOf, faultsOfSegments, type OnProgress, walFolder } from './check.ts'
import { chooseBackup, type Target } from './choose.ts'
import { BackupFault } from './fault.ts'
import type { Manifest } from './manifest.ts'
import { type MarketFolder, marketFolder } from './market-folder.ts'
import { packed, unpack } from './packing.ts'
import { eachOf } from './take.ts'
import { archivedFile, isSegment, numberOf, segmentAt, segmentBytes, timelineOf } from './wal.ts'

export interface RecoverOptions {
  /** The folder of all backups. */
  readonly root: string
  readonly target: Target
  /** A certain backup, instead of the newest that reaches the target. */
  readonly backup: string | undefined
  /** The new data folder: one that does not exist, or is empty. */
  readonly into: string
  /** The data folder that was backed up, if it is still there: its log goes further than the archive, and its attachments, too. */
  readonly former: Former | null
  readonly durable?: boolean
  readonly onProgress: OnProgress
}

export interface Former {
  readonly market: MarketFolder
  /** Which line of log it writes. */
  readonly line: string | null
}

export interface Recovered {
  readonly postgres: Postgres
  readonly market: MarketFolder
  readonly manifest: Manifest
  /** When the last transaction that is there committed; null: none since the backup. */
  readonly last_commit: string | null
  /** The first transaction that is not there, as PostgreSQL says it; null: all of the log was replayed. */
  readonly stopped_before: string | null
  readonly segments: number
}

/** What marks a data folder whose restore has not come to its end: no market starts on it. */
export const unfinishedMark = 'restore.unfinished'

/**
 * Makes a new data folder as the market was at some moment, and leaves PostgreSQL running on it. Everything is read and checked
 * before it is used; throws a `BackupFault` when it is not what was written, or does not reach as far as was asked.
 */
export async function recover(given: RecoverOptions): Promise<Recovered> {
  const { root, target, into, onProgress } = given
  const manifest = chooseBackup({ root, target, backup: given.backup, ownLine: given.former?.line ?? null })
  // Another market's folder has nothing to add.
  const isSame = given.former !== null && systemOf(given.former.market.cluster) === manifest.system_identifier
  const options = { ...given, former: isSame ? given.former : null }
  refuseTaken(into)
  const segments = await checkLog(root, manifest, target, onProgress)
  try {
    const market = await layOut(options, manifest)
    const { postgres, said } = await replay({ options, manifest, market, segments: segments.length })
    return { postgres, market, manifest, segments: segments.length, ...readEnd(said) }
  } catch (error) {
    // It was empty before, so all of it is ours; only what PostgreSQL itself said of a failure is still of use.
    if (!(error instanceof BackupFault && error.code === 'not_recovered'))
      rmSync(into, { recursive: true, force: true })
    throw error
  }
}

/** Brings everything to its place, ready for PostgreSQL to replay the log. */
async function layOut({ root, into, former, onProgress }: RecoverOptions, manifest: Manifest): Promise<MarketFolder> {
  const market = marketFolder(into)
  mkdirSync(market.cluster, { recursive: true, mode: 0o700 })
  writeFileSync(join(into, unfinishedMark), `${manifest.id}\n`)
  await unpackCluster(root, manifest, market.cluster, onProgress)
  if (manifest.secret.included) copyFileSync(join(root, 'base', manifest.id, 'secret'), market.secretFile)
  if (former && former.line !== null && former.line === manifest.line)
    copyTail(former.market.cluster, market.cluster, chainOf(root, manifest)?.segments.at(-1) ?? manifest.stop_segment)
  onProgress('copying attachments')
  await bringAttachments(root, manifest, market, former)
  if (process.getuid?.() === 0) await handOver(market.cluster, ownerOfLog(walFolder(root, manifest)))
  return market
}

function refuseTaken(into: string): void {
  if (existsSync(into) && readdirSync(into).length > 0)
    throw new BackupFault(
      'folder_taken',
      `${into} is not empty. A restore makes a new folder and never writes over one.`,
      'clawrk restore … --into A-NEW-FOLDER',
    )
}

/** The segments that the target needs, read again. Which that are is known by when they were written; one more does no harm. */
async function checkLog(
  root: string,
  manifest: Manifest,
  target: Target,
  onProgress: OnProgress,
): Promise<readonly string[]> {
  const folder = walFolder(root, manifest)
  const all = chainOf(root, manifest)?.segments ?? []
  if (folder === null) return []
  const beyond =
    target.kind === 'time' ? all.findIndex((segment) => statSync(archivedFile(folder, segment)).mtime > target.at) : -1
  const needed = beyond < 0 ? all : all.slice(0, beyond + 1)
  const faults = await faultsOfSegments(root, manifest, needed, onProgress)
  if (faults.length > 0)
    throw damaged(faults, `clawrk restore --at AN-EARLIER-TIME, or from a younger backup: clawrk backup list`)
  return needed
}

async function unpackCluster(root: string, manifest: Manifest, cluster: string, onProgress: OnProgress): Promise<void> {
  const from = join(root, 'base', manifest.id, 'cluster')
  for (const folder of ['.', ...manifest.folders]) mkdirSync(join(cluster, folder), { recursive: true, mode: 0o700 })
  const faults: string[] = []
  let written = 0
  await eachOf(manifest.files, 4, async (file) => {
    if (faults.length > 0) return
    const to = join(cluster, file.path)
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    if (!(await unpack(join(from, `${file.path}${packed}`), to, file)))
      faults.push(`${file.path} of the backup ${manifest.id} is not what was written`)
    written += file.bytes
    onProgress('unpacking', written / manifest.bytes)
  })
  if (faults.length > 0) throw damaged(faults, 'clawrk backup check --all', 'clawrk restore … --backup AN-OLDER-ONE')
}

const damaged = (faults: readonly string[], ...next: string[]): BackupFault =>
  new BackupFault(
    'backup_damaged',
    `${faults.slice(0, 3).join('; ')}${faults.length > 3 ? `; and ${faults.length - 3} more` : ''}. Nothing was restored.`,
    ...next,
  )

/**
 * Log that was not archived yet lies in the folder of the server that wrote it; recovery looks there when the archive has no more.
 * Files that only wait to be written anew do not hold what their name says, and stay.
 */
function copyTail(from: string, to: string, last: string): void {
  const folder = join(from, 'pg_wal')
  const tail = (existsSync(folder) ? readdirSync(folder) : [])
    .filter(
      (name) =>
        isSegment(name) && timelineOf(name) === timelineOf(last) && name > last && isWritten(join(folder, name), name),
    )
    .sort()
  for (const [index, segment] of tail.entries()) {
    if (numberOf(segment) !== numberOf(last) + 1 + index)
      throw new BackupFault(
        'wal_missing',
        `${segmentAt(timelineOf(last), numberOf(last) + 1 + index)} is neither archived nor in ${folder} any more, and what comes after it cannot be used.`,
        'clawrk restore --at AN-EARLIER-TIME --into FOLDER',
        'clawrk backup list',
      )
    copyFileSync(join(folder, segment), join(to, 'pg_wal', segment))
  }
}

const isWritten = (file: string, segment: string): boolean =>
  readHead(file).readBigUInt64LE(8) === BigInt(numberOf(segment)) * BigInt(segmentBytes)

/** Which cluster a folder holds; its control file begins with that. */
const systemOf = (cluster: string): string => readHead(join(cluster, 'global/pg_control')).readBigUInt64LE(0).toString()

function readHead(file: string): Buffer {
  const head = Buffer.alloc(16)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, head, 0, 16, 0)
    return head
  } finally {
    closeSync(descriptor)
  }
}

/** Those of the backup, those that came to the archive since, and those that never did but still lie in the old folder. */
async function bringAttachments(
  root: string,
  manifest: Manifest,
  market: MarketFolder,
  former: Former | null,
): Promise<void> {
  mkdirSync(market.attachments, { recursive: true, mode: 0o700 })
  for (const { path } of manifest.attachments) {
    const to = attachmentPath(market.attachments, path)
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    await copyWhole(attachmentPath(join(root, 'files'), path), to)
  }
  await followAttachments(join(root, 'files'), market.attachments)
  if (former) await followAttachments(former.market.attachments, market.attachments)
}

/** PostgreSQL started by root runs as another user, who must be the one that may read the archived log. */
function ownerOfLog(folder: string | null): number {
  const nobody = 65_534
  if (process.getuid?.() !== 0) return process.getuid?.() ?? 0
  if (folder === null || !existsSync(folder)) return nobody
  const { uid } = statSync(folder)
  if (uid !== 0) return uid
  // Brought here by root from another machine.
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))]) chownSync(path, nobody, nobody)
  return nobody
}

async function handOver(folder: string, uid: number): Promise<void> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
  await eachOf([folder, ...paths], 8, (path) => chown(path, uid, uid))
}

interface Replaying {
  readonly options: RecoverOptions
  readonly manifest: Manifest
  readonly market: MarketFolder
  readonly segments: number
}

async function replay({
  options,
  manifest,
  market,
  segments,
}: Replaying): Promise<{ postgres: Postgres; said: string }> {
  const { root, target, durable = true, onProgress } = options
  const log = join(market.postgres, 'postgres.log')
  const folder = walFolder(root, manifest)
  const said = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  const watching = setInterval(() => {
    const replayed = said().match(/restored log file "/g)?.length ?? 0
    onProgress('replaying the log', segments === 0 ? undefined : Math.min(1, replayed / segments))
  }, 200)
  const launch = (settings: Record<string, string>): Promise<Postgres> =>
    launchPostgres({
      dataDir: market.postgres,
      durable,
      reaches: folder === null ? [] : [join(folder, '0')],
      settings: {
        restore_command: folder === null ? 'false' : restoreCommand(folder),
        recovery_target_action: 'promote',
        recovery_target_timeline: 'current',
        // It need not answer anybody before it is there, and so need not be sized like the server that wrote the log.
        hot_standby: 'off',
        archive_mode: 'off',
        // Brings what was unpacked to the disk at once, instead of file by file.
        recovery_init_sync_method: 'syncfs',
        ...settings,
      },
    })
  try {
    writeFileSync(join(market.cluster, 'recovery.signal'), '')
    if (process.getuid?.() === 0)
      chownSync(join(market.cluster, 'recovery.signal'), statSync(market.cluster).uid, statSync(market.cluster).gid)
    try {
      return { postgres: await launch(settingsOf(target)), said: said() }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      // All of the log was replayed and nothing in it is later than the target: so this is what there was at that time.
      if (target.kind === 'time' && /recovery ended before configured recovery target was reached/.test(text))
        return { postgres: await launch({}), said: said() }
      throw new BackupFault('not_recovered', sentenceFor(text, target), `what PostgreSQL said stands in ${log}`)
    }
  } finally {
    clearInterval(watching)
    rmSync(join(market.cluster, 'recovery.signal'), { force: true })
  }
}

function settingsOf(target: Target): Record<string, string> {
  if (target.kind === 'latest') return {}
  // Without the letters: names of time zones are not known yet when a server reads its settings.
  if (target.kind === 'time')
    return { recovery_target_time: target.at.toISOString().replace('T', ' ').replace('Z', '+00') }
  // PostgreSQL's own settings know a transaction by the lower half of its number.
  return { recovery_target_xid: `${target.xid & 0xffff_ffffn}`, recovery_target_inclusive: 'off' }
}

function sentenceFor(said: string, target: Target): string {
  if (target.kind === 'transaction' && /recovery ended before configured recovery target/.test(said))
    return `Transaction ${target.xid} did not commit in the log behind this backup: it came before it, or later than the log reaches.`
  return `PostgreSQL did not recover: ${said.trim().split('\n').slice(-3).join(' ')}`
}

/** Where recovery ended, from what the server said last. */
function readEnd(said: string): { last_commit: string | null; stopped_before: string | null } {
  const iso = (text: string | undefined): string | null =>
    text ? new Date(text.replace(' ', 'T').replace(/\+00$/, 'Z').replace(/ UTC$/, 'Z')).toISOString() : null
  const last = [...said.matchAll(/last completed transaction was at log time (\S+ \S+)/g)].at(-1)?.[1]
  const stop = [...said.matchAll(/recovery stopping before commit of transaction (\d+), time (\S+ \S+)/g)].at(-1)
  return { last_commit: iso(last), stopped_before: stop ? `transaction ${stop[1]} of ${iso(stop[2])}` : null }
}
