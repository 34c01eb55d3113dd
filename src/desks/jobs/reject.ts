import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, timers, viewJob } from './job.ts'
import { jobRow } from './queries.ts'

const rejectJob = statement(
  { id: 'uuid', owner: 'uuid', agent: 'uuid' },
  `moved as (
  update job set status = ${jobLife.to('reject')}, due_at = paid_at + interval '${timers.queued}', updated_at = app_now()
  from asked
  where job.id = asked.id and hold_owner = owner and status in (${jobLife.from('reject')}) and hold_expires_at > app_now()
    and (agent is null or held_by_agent_id = agent)
  returning n, ${jobRow}
), shown as (
  insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
  select held_by_agent_id, hold_token, hold_owner, id, 'rejected', false, app_now() from moved
), told as (
  ${tell({
    name: `'job.requeued'`,
    ref: `'job:' || id`,
    parties: ['sender', 'hold_owner'],
    data: `json_build_object('job_id', id, 'reason', 'rejected')`,
    from: 'moved',
  })}
), done as (select * from moved)`,
  { subject: 'id' },
)

/** The holder puts the job back; it is no mark against them, and it is not offered to them again for a day. */
export const reject: StatementVerb<(typeof jobsApi)['endpoints']['reject'], JobRow> = {
  act: async (call, { id }) =>
    (await run(call, rejectJob, { id, owner: call.actor.userId, agent: call.actor.agentId })) ??
    Promise.reject(await explain(call, id, 'reject')),
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
