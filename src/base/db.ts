import pg from 'pg'
import { type Door, doorOf, sessionOptions } from './door.ts'
import { inSpan, presentTracer } from './tracing.ts'

/** Where statements run: the pool (each on its own) or one transaction. */
export interface Sql {
  /** Runs one statement; prepared once per connection under a name of its own, where sessions last. */
  rows<R>(text: string, params?: readonly unknown[]): Promise<R[]>
}

export interface Database extends Sql {
  /** One transaction; `work` throws: rolled back. Deadlocks and serialisation failures are tried again, three times in all. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** A look at everything: one snapshot for all of `work`, nothing written, plans for reading whole tables. */
  overview<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  readonly pool: pg.Pool
  close(): Promise<void>
}

// bigint comes as text: a number when it is exact, an error when it is not.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is outside the exact range of a number`)
  return value
})

const names = new Map<string, string>()

/** Texts are constants of the program, so the number of names is bounded by it. */
function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = `s${names.size}`
    names.set(text, name)
  }
  return name
}

/** What the driver takes; its types do not know of the last. */
interface Query extends pg.QueryConfig {
  query_timeout?: number
}

/** How the statements of a pool are sent. */
interface Manner {
  readonly named: boolean
  /** When an answer is not waited for any longer, in milliseconds; 0: as long as the database takes. */
  readonly patience: number
}

const sqlOn = (client: pg.ClientBase, { named, patience }: Manner): Sql => ({
  async rows<R>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const query: Query = { text, values: params as unknown[], query_timeout: patience }
    if (named) query.name = nameOf(text)
    const result = await (presentTracer() === null
      ? client.query(query)
      : inSpan('sql', text, () => client.query(query)))
    return result.rows as R[]
  },
})

/**
 * Each statement on whichever connection is free. One that Postgres refused goes back with all its prepared statements and plans:
 * the pool's own `query` would close it, so that a refusal cost everybody fifteen times as much as what is let through.
 */
const sqlOnAnyOf = (pool: pg.Pool, manner: Manner): Sql => ({
  async rows<R>(text: string, params?: readonly unknown[]): Promise<R[]> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      return await sqlOn(client, manner).rows<R>(text, params)
    } catch (error) {
      if (!wasRolledBack(error)) broken = error as Error
      throw error
    } finally {
      client.release(broken)
    }
  },
})

const transient = new Set(['40001', '40P01'])

export interface DatabaseOptions {
  /** Where it is; a text leads to PostgreSQL itself unless its parameter `pooler` says otherwise. */
  readonly url: string | Door
  readonly poolSize: number
  readonly onError?: (error: Error) => void
  /** When an answer is not waited for any longer; without it the database's own limits hold. */
  readonly patienceMs?: number
}

/** Longer than PostgreSQL lets a statement run: a pooler that gets no connection for one may keep it for minutes. */
const pooledPatience = 25_000

/** Opens a pool. A connection that breaks is reported to `onError` and replaced; it never ends the process. */
export function openDatabase({ url, poolSize, onError = () => {}, patienceMs }: DatabaseOptions): Database {
  const door = typeof url === 'string' ? doorOf(url) : url
  const manner: Manner = { named: door.named, patience: patienceMs ?? (door.pooled ? pooledPatience : 0) }
  const pool = new pg.Pool({
    connectionString: door.url,
    max: poolSize,
    connectionTimeoutMillis: Math.min(5_000, patienceMs ?? 5_000),
    idleTimeoutMillis: 30_000,
    ...(door.pooled ? {} : { options: sessionOptions }),
  })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return {
    ...sqlOnAnyOf(pool, manner),
    pool,
    async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      for (let attempt = 1; ; attempt++) {
        try {
          return await inTransaction(pool, manner, 'begin', work)
        } catch (error) {
          if (attempt >= 3 || !transient.has(sqlState(error) ?? '')) throw error
        }
      }
    },
    overview: (work) =>
      inTransaction(
        pool,
        { ...manner, patience: 0 },
        `begin isolation level repeatable read read only; set local statement_timeout = '10min'; set local enable_seqscan = on;
         set local enable_bitmapscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on;
         set local plan_cache_mode = auto; set local max_parallel_workers_per_gather = 2; set local work_mem = '64MB'`,
        work,
      ),
    close: () => pool.end(),
  }
}

async function inTransaction<T>(
  pool: pg.Pool,
  manner: Manner,
  begin: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  const say = (text: string): Promise<unknown> => client.query({ text, query_timeout: manner.patience } as Query)
  let broken: Error | undefined
  try {
    await say(begin)
    const result = await work(sqlOn(client, manner))
    await say('commit')
    return result
  } catch (error) {
    // Whoever does not answer is left: what was begun ends with the connection.
    if (isSilence(error)) broken = error as Error
    else
      await say('rollback').catch((failure: Error) => {
        broken = failure
      })
    throw error
  } finally {
    client.release(broken)
  }
}

/** The SQLSTATE of an error Postgres raised, else undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined
}

/** The constraint an error names, else undefined. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined
}

/** Whether Postgres itself says that it has done nothing. A connection that broke leaves open what became of the statement. */
export const wasRolledBack = (error: unknown): boolean => sqlState(error) !== undefined && !isUnreachable(error)

/** Whether an answer was not waited for any longer. */
const isSilence = (error: unknown): boolean => error instanceof Error && error.message === 'Query read timeout'

/** Whether the database could not be reached or is going down: the caller may try again soon. */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error)
  if (state) return state.startsWith('08') || state.startsWith('57P') || state.startsWith('53')
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/.test(code) ||
    /Connection terminated|connection timeout|timeout exceeded when trying to connect|is not queryable|Query read timeout/i.test(
      error.message,
    )
  )
}
