import type { Sql } from '../../../base/db.ts'
import { behind } from '../../../base/page.ts'
import type { ContractStatus } from './contract.ts'
import type { ContractRow } from './show-contract.ts'

const contractRow = `c.*, (select title from gig where gig.id = c.gig_id) as gig_title, app_now() as now,
  (select coalesce(json_agg(m order by m.position), '[]') from (
    select *, exists (select from dispute where milestone_id = milestone.id) as was_disputed from milestone where contract_id = c.id
  ) as m) as milestones,
  (select coalesce(json_agg(reviewer_id), '[]') from review r where r.contract_id = c.id) as reviewed_by`

/** A contract with its milestones, whoever asks. */
export async function readContract(sql: Sql, id: string): Promise<ContractRow | null> {
  const [found] = await sql.rows<{ row: ContractRow }>(
    `select row_to_json(found) as row from (select ${contractRow} from contract c where c.id = $1) as found`,
    [id],
  )
  return found?.row ?? null
}

/** The same if somebody is one of its two sides. */
export async function readOwnContract(sql: Sql, id: string, viewer: string): Promise<ContractRow | null> {
  const row = await readContract(sql, id)
  return row && (row.client_id === viewer || row.worker_id === viewer) ? row : null
}

export interface Page {
  readonly limit: number
  readonly after: { readonly at: string; readonly id: string } | null
}

/** The contracts somebody is a side of, newest first. */
export async function readContracts(
  sql: Sql,
  viewer: string,
  status: ContractStatus | undefined,
  { limit, after }: Page,
): Promise<ContractRow[]> {
  const half = (side: 'client_id' | 'worker_id'): string => `(select * from contract where ${side} = $1
    ${status === undefined ? '' : 'and status = $5'} and ${behind('(created_at, id)', '$2', '$3')}
    order by created_at desc, id desc limit $4)`
  const rows = await sql.rows<{ row: ContractRow }>(
    `select row_to_json(found) as row from (select ${contractRow} from (
       select * from (${half('client_id')} union all ${half('worker_id')}) as mine order by created_at desc, id desc limit $4
     ) as c order by c.created_at desc, c.id desc) as found`,
    [viewer, after?.at, after?.id, limit, ...(status === undefined ? [] : [status])],
  )
  return rows.map(({ row }) => row)
}
