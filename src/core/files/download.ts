import type { Sql } from '../../base/db.ts'
import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { refuseFile } from './api.ts'
import type { Storage } from './storage.ts'

/** Asks the desk of a piece of work whether somebody may read its files. Core knows no desk, so `market.ts` hands this in. */
export type MayRead = (
  sql: Sql,
  file: { id: string; work: string; role: string; viewer: string; operator: boolean },
) => Promise<boolean>

interface Found {
  owner_id: string
  name: string
  size: number
  work: string | null
  role: 'input' | 'output' | 'resume' | 'evidence' | null
}

/** Gives an attachment to its owner and to the parties of its work: always as a download, never as a page of this origin. */
export async function download(
  { sql, actor }: Call,
  { id }: { id: string },
  storage: Storage,
  mayRead: MayRead,
): Promise<Reply<AsyncIterable<Uint8Array>>> {
  const [file] = await sql.rows<Found>(
    `select owner_id, name, size, work, role from attachment where id = $1 and stored_at is not null and discarded_at is null`,
    [id],
  )
  if (!file) throw refuseFile('attachment_not_found')
  const isParty =
    file.work !== null &&
    (await mayRead(sql, { id, work: file.work, role: file.role!, viewer: actor.userId, operator: actor.operator }))
  if (file.owner_id !== actor.userId && !isParty) throw refuseFile('attachment_not_found')
  const bytes = await storage.get(id)
  if (!bytes) throw refuseFile('attachment_not_found')
  return asDownload(bytes, file)
}

/** Bytes that a browser saves and never shows as a page of this origin, whatever is in them. */
export const asDownload = (
  bytes: AsyncIterable<Uint8Array>,
  { name, size }: { name: string; size: number },
): Reply<AsyncIterable<Uint8Array>> =>
  reply(200, bytes, {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    'content-disposition': `attachment; filename="${asciiName(name)}"; filename*=UTF-8''${encodeName(name)}`,
    'content-security-policy': `default-src 'none'; sandbox`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
  })

const asciiName = (name: string): string => name.replaceAll(/[^\w. -]/g, '_')

/** RFC 8187: encodeURIComponent, and the four marks it leaves alone. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
