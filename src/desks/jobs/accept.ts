import { type Call, reply, type StatementVerb } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { attemptsMax, type JobRow, jobLife, timers } from './job.ts'
import { jobRow } from './queries.ts'
import { refuseJob } from './refusals.ts'
import type { JobSecrets } from './secrets.ts'
import { agentMeant } from './take.ts'

type Accept = (typeof jobsApi)['endpoints']['accept']

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

// Owners take turns, and every group queues up for them in the same order.
const takeOn = statement(
  {
    id: 'uuid',
    owner: 'uuid',
    agent: 'uuid',
    agent_name: 'text',
    token: 'uuid',
    live: 'boolean',
  },
  `taken as materialized (
  select one.n, result.code, result.job from (select * from asked order by owner) as one,
    lateral job_take_on(one.id, one.owner, one.agent, one.agent_name, one.token, one.live, '${timers.notAgain}') as result
), told as (
  ${tell({
    name: `'job.accepted'`,
    ref: `'job:' || moved.id`,
    parties: ['moved.sender', 'moved.receiver'],
    data: `json_build_object('job_id', moved.id, 'agent_id', receiver_agent_id, 'attempt', attempt_count, 'deadline_at', deadline_at,
      'waited_seconds', extract(epoch from accepted_at - queued_at))`,
    from: 'taken, json_populate_record(null::job, job) as moved where code is null',
  })}
), done as (select * from taken)`,
  {
    subject: 'id',
    row: `case when done.code is null then done.job else json_build_object('refused', done.code) end`,
    lasting: 'done.code is null',
  },
)

/**
 * The holder takes the job on: an attempt begins (the only place its count rises) and the time limit starts to run. A job for credits
 * is taken straight from the queue, by the caller's default agent where none is named.
 */
export const accept = ({ secrets, live }: { secrets: JobSecrets; live: boolean }): StatementVerb<Accept, JobRow> => ({
  async act(call, { id, agent_id, agent_name }) {
    const asked = { id, owner: call.actor.userId, agent: agentMeant(call.actor, agent_id), agent_name }
    // The hot path comes first: whoever holds a job is not kept waiting for the others.
    return (await run<JobRow, typeof acceptJob.columns>(call, acceptJob, asked)) ?? takeForCredits(call, asked, live)
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

interface Asked {
  readonly id: string
  readonly owner: string
  readonly agent: string | null
  readonly agent_name: string | undefined
}

async function takeForCredits(call: Call, asked: Asked, live: boolean): Promise<JobRow> {
  const taken: JobRow | { refused: Parameters<typeof refuseJob>[0] } | null = await run(call, takeOn, {
    ...asked,
    token: newId(),
    live,
  })
  if (!taken) throw await explain(call, asked.id, 'accept')
  if ('refused' in taken) throw refuseJob(taken.refused, { job_id: asked.id })
  return taken
}
