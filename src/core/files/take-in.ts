import { createHash } from 'node:crypto'
import type { Sql } from '../../base/db.ts'
import type { Refusal } from '../../base/errors.ts'
import { refuseFile } from './api.ts'
import { fileLimits } from './attachment.ts'
import type { Storage } from './storage.ts'

/** A file on its way in. */
export interface Incoming {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly contentType: string
  readonly bytes: AsyncIterable<Uint8Array>
  readonly bytesMax: number
  /** What whoever sends more is told. */
  readonly tooLarge: () => Refusal
}

const used = `select coalesce(sum(size), 0)::bigint as bytes from attachment where owner_id = $1 and created_at > app_now() - interval '24 hours'`

/** What somebody may still upload today, in bytes; refuses when it is nothing. */
export async function leftToday(sql: Sql, owner: string): Promise<number> {
  const [today] = await sql.rows<{ bytes: number }>(used, [owner])
  const left = fileLimits.bytesMaxPerDay - today!.bytes
  if (left <= 0) throw refuseFile('quota_reached', { retryable: true, retry_after_seconds: 3600 })
  return left
}

/**
 * Takes a file in as a stream: a row first, then the bytes under its id, then size and hash into the row. It is attached to nothing
 * yet; whatever breaks off in between is thrown away by the tidying.
 */
export async function takeIn(
  sql: Sql,
  storage: Storage,
  { id, owner, name, contentType, bytes, bytesMax, tooLarge }: Incoming,
  left: number,
): Promise<{ readonly size: number; readonly sha256: string }> {
  await sql.rows(
    `insert into attachment (id, owner_id, name, content_type, created_at) values ($1, $2, $3, $4, app_now()) on conflict (id) do nothing`,
    [id, owner, name, contentType],
  )
  const hash = createHash('sha256')
  let size = 0
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const part of bytes) {
      size += part.length
      if (size > bytesMax) throw tooLarge()
      if (size > left) throw refuseFile('quota_reached', { retryable: true, retry_after_seconds: 3600 })
      hash.update(part)
      yield part
    }
  }
  await storage.put(id, measured())
  const sha256 = hash.digest('hex')
  const [stored] = await sql.rows<{ n: number }>(
    `update attachment set size = $2, sha256 = $3, stored_at = app_now() where id = $1 and stored_at is null returning 1`,
    [id, size, sha256],
  )
  if (!stored) throw new Error(`attachment ${id} was stored twice`)
  return { size, sha256 }
}
