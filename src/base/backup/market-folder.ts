import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSealer } from '../seal.ts'

/** What of a market's data folder is worth keeping, and where it lies. */
export interface MarketFolder {
  readonly dataDir: string
  /** Of the embedded PostgreSQL: its cluster, its log, where it archives. */
  readonly postgres: string
  readonly cluster: string
  readonly attachments: string
  /** The sealing secret that test mode has made; live mode has none on disk. */
  readonly secretFile: string
}

export function marketFolder(dataDir: string): MarketFolder {
  const postgres = join(dataDir, 'pg')
  return {
    dataDir,
    postgres,
    cluster: join(postgres, 'cluster'),
    attachments: join(dataDir, 'files'),
    secretFile: join(dataDir, 'secret'),
  }
}

/** The secret of a market: the given one, or what lies in its folder; null where neither is. */
export function secretOf(folder: MarketFolder, given: string | undefined): string | null {
  if (given?.trim()) return given.trim()
  return existsSync(folder.secretFile) ? readFileSync(folder.secretFile, 'utf8') : null
}

/** Tells a secret from another, and nothing of either. */
export const fingerprintOf = (secret: string): string =>
  openSealer(secret, 'backups').fingerprint('the secret').toString('hex')
