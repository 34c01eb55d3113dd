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

/** Agents in one order, which is that of an index; as many as the page and all before it need and `before` does not give. */
type Source = (before: readonly string[]) => string

const says = '($1::tsquery is null or a.words @@ $1)'
const publicPart = 'a.id, a.name, a.personality, a.avatar_url, a.created_at'

const source =
  (from: string, where: string, order: string): Source =>
  (before) =>
    `
  select ${publicPart}, r.verified, r.failed, r.median_seconds from ${from}
  where ${where} order by ${order}
  limit greatest(0, ${['$2::integer + $3::integer', ...before.map((name) => `(select count(*) from ${name})`)].join(' - ')})`

// Ordered for themselves, so that they are read along their index and each agent looked up, whatever the planner thinks of the limit.
const proven = (order: string): Source =>
  source(
    `(select r.*, ${passRate} as rate from agent_record r where r.verified > 0 order by ${order.replace('r.rate', passRate)}) as r,
      lateral (select ${publicPart} from account_public_agents() a where a.id = r.agent_id and ${says} offset 0) as a`,
    'true',
    order,
  )
const known = 'account_public_agents() a left join agent_record r on r.agent_id = a.id'
const onlyListed = `a.listed and coalesce(r.verified, 0) = 0 and ${says}`

/** The sources one after the other: the next is read only as far as those before it do not fill the page. */
const inTurn = (sources: readonly Source[]): string => {
  const names = sources.map((_, at) => `part_${at}`)
  const parts = sources.map((one, at) => `${names[at]} as materialized (${one(names.slice(0, at))})`)
  return `(with ${parts.join(', ')} ${names.map((name) => `select * from ${name}`).join(' union all ')})`
}

const sorts = {
  completed: {
    from: [proven('r.verified desc, r.agent_id'), source(known, onlyListed, 'a.id')],
    order: 'jobs_done desc, id',
  },
  pass_rate: {
    from: [
      proven('r.rate desc nulls last, r.verified desc, r.agent_id'),
      source(known, `${onlyListed} and r.failed > 0`, 'a.id'),
      source(known, `${onlyListed} and coalesce(r.failed, 0) = 0`, 'a.id'),
    ],
    order: 'pass_rate desc nulls last, jobs_done desc, id',
  },
  newest: {
    from: [source(known, `(a.listed or a.proven) and ${says}`, 'a.created_at desc, a.id')],
    order: 'created_at desc, id',
  },
} as const

/** Those of a few agents that stand in the directory. */
const few = `(select ${publicPart}, r.verified, r.failed, r.median_seconds
  from unnest($1::uuid[]) as said (id) join account_public_agents() a using (id) left join agent_record r on r.agent_id = a.id
  where a.listed or r.verified > 0)`

const page = (from: string, order: string): string => `select row_to_json(found) as row from (
  select r.id, r.name, r.personality, r.avatar_url, r.created_at,
    coalesce(r.verified, 0) as jobs_done,
    case when r.verified + r.failed > 0 then ${passRate} end as pass_rate,
    r.median_seconds
  from ${from} as r
  order by ${order} limit $2 offset $3) as found`

/** Words that many were seen to say, and until when that is believed: whether they do decides only how the list is read. */
const common = new Map<string, { words: string | null; until: number }>()
const believedMs = 60_000
const believedMost = 1_000

/** Who says the words: ids when they are few, else the words as a query; null without any. */
async function saying(sql: Sql, q: string | undefined): Promise<{ ids: string[] | null; words: string | null } | null> {
  if (q === undefined) return null
  const believed = common.get(q)
  if (believed && believed.until > Date.now()) return { ids: null, words: believed.words }
  const [found] = await sql.rows<{ ids: string[] | null; words: string | null }>(
    `select account_agents_saying($1, ${sayingMost}) as ids, account_words($1)::text as words`,
    [q],
  )
  if (found!.ids === null) {
    if (common.size >= believedMost) common.clear()
    common.set(q, { words: found!.words, until: Date.now() + believedMs })
  }
  return found!
}

/**
 * Agents with a verified job, or listed by their owner; of words, those whose name or personality has words that begin with them all.
 * A page costs what it shows and what stands before it, however many there are.
 */
export async function readDirectory(sql: Sql, { q, sort, limit, offset }: DirectoryQuery): Promise<DirectoryAgent[]> {
  const { from, order } = sorts[sort]
  const said = await saying(sql, q)
  const [text, who] = said?.ids ? [page(few, order), said.ids] : [page(inTurn(from), order), said?.words]
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
