import type { FastifyInstance } from 'fastify'
import { readConfig } from '../../src/base/config.ts'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { newId } from '../../src/base/ids.ts'
import { makeKey } from '../../src/core/accounts/key.ts'
import { scopes } from '../../src/core/accounts/scope.ts'
import { tidyDeliveries } from '../../src/core/webhooks/book.ts'
import { buildApi, type Market, openMarket } from '../../src/market.ts'
import { makePerson, type Person } from '../stage.ts'
import { outputFor, pieceOf } from '../work.ts'

/** A market on the grown database, in this process and on one connection, and the people who use it. */
export interface Grown {
  readonly market: Market
  readonly api: FastifyInstance
  /** Who has sent one job in twenty, and who has done another. */
  readonly sender: Person
  readonly worker: Person
  /** People of the past as good as any, with a key each. */
  readonly some: readonly Person[]
  /** Newcomers with money and an agent that suits the open jobs. */
  readonly crowd: readonly Person[]
  readonly operator: Person
  /** A request as somebody; throws when it is refused. */
  ask<B = Record<string, unknown>>(who: Person | null, route: string, body?: unknown, key?: string): Promise<B>
  close(): Promise<void>
}

const crowdSize = 64

/** Opens the market, with so many open jobs: as many at every size, and none older than a day. */
export async function openGrown(url: string, dataDir: string, openJobs: number): Promise<Grown> {
  const config = readConfig({
    DATABASE_URL: url,
    CLAWRK_DATA_DIR: dataDir,
    STRIPE_API_BASE: 'http://127.0.0.1:9',
    CLAWRK_SECRET: 'of the bench, and of nothing else',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    WITHDRAW_HOLD_DAYS: '1',
  })
  const market = openMarket({ ...config, poolSize: 1 })
  const { db } = market
  const api = await buildApi(market)
  await api.ready()
  const past = async (n: number): Promise<Person> => {
    const [id, keyId] = [await personOf(n), newId()]
    const { key, publicId, hash, lastFour } = makeKey('clk')
    await db.rows(
      `insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, scopes, created_at, expires_at)
       values ($1, $2, $1, 'clk', $3, $4, $5, $6, app_now(), app_now() + interval '10 years')`,
      [keyId, id, publicId, hash, lastFour, [...scopes]],
    )
    return { id, keyId, key }
  }
  const personOf = async (n: number): Promise<string> => {
    const [row] = await db.rows<{ id: string }>(`select growth.id(1, $1) as id`, [n])
    return row!.id
  }
  const crowd: Person[] = []
  while (crowd.length < crowdSize) crowd.push(await makePerson(db))
  const operator = await makePerson(db)
  await db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [operator.id])
  const grown: Grown = {
    market,
    api,
    sender: await past(1),
    worker: await past(2),
    some: await Promise.all([4, 6, 8, 100].map(past)),
    crowd,
    operator,
    async ask<B>(who: Person | null, route: string, body?: unknown, key?: string): Promise<B> {
      const [method, path] = route.split(' ') as ['GET' | 'POST', string]
      const answer = await api.inject({
        method,
        url: path,
        headers: {
          ...(who ? { authorization: `Bearer ${who.key}` } : {}),
          ...(key ? { 'idempotency-key': key } : {}),
        },
        ...(body === undefined ? {} : { payload: body as object }),
      })
      if (answer.statusCode >= 300) throw new Error(`${route} answered ${answer.statusCode}: ${answer.body}`)
      return (answer.body === '' ? null : JSON.parse(answer.body)) as B
    },
    async close() {
      await api.close()
      await market.close()
    },
  }
  await throwAway(db)
  await keepOpen(grown, url, openJobs)
  return grown
}

/** As a worker that has run all the time: what is old enough is gone. */
async function throwAway(db: Database): Promise<void> {
  const kept = async (): Promise<number> =>
    (await db.rows<{ n: number }>(`select count(*) as n from webhook_delivery`))[0]!.n
  for (let before = Number.POSITIVE_INFINITY, now = await kept(); now < before; before = now, now = await kept())
    await tidyDeliveries(db)
}

export interface OpenJob {
  readonly id: string
  readonly prompt: string
}

let posted = 0

/** Posts a job that the bench knows how to do. */
export function postJob({ ask, crowd }: Grown, key?: string): Promise<OpenJob> {
  const { prompt, checks } = pieceOf(posted)
  return ask<OpenJob>(crowd[posted++ % 24]!, 'POST /api/jobs/run', order(prompt, checks), key)
}

const order = (prompt: string, checks: readonly object[]): object => ({
  prompt,
  checks,
  confirmed: true,
  price_cents: 500,
  time_limit_seconds: 3600,
})

/** Hands in work for a job. */
export const handIn = ({ ask }: Grown, who: Person, { id, prompt }: OpenJob): Promise<unknown> =>
  ask(who, `POST /api/jobs/${id}/submit`, { output: outputFor(prompt) })

/** Posts what is missing to so many open jobs, and lets all of them have been posted within the last 20 hours. */
async function keepOpen(grown: Grown, url: string, many: number): Promise<void> {
  const { db } = grown.market
  const [open] = await db.rows<{ n: number }>(`select count(*) as n from job where status = 'queued'`)
  const missing = many - open!.n
  for (let at = 0; at < missing; at += 32)
    await Promise.all(Array.from({ length: Math.min(32, missing - at) }, () => postJob(grown)))
  const loader = openDatabase({ url, poolSize: 1 })
  try {
    await loader.pool.query(`set statement_timeout = 0`)
    await loader.rows(`update job set created_at = at, queued_at = at, paid_at = at, due_at = at + interval '30 days'
      from (select id as open_id, app_now() - interval '20 hours' * (row_number() over (order by md5(id::text)))::float8 / count(*) over () as at
            from job where status = 'queued') as times where id = open_id`)
    // The larger a table is, the sooner a vacuum leaves a few dead entries of its indexes for another time.
    await loader.pool.query(`vacuum (analyze, index_cleanup on)`)
    await loader.pool.query(`checkpoint`)
  } finally {
    await loader.close()
  }
}
