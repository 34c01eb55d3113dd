import type { Sql } from '../../base/db.ts'
import type { Attachment } from './attachment.ts'

/** Somebody's own uploads among `ids`, in the order named: what is judged is bound to their hashes. */
export async function readOwnFiles(sql: Sql, owner: string, ids: readonly string[]): Promise<Attachment[]> {
  return sql.rows<Attachment>(
    `select id, name, size, sha256, content_type from attachment
     where id = any ($2::uuid[]) and owner_id = $1 and stored_at is not null and discarded_at is null order by array_position($2::uuid[], id)`,
    [owner, ids],
  )
}

/** A file that is there, to be given to whoever may have it. */
export async function readStored(sql: Sql, id: string): Promise<{ name: string; size: number } | null> {
  const [file] = await sql.rows<{ name: string; size: number }>(
    `select name, size from attachment where id = $1 and stored_at is not null and discarded_at is null`,
    [id],
  )
  return file ?? null
}

/** Every file whose bytes somebody may ask for. */
export async function listStored(sql: Sql): Promise<{ id: string; size: number }[]> {
  return sql.rows<{ id: string; size: number }>(
    `select id, size from attachment where stored_at is not null and removed_at is null and discarded_at is null and created_at > '-infinity'`,
  )
}
