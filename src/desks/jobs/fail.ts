import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import type { jobsApi } from './api.ts'
import { endAttempt } from './end-attempt.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, viewJob } from './job.ts'

const failJob = statement(
  { id: 'uuid', owner: 'uuid', agent: 'uuid', why: 'text' },
  `${endAttempt({
    where: `job.id = asked.id and receiver = owner and status in (${jobLife.from('fail')}) and (asked.agent is null or receiver_agent_id = asked.agent)`,
    beside: { relation: 'asked', columns: ['n', 'why'] },
    verdict: 'null::json',
    reason: `'gave_up'`,
  })}, logged as (
  insert into job_log (job_id, worker, kind, data, created_at)
  select id, worker, 'log', json_build_object('message', 'The worker gave up.', 'reason', why), app_now() from ended
), done as (select * from ended)`,
  { subject: 'id' },
)

/** The worker gives up: the attempt ends as a missed deadline or work that did not pass would end it. */
export const fail: StatementVerb<(typeof jobsApi)['endpoints']['fail'], JobRow> = {
  act: async (call, { id, reason }) =>
    (await run(call, failJob, { id, owner: call.actor.userId, agent: call.actor.agentId, why: reason })) ??
    Promise.reject(await explain(call, id, 'fail')),
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
