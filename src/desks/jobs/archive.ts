import { givingWay, type Movable, type Moved, type Moving } from '../../base/archive.ts'
import type { Database, Sql } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'

/** A job has ended this many days after its beginning, whatever happens to it: 7 unpaid, 30 waiting, then three attempts and verdicts. */
const lifeDays = 60

const lock = `select moved_to, texts_to, (app_now() - make_interval(days => $1))::text as before,
    least(app_now() - make_interval(days => $1), event_unread_since())::text as ended_before
  from job_archive for update skip locked`

// In the order in which they were made, up to the first that is still to end or ended lately. One that is open though it should have
// ended long ago is passed over, and stays.
const reach = (
  table: 'job' | 'job_old',
): string => `with next as materialized (select id, created_at, ended_at from ${table} where id > $1 order by id limit $2),
  stay as materialized (
    select id from next where (ended_at is null or ended_at >= $3::timestamptz) and created_at >= $3::timestamptz - interval '${lifeDays} days'
    order by id limit 1
  ), going as (select id, ended_at from next where id < coalesce((select id from stay), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  select (select id from going order by id desc limit 1) as until,
    array(select id from going where ended_at < $3::timestamptz order by id) as ids`

const take = `select id from job where id = any ($1::uuid[]) order by id for update`

const tables = ['job', 'job_log', 'job_presentation'] as const
const archives = tables.map((table) => `${table}_old`)

const months = `select archive_month(t, month, true) from unnest($2::text[]) as t, (
  select distinct date_trunc('month', job_born(id), 'UTC') as month from unnest($1::uuid[]) as id) as m`

const moveRows = (table: (typeof tables)[number], key: string): string =>
  `with gone as (delete from ${table} where ${key} = any ($1::uuid[]) returning *) insert into ${table}_old select * from gone`

const countStates = `insert into job_archive_count as c (status, n) select status, count(*) from job where id = any ($1::uuid[]) group by status
  on conflict (status) do update set n = c.n + excluded.n`

// The pass rate of an agent goes by its newest hundred attempts, wherever they lie.
const countAttempts = `insert into job_archive_attempts as a (agent_id, tokens, passed, ever_passed)
  select agent_id, array_agg(token order by token desc), array_agg(passed order by token desc), bool_or(ever)
  from (
    select agent_id, token, outcome = 'verified' as passed, row_number() over (partition by agent_id order by token desc) as nth,
      bool_or(outcome = 'verified') over (partition by agent_id) as ever
    from job_presentation where job_id = any ($1::uuid[]) and outcome in ('verified', 'failed')
  ) as attempt where nth <= 100 group by agent_id
  on conflict (agent_id) do update set ever_passed = a.ever_passed or excluded.ever_passed, (tokens, passed) = (
    select array_agg(token order by token desc), array_agg(passed order by token desc) from (
      select token, passed from (
        select * from unnest(a.tokens, a.passed) as old (token, passed) union all select * from unnest(excluded.tokens, excluded.passed) as more (token, passed)
      ) as both_parts order by token desc limit 100
    ) as newest)`

const note = `update job_archive set moved_to = $2::uuid, moved_at = app_now(),
  newest_created_at = greatest(newest_created_at, (select max(created_at) from job where id = any ($1::uuid[]))),
  newest_updated_at = greatest(newest_updated_at, (select max(updated_at) from job where id = any ($1::uuid[])))`

/**
 * Moves the oldest jobs that have ended to the archive, each with its log and its attempts: those that ended more than so many days ago,
 * at most `most`, in one transaction. Answers how many; null while another process is at it.
 */
export async function moveJobs(db: Database, { days, most }: Moving): Promise<Moved> {
  const moved = await givingWay(db, async (sql) => {
    const [state] = await sql.rows<{ moved_to: string; ended_before: string }>(lock, [days])
    if (!state) return null
    const [found] = await sql.rows<{ until: string | null; ids: string[] }>(reach('job'), [
      state.moved_to,
      most,
      state.ended_before,
    ])
    if (found!.until === null) return 0
    await moveThese(sql, found!.ids, found!.until)
    return found!.ids.length
  })
  if (moved) failpoint('moving jobs', 'after_booking')
  return moved
}

async function moveThese(sql: Sql, ids: readonly string[], until: string): Promise<void> {
  await sql.rows(take, [ids])
  await sql.rows(months, [ids, archives])
  await sql.rows(countStates, [ids])
  await sql.rows(countAttempts, [ids])
  await sql.rows(note, [ids, until])
  await sql.rows(moveRows('job_log', 'job_id'), [ids])
  await sql.rows(moveRows('job_presentation', 'job_id'), [ids])
  failpoint('moving jobs', 'before_booking')
  await sql.rows(moveRows('job', 'id'), [ids])
}

const forget = [
  `update job_old set prompt = '', intent = '', description = 'The texts of this job are not kept any more.', requirements = '', acceptance_criteria = '{}',
     checks = '[]', env_names = '{}', attachments = '[]', output_text = null, output_attachments = '[]', verification = null
   where id = any ($1::uuid[])`,
  `delete from job_log_old where job_id = any ($1::uuid[]) and kind <> 'end'`,
  `select files_discard_of(array(select sender from job_old where id = any ($1::uuid[])
     union select owner_id from job_presentation_old where job_id = any ($1::uuid[])), array(select 'job:' || id from unnest($1::uuid[]) as id))`,
  `update job_presentation_old set verdict = null where job_id = any ($1::uuid[]) and verdict is not null`,
]

/**
 * Throws away what was written for and about the oldest jobs in the archive, those that ended more than so many days ago: prompt, work,
 * verdicts, log, files. What they were, whose, for how much and how they ended stays. Answers how many jobs; null as above.
 */
export const dropTexts = (db: Database, { days, most }: Moving): Promise<Moved> =>
  givingWay(db, async (sql) => {
    const [state] = await sql.rows<{ texts_to: string; before: string }>(lock, [days])
    if (!state) return null
    const [found] = await sql.rows<{ until: string | null; ids: string[] }>(reach('job_old'), [
      state.texts_to,
      most,
      state.before,
    ])
    if (found!.until === null) return 0
    for (const statement of forget) await sql.rows(statement, [found!.ids])
    await sql.rows(`update job_archive set texts_to = $1::uuid`, [found!.until])
    return found!.ids.length
  })

export const movableJobs: Movable = {
  name: 'jobs',
  tables,
  archives,
  due: `select count(*) as n from job, job_archive where id > moved_to and ended_at < app_now() - make_interval(days => $1)`,
  // As it is moved on by: it goes so long after its end, and is passed over when it should have ended long ago.
  behind: (
    days,
  ) => `(select extract(epoch from app_now() - make_interval(days => ${days}) - least(ended_at, created_at + interval '${lifeDays} days'))
    from job where id > (select moved_to from job_archive) order by id limit 1)`,
  kept: `select format('A room has not read yet what was told at %s: see that a worker process is running', event_unread_since()) as what
      where event_unread_since() < app_now() - make_interval(days => $1)
    union all
    select format('Job %s has not ended in %s days: look at  clawrk doctor', id, ${lifeDays}) from job
      where ended_at is null and created_at < app_now() - interval '${lifeDays} days'`,
  state: `select moved_at from job_archive`,
  move: moveJobs,
}
