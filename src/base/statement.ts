import { type Sql, wasRolledBack } from './db.ts'

/** An idempotency key of a request, and what its answer is stored under. */
export interface Remember {
  readonly lineage: string
  readonly route: string
  readonly key: string
  /** SHA-256 of the input. */
  readonly fingerprint: Buffer
  /** Stable over retries of the same key: intents of `outside` endpoints take it as their id. */
  readonly effectId: string
}

/** The columns of what is asked: their SQL types by name. */
export type Columns = Readonly<Record<string, string>>

/** A hot verb's single statement over a group of calls, without and with idempotency rows. */
export interface Statement<C extends Columns = Columns> {
  readonly columns: C
  readonly plain: string
  readonly remembering: string
  readonly subject: string | null
}

/** Calls that share a statement at most: the planner is told so, too. */
const groupMost = 16

/** How long a group waits for the one before it to come back, in milliseconds; then it goes beside it. */
const patience = 25

/** Groups of one verb under way at once, at most. */
const flightsMost = 4

/** Who spoilt a group flies alone for this long, in milliseconds: it costs the others one group in that time, whatever they send. */
const apartFor = 10_000

/**
 * With this many calls under way, of all verbs, groups wait for company: each begins with half of those who are about, so that one
 * half is with PostgreSQL while the other is with this process. The same bargain as PostgreSQL's own commit_siblings and
 * commit_delay, made before the statement, where it saves more.
 */
const companyFrom = 8

/** Nobody waits for company longer than this many milliseconds, nor when PostgreSQL has nothing to do and no more calls come in. */
const companyMs = 8

/** Calls keep coming in as long as every turn of the event loop brings some; it is looked at for this many milliseconds at most. */
const calmMs = 2

/**
 * Completes a chain of CTEs into the one statement of a hot verb. It is written over a set: the relation `asked` has a row for
 * each call of a group, with the given columns and a number `n`; of `done`, the last CTE, at most one row for each `n` is that
 * call's answer, and no row means that its guards let nothing through. A select CTE that nobody reads is skipped by Postgres,
 * so `done` must mention every one that posts something.
 *
 * Calls with the same `subject` (a column) never share a group: what they do to each other is decided one after the other.
 * With an idempotency key the same statement inserts the key's row, so effect and key commit together; a second use of the key
 * fails on its primary key (waiting for a twin in flight) and undoes the second effect whole. Keys are inserted in one order, so
 * that groups do not wait for each other's crosswise. Rows that are no effect are not `lasting` (a condition on `done`): nothing
 * is remembered of them.
 */
export function statement<const C extends Columns>(
  columns: C,
  ctes: string,
  {
    subject = null,
    row = 'row_to_json(done)',
    lasting = 'true',
  }: { subject?: (keyof C & string) | null; row?: string; lasting?: string } = {},
): Statement<C> {
  const own = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
  const keys = ['key_lineage text', 'key_route text', 'key text', 'key_fingerprint bytea']
  const asked = `asked as materialized (
  select * from json_to_recordset($1::json) as asked (${['n smallint', ...own, ...keys].join(', ')}) limit ${groupMost}
)`
  const answer = `select done.n, ${row} as row from done`
  return {
    columns,
    plain: `with ${asked}, ${ctes}\n${answer}`,
    remembering: `with ${asked}, ${ctes}, remembered as (
  insert into idempotency (lineage, route, key, fingerprint, answer)
  select key_lineage, key_route, key, key_fingerprint, ${row} from done join asked on asked.n = done.n where key is not null and ${lasting}
  order by key_lineage, key_route, key
)\n${answer}`,
    subject,
  }
}

interface Waiting {
  readonly asked: Record<string, unknown>
  readonly subject: string | null
  /** The idempotency key with whose it is, if there is one. */
  readonly key: string | null
  /** Who asks, as far as it is known. */
  readonly by: string | null
  settle(row: unknown): void
  fail(error: unknown): void
}

/** Where the calls of one statement gather until the group before them is back. */
interface Lane {
  readonly verb: Statement
  /** Calls in a group at most. */
  readonly most: number
  waiting: Waiting[]
  /** Since when the first of them has waited for company; null while nobody does. */
  since: number | null
  flights: number
  /** Those of its flights that others still wait for. */
  awaited: number
}

/** All the lanes to one database. */
interface Road {
  readonly sql: Sql
  readonly together: Map<Statement, Lane>
  readonly alone: Map<Statement, Lane>
  /** Who has spoilt a group, and until when they fly alone. */
  readonly apart: Map<string, number>
  /** Calls that have come and are not answered yet. */
  underWay: number
  /** The most that were under way lately. */
  peak: number
  /** Flights that others still wait for. */
  awaited: number
  /** How many calls have ever come. */
  came: number
  /** Whether it is being looked whether more calls come. */
  looking: boolean
}

const roads = new WeakMap<Sql, Road>()

function roadTo(sql: Sql): Road {
  const known = roads.get(sql)
  if (known) return known
  const road: Road = {
    sql,
    together: new Map(),
    alone: new Map(),
    apart: new Map(),
    underWay: 0,
    peak: 0,
    awaited: 0,
    came: 0,
    looking: false,
  }
  roads.set(sql, road)
  return road
}

function laneOn(road: Road, verb: Statement, by: string | null): Lane {
  const isApart = by !== null && (road.apart.get(by) ?? 0) > performance.now()
  const lanes = isApart ? road.alone : road.together
  const known = lanes.get(verb)
  if (known) return known
  const lane: Lane = { verb, most: isApart ? 1 : groupMost, waiting: [], since: null, flights: 0, awaited: 0 }
  lanes.set(verb, lane)
  return lane
}

/** What a statement is run for: a call of an endpoint, or of nobody in particular. */
export interface Caller {
  readonly sql: Sql
  readonly remember: Remember | null
  readonly actor?: { readonly userId: string }
}

/**
 * Runs a statement. Null: its guards let nothing through, and nothing was changed.
 *
 * Calls of one verb that come while it is under way go together as the next group: one round trip and one commit for all of
 * them (group commit; a call that comes alone waits for nobody). What Postgres refuses for one of a group is undone for all,
 * and each is then run by itself. Whoever is refused then too flies alone for a while, beside the groups of the others.
 */
export async function run<R, C extends Columns>(
  { sql, remember, actor }: Caller,
  verb: Statement<C>,
  values: { readonly [K in keyof C]: unknown },
): Promise<R | null> {
  const road = roadTo(sql)
  const by = actor?.userId ?? remember?.lineage ?? null
  const lane = laneOn(road, verb, by)
  road.came++
  road.underWay++
  road.peak = Math.max(road.peak, road.underWay)
  try {
    return await new Promise<R | null>((resolve, reject) => {
      lane.waiting.push({
        asked: remember ? { ...values, ...keyOf(remember) } : values,
        // An id may be written in two ways.
        subject: verb.subject === null ? null : String(values[verb.subject as keyof C]).toLowerCase(),
        key: remember && JSON.stringify([remember.lineage, remember.route, remember.key]),
        by,
        settle: (row) => resolve(row as R | null),
        fail: reject,
      })
      gather(road, lane)
    })
  } finally {
    road.underWay--
  }
}

/** Bytes as a value of a `bytea` column. */
export const bytes = (buffer: Buffer): string => `\\x${buffer.toString('hex')}`

const keyOf = ({ lineage, route, key, fingerprint }: Remember): Record<string, string> => ({
  key_lineage: lineage,
  key_route: route,
  key,
  key_fingerprint: bytes(fingerprint),
})

/** A call has come. It does not go at once: calls that have arrived together shall go together. */
function gather(road: Road, lane: Lane): void {
  waitFromNow(road, lane)
  if (mayDepart(lane)) lookAround(road)
}

/** Those who wait in a lane will be looked at again in time, whatever else happens. */
function waitFromNow(road: Road, lane: Lane): void {
  if (lane.since !== null || road.underWay < companyFrom) return
  lane.since = performance.now()
  setTimeout(launch, companyMs, road)
}

const mayDepart = ({ waiting, awaited, flights }: Lane): boolean =>
  waiting.length > 0 && awaited === 0 && flights < flightsMost

/** How many make a group that waits for nobody else. */
const enough = (road: Road, lane: Lane): number =>
  road.underWay < companyFrom ? 1 : Math.min(lane.most, Math.ceil(road.peak / 2))

/** Sends the groups that need not wait any longer, the largest first: those who are behind catch up with it and go on together. */
function launch(road: Road): void {
  const lanes = [...road.together.values(), ...road.alone.values()].filter(mayDepart)
  const now = performance.now()
  for (const lane of lanes.sort((a, b) => b.waiting.length - a.waiting.length)) {
    const isLate = lane.since !== null && now - lane.since >= companyMs - 1
    if (road.awaited === 0 || isLate || lane.waiting.length >= enough(road, lane)) depart(road, lane)
  }
}

/** Launches after this turn of the event loop; while PostgreSQL has nothing to do and calls keep coming in, after the one that brings none. */
function lookAround(road: Road): void {
  if (road.looking) return
  road.looking = true
  const until = performance.now() + calmMs
  let seen = road.came
  const look = (): void => {
    if (road.underWay >= companyFrom && road.awaited === 0 && road.came > seen && performance.now() < until) {
      seen = road.came
      setImmediate(look)
    } else {
      road.looking = false
      launch(road)
    }
  }
  setImmediate(look)
}

function depart(road: Road, lane: Lane): void {
  const group = nextGroup(lane)
  lane.since = null
  if (lane.waiting.length > 0) waitFromNow(road, lane)
  road.peak -= (road.peak - road.underWay) / 32
  lane.flights++
  lane.awaited++
  road.awaited++
  let isAwaited = true
  const landed = (): void => {
    if (isAwaited) {
      lane.awaited--
      road.awaited--
    }
    isAwaited = false
    launch(road)
  }
  const overdue = setTimeout(landed, patience)
  void fly(road, lane.verb, group).then((answer) => {
    clearTimeout(overdue)
    lane.flights--
    // The next group first: PostgreSQL works on it while these are answered.
    landed()
    answer()
  })
}

/** Those who have waited longest, each subject and each key once, in the one order in which every group locks what it is about. */
function nextGroup(lane: Lane): Waiting[] {
  const group: Waiting[] = []
  const taken = new Set<string>()
  const rest: Waiting[] = []
  for (const call of lane.waiting) {
    const { subject, key } = call
    const isFree = (subject === null || !taken.has(subject)) && (key === null || !taken.has(key))
    if (group.length === lane.most || !isFree) rest.push(call)
    else group.push(call)
    if (subject !== null) taken.add(subject)
    if (key !== null) taken.add(key)
  }
  lane.waiting = rest
  return group.sort((a, b) => (a.subject === b.subject ? 0 : (a.subject ?? '') < (b.subject ?? '') ? -1 : 1))
}

/** Asks for a group; what comes of it gives every one of them its answer. */
async function fly(road: Road, verb: Statement, group: readonly Waiting[], wasSpoilt = false): Promise<() => void> {
  let isSent = false
  try {
    const text = group.some(({ key }) => key !== null) ? verb.remembering : verb.plain
    const asked = JSON.stringify(group.map((call, n) => ({ ...call.asked, n })))
    isSent = true
    const rows = await road.sql.rows<{ n: number; row: unknown }>(text, [asked])
    return () => {
      const answers = new Map(rows.map(({ n, row }) => [n, row]))
      for (const [n, call] of group.entries()) call.settle(answers.get(n) ?? null)
    }
  } catch (error) {
    const isUndone = !isSent || wasRolledBack(error)
    if (wasSpoilt && isUndone) setApart(road, group[0]!.by)
    if (group.length === 1 || !isUndone) {
      return () => {
        for (const call of group) call.fail(error)
      }
    }
    await Promise.all(group.map(async (call) => (await fly(road, verb, [call], true))()))
    return () => {}
  }
}

function setApart({ apart }: Road, by: string | null): void {
  if (by === null) return
  const now = performance.now()
  if (apart.size >= 10_000) for (const [other, until] of apart) if (until <= now) apart.delete(other)
  apart.set(by, now + apartFor)
}
