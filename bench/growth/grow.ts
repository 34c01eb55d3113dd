import type { Database, Sql } from '../../src/base/db.ts'
import { openDatabase } from '../../src/base/db.ts'
import { tidyPages } from '../../src/core/events/sequence.ts'
import { sealTransfers } from '../../src/core/ledger/seal.ts'
import { deal, ground, money, people, words, work } from './history.ts'

/** Deals written in one transaction: so many transfers as one seal may cover. */
const chunk = 900

export interface Growing {
  readonly url: string
  /** How many deals there shall have been. */
  readonly deals: number
  /** Deals for each person and agent. */
  readonly perAgent: number
  readonly say?: (line: string) => void
}

/**
 * Grows a migrated test market to so many deals: ten transfers each, and everything else that they leave behind. The market's clock
 * stands behind the last of them, so that a small and a large market have the same density and differ only in their past.
 */
export async function grow({ url, deals, perAgent, say = () => {} }: Growing): Promise<void> {
  const db = openDatabase({ url: `${url}`, poolSize: 3 })
  try {
    await db.pool.query(ground)
    await db.rows(`insert into growth.state (per_agent) values ($1) on conflict do nothing`, [perAgent])
    await db.rows(words)
    const [state] = await db.rows<{ deals: number; people: number }>(`select deals, people from growth.state`)
    const { deals: before, people: peopleBefore } = state!
    if (before >= deals) return
    const [last] = await db.rows<{ position: number }>(`select coalesce(max(position), 0) as position from transfer`)
    const [{ peopleNow }] = (await db.rows<{ peopleNow: number }>(`select growth.people_by($1) as "peopleNow"`, [
      deals,
    ])) as [{ peopleNow: number }]
    await bulk(db, async (sql) => {
      for (const text of people) await sql.rows(text, [peopleBefore + 1, peopleNow])
    })
    say(`${peopleNow} people and agents`)
    await Promise.all(
      [work, money].map(async (track, index) => {
        for (let from = before + 1; from <= deals; from += chunk) {
          const to = Math.min(deals, from + chunk - 1)
          await bulk(db, async (sql) => {
            await sql.rows(deal[0])
            await sql.rows(deal[1], [from, to])
            for (const text of track) await sql.rows(text)
          })
          if (index === 1 && Math.floor(to / 50_000) > Math.floor((from - 1) / 50_000)) say(`${to} deals`)
        }
      }),
    )
    await bulk(db, async (sql) => {
      for (const text of sums(before, last!.position)) await sql.rows(text)
      await sql.rows(`update growth.state set deals = $1, people = $2`, [deals, peopleNow])
    })
    say('added up')
    await db.rows(`update app_clock set skew = growth.at($1) + interval '1 hour' - clock_timestamp()`, [deals])
    // A month of the feed is numbered as the market does it; what is older has been forgotten.
    await db.rows(tail)
    while (await numbers(db));
    for (let pages = -1, left = 0; left !== pages; ) {
      pages = left
      await tidyPages(db)
      left = await manyPages(db)
    }
    say('numbered')
    await db.rows(readers)
    while ((await sealTransfers(db)) > 0);
    say('sealed')
  } finally {
    await db.close()
  }
}

/** One transaction that is not checked by triggers; the constraints of the rows themselves hold as ever. */
async function bulk(db: Database, work: (sql: Sql) => Promise<void>): Promise<void> {
  await db.transaction(async (sql) => {
    await sql.rows(`select set_config('session_replication_role', 'replica', true), set_config('statement_timeout', '0', true),
      set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true),
      set_config('plan_cache_mode', 'auto', true), set_config('max_parallel_workers_per_gather', '2', true),
      set_config('work_mem', '256MB', true), set_config('synchronous_commit', 'off', true)`)
    await work(sql)
  })
}

/** What follows from the rows of this step: balances from transfers, records from jobs. */
const sums = (deal: number, position: number): readonly string[] => [
  `insert into ledger_account as a (id, unit, balance)
   select account, unit, sum(amount) from (
     select to_account as account, unit, amount from transfer where position > ${position}
     union all select from_account, unit, -amount from transfer where position > ${position}
   ) as movement where not starts_with(account, 'platform:') group by account, unit order by account
   on conflict (id) do update set balance = a.balance + excluded.balance`,
  `insert into agent_record as r (agent_id, verified, earned_cents, recent_seconds, median_seconds, last_active_at)
   select receiver_agent_id, count(*), sum(price_cents - fee_cents), array_fill(600::real, array[least(50, count(*))::integer]), 600, max(ended_at)
   from job where id > growth.id(4, ${deal}) and status = 'verified' and receiver_agent_id is not null group by 1
   on conflict (agent_id) do update set verified = r.verified + excluded.verified, earned_cents = r.earned_cents + excluded.earned_cents,
     recent_seconds = excluded.recent_seconds, median_seconds = excluded.median_seconds, last_active_at = excluded.last_active_at`,
  // What a trigger would have done.
  `update agent set proven = true where not proven and id in (select agent_id from agent_record where verified > 0)`,
  `insert into market_hour as h (hour, verified, paid_out_cents, accept_seconds, verify_seconds)
   select date_trunc('hour', ended_at, 'UTC'), count(*), sum(price_cents - fee_cents), '{10}', '{1}' from job
   where id > growth.id(4, ${deal}) and status = 'verified' group by 1 order by 1
   on conflict (hour) do update set verified = h.verified + excluded.verified`,
  `insert into reliability as r (user_id, expected, answered)
   select user_id, count(*), count(*) from turn where ref >= 'job:' || growth.id(4, ${deal + 1}) group by 1
   on conflict (user_id) do update set expected = r.expected + excluded.expected, answered = r.answered + excluded.answered`,
]

/** Whoever reads all events has read those of the past. */
const readers = `insert into event_reader (name, xid, position)
  select name, xid, position from (select xid + 1 as xid, position from event order by position desc limit 1) as last, unnest(array['jobs.tally', 'jobs.pay_out', 'contracts']) as name
  on conflict (name) do update set xid = excluded.xid, position = excluded.position`

/** Events of the last month wait for their numbers; those before have had theirs. */
const tail = `update event_sequence set (seq, high, gaps, gap_xids) = (
  select seq + greatest(0, first - 1 - high), greatest(high, first - 1), '{}'::bigint[], '{}'::bigint[]
  from (select coalesce(min(position), 0) as first from event where position > greatest(high, (select max(position) from event) - 580000)) as month)`

async function manyPages(db: Database): Promise<number> {
  const [row] = await db.rows<{ many: number }>(`select count(*) as many from event_page`)
  return row!.many
}

async function numbers(db: Database): Promise<boolean> {
  const [row] = await db.rows<{ many: number }>(
    `select (event_number(2000, '{job.queued}') ->> 'many')::integer as many`,
  )
  return (row?.many ?? 0) > 0
}
