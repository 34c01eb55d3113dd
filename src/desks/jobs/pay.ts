import { reply, type StatementVerb } from '../../base/endpoint.ts'
import type { Fee } from '../../base/money.ts'
import { run, statement } from '../../base/statement.ts'
import { type jobsApi, refuseJob } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, timers, viewJob } from './job.ts'
import { jobRow, readJob } from './queries.ts'

const payJob = statement(`target as materialized (
  select id, price_cents from job where id = $1::uuid and sender = $2::uuid and status in (${jobLife.from('pay')}) for update
), paid as materialized (
  select ledger_post('job_paid', 'job:' || id, 'job:' || id, 'USD', array['wallet:' || $2], array['escrow:job:' || id],
    array[price_cents], $3, $4) as outcome from target
), moved as (
  update job set status = ${jobLife.to('pay')}, fee_cents = ledger_fee(price_cents, $5, $6), paid_at = app_now(), queued_at = app_now(),
    due_at = app_now() + interval '${timers.queued}', updated_at = app_now()
  from paid where id = $1::uuid and paid.outcome = 'posted' returning ${jobRow}
), done as (
  select moved.*, event_write('job.queued', 'job:' || id, array[sender],
    json_build_object('job_id', id, 'title', title, 'skill', skill, 'price_cents', price_cents)) as told from moved
)`)

/** The sender pays for a saved job: its price moves into escrow and it is queued; the fee is fixed now. */
export const pay = (settings: {
  fee: Fee
  topupUrl: string
}): StatementVerb<(typeof jobsApi)['endpoints']['pay'], JobRow> => ({
  async act(call, { id }) {
    const { actor } = call
    const row = await run<JobRow>(call, payJob, [
      id,
      actor.userId,
      actor.lineage,
      actor.spendLimitCents,
      settings.fee.percent,
      settings.fee.fixedCents,
    ])
    if (row) {
      call.wake('queued')
      return row
    }
    const job = await readJob(call.sql, id, actor.userId)
    if (job?.sender !== actor.userId || job.status !== 'pending_payment') throw await explain(call, id, 'pay')
    const [wallet] = await call.sql.rows<{ balance: number }>(`select ledger_balance($1) as balance`, [actor.userId])
    const detail = {
      job_id: id,
      required_cents: job.price_cents,
      balance_cents: wallet!.balance,
      topup_url: settings.topupUrl,
    }
    throw refuseJob(wallet!.balance < job.price_cents ? 'insufficient_balance' : 'spend_limit_reached', detail)
  },
  show: ({ actor }, row) => reply(200, viewJob(row!, actor.userId)!),
})
