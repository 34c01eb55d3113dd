import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { type creditsApi, refuseCredits } from './api.ts'
import { type Credits, readCredits } from './queries.ts'

const write = `insert into credit_deduction (id, user_id, reason, reference_id, amount, created_at)
  values ($1, $2, $3, $4, $5, app_now()) on conflict do nothing returning id`

const post = `select ledger_post($1, 'credits:' || $2, $2, 'CREDIT', array['credits:' || $3], array['platform:credits'], array[$4::bigint], $5, $6) as outcome`

/** Takes credits from the caller: all of it or nothing, never below zero, once for each reason and reference. */
export async function deduct(
  { sql, actor }: Call,
  { amount, reason, reference_id }: Input<(typeof creditsApi)['endpoints']['deduct']>,
): Promise<Reply<Credits>> {
  const id = newId()
  const written = await sql.rows(write, [id, actor.userId, reason, reference_id, amount])
  if (written.length === 0) throw refuseCredits('already_deducted', { reason, reference_id })
  const [posted] = await sql.rows<{ outcome: 'posted' | 'short' | 'over_mandate' }>(post, [
    reason,
    id,
    actor.userId,
    amount,
    actor.lineage,
    actor.spendLimitCents,
  ])
  const now = await readCredits(sql, actor.userId)
  if (posted!.outcome === 'short') throw refuseCredits('insufficient_credits', { required: amount, ...now })
  if (posted!.outcome === 'over_mandate') throw refuseCredits('spend_limit_reached')
  return reply(200, now)
}
