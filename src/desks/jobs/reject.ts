import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, timers, viewJob } from './job.ts'
import { jobRow } from './queries.ts'

const rejectJob = statement(`moved as (
  update job set status = ${jobLife.to('reject')}, due_at = paid_at + interval '${timers.queued}', updated_at = app_now()
  where id = $1 and hold_owner = $2 and status in (${jobLife.from('reject')}) and hold_expires_at > app_now()
    and ($3::uuid is null or held_by_agent_id = $3)
  returning ${jobRow}
), shown as (
  insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
  select held_by_agent_id, hold_token, hold_owner, id, 'rejected', false, app_now() from moved
), done as (
  select moved.*, event_write('job.requeued', 'job:' || id, array[sender, hold_owner],
    json_build_object('job_id', id, 'reason', 'rejected')) as told from moved
)`)

/** The holder puts the job back; it is no mark against them, and it is not offered to them again for a day. */
export const reject: StatementVerb<(typeof jobsApi)['endpoints']['reject'], JobRow> = {
  act: async (call, { id }) =>
    (await run<JobRow>(call, rejectJob, [id, call.actor.userId, call.actor.agentId])) ??
    Promise.reject(await explain(call, id, 'reject')),
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
