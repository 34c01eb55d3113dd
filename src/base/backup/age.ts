import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { lineBegan, readArchiving } from '../postgres/archiving.ts'
import { clusterPassword } from '../postgres/cluster.ts'
import { lookAtManifest } from './manifest.ts'
import { marketFolder } from './market-folder.ts'

/** A market takes a backup a day: whoever has none younger than this, in milliseconds, has lost a whole day's twice. */
export const oldAfterMs = 2 * 86_400_000

/** The backups that a market takes of its own database by itself. */
export interface KeptLine {
  /** Of all backups. */
  readonly folder: string
  /** Of archived log: a backup of another line does not reach up to now. */
  readonly line: string
  readonly began: Date
}

/** Null where no folder is set, and where the database is the operator's own, who backs it up as they see fit. */
export function keptLine({
  backupDir,
  dataDir,
  databaseUrl,
}: Pick<Config, 'backupDir' | 'dataDir' | 'databaseUrl'>): KeptLine | null {
  if (backupDir === null || databaseUrl === null) return null
  const { postgres, cluster } = marketFolder(dataDir)
  try {
    // Every process of a market is told where its database is. By the password one knows the one in the data folder.
    if (new URL(databaseUrl).password !== clusterPassword(cluster)) return null
    const archiving = readArchiving(postgres)
    if (archiving?.folder !== backupDir) return null
    return { folder: backupDir, line: archiving.line, began: lineBegan(postgres) }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

/** How old the newest backup is, in seconds. Never rejects, and waits a moment at most. */
export type BackupAge = () => Promise<number>

/** How long a question waits for a slow disk; the next one finds what it said. */
const patienceMs = 1_000

/**
 * Watches the backups of a line, looking at the folder at most once in `everyMs`. While the folder is away the last known age goes on
 * growing. With no good backup of the line it is counted since the line began; while nothing is known yet, since now.
 */
export function watchAge({ folder, line, began }: KeptLine, everyMs = 60_000): BackupAge {
  const known = new Map<string, number | null>()
  let since = Date.now()
  let lookedAt = -Infinity
  let looking: Promise<void> | null = null
  const look = async (): Promise<void> => {
    try {
      since = (await newestOf(folder, line, known)) ?? began.getTime()
    } catch {
      // The folder is away: what was known stays.
    }
    lookedAt = performance.now()
    looking = null
  }
  return async () => {
    // One look at a time: a disk that does not answer would take one thread after the other.
    if (looking === null && performance.now() - lookedAt >= everyMs) {
      looking = look()
      await Promise.race([looking, new Promise((done) => setTimeout(done, patienceMs).unref())])
    }
    return Math.max(0, (Date.now() - since) / 1000)
  }
}

/** When the newest good backup of a line was finished; each list of files is read once. */
async function newestOf(folder: string, line: string, known: Map<string, number | null>): Promise<number | null> {
  const base = join(folder, 'base')
  // One that is being taken has more to its name.
  const ids = (await readdir(base)).filter((id) => !id.includes('.')).sort()
  for (const id of known.keys()) if (!ids.includes(id)) known.delete(id)
  for (const id of ids.reverse()) {
    let endedAt = known.get(id)
    if (endedAt === undefined) {
      const manifest = await lookAtManifest(join(base, id))
      endedAt = manifest?.line === line ? Date.parse(manifest.ended_at) : null
      known.set(id, endedAt)
    }
    if (endedAt !== null) return endedAt
  }
  return null
}
