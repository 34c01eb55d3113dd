import { createHash } from 'node:crypto'
import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { refuseFile } from './api.ts'
import { type Attachment, fileLimits } from './attachment.ts'
import type { Storage } from './storage.ts'

const used = `select coalesce(sum(size), 0)::bigint as bytes from attachment where owner_id = $1 and created_at > app_now() - interval '24 hours'`

/**
 * Takes one file in as a stream: a row first, then the bytes under its id, then size and hash into the row. Whatever breaks off
 * in between is thrown away by the tidying.
 */
export async function upload(
  { sql, actor, upload: next, remember }: Call,
  storage: Storage,
): Promise<Reply<Attachment>> {
  const [today] = await sql.rows<{ bytes: number }>(used, [actor.userId])
  const left = fileLimits.bytesMaxPerDay - today!.bytes
  if (left <= 0) throw refuseFile('quota_reached', { retryable: true, retry_after_seconds: 3600 })
  const file = await next?.()
  if (file?.field !== 'file') throw refuseFile('file_missing')
  const id = remember?.effectId ?? newId()
  const name = safeName(file.name)
  const contentType = safeType(file.contentType)
  await sql.rows(
    `insert into attachment (id, owner_id, name, content_type, created_at) values ($1, $2, $3, $4, app_now()) on conflict (id) do nothing`,
    [id, actor.userId, name, contentType],
  )
  const hash = createHash('sha256')
  let size = 0
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const bytes of file!.bytes) {
      size += bytes.length
      if (size > fileLimits.bytesMax) throw refuseFile('file_too_large')
      if (size > left) throw refuseFile('quota_reached', { retryable: true, retry_after_seconds: 3600 })
      hash.update(bytes)
      yield bytes
    }
  }
  await storage.put(id, measured())
  const sha256 = hash.digest('hex')
  const [stored] = await sql.rows<{ n: number }>(
    `update attachment set size = $2, sha256 = $3, stored_at = app_now() where id = $1 and stored_at is null returning 1`,
    [id, size, sha256],
  )
  if (!stored) throw new Error(`attachment ${id} was stored twice`)
  return reply(201, { id, name, size, sha256, content_type: contentType })
}

/** The last part of a name, without what a file system or a header could misread; never a path. */
export function safeName(given: string): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  // Controls, and the marks that turn the reading direction: "exe.txt" must not read as "txt.exe".
  const plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"<>:|?*]/gu, '')
    .replace(/^[.\s]+/, '')
    .trim()
    .toWellFormed()
  return [...plain].slice(0, 200).join('') || 'file'
}

/** A media type as declared, if it is one; it is shown, and never makes a browser run something. */
const safeType = (given: string): string =>
  /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(given) ? given.toLowerCase() : 'application/octet-stream'
