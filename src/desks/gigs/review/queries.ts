import type { Sql } from '../../../base/db.ts'
import { behind } from '../../../base/page.ts'
import type { Page } from '../page-of.ts'
import { type ReviewRow, type ReviewStatus, reviewLife, reviewRow } from './review.ts'

/** One review, whoever asks. */
export async function readReview(sql: Sql, id: string): Promise<ReviewRow | null> {
  const [found] = await sql.rows<{ row: ReviewRow }>(
    `select row_to_json(found) as row from (select ${reviewRow} from review r where r.id = $1) as found`,
    [id],
  )
  return found?.row ?? null
}

/** What one of the two sides may see of the reviews of their contract: their own, and what is published. */
export async function readContractReviews(sql: Sql, contractId: string, viewer: string): Promise<ReviewRow[]> {
  const rows = await sql.rows<{ row: ReviewRow }>(
    `select row_to_json(found) as row from (
       select ${reviewRow} from review r
       where r.contract_id = $1 and (r.reviewer_id = $2 or r.status = ${reviewLife.to('publish')})
       order by r.created_at desc, r.id desc) as found`,
    [contractId, viewer],
  )
  return rows.map(({ row }) => row)
}

/** Reviews in a state, newest first. */
export async function readReviews(sql: Sql, status: ReviewStatus, { limit, after }: Page): Promise<ReviewRow[]> {
  const rows = await sql.rows<{ row: ReviewRow }>(
    `select row_to_json(found) as row from (
       select ${reviewRow} from review r
       where r.status = $1 and ${behind('(r.created_at, r.id)', '$2', '$3')}
       order by r.created_at desc, r.id desc limit $4) as found`,
    [status, after?.at, after?.id, limit],
  )
  return rows.map(({ row }) => row)
}
