import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupFault } from './fault.ts'

/** A file of a backup: what it holds once unpacked. */
export interface StoredFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What a backup says of itself. It is written last: a folder without it was never finished. */
export interface Manifest {
  readonly format: 1
  readonly id: string
  readonly started_at: string
  /** From this moment on it can be restored. */
  readonly ended_at: string
  readonly server_version: string
  /** Of the cluster, as PostgreSQL counts them. */
  readonly system_identifier: string
  readonly start_segment: string
  readonly stop_segment: string
  /** The line of archived log that goes on from here; null: it can be restored to its own end only. */
  readonly line: string | null
  readonly bytes: number
  readonly stored_bytes: number
  readonly secret: {
    /** Whether the backup holds the market's secret, as that of test mode, which nobody else has. */
    readonly included: boolean
    /** By it one knows the right secret; it tells nothing of it. */
    readonly fingerprint: string | null
  }
  readonly folders: readonly string[]
  readonly files: readonly StoredFile[]
  /** Of the attachments in the data folder at that time, which lie beside the backups, each once. */
  readonly attachments: readonly StoredFile[]
}

const manifestFile = 'backup.json'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Writes the manifest, on the disk when this returns. */
export function writeManifest(folder: string, manifest: Manifest): void {
  const text = JSON.stringify(manifest)
  const file = openSync(join(folder, manifestFile), 'wx', 0o600)
  try {
    writeSync(file, `${text}\n${sha256(text)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Reads a backup's manifest. Throws a `BackupFault` when it is not finished or not what was written. */
export function readManifest(folder: string): Manifest {
  const name = folder.split('/').at(-1)!
  const file = join(folder, manifestFile)
  if (!existsSync(file))
    throw new BackupFault(
      'backup_unfinished',
      `The backup ${name} was never finished: whoever took it was interrupted.`,
      'clawrk backup list',
    )
  const manifest = parseManifest(readFileSync(file, 'utf8'))
  if (manifest) return manifest
  throw new BackupFault(
    'backup_damaged',
    `The backup ${name} is damaged: its list of files is not what was written.`,
    'clawrk backup list',
  )
}

/** Null: it is not what was written. */
function parseManifest(written: string): Manifest | null {
  const [text = '', sum] = written.split('\n')
  return sha256(text) === sum ? (JSON.parse(text) as Manifest) : null
}

/**
 * The same for whoever must not wait for a slow disk: null for a backup that was never finished or is damaged. Rejects when the disk does
 * not say.
 */
export async function lookAtManifest(folder: string): Promise<Manifest | null> {
  try {
    return parseManifest(await readFile(join(folder, manifestFile), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** A folder below `base/`, finished or not. */
export interface Found {
  readonly id: string
  readonly folder: string
  readonly manifest: Manifest | null
  /** Why there is no manifest. */
  readonly fault: string | null
}

/** Everything that is or was to become a backup, oldest first. */
export function findBackups(root: string): Found[] {
  const base = join(root, 'base')
  if (!existsSync(base)) {
    const there = existsSync(root)
    throw new BackupFault(
      'no_backups',
      there
        ? `${root} holds no backups of clawrk.`
        : `There is no folder ${root}. If it lies on another disk: is that one mounted?`,
      'clawrk backup --to FOLDER',
    )
  }
  return readdirSync(base)
    .sort()
    .map((id) => {
      const folder = join(base, id)
      try {
        return { id, folder, manifest: readManifest(folder), fault: null }
      } catch (error) {
        if (!(error instanceof BackupFault)) throw error
        return { id, folder, manifest: null, fault: error.message }
      }
    })
}
