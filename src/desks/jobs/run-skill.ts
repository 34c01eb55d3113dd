import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../../base/endpoint.ts'
import { type JobRow, jobLife, timers } from './job.ts'
import { readJob } from './queries.ts'
import { refuseJob } from './refusals.ts'
import type { Skills } from './skills/skill.ts'

/** How long a skill may take within the request; one that has said nothing for the latter, its process died. */
const skillMs = 25_000
const deadAfter = '30 seconds'
const lookEveryMs = 100
const longestOutput = 1_000_000

const begin = `update job set status = ${jobLife.to('run_skill')}, skill_token = $4, due_at = app_now() + interval '${timers.skill}', updated_at = app_now()
  where id = $1 and receiver = $2 and ($3::uuid is null or receiver_agent_id = $3) and terms = 'credits' and deadline_at > app_now()
    and (status in (${jobLife.from('run_skill')}) or (status = ${jobLife.to('run_skill')} and due_at < app_now() + interval '${timers.skill}' - interval '${deadAfter}'))
  returning skill, intent`

const giveUp = `with moved as (
  update job set status = ${jobLife.to('skill_fails')}, due_at = deadline_at, updated_at = app_now()
  where id = $1 and skill_token = $2 and status in (${jobLife.from('skill_fails')}) returning id, receiver
) insert into job_log (job_id, worker, kind, data, created_at)
  select id, receiver, 'log', json_build_object('message', 'The skill could not do the work.'), app_now() from moved`

/** What a skill made, and the token by which it may be handed in; or the job as another run of it has handed it in meanwhile. */
type Ran = { readonly output: string; readonly token: string } | { readonly submitted: JobRow }

/**
 * Has a skill of the market do a job for credits, for its receiver. That it runs is committed first and no transaction is open
 * meanwhile: others see `in_progress`, and when this process dies a timer makes the job accepted again. Throws `skill_failed` when
 * nothing came of it. Null: this job is not the caller's to have done.
 */
export async function runSkill(call: Call, id: string, skills: Skills): Promise<Ran | null> {
  const { sql, actor } = call
  const token = randomUUID()
  for (let hasWaited = false; ; hasWaited = true) {
    const [job] = await sql.rows<{ skill: string; intent: string }>(begin, [id, actor.userId, actor.agentId, token])
    if (job) {
      const output = await inTime(() => skills.of(job.skill).execute(job.intent))
      if (output !== null) return { output, token }
      await sql.rows(giveUp, [id, token])
      throw refuseJob('skill_failed', { job_id: id, retryable: true, retry_after_seconds: 5 })
    }
    // The same was asked a moment ago: what comes of that is this request's answer, too.
    const row = await readJob(sql, id, actor.userId)
    if (row?.receiver !== actor.userId) return null
    if (hasWaited && row.status === 'submitted') return { submitted: row }
    if (row.status !== 'in_progress' || Date.parse(row.deadline_at!) <= Date.parse(row.now)) return null
    await sleep(lookEveryMs)
  }
}

/** What a skill makes within its time; null when it breaks down, takes longer, or makes nothing. */
async function inTime(execute: () => string | Promise<string>): Promise<string | null> {
  const enough = new AbortController()
  try {
    const output = await Promise.race([
      Promise.resolve().then(execute),
      sleep(skillMs, null, { signal: enough.signal }),
    ])
    return output?.trim() && output.length <= longestOutput ? output : null
  } catch {
    // A skill may be anybody's code: whatever it throws means that it did not do the work.
    return null
  } finally {
    enough.abort()
  }
}
