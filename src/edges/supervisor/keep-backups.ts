import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { followAttachments } from '../../base/backup/attachments.ts'
import { findBackups } from '../../base/backup/manifest.ts'
import { marketFolder } from '../../base/backup/market-folder.ts'
import { unfinishedMark } from '../../base/backup/recover.ts'
import type { Config } from '../../base/config.ts'
import { openBackupFolder, readArchiving, switchArchiving } from '../../base/postgres/archiving.ts'

const clawrk = join(import.meta.dirname, '../cli/main.ts')
const roundMs = 60_000
const day = 86_400_000
/** More than this many segments that wait are no moment's delay. */
const waitingMost = 8

type Log = (line: string) => void

/** Before PostgreSQL starts: says what keeps a market from starting on this folder, and switches archiving as is configured. */
export function prepareBackups(config: Config, log: Log): string | null {
  const { dataDir, backupDir } = config
  if (existsSync(join(dataDir, unfinishedMark)))
    return `${dataDir} was being restored, and that did not come to its end. Remove it and restore again: clawrk restore --help`
  const { postgres } = marketFolder(dataDir)
  if (config.databaseUrl) {
    // Its backups are its own affair; who was deleted is written down here all the same.
    if (backupDir !== null) openBackupFolder(backupDir)
    return null
  }
  if (backupDir === null && readArchiving(postgres))
    log('CLAWRK_BACKUP_DIR is not set any more: nothing is archived from here on')
  if (backupDir !== null && switchArchiving(postgres, backupDir)) log(`the database archives its log into ${backupDir}`)
  else if (backupDir === null) switchArchiving(postgres, null)
  else if (!existsSync(join(backupDir, 'base')))
    log(
      `There is no folder ${backupDir}: is its disk mounted? The log waits in ${postgres} until it is back, and nothing is backed up.`,
    )
  return null
}

export interface KeptBackups {
  stop(): Promise<void>
}

/**
 * Takes a backup when the newest of this line is a day old, or there is none, and brings attachments after every minute. What goes
 * wrong is said, and tried again an hour later: a market does not end because of its backups.
 */
export function keepBackups(config: Config, log: Log): KeptBackups {
  const { backupDir } = config
  if (backupDir === null || config.databaseUrl) return { stop: async () => {} }
  const market = marketFolder(config.dataDir)
  const seen = new Map<string, number>()
  let running: ChildProcess | null = null
  let notBefore = 0
  let stopping = false

  let complained = 0
  const round = async (): Promise<void> => {
    const waiting = segmentsWaiting(market.cluster)
    if (waiting > waitingMost && Date.now() - complained > 3_600_000) {
      complained = Date.now()
      log(
        `${waiting} segments of log wait to be archived into ${backupDir}; the database keeps them until its disk is full. Is that disk there, and not full?`,
      )
    }
    if (!existsSync(join(backupDir, 'base'))) return
    await followAttachments(market.attachments, join(backupDir, 'files'), seen)
    if (stopping || running || Date.now() < notBefore || !isDue(backupDir, readArchiving(market.postgres)?.line)) return
    notBefore = Date.now() + 3_600_000
    running = startBackup(config, backupDir)
    let said = ''
    running.stdout?.on('data', (chunk) => {
      said = (said + chunk).slice(-2_000)
    })
    running.once('close', (code) => {
      running = null
      if (!stopping)
        log(code === 0 ? `a backup was taken into ${backupDir}` : `no backup was taken: ${sentenceOf(said)}`)
    })
  }
  const go = (): void =>
    void round().catch((error: unknown) => log(`backups: ${error instanceof Error ? error.message : String(error)}`))
  const timer = setInterval(go, roundMs)
  timer.unref()
  go()
  return {
    async stop() {
      stopping = true
      clearInterval(timer)
      if (!running) return
      const ended = new Promise((done) => running!.once('close', done))
      running.kill('SIGTERM')
      await ended
    },
  }
}

function segmentsWaiting(cluster: string): number {
  const folder = join(cluster, 'pg_wal/archive_status')
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ready')).length : 0
}

function isDue(folder: string, line: string | undefined): boolean {
  const newest = findBackups(folder).findLast(({ manifest }) => manifest && manifest.line === line)?.manifest
  return !newest || Date.now() - Date.parse(newest.ended_at) > day
}

/** The command that people give, in a process of its own: reading and packing a whole database must not keep us from our children. */
function startBackup(config: Config, folder: string): ChildProcess {
  const { DATABASE_URL: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    [clawrk, 'backup', '--to', folder, '--keep', `${config.backupKeep}`, '--json'],
    {
      env: { ...env, CLAWRK_DATA_DIR: config.dataDir, CLAWRK_SECRET: config.secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  // Requests come first.
  if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  return child
}

function sentenceOf(said: string): string {
  try {
    return String((JSON.parse(said) as { error?: unknown }).error)
  } catch {
    return said.trim() || 'it ended without a word'
  }
}
