import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { attemptsMax, type JobRow, jobLife } from './job.ts'
import { jobRow } from './queries.ts'
import type { JobSecrets } from './secrets.ts'
import { agentMeant } from './take.ts'

const acceptJob = statement(
  { id: 'uuid', owner: 'uuid', agent: 'uuid', agent_name: 'text' },
  `moved as (
  update job set status = ${jobLife.to('accept')}, receiver = hold_owner, receiver_agent_id = held_by_agent_id,
    accepted_at = app_now(), deadline_at = app_now() + make_interval(secs => time_limit_seconds),
    due_at = app_now() + make_interval(secs => time_limit_seconds), attempt_count = attempt_count + 1, updated_at = app_now()
  from asked
  where job.id = asked.id and hold_owner = owner and status in (${jobLife.from('accept')}) and hold_expires_at > app_now()
    and attempt_count < ${attemptsMax}
    and (agent is null and agent_name is null or held_by_agent_id in (select meant.id from account_agent(owner, agent, agent_name) as meant))
  returning n, ${jobRow}
), shown as (
  insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
  select receiver_agent_id, hold_token, receiver, id, 'accepted', false, accepted_at from moved
), told as (
  ${tell({
    name: `'job.accepted'`,
    ref: `'job:' || id`,
    parties: ['sender', 'receiver'],
    data: `json_build_object('job_id', id, 'agent_id', receiver_agent_id, 'attempt', attempt_count, 'deadline_at', deadline_at,
      'waited_seconds', extract(epoch from accepted_at - queued_at))`,
    from: 'moved',
  })}
), done as (select * from moved)`,
  { subject: 'id' },
)

/** The holder takes the job on: an attempt begins (the only place its count rises) and the time limit starts to run. */
export const accept = (secrets: JobSecrets): StatementVerb<(typeof jobsApi)['endpoints']['accept'], JobRow> => ({
  async act(call, { id, agent_id, agent_name }) {
    const agent = agentMeant(call.actor, agent_id)
    return (
      (await run(call, acceptJob, { id, owner: call.actor.userId, agent, agent_name })) ??
      Promise.reject(await explain(call, id, 'accept'))
    )
  },
  async show({ sql, actor, secretsShown }, row) {
    if (secretsShown && row!.env_names.length > 0) {
      throw refuseAtEdge(
        'secret_already_shown',
        { job_id: row!.id },
        'You have accepted this job, and its environment variables were shown then; read it with GET /api/jobs/:id while you work on it.',
      )
    }
    return reply(200, await secrets.reveal(sql, row!, actor.userId))
  },
})
