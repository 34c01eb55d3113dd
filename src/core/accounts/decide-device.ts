import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { type accountsApi, refuseAccount } from './api.ts'
import { hashOfUserCode } from './device-code.ts'

/** The signed-in person lets a device in as themselves, or does not; once, and only while its code lives. */
export async function decideDevice(
  { sql, actor }: Call,
  { user_code: code, approve }: Input<typeof accountsApi.endpoints.approve_device>,
): Promise<Reply<{ approved: boolean; client_name: string }>> {
  const [decided] = await sql.rows<{ client_name: string }>(
    `update device_code set approved = $3, decided_by = $1
     where user_hash = $2 and approved is null and expires_at > app_now() returning client_name`,
    [actor.userId, hashOfUserCode(code), approve],
  )
  if (!decided) throw refuseAccount('device_code_unknown')
  return reply(200, { approved: approve, client_name: decided.client_name })
}
