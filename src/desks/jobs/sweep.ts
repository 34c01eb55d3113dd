import type { Database } from '../../base/db.ts'
import { endAttempt } from './end-attempt.ts'
import { jobLife, timers } from './job.ts'
import { jobRow } from './queries.ts'
import { giveBack } from './refund.ts'

/** Jobs a sweep moves in one statement; it goes on until a statement finds fewer. */
const batch = 200

const due = (states: string): string =>
  `id in (select id from job where status in (${states}) and ended_at is null and due_at <= app_now() order by due_at limit ${batch} for update skip locked)`

const lapseHolds = `select job_lapse(id, '${timers.queued}') from (
  select id from job where status in (${jobLife.from('lapse')}) and ended_at is null and due_at <= app_now() order by due_at limit ${batch} for update skip locked
) as due`

const giveUpSkills = `update job set status = ${jobLife.to('skill_fails')}, due_at = deadline_at, updated_at = app_now()
  where ${due(jobLife.from('skill_fails'))} returning id`

const missDeadlines = `with ${endAttempt({
  where: due(jobLife.from('fail')),
  verdict: 'null::json',
  reason: `'deadline_missed'`,
})}, logged as (
  insert into job_log (job_id, worker, kind, data, created_at)
  select id, worker, 'log', json_build_object('message', 'The deadline passed without a submission.'), app_now() from ended
) select id from ended`

// Many are refunded in one statement: in the order of senders, so that two sweeps do not lock their wallets crosswise.
const cancelDue = (move: 'abandon' | 'expire', reason: string): string => `with moved as (
  update job set status = ${jobLife.to(move)}, due_at = null, ended_at = app_now(), updated_at = app_now() where ${due(jobLife.from(move))}
  returning ${jobRow}
), refunded as (
  select ${giveBack}
  from (select * from moved where paid_at is not null order by sender) as unspent
), told as (
  select event_write('job.cancelled', 'job:' || id, array[sender], json_build_object('job_id', id, 'reason', '${reason}')) from moved
) select id, (select count(*) from refunded) as refunds, (select count(*) from told) as tellings from moved`

const sweeps = [
  lapseHolds,
  giveUpSkills,
  missDeadlines,
  cancelDue('abandon', 'not_paid'),
  cancelDue('expire', 'not_done'),
]

/**
 * Tidies what the clock has decided: holds run out, skills that died, deadlines missed, jobs nobody paid for or did. Any number of
 * processes may sweep at once. Truth does not wait for it where it matters: holds and deadlines are judged in the statements that
 * use them.
 */
export async function sweepJobs(db: Database): Promise<number> {
  let moved = 0
  for (const statement of sweeps) {
    for (;;) {
      const rows = await db.rows(statement)
      moved += rows.length
      if (rows.length < batch) break
    }
  }
  return moved
}

const forget = [`delete from quote where created_at < app_now() - interval '1 day'`, `select match_forget('60 days')`]

/** Throws away what is no longer needed: quotes past their time, texts of offers that have long ended. */
export async function tidyJobs(db: Database): Promise<void> {
  for (const statement of forget) await db.rows(statement)
}
