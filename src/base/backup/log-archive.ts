import type { Sql } from '../db.ts'
import type { Figures } from '../figures.ts'

// Everybody may read this, whatever PostgreSQL it is. It keeps the last success and the last failure; the first failure since is not
// kept, so the time runs from the last success, or where there was none from when counting began, at the earliest with the server.
const failing = `select case
    when current_setting('archive_mode') = 'off' or last_failed_time is null or last_failed_time <= last_archived_time then 0
    else greatest(extract(epoch from clock_timestamp() - coalesce(last_archived_time, greatest(stats_reset, pg_postmaster_start_time()))), 1)::float8
  end as failing from pg_stat_archiver`

/** Whether PostgreSQL gets rid of its log, ours or the operator's own. One row. */
export const logArchiveFigures: readonly Figures[] = [
  {
    query: failing,
    labels: [],
    shown: {
      failing: {
        name: 'clawrk_log_archive_failing_seconds',
        help: 'For how long nothing of the log of PostgreSQL was archived while the last attempt failed; 0 when it worked, or none was ever made.',
      },
    },
  },
]

/** The same for whoever asks once: in seconds, 0 when all is well. */
export async function logFailingFor(sql: Sql): Promise<number> {
  const [row] = await sql.rows<{ failing: number }>(failing)
  return row!.failing
}
