import { type Call, reply, type StatementVerb } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import { matchIndex } from '../../core/matching/match-index.ts'
import type { jobsApi } from './api.ts'
import { type JobRow, timers, viewJob } from './job.ts'
import type { OpenJobs } from './open-jobs.ts'
import { jobRow } from './queries.ts'
import { refuseJob } from './refusals.ts'
import type { Skills } from './skills/skill.ts'
import { structure } from './structure.ts'

/** What a worker gets for each credit, and how long they have. */
const centsPerCredit = 50
const timeLimitSeconds = 86_400

// The credits move first; where they could not, there is no job.
const postJob = statement(
  {
    id: 'uuid',
    sender: 'uuid',
    prompt: 'text',
    title: 'text',
    intent: 'text',
    description: 'text',
    requirements: 'text',
    acceptance_criteria: 'text[]',
    skill: 'text',
    credit_cost: 'smallint',
    lineage: 'text',
    spend_limit: 'bigint',
    live: 'boolean',
  },
  `paid as materialized (
  select one.*, credits_pay('job:' || id, sender, credit_cost, live, lineage, spend_limit) as outcome
  from (select * from asked order by sender) as one
), made as (
  insert into job (id, terms, sender, prompt, title, intent, description, requirements, acceptance_criteria, checks, skill, credit_cost,
    price_cents, fee_cents, time_limit_seconds, status, paid_at, queued_at, due_at, created_at, updated_at)
  select id, 'credits', sender, prompt, title, intent, description, requirements, acceptance_criteria, '[]', skill, credit_cost,
    credit_cost * ${centsPerCredit}, 0, ${timeLimitSeconds}, 'queued', app_now(), app_now(), app_now() + interval '${timers.queued}', app_now(), app_now()
  from paid where outcome = 'posted'
  returning ${jobRow}
), indexed as (
  ${matchIndex({ offer: 'id', title: 'title', skill: 'skill', text: 'description', from: 'made' })}
), told as (
  ${tell({
    name: 'name',
    ref: `'job:' || id`,
    parties: ['sender'],
    data: `json_build_object('job_id', id, 'status', status, 'title', title, 'skill', skill, 'price_cents', price_cents, 'terms', terms)`,
    from: `made, unnest(array['job.created', 'job.queued']) as name`,
  })}
), done as (
  select paid.n, outcome, row_to_json(made) as job from paid left join made using (id)
)`,
  {
    subject: 'sender',
    row: `case done.outcome when 'posted' then done.job else json_build_object('refused', done.outcome) end`,
    lasting: `done.outcome = 'posted'`,
  },
)

/** The first API: a prompt becomes a job for credits. They are in escrow and it is queued, or nothing has happened. */
export const post = (settings: {
  openJobs: OpenJobs
  skills: Skills
  live: boolean
}): StatementVerb<(typeof jobsApi)['endpoints']['post'], JobRow> => ({
  async act(call, { prompt }) {
    const { actor } = call
    if (!actor.scopes.has('wallet:spend')) throw refuseJob('scope_missing', { scope: 'wallet:spend' })
    await settings.openJobs.take(call.sql, actor.userId)
    const { title, intent, description, requirements, acceptance_criteria, skill: named } = structure(prompt)
    const skill = settings.skills.of(named)
    const posted: JobRow | { refused: 'short' | 'over_mandate' } | null = await run(call, postJob, {
      id: newId(),
      sender: actor.userId,
      prompt,
      title,
      intent,
      description,
      requirements,
      acceptance_criteria,
      skill: skill.name,
      credit_cost: skill.creditCost,
      lineage: actor.lineage,
      spend_limit: actor.spendLimitCents,
      live: settings.live,
    })
    if (posted && 'refused' in posted) throw await unpaid(call, posted.refused, skill.creditCost)
    return posted
  },
  show: ({ actor }, row) => reply(201, viewJob(row!, actor.userId)!),
})

async function unpaid({ sql, actor }: Call, why: 'short' | 'over_mandate', cost: number) {
  if (why === 'over_mandate') return refuseJob('spend_limit_reached', { required_cents: cost * centsPerCredit })
  const [has] = await sql.rows<{ credits: number }>(`select ledger_credits($1) as credits`, [actor.userId])
  return refuseJob(
    'insufficient_credits',
    { required_credits: cost, credits_balance: has!.credits },
    `This job costs ${cost} credits, and you have ${has!.credits} to pay it with.`,
  )
}
