import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Identity } from './identity.ts'

/** Where a cluster hands in its write-ahead log. */
export interface Archiving {
  /** The folder of all backups. */
  readonly folder: string
  /**
   * Names one unbroken stretch of a cluster's log: a new one whenever archiving is switched on, and after every restore. Within a
   * line nothing is missing and nothing has two histories.
   */
  readonly line: string
  /** The data folder whose log it is. A copy of that folder elsewhere has a history of its own, and is not archived. */
  readonly of: string
}

/** In the data folder, so that whoever starts this PostgreSQL archives as well: one start without it would leave a gap. */
const fileOf = (dataDir: string): string => join(dataDir, 'archiving.json')

export const walFolderOf = ({ folder, line }: Archiving): string => join(folder, 'wal', line)

/** How the PostgreSQL of a data folder archives; null: not at all. */
export function readArchiving(dataDir: string): Archiving | null {
  try {
    const archiving = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Archiving
    return archiving.of === realpathSync(dataDir) ? archiving : null
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** When the line began on which a data folder archives. */
export const lineBegan = (dataDir: string): Date => statSync(fileOf(dataDir)).mtime

/**
 * Switches archiving into `folder` on, from the next start of PostgreSQL, or off with null. Answers whether a new line begins:
 * the backups before it do not reach into it.
 */
export function switchArchiving(dataDir: string, folder: string | null): boolean {
  const before = readArchiving(dataDir)
  if (folder === null) {
    rmSync(fileOf(dataDir), { force: true })
    return false
  }
  // A line whose folder is gone is most likely on a disk that is not mounted: a new folder there would hide that for ever.
  if (before?.folder === folder) return false
  mkdirSync(dataDir, { recursive: true })
  const archiving: Archiving = { folder, line: randomBytes(6).toString('hex'), of: realpathSync(dataDir) }
  openBackupFolder(folder)
  mkdirSync(walFolderOf(archiving), { mode: 0o700 })
  const making = `${fileOf(dataDir)}.${process.pid}`
  writeFileSync(making, `${JSON.stringify(archiving)}\n`, { mode: 0o600 })
  renameSync(making, fileOf(dataDir))
  return true
}

/** Makes a folder for backups unless it is one; only its owner may read them. */
export function openBackupFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of ['base', 'files', 'wal']) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 })
  if (process.getuid?.() !== 0) return
  // PostgreSQL started by root is another user, who must pass here to the one folder that is its own; it cannot list this one.
  chmodSync(join(folder, 'wal'), 0o711)
  if (made !== undefined) chmodSync(folder, 0o711)
}

/** Lets the server write into its folder of the archive. */
export function grantArchive(archiving: Archiving, identity: Identity): void {
  const folder = walFolderOf(archiving)
  if (process.getuid?.() === 0 && existsSync(folder)) chownSync(folder, identity.uid, identity.gid)
}

/** A path inside single quotes of a shell, inside a setting where PostgreSQL replaces what follows a percent sign. */
const inCommand = (path: string): string => `'${path.replaceAll("'", `'\\''`).replaceAll('%', '%%')}'`

/**
 * The settings under which a server archives. The command is the shell's, with programs that every system has: it goes on working
 * while this program is being replaced, and what it writes can be read without it. A segment appears whole and on the disk, or not
 * at all; handed in again it must be the same. It keeps the time of its last write, by which one knows how far the archive reaches.
 */
export function archiveSettings(archiving: Archiving): Record<string, string> {
  const command = [
    `umask 077; d=${inCommand(walFolderOf(archiving))}`,
    'if [ -e "$d/%f.gz" ]; then gzip -dc "$d/%f.gz" | cmp -s - "%p"',
    'else gzip -1nc "%p" > "$d/%f.part" && touch -r "%p" "$d/%f.part" && sync "$d/%f.part" && mv "$d/%f.part" "$d/%f.gz" && sync "$d"; fi',
  ].join('; ')
  return {
    archive_mode: 'on',
    archive_command: command,
    // At most a minute is lost together with the disk of the database.
    archive_timeout: '60',
  }
}

/** The command by which a server gets back what was archived in a folder. */
export const restoreCommand = (walFolder: string): string =>
  `f=${inCommand(walFolder)}/%f.gz; [ -e "$f" ] && gzip -dc "$f" > "%p" 2>/dev/null`
