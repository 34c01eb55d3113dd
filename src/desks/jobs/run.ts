import { createHash } from 'node:crypto'
import type { Body, Call, Input, Reply, StatementVerb } from '../../base/endpoint.ts'
import { reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Fee } from '../../base/money.ts'
import { run as perform, statement } from '../../base/statement.ts'
import { whatIsWrongWithChecks } from '../../core/verification/refuse-checks.ts'
import { type jobsApi, refuseJob } from './api.ts'
import { type JobRow, timers, viewJob } from './job.ts'
import type { OpenJobs } from './open-jobs.ts'
import { jobRow } from './queries.ts'
import type { JobSecrets } from './secrets.ts'
import { type Structured, structure } from './structure.ts'

type Run = (typeof jobsApi)['endpoints']['run']

/** What the statements of this verb answer with: a quote, or the job with how its payment went. */
type Row =
  | { kind: 'quote'; id: string; structured: Structured & { verification: 'checks' | 'rules' } }
  | (JobRow & { kind: 'job'; paid: 'posted' | 'short' | 'over_mandate'; balance_cents: number; request_id: string })

const saveQuote = statement(`done as (
  insert into quote (id, owner_id, prompt_hash, structured, created_at) values ($1, $2, $3, $4, app_now())
  returning 'quote' as kind, id, structured
)`)

// The price moves first; whether it could decides the state the job is born in. One statement, one commit.
const createJob = statement(`paid as materialized (
  select ledger_post('job_paid', 'job:' || $1, 'job:' || $1, 'USD', array['wallet:' || $2], array['escrow:job:' || $1],
    array[$12::bigint], $14, $15) as outcome
), indexed as materialized (
  select match_index($1::uuid, $4, $10, $6)
), sealed as (
  insert into job_secret (job_id, data_key, box) select $1::uuid, $22::bytea, $23::bytea where $22::bytea is not null
), made as (
  insert into job (id, sender, prompt, title, intent, description, requirements, acceptance_criteria, checks, skill,
    min_pass_rate, price_cents, time_limit_seconds, retry_same, open_to_new, attachments, env_names, status, fee_cents, paid_at, queued_at, due_at, created_at, updated_at)
  select $1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8::text[], $9::json, $10, $11::real, $12, $13::integer, $16::boolean, $20::boolean,
    files_attach($2::uuid, 'job:' || $1, 'input', $21::uuid[]), $24::text[],
    case when outcome = 'posted' then 'queued' else 'pending_payment' end,
    case when outcome = 'posted' then ledger_fee($12, $17, $18) end,
    case when outcome = 'posted' then app_now() end, case when outcome = 'posted' then app_now() end,
    app_now() + case when outcome = 'posted' then interval '${timers.queued}' else interval '${timers.pendingPayment}' end,
    app_now(), app_now()
  from paid, indexed
  returning ${jobRow}
), told as (
  select event_write(name, 'job:' || id, array[sender],
    json_build_object('job_id', id, 'status', status, 'title', title, 'skill', skill, 'price_cents', price_cents))
  from made, unnest(case status when 'queued' then array['job.created', 'job.queued'] else array['job.created'] end) as name
), done as (
  select made.*, 'job' as kind, paid.outcome as paid, $19::text as request_id,
    case when paid.outcome <> 'posted' then ledger_balance(sender) end as balance_cents, (select count(*) from told) as told
  from made, paid
)`)

const hashOf = (prompt: string, checks: unknown): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([prompt, checks]))
    .digest()

/** The prompt as a job; what the sender says about price and time is not estimated. */
function estimated({ prompt, price_cents, time_limit_seconds }: Input<Run>): Structured {
  const structured = structure(prompt)
  return {
    ...structured,
    estimated_price_cents: price_cents ?? structured.estimated_price_cents,
    estimated_time_limit_seconds: time_limit_seconds ?? structured.estimated_time_limit_seconds,
  }
}

const readQuote = `select structured from quote
  where id = $1 and owner_id = $2 and prompt_hash = $3 and created_at > app_now() - interval '15 minutes'`

/**
 * A quote, or with `confirmed` the job: paid into escrow and queued, or saved as pending_payment when the wallet does not hold
 * enough. The fee is fixed here, so a later change of it touches no running deal.
 */
export const run = (settings: {
  fee: Fee
  topupUrl: string
  openJobs: OpenJobs
  secrets: JobSecrets
}): StatementVerb<Run, Row> => ({
  async act(call: Call, input: Input<Run>): Promise<Row | null> {
    const { prompt, checks = [] } = input
    const { actor } = call
    const wrong = checks.length > 0 ? await whatIsWrongWithChecks(checks) : []
    if (wrong.length > 0)
      throw refuseJob('check_unusable', {
        issues: wrong.map(({ path, message }) => ({ path: `checks.${path}`, message })),
      })
    const hash = hashOf(prompt, checks)
    if (!input.confirmed) {
      const structured = { ...estimated(input), verification: checks.length > 0 ? 'checks' : 'rules' }
      return perform<Row>(call, saveQuote, [newId(), actor.userId, hash, JSON.stringify(structured)])
    }
    if (!actor.scopes.has('wallet:spend')) throw refuseJob('scope_missing', { scope: 'wallet:spend' })
    await settings.openJobs.take(call.sql, actor.userId)
    let structured: Structured
    if (input.quote_id) {
      const [quote] = await call.sql.rows<{ structured: Structured }>(readQuote, [input.quote_id, actor.userId, hash])
      if (!quote) throw refuseJob('quote_mismatch')
      structured = quote.structured
    } else {
      structured = structure(prompt)
    }
    const id = newId()
    const variables = { ...input.envVars, ...input.env_vars }
    const secret = Object.keys(variables).length > 0 ? settings.secrets.seal(id, variables) : null
    const row = await perform<Row>(call, createJob, [
      id,
      actor.userId,
      prompt,
      structured.title,
      structured.intent,
      structured.description,
      structured.requirements,
      structured.acceptance_criteria,
      JSON.stringify(checks),
      structured.skill,
      input.min_pass_rate,
      input.price_cents ?? structured.estimated_price_cents,
      input.time_limit_seconds ?? structured.estimated_time_limit_seconds,
      actor.lineage,
      actor.spendLimitCents,
      input.retry_same ?? false,
      settings.fee.percent,
      settings.fee.fixedCents,
      call.requestId,
      input.open_to_new ?? false,
      input.attachments ?? [],
      secret?.dataKey ?? null,
      secret?.box ?? null,
      Object.keys(variables),
    ])
    if (row?.kind === 'job' && row.paid === 'posted') call.wake('queued')
    return row
  },
  show: (call, row) => showRun(call, row!, settings.topupUrl),
})

function showRun({ actor }: Call, row: Row, topupUrl: string): Reply<Body<Run>> {
  if (row.kind === 'quote') {
    const { intent: _intent, ...quoted } = row.structured
    return reply(200, {
      needs_confirmation: true,
      quote_id: row.id,
      ...quoted,
      criteria: quoted.acceptance_criteria.join('\n'),
    })
  }
  const job = viewJob(row, actor.userId)!
  if (row.paid === 'posted') return reply(201, job)
  const code = row.paid === 'short' ? 'insufficient_balance' : 'spend_limit_reached'
  return reply(402, {
    error: refuseJob(code).message,
    code,
    request_id: row.request_id,
    job,
    job_id: job.id,
    required_cents: job.price_cents,
    balance_cents: row.balance_cents,
    topup_url: topupUrl,
  })
}
