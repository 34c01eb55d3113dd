import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { OperatorUser } from './api.ts'

// `$1`: OPERATOR_EMAILS. A few dozen balances at most, each by its key.
const shown = `u.id, u.name, u.email, u.email_verified_at is not null as email_verified, u.user_type, account_is_operator(u, $1) as operator,
  ledger_balance(u.id) as balance_cents, ledger_debt(u.id) as debt_cents, u.stripe_account_status, u.suspended_at, u.created_at`

type Row = Omit<OperatorUser, 'can'>

const show = (row: Row): OperatorUser => ({
  ...row,
  suspended_at: iso(row.suspended_at),
  created_at: iso(row.created_at),
  can: row.suspended_at !== null ? ['restore'] : row.operator ? [] : ['suspend'],
})

/** One person as operators see them; null: there is none. `lock`: nobody else changes them until the transaction ends. */
export async function readPerson(
  sql: Sql,
  emails: readonly string[],
  id: string,
  lock: 'lock' | null = null,
): Promise<OperatorUser | null> {
  if (lock) await sql.rows(`select 1 from app_user where id = $1 for update`, [id])
  const [found] = await sql.rows<{ row: Row }>(
    `select row_to_json(p) as row from (select ${shown} from app_user u where u.id = $2 and u.deleted_at is null) as p`,
    [emails, id],
  )
  return found ? show(found.row) : null
}

// By the beginning of an address or a name, each on its own index; the range is what text_pattern_ops compares by.
const starting = (column: string, q: string): string =>
  `select id from app_user where deleted_at is null and ${column} ~>=~ lower(${q}) and ${column} ~<~ (lower(${q}) || chr(1114111))`
const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface PeopleAsked {
  readonly q?: string | undefined
  readonly suspended?: boolean | undefined
  readonly limit: number
  readonly after: { readonly at: string; readonly id: string } | null
}

/** A page of people, newest first, with the time of the last one as the cursor needs it. Costs a page, or as many as `q` fits. */
export async function readPeople(
  sql: Sql,
  emails: readonly string[],
  { q, suspended, limit, after }: PeopleAsked,
): Promise<{ people: OperatorUser[]; last: { at: string; id: string } | null }> {
  const params: unknown[] = [emails, limit]
  const given = (value: unknown): string => `$${params.push(value)}`
  const conditions = ['u.deleted_at is null']
  if (suspended !== undefined) conditions.push(`u.suspended_at is ${suspended ? 'not null' : 'null'}`)
  if (q !== undefined && isId.test(q)) conditions.push(`u.id = ${given(q)}::uuid`)
  else if (q !== undefined) {
    const text = `${given(q)}::text`
    // As an array, or those few would be looked for among all people, the newest first.
    conditions.push(`u.id = any (array(${starting('email', text)} union ${starting('lower(name)', text)}))`)
  }
  if (after) conditions.push(`(u.created_at, u.id) < (${given(after.at)}::timestamptz, ${given(after.id)}::uuid)`)
  const rows = await sql.rows<{ row: Row }>(
    `select row_to_json(p) as row from (
       select ${shown} from app_user u where ${conditions.join(' and ')} order by u.created_at desc, u.id desc limit $2) as p`,
    params,
  )
  const last = rows.at(-1)?.row
  return {
    people: rows.map(({ row }) => show(row)),
    last: last && rows.length === limit ? { at: last.created_at, id: last.id } : null,
  }
}
