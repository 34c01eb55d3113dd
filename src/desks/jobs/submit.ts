import { reply, type StatementVerb } from '../../base/endpoint.ts'
import { run, type Statement, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import { readOwnFiles } from '../../core/files/queries.ts'
import { contentHash } from '../../core/verification/verify.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, timers, viewJob } from './job.ts'
import { jobRow } from './queries.ts'
import { runSkill } from './run-skill.ts'
import type { Skills } from './skills/skill.ts'

type Submit = (typeof jobsApi)['endpoints']['submit']

const columns = {
  id: 'uuid',
  owner: 'uuid',
  agent: 'uuid',
  output: 'text',
  hash: 'text',
  files: 'uuid[]',
  token: 'uuid',
} as const

const guard = `job.id = asked.id and receiver = owner and status in (${jobLife.from('submit')}) and deadline_at > app_now()
  and (agent is null or receiver_agent_id = agent) and (token is null or skill_token = token)
  and (terms = 'wallet' or output ~ '\\S')`

// With files the row is locked first: a set clause may be evaluated twice when somebody else has just changed the row.
const submitJob = (withFiles: boolean): Statement<typeof columns> =>
  statement(
    columns,
    `${
      withFiles
        ? `mine as materialized (select job.id as mine_id from job, asked where ${guard} for update of job), attached as materialized (
  select mine_id, files_attach(owner, 'job:' || mine_id, 'output', files) as attached_files from mine join asked on asked.id = mine_id
), `
        : ''
    }moved as (
  update job set status = ${jobLife.to('submit')}, output_text = output, content_hash = hash, submitted_at = app_now(),
    due_at = case terms when 'credits' then app_now() + interval '${timers.unasked}' else app_now() end, judgements = 0, verify_token = null, verification = null, updated_at = app_now()
    ${withFiles ? `, output_attachments = attached_files from asked join attached on mine_id = asked.id` : 'from asked'}
  where ${guard}
  returning n, ${jobRow}
), told as (
  ${tell({
    name: `'job.submitted'`,
    ref: `'job:' || id`,
    parties: ['sender', 'receiver'],
    data: `json_build_object('job_id', id, 'agent_id', receiver_agent_id)`,
    from: 'moved',
  })}
), done as (select * from moved)`,
    { subject: 'id' },
  )

const withoutFiles = submitJob(false)
const withFiles = submitJob(true)

/**
 * The worker hands in the work in time; it is verified in the background, nobody is paid yet. A job for credits may be handed in
 * without any: a skill of the market does it first, outside any statement, and the verdict waits for its sender.
 */
export const submit = ({ skills }: { skills: Skills }): StatementVerb<Submit, JobRow> => ({
  async act(call, { id, output, output_text, attachments = [] }) {
    const { sql, actor } = call
    const text = output ?? output_text ?? ''
    const files = attachments.length > 0 ? await readOwnFiles(sql, actor.userId, attachments) : []
    const handIn = (work: string, token: string | null): Promise<JobRow | null> =>
      run(call, attachments.length > 0 ? withFiles : withoutFiles, {
        id,
        owner: actor.userId,
        agent: actor.agentId,
        output: work,
        hash: contentHash(work, files),
        files: attachments,
        token,
      })
    let row = await handIn(text, null)
    if (!row && text.trim() === '' && attachments.length === 0) {
      const ran = await runSkill(call, id, skills)
      if (ran) row = 'output' in ran ? await handIn(ran.output, ran.token) : ran.submitted
    }
    if (!row) throw await explain(call, id, 'submit')
    if (row.terms === 'wallet') call.wake('verify')
    return row
  },
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
})
