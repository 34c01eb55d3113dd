import pg from 'pg'

/** Where statements run: the pool (each on its own) or one transaction. */
export interface Sql {
  /** Runs one statement; prepared once per connection under a name of its own. */
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

const sqlOn = (client: pg.ClientBase): Sql => ({
  async rows<R>(text: string, params: readonly unknown[] = []): Promise<R[]> {
    const result = await client.query({ name: nameOf(text), text, values: params as unknown[] })
    return result.rows as R[]
  },
})

/**
 * Each statement on whichever connection is free. One that Postgres refused goes back with all its prepared statements and plans:
 * the pool's own `query` would close it, so that a refusal cost everybody fifteen times as much as what is let through.
 */
const sqlOnAnyOf = (pool: pg.Pool): Sql => ({
  async rows<R>(text: string, params?: readonly unknown[]): Promise<R[]> {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      return await sqlOn(client).rows<R>(text, params)
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
  readonly url: string
  readonly poolSize: number
  readonly onError?: (error: Error) => void
}

/** Opens a pool. A connection that breaks is reported to `onError` and replaced; it never ends the process. */
export function openDatabase({ url, poolSize, onError = () => {} }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // Plans are kept as long as their connection. One made while a table is small reads it whole, and would go on doing so when it
    // has grown and is full of dead rows: so a table or an index is read whole, for a join too, only where there is no other way.
    // Before PostgreSQL 18 that makes such a plan look costly enough to be compiled, which takes longer than running it.
    options:
      '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c timezone=UTC -c statement_timeout=20000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=20000',
  })
  pool.on('error', onError)
  pool.on('connect', (client) => client.on('error', onError))
  return {
    ...sqlOnAnyOf(pool),
    pool,
    async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      for (let attempt = 1; ; attempt++) {
        try {
          return await inTransaction(pool, 'begin', work)
        } catch (error) {
          if (attempt >= 3 || !transient.has(sqlState(error) ?? '')) throw error
        }
      }
    },
    overview: (work) =>
      inTransaction(
        pool,
        `begin isolation level repeatable read read only; set local statement_timeout = '10min'; set local enable_seqscan = on;
         set local enable_bitmapscan = on; set local enable_hashjoin = on; set local enable_mergejoin = on`,
        work,
      ),
    close: () => pool.end(),
  }
}

async function inTransaction<T>(pool: pg.Pool, begin: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(sqlOn(client))
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
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

/** Whether the database could not be reached or is going down: the caller may try again soon. */
export function isUnreachable(error: unknown): boolean {
  const state = sqlState(error)
  if (state) return state.startsWith('08') || state.startsWith('57P') || state.startsWith('53')
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/.test(code) ||
    /Connection terminated|connection timeout|timeout exceeded when trying to connect|is not queryable/i.test(
      error.message,
    )
  )
}
