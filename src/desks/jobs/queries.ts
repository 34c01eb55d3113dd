import type { Sql } from '../../base/db.ts'
import { behind } from '../../base/page.ts'
import type { AttemptEnd } from './end-attempt.ts'
import type { JobRow } from './job.ts'

/** The row of a job with the database's clock beside it: what every hot statement of this desk answers with. */
export const jobRow = 'job.*, app_now() as now'

/** The verdict on somebody's own last attempt at a job, if they made one; `viewer` is the place of their id. */
const ownVerdict = (viewer: string): string =>
  `(select verdict from job_presentation p where p.job_id = job.id and p.owner_id = ${viewer} and verdict is not null
    order by ended_at desc limit 1) as own_verdict`

/** A row when there is nothing `here`: only then the archive is asked. */
export const onlyWithout = (here: string): string => `(select where not exists (select from ${here})) as gone`

/**
 * A row when a page of a list is not full, or reaches down to what lies in the archive, too; $`most` is its length. It names no table of
 * its own, so that it is decided before the archive is asked, whatever the planner thinks of their order.
 */
const deeper = (order: 'created_at' | 'updated_at', most: number): string =>
  `(select where (select count(*) from here) < $${most}
    or (select min(${order}) from here) <= (select newest_${order} from job_archive)) as deeper`

/** A job, with the verdict on the viewer's own last attempt. */
export async function readJob(sql: Sql, id: string, viewer: string): Promise<JobRow | null> {
  const rows = await sql.rows<{ row: JobRow }>(
    `with here as materialized (select ${jobRow}, ${ownVerdict('$2::uuid')} from job where id = $1)
     select row_to_json(found) as row from here as found
     union all select past.row from ${onlyWithout('here')}, job_past($1, $2::uuid) as past (row)`,
    [id, viewer],
  )
  return rows[0]?.row ?? null
}

/** How the last showing of a job to one of the owner's agents ended, if it was ever shown to one. */
export async function lastPresentation(
  sql: Sql,
  job: string,
  owner: string,
): Promise<{ outcome: string; ending: AttemptEnd | null } | null> {
  const [row] = await sql.rows<{ outcome: string; ending: AttemptEnd | null }>(
    `with here as materialized (
       select outcome, ending from job_presentation where job_id = $1 and owner_id = $2 order by ended_at desc limit 1
     ) select * from here union all select past.* from ${onlyWithout('here')}, job_past_showing($1, $2) as past`,
    [job, owner],
  )
  return row ?? null
}

export interface Page {
  readonly limit: number
  readonly after: { readonly at: string; readonly id: string } | null
}

/** Jobs somebody sent, newest first. */
export async function readSent(
  sql: Sql,
  sender: string,
  status: string | undefined,
  { limit, after }: Page,
): Promise<JobRow[]> {
  const rows = await sql.rows<{ row: JobRow }>(
    `with here as materialized (
       select ${jobRow} from job where sender = $1 ${status === undefined ? '' : 'and status = $5'}
         and ${behind('(created_at, id)', '$2', '$3')}
       order by created_at desc, id desc limit $4
     )
     select job as row from (
       select created_at, id, row_to_json(found) as job from here as found
       union all select past.* from ${deeper('created_at', 4)},
         job_past_sent($1, ${status === undefined ? 'null' : '$5'}, $2, $3, $4::integer) as past
     ) as found order by created_at desc, id desc limit $4`,
    [sender, after?.at, after?.id, limit, ...(status === undefined ? [] : [status])],
  )
  return rows.map(({ row }) => row)
}

/** An agent that has been shown so few jobs is asked for them by what it was shown, and not by all its owner's agents have done. */
const shownMost = 1_000

const shownTo = `select job_id from job_presentation where agent_id = $1 limit ${shownMost + 1}`

/** `among`: where the jobs that have a receiver are taken from; `$6`, which it may use, are ids. */
const worked = (among: string): string => {
  const page = `${behind('(updated_at, id)', '$3', '$4')} order by updated_at desc, id desc limit $5`
  return `with here as materialized (
     select job.*, ${ownVerdict('$1')} from (
       (select ${jobRow} from ${among} where receiver = $1 and ($2::uuid is null or receiver_agent_id = $2) and ${page})
       union all
       (select ${jobRow} from job where hold_owner = $1 and status = 'held' and ($2::uuid is null or held_by_agent_id = $2) and ${page})
     ) as job order by updated_at desc, id desc limit $5
   )
   select job as row from (
     select updated_at, id, row_to_json(found) as job from here as found
     union all select past.* from ${deeper('updated_at', 5)}, job_past_worked($1, $2, $3, $4, $5::integer) as past
   ) as found order by updated_at desc, id desc limit $5`
}
const workedAtAll = worked('job')
// Each by its id: of a list of ids the planner would rather look at all the owner's jobs for those that are on it.
const workedOfThese = worked(
  'unnest($6::uuid[]) as shown (job_id), lateral (select * from job where id = shown.job_id offset 0) as job',
)

/** Jobs somebody's agents (or one of them) work or have worked on, most recently updated first. */
export async function readWorked(
  sql: Sql,
  owner: string,
  agent: string | null,
  { limit, after }: Page,
): Promise<JobRow[]> {
  const shown = agent === null ? null : await sql.rows<{ job_id: string }>(shownTo, [agent])
  const few = shown && shown.length <= shownMost ? shown.map(({ job_id: id }) => id) : null
  const rows = await sql.rows<{ row: JobRow }>(few ? workedOfThese : workedAtAll, [
    owner,
    agent,
    after?.at,
    after?.id,
    limit,
    ...(few ? [few] : []),
  ])
  return rows.map(({ row }) => row)
}

/** Whether an agent has work in hand: held, accepted, in_progress or submitted. */
export async function agentIsBusy(sql: Sql, agent: string): Promise<boolean> {
  const rows = await sql.rows(
    `select 1 from job where coalesce(receiver_agent_id, held_by_agent_id) = $1
       and status in ('held', 'accepted', 'in_progress', 'submitted') and not (status = 'held' and hold_expires_at <= app_now()) limit 1`,
    [agent],
  )
  return rows.length > 0
}
