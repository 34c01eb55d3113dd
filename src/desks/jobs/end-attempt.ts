import { tell } from '../../core/events/write.ts'
import { attemptsMax, jobLife, timers } from './job.ts'
import { jobRow } from './queries.ts'
import { giveBack } from './refund.ts'

/** How an attempt came to its end without success. */
export type AttemptEnd = 'gave_up' | 'deadline_missed' | 'not_passed'

/** Which attempts end: a condition on `job`, what the work was judged (an SQL expression), and why (an SQL literal). */
export interface Ending {
  readonly where: string
  /** What stands beside `job` in that condition, and which of its columns are handed on. */
  readonly beside?: { readonly relation: string; readonly columns: readonly string[] }
  readonly verdict: string
  readonly reason: `'${AttemptEnd}'`
}

/** Work for credits is judged once: what did not pass is rejected. */
const afterwards = (reason: Ending['reason']): string =>
  reason === `'not_passed'` ? `when terms = 'credits' then ${jobLife.to('turn_down')}` : ''

/**
 * The end of an attempt, the same whoever brings it about: called off if the sender asked for that, failed if it was the third,
 * else back into the queue; money goes back to the sender where the job is over. What follows is decided in the select that
 * locks the row: a plain join would decide by the state the statement started from. Leaves the CTE `ended`.
 */
export const endAttempt = ({ where, beside, verdict, reason }: Ending): string => {
  const handedOn = (beside?.columns ?? []).map((column) => `, ${column}`).join('')
  return `target as materialized (
  select job.id as target_id, receiver as worker, receiver_agent_id as agent, hold_token as token, ${verdict} as verdict,
    case ${afterwards(reason)} when cancellation_requested then ${jobLife.to('call_off')}
         when attempt_count >= ${attemptsMax} then ${jobLife.to('give_up')} else ${jobLife.to('requeue')} end as next${handedOn}
  from job${beside ? `, ${beside.relation}` : ''} where ${where} for update of job
), moved as (
  update job set status = next, verification = coalesce(verdict, verification), updated_at = app_now(), output_text = null, output_attachments = '[]',
    receiver = case when next <> 'queued' then worker end, receiver_agent_id = case when next <> 'queued' then agent end,
    accepted_at = case when next <> 'queued' then accepted_at end, deadline_at = case when next <> 'queued' then deadline_at end,
    submitted_at = null, content_hash = null, verify_token = null,
    due_at = case when next = 'queued' then paid_at + interval '${timers.queued}' end,
    ended_at = case when next <> 'queued' then app_now() end
  from target where id = target_id
  returning ${jobRow}, worker, agent, token, verdict${handedOn}
), refunded as (
  select ${giveBack}
  from (select * from moved where status <> 'queued' order by sender) as ending
), marked as (
  update job_presentation p set outcome = 'failed', ending = ${reason}, verdict = moved.verdict, ended_at = app_now()
  from moved where p.agent_id = moved.agent and p.token = moved.token
), told as (
  ${tell({
    name: `case status when 'queued' then 'job.requeued' when 'cancelled' then 'job.cancelled' else 'job.failed' end`,
    ref: `'job:' || id`,
    parties: ['sender', 'worker'],
    data: `json_build_object('job_id', id, 'reason', ${reason}, 'attempt', attempt_count, 'agent_id', agent)`,
    from: 'moved',
  })}
), ended as (
  select moved.*, (select count(*) from refunded) as refunds from moved
)`
}
