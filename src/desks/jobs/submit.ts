import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, statement } from '../../base/statement.ts'
import { contentHash } from '../../core/verification/verify.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, viewJob } from './job.ts'
import { jobRow } from './queries.ts'

const submitJob = statement(`moved as (
  update job set status = ${jobLife.to('submit')}, output_text = $3, content_hash = $4, submitted_at = app_now(),
    due_at = app_now(), judgements = 0, verify_token = null, verification = null, updated_at = app_now()
  where id = $1 and receiver = $2 and status in (${jobLife.from('submit')}) and deadline_at > app_now()
  returning ${jobRow}
), done as (
  select moved.*, event_write('job.submitted', 'job:' || id, array[sender, receiver],
    json_build_object('job_id', id, 'agent_id', receiver_agent_id)) as told from moved
)`)

/** The worker hands in the work in time; it is verified in the background, nobody is paid yet. */
export const submit: StatementVerb<(typeof jobsApi)['endpoints']['submit'], JobRow> = {
  async act(call, { id, output, output_text }) {
    const text = output ?? output_text ?? ''
    const row = await run<JobRow>(call, submitJob, [id, call.actor.userId, text, contentHash(text, [])])
    if (!row) throw await explain(call, id, 'submit')
    call.wake('verify')
    return row
  },
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
