import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Gauge, type Registry } from 'prom-client'
import type { Figures } from '../figures.ts'
import { manifestFile } from './manifest.ts'

/** How PostgreSQL's archiving of its log goes; nothing where it does not archive. */
export const archiverFigures: readonly Figures[] = [
  {
    query: `select case when last_failed_time > coalesce(last_archived_time, '-infinity')
        then extract(epoch from clock_timestamp() - coalesce(last_archived_time, stats_reset, last_failed_time))::float8 else 0 end as failing
      from pg_stat_archiver where current_setting('archive_mode') <> 'off'`,
    labels: [],
    shown: {
      failing: {
        name: 'clawrk_log_archive_failing_seconds',
        help: 'While PostgreSQL cannot archive its log: how long ago it last could. 0 while it can.',
      },
    },
  },
]

/** How long what was read is good. */
const goodForMs = 60_000

/**
 * Shows how old the newest finished backup in a folder is. Until there is one it is as old as this process, and while the folder cannot
 * be read it grows older: in both cases somebody should look.
 */
export function showBackupAge(registry: Registry, folder: string): void {
  let newestMs = Date.now()
  let readMs = 0
  new Gauge({
    name: 'clawrk_backup_age_seconds',
    help: 'How long ago the newest backup was finished; without any, how long this process has been waiting for one.',
    registers: [registry],
    async collect() {
      if (Date.now() - readMs > goodForMs) {
        readMs = Date.now()
        newestMs = (await finishedLast(join(folder, 'base'))) ?? newestMs
      }
      this.set((Date.now() - newestMs) / 1000)
    },
  })
}

/** When the newest backup was finished, by the file that is written last; null without any, or when nobody can tell. */
async function finishedLast(base: string): Promise<number | null> {
  const ids = await readdir(base).catch(() => [])
  // Their names begin with their time.
  for (const id of ids.sort().reverse()) {
    const manifest = await stat(join(base, id, manifestFile)).catch(() => null)
    if (manifest) return manifest.mtimeMs
  }
  return null
}
