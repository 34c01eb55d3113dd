import type { Sql } from '../../../base/db.ts'
import { newId } from '../../../base/ids.ts'
import { iso } from '../../../base/page.ts'
import type { Attachment } from '../../../core/files/attachment.ts'
import type { EvidenceGiven } from './api.ts'
import { type DisputeRow, type Evidence, refOf } from './dispute.ts'

// The files of a side are attached together, so that none stands for two items; each item names its own.
const add = `with files as materialized (
  select file from json_array_elements(files_attach($2, $3, 'evidence', $9::uuid[])) as file
) insert into dispute_evidence (id, dispute_id, by_user_id, position, type, url, description, attachment, created_at)
  select given.id, $1, $2, given.place, given.type, given.url, given.description,
    (select file from files where file ->> 'id' = given.file::text), app_now()
  from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[]) with ordinality as given (id, type, url, description, file, place)`

/** Adds what somebody shows to a dispute, in its order. Within the caller's transaction; a file that is not theirs to attach is refused. */
export async function addEvidence(
  sql: Sql,
  dispute: Pick<DisputeRow, 'id'>,
  by: string,
  given: readonly EvidenceGiven[],
): Promise<void> {
  if (given.length === 0) return
  const files = given.flatMap(({ attachment_id: file }) => (file === undefined ? [] : [file]))
  await sql.rows(add, [
    dispute.id,
    by,
    refOf(dispute),
    given.map(() => newId()),
    given.map(({ type }) => type),
    given.map(({ url }) => url ?? null),
    given.map(({ description }) => description ?? null),
    given.map(({ attachment_id: file }) => file ?? null),
    files,
  ])
}

interface EvidenceRow {
  readonly id: string
  readonly by_user_id: string
  readonly type: Evidence['type']
  readonly url: string | null
  readonly description: string | null
  readonly attachment: Attachment | null
  readonly created_at: string
}

/** What both sides have shown: first whoever opened the dispute, each in their own order. */
export async function readEvidence(sql: Sql, { id, client_id: client }: DisputeRow): Promise<Evidence[]> {
  const rows = await sql.rows<{ row: EvidenceRow }>(
    `select row_to_json(e) as row from (
       select id, by_user_id, type, url, description, attachment, created_at, position from dispute_evidence
       where dispute_id = $1) as e order by e.created_at, e.position`,
    [id],
  )
  return rows.map(({ row }) => ({
    id: row.id,
    by: row.by_user_id === client ? 'client' : 'worker',
    type: row.type,
    url: row.url,
    description: row.description,
    attachment: row.attachment,
    created_at: iso(row.created_at),
  }))
}

/** Who may read a file that was shown in a dispute: its two parties, and operators, who decide it; these also the work that it is about. */
export async function mayReadEvidence(
  sql: Sql,
  { work, viewer, operator }: { work: string; viewer: string; operator: boolean },
): Promise<boolean> {
  const [, kind, id] = /^(dispute|milestone):([0-9a-f-]{36})$/.exec(work) ?? []
  if (!id) return false
  const found =
    kind === 'dispute'
      ? await sql.rows(`select 1 from dispute where id = $1 and ($3 or $2::uuid in (opened_by, respondent_id))`, [
          id,
          viewer,
          operator,
        ])
      : await sql.rows(`select 1 from dispute where milestone_id = $1 and $2`, [id, operator])
  return found.length > 0
}
