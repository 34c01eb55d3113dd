import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, type Statement, statement } from '../../base/statement.ts'
import { readOwnFiles } from '../../core/files/queries.ts'
import { contentHash } from '../../core/verification/verify.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, viewJob } from './job.ts'
import { jobRow } from './queries.ts'

const guard = `id = $1 and receiver = $2 and status in (${jobLife.from('submit')}) and deadline_at > app_now()
  and ($5::uuid is null or receiver_agent_id = $5)`

// With files the row is locked first: a set clause may be evaluated twice when somebody else has just changed the row.
const submitJob = (withFiles: boolean): Statement =>
  statement(`${
    withFiles
      ? `mine as materialized (select id from job where ${guard} for update), attached as materialized (
  select files_attach($2, 'job:' || id, 'output', $6::uuid[]) as files from mine
), `
      : ''
  }moved as (
  update job set status = ${jobLife.to('submit')}, output_text = $3, content_hash = $4, submitted_at = app_now(),
    due_at = app_now(), judgements = 0, verify_token = null, verification = null, updated_at = app_now()
    ${withFiles ? `, output_attachments = attached.files from attached where id = $1 and ${guard.slice('id = $1 and '.length)}` : `where ${guard}`}
  returning ${jobRow}
), done as (
  select moved.*, event_write('job.submitted', 'job:' || id, array[sender, receiver],
    json_build_object('job_id', id, 'agent_id', receiver_agent_id)) as told from moved
)`)

const withoutFiles = submitJob(false)
const withFiles = submitJob(true)

/** The worker hands in the work in time; it is verified in the background, nobody is paid yet. */
export const submit: StatementVerb<(typeof jobsApi)['endpoints']['submit'], JobRow> = {
  async act(call, { id, output, output_text, attachments = [] }) {
    const { sql, actor } = call
    const text = output ?? output_text ?? ''
    const files = attachments.length > 0 ? await readOwnFiles(sql, actor.userId, attachments) : []
    const params = [id, actor.userId, text, contentHash(text, files), actor.agentId]
    const row = await run<JobRow>(
      call,
      attachments.length > 0 ? withFiles : withoutFiles,
      attachments.length > 0 ? [...params, attachments] : params,
    )
    if (!row) throw await explain(call, id, 'submit')
    call.wake('verify')
    return row
  },
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
}
