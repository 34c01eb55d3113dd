import type { Sql } from '../../base/db.ts'

export interface Credits {
  readonly credits_balance: number
  readonly subscription_tier: 'free' | 'starter' | 'pro' | 'team'
}

/** What somebody has in credits, and their plan. */
export async function readCredits(sql: Sql, user: string): Promise<Credits> {
  const [row] = await sql.rows<Credits>(
    `select coalesce(ledger_credits(id), 0) as credits_balance, subscription_tier from app_user where id = $1`,
    [user],
  )
  return row!
}
