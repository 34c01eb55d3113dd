import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import { readFreeze } from '../ledger/laws.ts'
import { platformBalances, readAudit } from '../ledger/look.ts'
import type { Overview } from './api.ts'
import { type Counted, countWork, readCensus } from './census.ts'
import { readStuck, type StuckQuestion } from './stuck.ts'

/** What the room is told by others: operators look at everything, and core knows no desk. */
export interface Oversight {
  readonly counted: readonly Counted[]
  readonly stuck: readonly StuckQuestion[]
  readonly provider: (sql: Sql) => Promise<Pick<Overview, 'inbox' | 'intents'>>
  /** OPERATOR_EMAILS. */
  readonly emails: readonly string[]
}

/** The most that is listed, and counted, of what is stuck. */
const stuckMost = 200

const none = { wallets_cents: 0, escrow_cents: 0, pending_cents: 0, clearing_cents: 0, debt_cents: 0, credits: 0 }

/**
 * The market on one page. What each part costs: users, agents, ended work and people's money one row (the census); suspended people and
 * operators as many as there are; open work as much as is open; the platform's accounts their snapshots and what is not sealed yet;
 * inbox, intents and what is stuck as many as are open; freeze and audit one row each. Nothing grows with the market's history.
 */
export async function readOverview(sql: Sql, { counted, stuck, provider, emails }: Oversight): Promise<Overview> {
  const census = await readCensus(sql)
  const [people] = await sql.rows<{ at: string; suspended: number; operators: number }>(
    `select to_json(app_now()) as at,
       (select count(*) from app_user where suspended_at is not null and deleted_at is null) as suspended,
       (select count(*) from app_user u where account_is_operator(u, $1) and u.id in (
          select user_id from operator union select id from app_user where email = any ($1) and deleted_at is null)) as operators`,
    [emails],
  )
  const audit = await readAudit(sql)
  const found = await readStuck(sql, stuck, stuckMost)
  return {
    at: iso(people!.at),
    counted_at: census?.counted_at ?? null,
    users: { all: census?.users ?? 0, suspended: people!.suspended, operators: people!.operators },
    agents: census?.agents ?? 0,
    work: await countWork(sql, counted, census),
    money: { ...(census?.sums ?? none), platform: await platformBalances(sql) },
    ...(await provider(sql)),
    freeze: await readFreezeAt(sql),
    audit: audit && { at: audit.at, breaches: audit.breaches.length },
    stuck: found.length,
    stuck_longest: found[0] ?? null,
  }
}

/** Why and since when money may not leave, as it goes on the wire. */
export async function readFreezeAt(sql: Sql): Promise<Overview['freeze']> {
  const freeze = await readFreeze(sql)
  return freeze && { ...freeze, since: iso(freeze.since) }
}
