import type { Taker } from '../events/sequence.ts'

const queue = `insert into webhook_delivery (webhook_id, event_id, seq, name, due_at, created_at)
  select w.id, affair.id, affair.seq, affair.name, app_now(), app_now()
  from webhook w cross join lateral events_of(w.user_id, $2, $3, 100000) as affair
  where w.user_id = any ($1::uuid[]) and w.enabled and (w.events is null or affair.name = any (w.events))
  on conflict (webhook_id, seq) do nothing returning id`

/** Queues what has just been numbered for the webhooks of those whose affair it is. */
export const queueForWebhooks: Taker = async (sql, { people, before, last }) => {
  const queued = await sql.rows(queue, [people, before, last])
  return queued.length > 0 ? 'webhooks' : null
}
