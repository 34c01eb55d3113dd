import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { BackupFault } from '../../base/backup/fault.ts'
import { type MarketFolder, marketFolder } from '../../base/backup/market-folder.ts'
import { readArchiving } from '../../base/postgres/archiving.ts'
import { settings } from '../../base/settings.ts'
import { refused } from './exit.ts'

const setting = (name: 'CLAWRK_BACKUP_DIR' | 'CLAWRK_DATA_DIR'): string =>
  process.env[name]?.trim() || settings.find((known) => known.name === name)!.fallback

/** The data folder of the market on this machine, whether or not there is one. */
export const ownFolder = (): MarketFolder => marketFolder(resolve(setting('CLAWRK_DATA_DIR')))

export const hasCluster = ({ cluster }: MarketFolder): boolean => existsSync(join(cluster, 'PG_VERSION'))

/** The folder of backups: the given one, the configured one, or where the market on this machine archives; null: none is known. */
export function knownFolder(given: string | undefined): string | null {
  const named = given ?? setting('CLAWRK_BACKUP_DIR')
  if (named) return resolve(named)
  const { postgres } = ownFolder()
  return existsSync(postgres) ? (readArchiving(postgres)?.folder ?? null) : null
}

export function backupFolder(given: string | undefined, option: '--to' | '--from'): string {
  const folder = knownFolder(given)
  if (folder !== null) return folder
  throw refused(
    'no_backup_folder',
    'It is not said where backups are.',
    `clawrk backup ${option} FOLDER  for this once`,
    'CLAWRK_BACKUP_DIR=FOLDER npm start  archives all the time and backs up once a day; FOLDER should be on another disk',
  )
}

/** Backups are of the embedded database: its files lie here. */
export function refuseOwnPostgres(): void {
  const url = process.env.DATABASE_URL?.trim()
  if (!url) return
  const name = URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : 'DATABASE_URL'
  throw refused(
    'own_postgres',
    `This market stands on a PostgreSQL of your own (${name}), whose files clawrk does not touch.`,
    'back it up with pg_basebackup and WAL archiving, pgBackRest, or your provider’s point-in-time recovery',
    'once you have restored it:  clawrk restore check --finish',
    'docs/operating/backups.md says how',
  )
}

/** What was found wrong with backups is a refusal with what to do next. */
export async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BackupFault) throw refused(error.code, error.message, ...error.next)
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOSPC')
      throw refused('disk_full', 'The disk is full. Nothing that was there before has changed.', 'clawrk backup list')
    if (code === 'EACCES' || code === 'EPERM')
      throw refused('forbidden', `This user may not do that: ${(error as Error).message}`)
    throw error
  }
}

const units = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** `36 MB`. */
export function size(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}
