import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, viewJob } from './job.ts'
import { jobRow } from './queries.ts'

// The row is locked whatever its state: also a no-op answers with it, and is remembered under the request's key.
const cancelJob = statement(`target as materialized (
  select ${jobRow}, status as was, status in (${jobLife.from('cancel')}) as at_once,
    status in (${jobLife.from('ask_cancel')}) and not cancellation_requested as asked from job
  where id = $1 and sender = $2 and status in (${jobLife.from('cancel')}, ${jobLife.from('ask_cancel')}, ${jobLife.from('cancel_ended')})
  for update
), moved as (
  update job set status = case when at_once then ${jobLife.to('cancel')} else job.status end, cancellation_requested = not at_once,
    due_at = case when not at_once then job.due_at end, ended_at = case when at_once then app_now() end, updated_at = app_now()
  from target where job.id = target.id and (at_once or asked)
  returning ${jobRow}, was, at_once, asked
), refunded as (
  select ledger_post('refund', 'job:' || id, 'job:' || id, 'USD', array['escrow:job:' || id], array['wallet:' || sender], array[price_cents])
  from moved where at_once and paid_at is not null
), told as (
  select event_write('job.cancelled', 'job:' || id, array[sender, case when was = 'held' then hold_owner end],
    json_build_object('job_id', id, 'reason', 'sender')) from moved where at_once
), done as (
  select moved.*, (select count(*) from refunded) as refunds, (select count(*) from told) as tellings from moved
  union all select target.*, 0, 0 from target where not (at_once or asked)
)`)

/** The sender wants the job no more: over at once where nobody works on it, else when the attempt fails. Repeating is a no-op. */
export const cancel: StatementVerb<(typeof jobsApi)['endpoints']['cancel'], JobRow> = {
  act: async (call, { id }) =>
    (await run<JobRow>(call, cancelJob, [id, call.actor.userId])) ?? Promise.reject(await explain(call, id, 'cancel')),
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
