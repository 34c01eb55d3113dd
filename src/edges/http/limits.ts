import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Sql } from '../../base/db.ts'
import type { Actor, AnyEndpoint } from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import { refuseAtEdge } from '../../base/refusals.ts'

/** How often somebody may ask. */
export interface Limits {
  /** Requests a minute of one credential. */
  readonly requests: number
  /** Pulls a minute of one credential. */
  readonly pulls: number
  /** Requests a minute of one address without a good credential. */
  readonly address: number
  /** Sign-ups an hour of one address. */
  readonly signUps: number
  /** Device codes a person may look up or decide on in 10 minutes: they are short, and must not be found by trying. */
  readonly deviceCodes: number
}

/** What a market holds its callers to. With play money only what protects people stays small. */
export function limitsOf(mode: 'test' | 'live'): Limits {
  const factor = mode === 'test' ? 1_000 : 1
  return { requests: 600 * factor, pulls: 120 * factor, address: 60 * factor, signUps: 20 * factor, deviceCodes: 10 }
}

type LimitName = keyof Limits

interface Rule {
  /** How `RateLimit` calls it. */
  readonly title: string
  readonly windowSeconds: number
  /** What is counted, as the refusal says it. */
  readonly of: string
}

const rules: Readonly<Record<LimitName, Rule>> = {
  requests: { title: 'default', windowSeconds: 60, of: 'requests a minute' },
  address: { title: 'default', windowSeconds: 60, of: 'requests a minute without a good credential' },
  pulls: { title: 'pulls', windowSeconds: 60, of: 'pulls a minute' },
  signUps: { title: 'sign-ups', windowSeconds: 3_600, of: 'sign-ups an hour from one address' },
  deviceCodes: { title: 'device-codes', windowSeconds: 600, of: 'device codes in 10 minutes' },
}

/** Routes that are counted a second time, under a limit of their own. */
export const limitedRoutes: Readonly<Record<string, LimitName>> = {
  'POST /api/jobs/pull': 'pulls',
  'POST /api/auth/sign-up/email': 'signUps',
  'GET /api/auth/device': 'deviceCodes',
  'POST /api/auth/device/approve': 'deviceCodes',
}

/** Asked by machines that must hear the truth, with the database away too. */
const uncounted = new Set(['GET /api/health', 'GET /api/ready', 'GET /metrics'])

/** What is left of a limit after a request has been counted. */
export interface Standing {
  readonly allowed: boolean
  readonly left: number
  readonly resetSeconds: number
}

export interface Meter {
  /** Counts one. Answers at once while a leased block lasts; throws when the database cannot be asked for the next. */
  take(subject: string): Standing | Promise<Standing>
}

interface Block {
  /** What this process may still let through of what it has leased. */
  left: number
  /** What nobody had leased yet when this block was taken. */
  readonly rest: number
  readonly endsAt: number
}

/**
 * Windows stand side by side and are numbered by the database's real clock, so all processes mean the same one. What is taken
 * beyond the limit is not granted; a process that has heard so asks no more in that window.
 */
const takeBlock = `insert into request_quota as q (quota, subject, period, taken, ends_at)
  select $1, $2, period, $4::integer, to_timestamp((period + 1) * $3::integer)
  from (select floor(extract(epoch from clock_timestamp()) / $3::integer)::bigint as period) as now
  on conflict (quota, subject, period) do update set taken = q.taken + excluded.taken
  returning taken, extract(epoch from ends_at - clock_timestamp())::float8 as seconds`

/** Counts in memory what it has leased from Postgres, a tenth of the limit at a time: exact to one block over all processes. */
export function openMeter(sql: Sql, name: string, limit: number, windowSeconds: number): Meter {
  const size = Math.max(1, Math.floor(limit / 10))
  const blocks = new Map<string, Block>()
  const leases = new Map<string, Promise<void>>()

  const lease = async (subject: string): Promise<void> => {
    const [row] = await sql.rows<{ taken: number; seconds: number }>(takeBlock, [name, subject, windowSeconds, size])
    const { taken, seconds } = row!
    // What is dropped here is only leased anew.
    if (blocks.size >= 100_000) blocks.clear()
    blocks.set(subject, {
      left: Math.max(0, Math.min(size, limit - (taken - size))),
      rest: Math.max(0, limit - taken),
      endsAt: performance.now() + Math.max(0, seconds) * 1000,
    })
  }
  const takeLeased = (subject: string): Standing | null => {
    const block = blocks.get(subject)
    if (!block) return null
    const resetMs = block.endsAt - performance.now()
    if (resetMs <= 0) return null
    const allowed = block.left > 0
    if (allowed) block.left--
    else if (block.rest > 0) return null
    return { allowed, left: block.left + block.rest, resetSeconds: Math.ceil(resetMs / 1000) }
  }
  const takeFromNext = async (subject: string): Promise<Standing> => {
    for (;;) {
      const standing = takeLeased(subject)
      if (standing) return standing
      let leasing = leases.get(subject)
      if (!leasing) {
        leasing = lease(subject).finally(() => leases.delete(subject))
        leases.set(subject, leasing)
      }
      await leasing
    }
  }
  return { take: (subject) => takeLeased(subject) ?? takeFromNext(subject) }
}

/** Stands before every endpoint. All throw `rate_limited`, and `busy` when there is no telling: nobody comes in uncounted. */
export interface Gate {
  /** Counts a request that may come in, and says in its answer's headers what is left. */
  admit(endpoint: AnyEndpoint, actor: Actor, request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Counts a well-formed request under the limit of its own that its route may have. */
  admitTo(endpoint: AnyEndpoint, actor: Actor, request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Counts somebody new who came by a route that not only newcomers take. */
  countSignUp(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** Counts a request whose credential was refused, so that guessing one is slow. */
  turnAway(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

export function openGate(sql: Sql, limits: Limits, log: Log): Gate {
  const meters = Object.fromEntries(
    Object.entries(rules).map(([name, { windowSeconds }]) => [
      name,
      openMeter(sql, name, limits[name as LimitName], windowSeconds),
    ]),
  ) as Record<LimitName, Meter>
  const policies = Object.fromEntries(
    Object.entries(rules).map(([name, { title, windowSeconds }]) => [
      name,
      `"${title}";q=${limits[name as LimitName]};w=${windowSeconds}`,
    ]),
  ) as Record<LimitName, string>

  const count = async (name: LimitName, subject: string, reply: FastifyReply): Promise<void> => {
    let standing: Standing
    try {
      const counted = meters[name].take(subject)
      standing = counted instanceof Promise ? await counted : counted
    } catch (error) {
      log.warn({ err: error, limit: name }, 'a rate limit could not be read')
      throw refuseAtEdge('busy', { retryable: true, retry_after_seconds: 2 })
    }
    const { allowed, left, resetSeconds } = standing
    const { title, of } = rules[name]
    add(reply, 'ratelimit-policy', policies[name])
    add(reply, 'ratelimit', `"${title}";r=${left};t=${resetSeconds}`)
    if (allowed) return
    throw refuseAtEdge(
      'rate_limited',
      { retryable: true, retry_after_seconds: resetSeconds, limit: title },
      `More than ${limits[name]} ${of} are not taken; try again in ${resetSeconds} s.`,
    )
  }
  return {
    async admit({ route }, actor, request, reply) {
      if (uncounted.has(route)) return
      if (actor.kind === 'anonymous') await count('address', addressOf(request.ip), reply)
      else await count('requests', actor.lineage, reply)
    },
    async admitTo({ route }, actor, request, reply) {
      const own = limitedRoutes[route]
      if (own) await count(own, actor.kind === 'anonymous' ? addressOf(request.ip) : actor.lineage, reply)
    },
    countSignUp: (request, reply) => count('signUps', addressOf(request.ip), reply),
    turnAway: (request, reply) => count('address', addressOf(request.ip), reply),
  }
}

/** Several limits stand in one header, one after the other. */
function add(reply: FastifyReply, header: string, item: string): void {
  const before = reply.getHeader(header)
  reply.header(header, before === undefined ? item : `${String(before)}, ${item}`)
}

/** Whom an address belongs to: in IPv6 a household or a machine has 2^64 of them, so the network counts. */
export function addressOf(ip: string): string {
  if (isIP(ip) !== 6) return ip
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped) return mapped[1]!
  const [head = '', tail] = ip.replace(/%.*$/, '').toLowerCase().split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(head), groups(tail ?? '')]
  // A dotted end stands for two groups.
  const length = first.length + last.length + (ip.includes('.') ? 1 : 0)
  const all = tail === undefined ? first : [...first, ...Array<string>(Math.max(0, 8 - length)).fill('0'), ...last]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

/** Throws away windows that are over. */
export async function tidyQuotas(sql: Sql): Promise<void> {
  await sql.rows(`delete from request_quota where ends_at < now() - interval '1 minute'`)
}
