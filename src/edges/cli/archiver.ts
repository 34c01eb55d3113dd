import pg from 'pg'
import { oldAfterMs } from '../../base/backup/age.ts'
import { chainOf } from '../../base/backup/check.ts'
import { BackupFault } from '../../base/backup/fault.ts'
import { findBackups, type Manifest } from '../../base/backup/manifest.ts'
import { readArchiving } from '../../base/postgres/archiving.ts'
import { clusterUrl, findServer } from '../../base/postgres/cluster.ts'
import { hasCluster, knownFolder, ownFolder } from './backups.ts'
import { duration } from './render/time.ts'

export interface Archiver {
  readonly last_segment: string | null
  readonly last_at: string | null
  /** Segments that wait to be archived. */
  readonly waiting: number
  readonly fault: string | null
}

/** What the running PostgreSQL of this machine says of its archiving into this folder; null when none does. */
export async function readArchiver(folder: string, newest: Manifest | null): Promise<Archiver | null> {
  const market = ownFolder()
  const archiving = hasCluster(market) ? readArchiving(market.postgres) : null
  const server = hasCluster(market) ? findServer(market.cluster) : null
  if (archiving?.folder !== folder || server?.status !== 'ready') return null
  const client = new pg.Client({ connectionString: clusterUrl(market.cluster, server.port, 'clawrk') })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{
      last: string | null
      at: string | null
      failing: string | null
      waiting: string
      on: boolean
    }>(
      `select last_archived_wal as last, to_json(last_archived_time) #>> '{}' as at,
         case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failing,
         (select count(*) from pg_ls_archive_statusdir() where name like '%.ready') as waiting, current_setting('archive_mode') = 'on' as on
       from pg_stat_archiver`,
    )
    const state = rows[0]!
    return {
      last_segment: state.last,
      last_at: state.at,
      waiting: Number(state.waiting),
      fault: faultOf(state, archiving.line, newest, folder),
    }
  } finally {
    await client.end()
  }
}

function faultOf(
  { last, failing, waiting, on }: { last: string | null; failing: string | null; waiting: string; on: boolean },
  line: string,
  newest: Manifest | null,
  folder: string,
): string | null {
  if (!on) return 'PostgreSQL runs without archiving; it begins with its next start'
  if (failing !== null)
    return `PostgreSQL cannot archive ${failing}, and ${waiting} segments wait: is the disk of ${folder} there, and not full? Its own words are in pg/postgres.log of the data folder`
  if (newest?.line !== line) return 'no backup was taken since archiving began anew: the log alone restores nothing'
  const end = chainOf(folder, newest)?.segments.at(-1)
  if (last && /^[0-9A-F]{24}$/.test(last) && last > (end ?? newest.stop_segment))
    return `PostgreSQL has archived ${last}, but the log here ends with ${end ?? 'nothing'}`
  return null
}

/** Backups of the market on this machine, at a glance. */
export interface BackupState {
  readonly folder: string
  /** When the newest was finished; null: there is none. */
  readonly newest: string | null
  readonly archiver: Archiver | null
  readonly fault: string | null
}

function ageFault(newest: Manifest | null): string | null {
  if (!newest) return 'there is no backup yet'
  const ageMs = Date.now() - Date.parse(newest.ended_at)
  if (ageMs <= oldAfterMs) return null
  return `the newest backup is ${duration(ageMs / 1000)} old: a market that runs takes one every day and says why when it cannot;  clawrk backup  takes one now`
}

/** How its backups are, without reading them; null where none are kept, or by somebody else. */
export async function backupState(): Promise<BackupState | null> {
  const folder = process.env.DATABASE_URL?.trim() ? null : knownFolder(undefined)
  if (folder === null) return null
  try {
    const newest = findBackups(folder).findLast(({ manifest }) => manifest)?.manifest ?? null
    const archiver = await readArchiver(folder, newest)
    const faults = [archiver?.fault, ageFault(newest)].filter((fault) => fault)
    return { folder, newest: newest?.ended_at ?? null, archiver, fault: faults.join('; ') || null }
  } catch (error) {
    if (!(error instanceof BackupFault)) throw error
    return { folder, newest: null, archiver: null, fault: error.message }
  }
}
