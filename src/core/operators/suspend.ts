import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type OperatorUser, type operatorsApi, refuseOperator } from './api.ts'
import { audit } from './audit.ts'
import { readPerson } from './people.ts'

/**
 * Suspends somebody, or ends it, with its row in the audit and an event for them: in one transaction, and once. What it stops stands in
 * the contracts (`suspendable`), and is judged by the edge of every process as soon as it looks the credential up again.
 */
async function turn(
  { sql, actor }: Call,
  { id, note }: Input<typeof operatorsApi.endpoints.suspend>,
  emails: readonly string[],
  act: 'suspend' | 'restore',
): Promise<Reply<OperatorUser>> {
  const found = await readPerson(sql, emails, id, 'lock')
  if (!found) throw refuseOperator('user_not_found')
  if (act === 'suspend') {
    if (found.operator) throw refuseOperator('user_is_operator')
    if (found.suspended_at !== null) throw refuseOperator('suspended_already')
  } else if (found.suspended_at === null) throw refuseOperator('not_suspended')
  await sql.rows(`update app_user set suspended_at = case when $2 then app_now() end where id = $1`, [
    id,
    act === 'suspend',
  ])
  await audit(sql, { operatorId: actor.userId, act: `user.${act}`, ref: `user:${id}`, data: { note } })
  await sql.rows(`select event_write($1, 'user:' || $2, array[$2::uuid], json_build_object('user_id', $2::text))`, [
    act === 'suspend' ? 'user.suspended' : 'user.restored',
    id,
  ])
  return reply(200, (await readPerson(sql, emails, id))!)
}

type Turned = Input<typeof operatorsApi.endpoints.suspend>

/** From now on this person starts nothing new and moves no money. */
export const suspend = (call: Call, input: Turned, emails: readonly string[]): Promise<Reply<OperatorUser>> =>
  turn(call, input, emails, 'suspend')

/** This person may do everything again; withdrawals that waited are asked for. */
export async function restore(call: Call, input: Turned, emails: readonly string[]): Promise<Reply<OperatorUser>> {
  const answer = await turn(call, input, emails, 'restore')
  call.wake('intents')
  return answer
}
