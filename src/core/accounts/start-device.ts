import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { accountsApi } from './api.ts'
import { deviceSeconds, pollSeconds } from './device.ts'
import { hashOfUserCode, makeUserCode } from './device-code.ts'
import { hashOf, makeToken } from './key.ts'

export interface DeviceStarted {
  readonly device_code: string
  readonly user_code: string
  readonly verification_uri: string
  readonly verification_uri_complete: string
  readonly expires_in: number
  readonly interval: number
}

/** A device asks to be signed in: one code for itself, one that a person types into a page. Only hashes of both are kept. */
export async function startDevice(
  { sql }: Call,
  { client_name: clientName = 'device' }: Input<typeof accountsApi.endpoints.start_device>,
  appUrl: string,
): Promise<Reply<DeviceStarted>> {
  const deviceCode = makeToken()
  for (;;) {
    const userCode = makeUserCode()
    const [made] = await sql.rows(
      `insert into device_code (id, device_hash, user_hash, client_name, created_at, expires_at)
       values ($1, $2, $3, $4, app_now(), app_now() + interval '${deviceSeconds} seconds')
       on conflict (user_hash) do nothing returning 1`,
      [newId(), hashOf(deviceCode), hashOfUserCode(userCode), clientName],
    )
    // Somebody has the same eight letters: take others.
    if (!made) continue
    return reply(200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: `${appUrl}/device`,
      verification_uri_complete: `${appUrl}/device?user_code=${userCode}`,
      expires_in: deviceSeconds,
      interval: pollSeconds,
    })
  }
}
