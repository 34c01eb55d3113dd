import type { Call } from '../state/call.ts'
import type { Kind } from '../state/store.ts'
import { decideDispute } from './dispute.ts'
import { succeedRefund } from './refund.ts'

/** What the clock does to an object of a kind when its time has come. It must set the next due time, or none. */
const actions: Partial<Record<Kind, (call: Call, id: string) => Promise<unknown>>> = {
  refund: succeedRefund,
  // Nobody answered the bank in time.
  dispute: (call, id) => decideDispute(call, id, 'lost'),
}

/** Does the oldest thing that only the clock does. False: nothing is due. */
export async function actOnNextDue(call: Call): Promise<boolean> {
  const sql = `select id, kind, due_at::float8 as due_at from stripe_twin.object
    where due_at <= $1 order by due_at limit 1 for update skip locked`
  const due = (await call.tx.query<{ id: string; kind: Kind; due_at: number }>(sql, [call.now])).rows[0]
  if (!due) return false
  const action = actions[due.kind]
  if (!action) throw new Error(`nothing is known that the clock does to a ${due.kind}`)
  // It happens when it was due, not when somebody looked: periods and events keep their times.
  await action({ ...call, now: due.due_at }, due.id)
  return true
}
