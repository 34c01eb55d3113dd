import { reply, type StatementVerb } from '../../base/endpoint.ts'
import type { Fee } from '../../base/money.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { explain } from './explain.ts'
import { type JobRow, jobLife, timers, viewJob } from './job.ts'
import { jobRow, readJob } from './queries.ts'
import { refuseJob } from './refusals.ts'

const payJob = statement(
  { id: 'uuid', owner: 'uuid', lineage: 'text', spend_limit: 'bigint', fee_percent: 'integer', fee_fixed: 'integer' },
  `target as materialized (
  select job.id as target_id, asked.n, price_cents, owner, lineage, spend_limit, fee_percent, fee_fixed from job, asked
  where job.id = asked.id and sender = owner and status in (${jobLife.from('pay')}) for update of job
), paid as materialized (
  select n, target_id, fee_percent, fee_fixed,
    ledger_post('job_paid', 'job:' || target_id, 'job:' || target_id, 'USD', array['wallet:' || owner], array['escrow:job:' || target_id],
      array[price_cents], lineage, spend_limit) as outcome
  from (select * from target order by owner, target_id) as paying
), moved as (
  update job set status = ${jobLife.to('pay')}, fee_cents = ledger_fee(price_cents, fee_percent, fee_fixed), paid_at = app_now(),
    queued_at = app_now(), due_at = app_now() + interval '${timers.queued}', updated_at = app_now()
  from paid where id = target_id and paid.outcome = 'posted' returning n, ${jobRow}
), told as (
  ${tell({
    name: `'job.queued'`,
    ref: `'job:' || id`,
    parties: ['sender'],
    data: `json_build_object('job_id', id, 'title', title, 'skill', skill, 'price_cents', price_cents)`,
    from: 'moved',
  })}
), done as (select * from moved)`,
  { subject: 'id' },
)

/** The sender pays for a saved job: its price moves into escrow and it is queued; the fee is fixed now. */
export const pay = (settings: {
  fee: Fee
  topupUrl: string
}): StatementVerb<(typeof jobsApi)['endpoints']['pay'], JobRow> => ({
  async act(call, { id }) {
    const { actor } = call
    const row: JobRow | null = await run(call, payJob, {
      id,
      owner: actor.userId,
      lineage: actor.lineage,
      spend_limit: actor.spendLimitCents,
      fee_percent: settings.fee.percent,
      fee_fixed: settings.fee.fixedCents,
    })
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
