import { newId } from '../../src/base/ids.ts'
import type { Person, TestMarket } from '../support/market.ts'

/** A contract between two as a row, that has come to its end without any money; answers its id. */
export async function ended(
  { db }: Pick<TestMarket, 'db'>,
  client: Pick<Person, 'userId'>,
  worker: Pick<Person, 'userId'>,
  status: 'completed' | 'cancelled' = 'completed',
): Promise<string> {
  const [gig, negotiation, contract] = [newId(), newId(), newId()]
  await db.rows(
    `insert into gig (id, owner_id, title, status, created_at, updated_at) values ($1, $2, 't', 'active', app_now(), app_now())`,
    [gig, client.userId],
  )
  await db.rows(
    `insert into negotiation (id, gig_id, client_id, worker_id, state, created_at, updated_at)
     values ($1, $2, $3, $4, 'approved', app_now(), app_now())`,
    [negotiation, gig, client.userId, worker.userId],
  )
  await db.rows(
    `insert into contract (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week,
       payout_delay_days, status, client_approved_at, worker_approved_at, ended_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 't', '', '', 0, 0, 3, $6, app_now(), app_now(), app_now(), app_now(), app_now())`,
    [contract, negotiation, gig, client.userId, worker.userId, status],
  )
  return contract
}
