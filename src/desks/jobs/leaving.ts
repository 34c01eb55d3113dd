import type { Sql } from '../../base/db.ts'
import { type Affair, affairsShown, type Leaving } from '../../core/accounts/leaving.ts'
import { tell } from '../../core/events/write.ts'
import { type Verdict, withoutQuotes } from '../../core/verification/check.ts'
import { type JobStatus, jobLife } from './job.ts'

const openJobs = `select id, status, sent from (
    select id, status, true as sent, created_at from job where sender = $1 and ended_at is null and status not in (${jobLife.from('pay')})
    union select id, status, false, created_at from job where receiver = $1 and ended_at is null
    union select id, status, false, created_at from job where hold_owner = $1 and status in (${jobLife.from('accept')}) and hold_expires_at > app_now()
  ) as open order by created_at limit ${affairsShown}`

/** What to do about a job in this state, for who sent it and for who works on it. */
function sentenceOf(id: string, status: JobStatus, sent: boolean): string {
  const isFree = jobLife.moves.cancel.from.some((from) => from === status)
  if (sent && isFree) return `Your job ${id} is ${status} and paid for: cancel it with POST /api/jobs/${id}/cancel.`
  if (sent)
    return `Somebody works on your job ${id}, which is ${status}: wait until it has ended; POST /api/jobs/${id}/cancel ends it with the attempt, if that fails.`
  if (status === 'held')
    return `You hold job ${id}: put it back with POST /api/jobs/${id}/reject, or wait half a minute.`
  if (status === 'submitted') return `Your work on job ${id} is being verified: wait for the verdict.`
  return `You work on job ${id}: hand it in with POST /api/jobs/${id}/submit or give it up with POST /api/jobs/${id}/fail.`
}

async function affairs(sql: Sql, user: string): Promise<Affair[]> {
  const rows = await sql.rows<{ id: string; status: JobStatus; sent: boolean }>(openJobs, [user])
  return rows.map(({ id, status, sent }) => ({ kind: 'job', id, sentence: sentenceOf(id, status, sent) }))
}

/** Here, then in the archive: jobs move that way only, so one that is on its way is found in one of the two. */
const places = ['', '_old'] as const
type Place = (typeof places)[number]

const cancelUnpaid = `with moved as (
  update job set status = ${jobLife.to('cancel')}, due_at = null, ended_at = app_now(), updated_at = app_now()
  where id in (select id from job where sender = $1 and status in (${jobLife.from('pay')}) order by id for update) returning id, sender
), told as (
  ${tell({
    name: `'job.cancelled'`,
    ref: `'job:' || id`,
    parties: ['sender'],
    data: `json_build_object('job_id', id, 'reason', 'account_deleted')`,
    from: 'moved',
  })}
) select id from moved`

// A job that somebody else has worked on is their record too: what they were asked to do for their money stays.
const blankOwn = (here: Place): string => `with blanked as (
  update job${here} j set prompt = '', title = 'Deleted job', intent = '', description = '', requirements = '', acceptance_criteria = '{}', checks = '[]',
    env_names = '{}', attachments = '[]', output_text = null, output_attachments = '[]', verification = null
  where sender = $1 and ended_at is not null and prompt <> '' and (receiver is null or receiver = sender)
    and not exists (select from job_presentation${here} p where p.job_id = j.id and p.owner_id <> j.sender and p.outcome not in ('rejected', 'lapsed'))
  returning id
) select array_agg(id) as ids from blanked`

// Their attempts that came to nothing; work that was verified is its sender's.
const attempts = (
  here: Place,
): string => `select p.job_id as id, case when j.ended_at is not null then j.verification end as verdict
  from job_presentation${here} p join job${here} j on j.id = p.job_id
  where p.agent_id in (select account_agents_of($1)) and p.outcome not in ('rejected', 'lapsed')
    and not (j.status in (${jobLife.to('pass')}) and j.receiver = $1)`

async function leave(sql: Sql, user: string): Promise<void> {
  await sql.rows(cancelUnpaid, [user])
  await sql.rows(`delete from quote where owner_id = $1`, [user])
  const own: string[] = []
  for (const place of places) {
    const [blanked] = await sql.rows<{ ids: string[] | null }>(blankOwn(place), [user])
    own.push(...(blanked!.ids ?? []))
  }
  for (const place of places) await sql.rows(`delete from job_log${place} where job_id = any ($1::uuid[])`, [own])
  await sql.rows(`select match_forget_words($1, '{}')`, [own])
  await sql.rows(`select files_forget($1, $2)`, [user, own.map((id) => `job:${id}`)])
  await forgetAttempts(sql, user)
}

/** What was said and quoted of work that did not pass, and its files. */
async function forgetAttempts(sql: Sql, user: string): Promise<void> {
  // One job may have seen several of their attempts. Both places are read at one moment: no job is passed over on its way.
  const rows = await sql.rows<{ id: string; verdict: Verdict | null }>(
    `select distinct on (id) id, verdict from (${places.map(attempts).join(' union all ')}) as attempt order by id`,
    [user],
  )
  const tried = rows.map(({ id }) => id)
  for (const place of places) {
    await sql.rows(
      `update job_presentation${place} set verdict = null where agent_id in (select account_agents_of($1)) and job_id = any ($2::uuid[]) and verdict is not null`,
      [user, tried],
    )
    await sql.rows(`delete from job_log${place} where worker = $1 and job_id = any ($2::uuid[])`, [user, tried])
    for (const { id, verdict } of rows)
      if (verdict && !verdict.pass)
        await sql.rows(`update job${place} set verification = $2 where id = $1`, [
          id,
          JSON.stringify(withoutQuotes(verdict)),
        ])
  }
  await sql.rows(`select files_forget($1, $2, 'output')`, [user, tried.map((id) => `job:${id}`)])
}

/** What keeps somebody at the jobs desk, and what of theirs ends and is forgotten when they leave. */
export const jobsLeaving: Leaving = { affairs, leave }
