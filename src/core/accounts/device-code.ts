import { randomInt } from 'node:crypto'
import type { Sql } from '../../base/db.ts'
import { hashOf } from './key.ts'

// No vowels, so that no words come about, and nothing that looks like something else: RFC 8628, section 6.1.
const letters = 'BCDFGHJKLMNPQRSTVWXZ'

/** Eight letters, 34 bits: enough for ten minutes and a few tries. */
export function makeUserCode(): string {
  const code = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

export const hashOfUserCode = (code: string): Buffer => hashOf(`user code ${code}`)

export interface DeviceRow {
  readonly client_name: string
  readonly created_at: string
  readonly expires_at: string
}

/** The device behind a user code that nobody has decided on yet. */
export async function readDevice(sql: Sql, userCode: string): Promise<DeviceRow | null> {
  const [found] = await sql.rows<{ row: DeviceRow }>(
    `select row_to_json(d) as row from (
       select client_name, created_at, expires_at from device_code
       where user_hash = $1 and approved is null and expires_at > app_now()) as d`,
    [hashOfUserCode(userCode)],
  )
  return found?.row ?? null
}

/** Throws codes away a day after they have ended. */
export async function tidyDeviceCodes(sql: Sql): Promise<void> {
  await sql.rows(`delete from device_code where expires_at < app_now() - interval '1 day'`)
}
