import type { Sql } from '../../base/db.ts'
import type { Sealer } from '../../base/seal.ts'

/** The traces by which somebody who comes back is known again. Whoever has not the market's secret cannot try addresses out. */
export const traceOf = {
  email: (sealer: Sealer, email: string): Buffer => sealer.fingerprint(`email:${email.toLowerCase()}`),
  github: (sealer: Sealer, id: number): Buffer => sealer.fingerprint(`github:${id}`),
}

/**
 * Sets the tombstone of somebody who leaves: their record goes with them, and so does what they owe. Only what somebody we trust
 * has verified is kept as a trace. Call it before the account is blanked.
 */
export async function setTombstone(sql: Sql, user: string, sealer: Sealer): Promise<void> {
  const [known] = await sql.rows<{ email: string | null; github: number | null; debt: number }>(
    `select case when email_verified_at is not null then email end as email, (select github_id from github_login where user_id = u.id) as github,
       ledger_debt(u.id) as debt from app_user u where id = $1`,
    [user],
  )
  const { email, github, debt } = known!
  const [record] = await sql.rows<{ expected: number; answered: number }>(
    `select expected, answered from turn_leave($1)`,
    [user],
  )
  await sql.rows(
    `insert into deleted_accounts (user_id, email_hash, github_hash, expected, answered, debt_cents, deleted_at)
     values ($1, $2, $3, $4, $5, $6, app_now())`,
    [
      user,
      email === null ? null : traceOf.email(sealer, email),
      github === null ? null : traceOf.github(sealer, github),
      record?.expected ?? 0,
      record?.answered ?? 0,
      debt,
    ],
  )
}

/** Who somebody has been verified to be. */
export interface Verified {
  readonly emails: readonly string[]
  readonly github: number | null
}

/**
 * Somebody's identity has been verified: whatever record and debt was left behind under it is theirs again, once. In the
 * transaction that verifies. Answers how many tombstones they inherit.
 */
export async function inherit(sql: Sql, user: string, { emails, github }: Verified, sealer: Sealer): Promise<number> {
  const traces = emails.map((email) => traceOf.email(sealer, email))
  const left = await sql.rows<{ user_id: string; expected: number; answered: number }>(
    `update deleted_accounts set heir = $1, inherited_at = app_now()
     where heir is null and user_id <> $1 and user_id in (
       select user_id from deleted_accounts where email_hash = any ($2::bytea[]) and heir is null
       union all select user_id from deleted_accounts where github_hash = $3 and heir is null)
     returning user_id, expected, answered`,
    [user, traces, github === null ? null : traceOf.github(sealer, github)],
  )
  for (const { user_id: from, expected, answered } of left.toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1))) {
    if (expected > 0) await sql.rows(`select turn_inherit($1, $2, $3)`, [user, expected, answered])
    await sql.rows(`select ledger_inherit($1, $2)`, [from, user])
  }
  return left.length
}
