import { type Call, reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, viewJob } from './job.ts'
import { jobRow, readJob } from './queries.ts'
import { giveBack } from './refund.ts'

// The row is locked whatever its state: also a no-op answers with it, and is remembered under the request's key.
const cancelJob = statement(
  { id: 'uuid', owner: 'uuid' },
  `target as materialized (
  select n, ${jobRow}, status as was, status in (${jobLife.from('cancel')}) as at_once,
    status in (${jobLife.from('ask_cancel')}) and not cancellation_requested as wanted from job, asked
  where job.id = asked.id and sender = owner
    and status in (${jobLife.from('cancel')}, ${jobLife.from('ask_cancel')}, ${jobLife.from('cancel_ended')})
  for update of job
), moved as (
  update job set status = case when at_once then ${jobLife.to('cancel')} else job.status end, cancellation_requested = not at_once,
    due_at = case when not at_once then job.due_at end, ended_at = case when at_once then app_now() end, updated_at = app_now()
  from target where job.id = target.id and (at_once or wanted)
  returning n, ${jobRow}, was, at_once, wanted
), refunded as (
  select ${giveBack}
  from (select * from moved where at_once and paid_at is not null order by sender, id) as ending
), told as (
  ${tell({
    name: `'job.cancelled'`,
    ref: `'job:' || id`,
    parties: ['sender', `case when was = 'held' then hold_owner end`],
    data: `json_build_object('job_id', id, 'reason', 'sender')`,
    from: 'moved where at_once',
  })}
), done as (
  select moved.*, (select count(*) from refunded) as refunds from moved
  union all select target.*, 0 from target where not (at_once or wanted)
)`,
  { subject: 'id' },
)

/** A job of theirs that has moved to the archive ended long ago: cancelling it is as much of a no-op as before. */
async function inArchive({ sql, actor }: Call, id: string): Promise<JobRow | null> {
  const row = await readJob(sql, id, actor.userId)
  return row?.ended_at && row.sender === actor.userId ? row : null
}

/** The sender wants the job no more: over at once where nobody works on it, else when the attempt fails. Repeating is a no-op. */
export const cancel: StatementVerb<(typeof jobsApi)['endpoints']['cancel'], JobRow> = {
  act: async (call, { id }) =>
    (await run(call, cancelJob, { id, owner: call.actor.userId })) ??
    (await inArchive(call, id)) ??
    Promise.reject(await explain(call, id, 'cancel')),
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
