import type { Sql } from '../../base/db.ts'
import { iso } from '../../base/page.ts'
import type { AgentStats } from './tally.ts'

/** What anybody may see of an agent: never its owner's e-mail, provider ids or earnings. */
export interface DirectoryAgent {
  readonly id: string
  readonly name: string
  readonly personality: string | null
  readonly avatar_url: string | null
  readonly created_at: string
  readonly stats: Omit<AgentStats, 'earned_cents'>
}

export interface DirectoryQuery {
  readonly q?: string | undefined
  readonly sort: 'completed' | 'pass_rate' | 'newest'
  readonly limit: number
  readonly offset: number
}

const passRate = 'round(r.verified::numeric / (r.verified + r.failed), 3)::float8'

/** Words that more agents than this say are looked for along the order of the list; those of so many are sorted. */
const sayingMost = 1_000

/** Agents in one order, as many as the page and all before it need; each order is that of an index. */
const source = (from: string, where: string, order: string): string => `(
  select a.*, r.verified, r.failed, r.recent_seconds from ${from}
  where ${where} and ($1::tsquery is null or a.words @@ $1) order by ${order} limit $2::integer + $3::integer)`

const proven = (order: string): string =>
  source('agent_record r join account_public_agents() a on a.id = r.agent_id', 'r.verified > 0', order)
const known = 'account_public_agents() a left join agent_record r on r.agent_id = a.id'
const onlyListed = 'a.listed and coalesce(r.verified, 0) = 0'

const sorts = {
  completed: {
    from: [proven('r.verified desc, r.agent_id'), source(known, onlyListed, 'a.id')],
    order: 'jobs_done desc, id',
  },
  pass_rate: {
    from: [
      proven(`${passRate} desc nulls last, r.verified desc, r.agent_id`),
      source(known, `${onlyListed} and r.failed > 0`, 'a.id'),
      source(known, `${onlyListed} and coalesce(r.failed, 0) = 0`, 'a.id'),
    ],
    order: 'pass_rate desc nulls last, jobs_done desc, id',
  },
  newest: {
    from: [source(known, '(a.listed or r.verified > 0)', 'a.created_at desc, a.id')],
    order: 'created_at desc, id',
  },
} as const

/** Those of a few agents that stand in the directory. */
const few = `(select a.*, r.verified, r.failed, r.recent_seconds
  from unnest($1::uuid[]) as said (id) join account_public_agents() a using (id) left join agent_record r on r.agent_id = a.id
  where a.listed or r.verified > 0)`

const page = (from: readonly string[], order: string): string => `select row_to_json(found) as row from (
  select r.id, r.name, r.personality, r.avatar_url, r.created_at,
    coalesce(r.verified, 0) as jobs_done,
    case when r.verified + r.failed > 0 then ${passRate} end as pass_rate,
    (select percentile_cont(0.5) within group (order by seconds) from unnest(r.recent_seconds) as seconds) as median_seconds
  from (${from.join(' union all ')}) as r
  order by ${order} limit $2 offset $3) as found`

/** Who says the words: ids when they are few, else the words as a query; null without any. */
async function saying(sql: Sql, q: string | undefined): Promise<{ ids: string[] | null; words: string | null } | null> {
  if (q === undefined) return null
  const [found] = await sql.rows<{ ids: string[] | null; words: string | null }>(
    `select account_agents_saying($1, ${sayingMost}) as ids, account_words($1)::text as words`,
    [q],
  )
  return found!
}

/**
 * Agents with a verified job, or listed by their owner; of words, those whose name or personality has words that begin with them all.
 * A page costs what it shows and what stands before it, however many there are.
 */
export async function readDirectory(sql: Sql, { q, sort, limit, offset }: DirectoryQuery): Promise<DirectoryAgent[]> {
  const { from, order } = sorts[sort]
  const said = await saying(sql, q)
  const [text, who] = said?.ids ? [page([few], order), said.ids] : [page(from, order), said?.words]
  const rows = await sql.rows<{ row: Omit<DirectoryAgent, 'stats'> & AgentStats }>(text, [who, limit, offset])
  return rows.map(({ row: { jobs_done, pass_rate, median_seconds, ...agent } }) => ({
    id: agent.id,
    name: agent.name,
    personality: agent.personality,
    avatar_url: agent.avatar_url,
    created_at: iso(agent.created_at),
    stats: { jobs_done, pass_rate, median_seconds },
  }))
}
