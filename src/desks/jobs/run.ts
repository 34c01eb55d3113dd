import { createHash } from 'node:crypto'
import type { Body, Call, Input, Reply, StatementVerb } from '../../base/endpoint.ts'
import { reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Fee } from '../../base/money.ts'
import { bytes, run as perform, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import { matchIndex } from '../../core/matching/match-index.ts'
import { whatIsWrongWithChecks } from '../../core/verification/refuse-checks.ts'
import type { jobsApi } from './api.ts'
import { type JobRow, timers, viewJob } from './job.ts'
import { spendModelCall } from './model-call.ts'
import type { OpenJobs } from './open-jobs.ts'
import { jobRow } from './queries.ts'
import { refuseJob } from './refusals.ts'
import type { JobSecrets } from './secrets.ts'
import { type Structured, structure } from './structure.ts'

type Run = (typeof jobsApi)['endpoints']['run']

/** What the statements of this verb answer with: a quote, or the job with how its payment went. */
type Row =
  | { kind: 'quote'; id: string; structured: Structured & { verification: 'checks' | 'rules' } }
  | (JobRow & { kind: 'job'; paid: 'posted' | 'short' | 'over_mandate'; balance_cents: number; request_id: string })

const saveQuote = statement(
  { id: 'uuid', owner: 'uuid', hash: 'bytea', structured: 'json' },
  `saved as (
  insert into quote (id, owner_id, prompt_hash, structured, created_at) select id, owner, hash, structured, app_now() from asked
  returning id
), done as (
  select n, 'quote' as kind, id, structured from asked join saved using (id)
)`,
)

// The price moves first; whether it could decides the state the job is born in. One statement, one commit.
const createJob = statement(
  {
    id: 'uuid',
    sender: 'uuid',
    prompt: 'text',
    title: 'text',
    intent: 'text',
    description: 'text',
    requirements: 'text',
    acceptance_criteria: 'text[]',
    checks: 'json',
    skill: 'text',
    min_pass_rate: 'real',
    price_cents: 'bigint',
    time_limit_seconds: 'integer',
    retry_same: 'boolean',
    open_to_new: 'boolean',
    files: 'uuid[]',
    env_names: 'text[]',
    data_key: 'bytea',
    box: 'bytea',
    lineage: 'text',
    spend_limit: 'bigint',
    fee_percent: 'integer',
    fee_fixed: 'integer',
    request_id: 'text',
  },
  `legs as (
  select array_agg('job:' || id) as refs, array_agg('wallet:' || sender) as wallets, array_agg('escrow:job:' || id) as escrows,
    array_agg(price_cents) as prices, array_agg(lineage) as lineages, nullif(array_agg(spend_limit), array_fill(null::bigint, array[count(*)::integer])) as limits
  from asked
), paid as materialized (
  select asked.*, outcome
  from legs, ledger_post_each('job_paid', 'USD', refs, wallets, escrows, prices, lineages, limits) as post join asked on post.ref = 'job:' || id
), indexed as (
  ${matchIndex({ offer: 'id', title: 'title', skill: 'skill', text: 'description', from: 'asked' })}
), sealed as (
  insert into job_secret (job_id, data_key, box) select id, data_key, box from asked where data_key is not null
), made as (
  insert into job (id, sender, prompt, title, intent, description, requirements, acceptance_criteria, checks, skill,
    min_pass_rate, price_cents, time_limit_seconds, retry_same, open_to_new, attachments, env_names, status, fee_cents, paid_at, queued_at, due_at, created_at, updated_at)
  select id, sender, prompt, title, intent, description, requirements, acceptance_criteria, checks, skill,
    min_pass_rate, price_cents, time_limit_seconds, retry_same, open_to_new,
    case when files = '{}' then '[]' else files_attach(sender, 'job:' || id, 'input', files) end, env_names,
    case when outcome = 'posted' then 'queued' else 'pending_payment' end,
    case when outcome = 'posted' then ledger_fee(price_cents, fee_percent, fee_fixed) end,
    case when outcome = 'posted' then app_now() end, case when outcome = 'posted' then app_now() end,
    app_now() + case when outcome = 'posted' then interval '${timers.queued}' else interval '${timers.pendingPayment}' end,
    app_now(), app_now()
  from paid
  returning ${jobRow}
), told as (
  ${tell({
    name: 'name',
    ref: `'job:' || id`,
    parties: ['sender'],
    data: `json_build_object('job_id', id, 'status', status, 'title', title, 'skill', skill, 'price_cents', price_cents)`,
    from: `made, unnest(case status when 'queued' then array['job.created', 'job.queued'] else array['job.created'] end) as name`,
  })}
), done as (
  select paid.n, made.*, 'job' as kind, outcome as paid, request_id,
    case when outcome <> 'posted' then ledger_balance(paid.sender) end as balance_cents
  from paid join made using (id)
)`,
)

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
    // A job from a quote is structured already.
    if (!input.quote_id) await spendModelCall(call)
    if (!input.confirmed) {
      const structured = { ...estimated(input), verification: checks.length > 0 ? 'checks' : 'rules' }
      return perform(call, saveQuote, { id: newId(), owner: actor.userId, hash: bytes(hash), structured })
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
    const row: Row | null = await perform(call, createJob, {
      id,
      sender: actor.userId,
      prompt,
      title: structured.title,
      intent: structured.intent,
      description: structured.description,
      requirements: structured.requirements,
      acceptance_criteria: structured.acceptance_criteria,
      checks,
      skill: structured.skill,
      min_pass_rate: input.min_pass_rate,
      price_cents: input.price_cents ?? structured.estimated_price_cents,
      time_limit_seconds: input.time_limit_seconds ?? structured.estimated_time_limit_seconds,
      retry_same: input.retry_same ?? false,
      open_to_new: input.open_to_new ?? false,
      files: input.attachments ?? [],
      env_names: Object.keys(variables),
      data_key: secret && bytes(secret.dataKey),
      box: secret && bytes(secret.box),
      lineage: actor.lineage,
      spend_limit: actor.spendLimitCents,
      fee_percent: settings.fee.percent,
      fee_fixed: settings.fee.fixedCents,
      request_id: call.requestId,
    })
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
