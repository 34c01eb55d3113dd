import type { Database } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { mintKey, type ShownKey } from './create-key.ts'
import { hashOf } from './key.ts'

interface Poll {
  readonly id: string
  readonly approved: boolean | null
  readonly over: boolean
  readonly early: boolean
  readonly interval_seconds: number
}

// That somebody asked is kept even when the answer is no, so this commits by itself. Who asks too early has to wait longer.
const poll = `with asked as (
    select id, polled_at > app_now() - make_interval(secs => interval_seconds) as early from device_code where device_hash = $1 for update
  )
  update device_code as d set polled_at = app_now(),
    interval_seconds = least(60, d.interval_seconds + case when asked.early and d.approved is null then 5 else 0 end)
  from asked where d.id = asked.id
  returning d.id, d.approved, d.used_at is not null or d.expires_at <= app_now() as over, coalesce(asked.early, false) as early, d.interval_seconds`

/**
 * A device asks whether it has been let in. Once it has, it gets a key of the person who did that, in the transaction that uses
 * the code up; asked again it gets nothing.
 */
export async function collectDevice(
  { sql }: Call,
  { device_code: code }: Input<typeof accountsApi.endpoints.collect_device>,
  db: Database,
): Promise<Reply<ShownKey>> {
  const [asked] = await sql.rows<Poll>(poll, [hashOf(code)])
  if (!asked || asked.over) throw refuseAccount('expired_token')
  if (asked.approved === false) throw refuseAccount('access_denied')
  if (asked.approved === null) {
    const interval = asked.interval_seconds
    throw refuseAccount(asked.early ? 'slow_down' : 'authorization_pending', {
      interval,
      retry_after_seconds: interval,
    })
  }
  const made = await db.transaction(async (within) => {
    const [used] = await within.rows<{ user_id: string; client_name: string }>(
      `update device_code as d set used_at = app_now() from app_user u
       where d.id = $1 and d.approved and d.used_at is null and d.expires_at > app_now()
         and u.id = d.decided_by and u.deleted_at is null
       returning u.id as user_id, d.client_name`,
      [asked.id],
    )
    if (!used) throw refuseAccount('expired_token')
    return mintKey(within, used.user_id, { name: `cli@${used.client_name}` })
  })
  return reply(200, made)
}
