import pg from 'pg'

/** One way to the database: where it leads, and what of a session can be relied on behind it. */
export interface Door {
  /** For the driver: without our own parameter. */
  readonly url: string
  /** A transaction pooler stands in it: each transaction may be served by another session of PostgreSQL. */
  readonly pooled: boolean
  /** Statements may be prepared under a name that the next transaction still knows. */
  readonly named: boolean
}

const ways = {
  none: { pooled: false, named: true },
  transaction: { pooled: true, named: false },
  named: { pooled: true, named: true },
} as const

const parameter = /([?&])pooler=([^&#]*)(&?)/

/**
 * What an address of the database says of itself by its parameter `pooler`: `transaction` (nothing lasts longer than a
 * transaction), `named` (the same, but the pooler carries prepared statements, as PgBouncer does from 1.21 with
 * `max_prepared_statements`) or `none`. Without it: `assumed`.
 */
export function doorOf(url: string, assumed: keyof typeof ways = 'none'): Door {
  const said = parameter.exec(url)?.[2]
  return {
    url: url.replace(parameter, (_, before: string, _way, after: string) => (after ? before : '')),
    ...(ways[said as keyof typeof ways] ?? ways[assumed]),
  }
}

/** Whether the driver can read an address. */
function isAddress(url: string): boolean {
  try {
    return new pg.Client({ connectionString: url }).database !== undefined
  } catch {
    return false
  }
}

/** The addresses of one database, as an operator has given them. */
export interface Addresses {
  readonly databaseUrl: string | null
  readonly databaseDirectUrl: string | null
  readonly databaseReadUrl: string | null
}

/** Through which requests come: with an address of its own for sessions, the usual one is taken to lead through a pooler. */
export function usualDoor({
  databaseUrl,
  databaseDirectUrl,
}: Pick<Addresses, 'databaseUrl' | 'databaseDirectUrl'>): Door {
  return doorOf(databaseUrl!, databaseDirectUrl && databaseDirectUrl !== databaseUrl ? 'transaction' : 'none')
}

/** Through which all goes that needs a session: listening, migrations, background work. */
export const directDoor = ({
  databaseUrl,
  databaseDirectUrl,
}: Pick<Addresses, 'databaseUrl' | 'databaseDirectUrl'>): Door => doorOf(databaseDirectUrl ?? databaseUrl!)

/** What is wrong with the addresses before anybody has knocked, in sentences. */
export function faultsOf({ databaseUrl, databaseDirectUrl, databaseReadUrl }: Addresses): string[] {
  const faults: string[] = []
  if (!databaseUrl) {
    // The embedded database has neither a pooler nor a replica.
    if (databaseDirectUrl) faults.push('DATABASE_DIRECT_URL needs DATABASE_URL beside it')
    if (databaseReadUrl) faults.push('DATABASE_READ_URL needs DATABASE_URL beside it')
    return faults
  }
  for (const [name, url] of Object.entries({ databaseUrl, databaseDirectUrl, databaseReadUrl })) {
    const said = url && parameter.exec(url)?.[2]
    const setting = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    // The address is not repeated: there is a password in it.
    if (url && !isAddress(url))
      faults.push(`${setting} must be an address such as postgres://name:password@host:5432/database`)
    if (said && !(said in ways)) faults.push(`pooler in ${setting} must be transaction, named or none, not "${said}"`)
  }
  if (databaseDirectUrl && doorOf(databaseDirectUrl).pooled)
    faults.push('DATABASE_DIRECT_URL must lead to PostgreSQL itself: listening and migrations need a session')
  else if (!databaseDirectUrl && doorOf(databaseUrl).pooled)
    faults.push('DATABASE_URL leads through a pooler, so DATABASE_DIRECT_URL is needed: listening needs a session')
  return faults
}

/**
 * What every session of the market is set to. Plans are kept as long as their connection. One made while a table is small reads it
 * whole, and would go on doing so when it has grown and is full of dead rows: so a table or an index is read whole, for a join too,
 * only where there is no other way. Before PostgreSQL 18 that makes such a plan look costly enough to be compiled, which takes
 * longer than running it.
 *
 * One plan is made for all values, once: what must not depend on how much there is need not depend on who asks either, and planning a
 * statement took longer than running it. Nothing is asked that is worth starting other processes for, but a condition whose value the
 * planner cannot know looks like a third of the table, and of a large one that started two.
 */
const sessionSettings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  plan_cache_mode: 'force_generic_plan',
  max_parallel_workers_per_gather: '0',
  TimeZone: 'UTC',
  statement_timeout: '20s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '20s',
} as const

const asOptions = (given: Readonly<Record<string, string>>): string =>
  Object.entries(given)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')

/** The settings as a connection brings them along when it is made: a pooler refuses that. */
export const sessionOptions = asOptions(sessionSettings)

/** For who works on the whole database: as PostgreSQL is by itself, whatever `setDefaults` has left behind. */
export const plainOptions = asOptions({
  ...Object.fromEntries(Object.keys(sessionSettings).map((name) => [name, name.startsWith('enable') ? 'on' : '0'])),
  jit: 'off',
  plan_cache_mode: 'auto',
  max_parallel_workers_per_gather: '2',
  TimeZone: 'UTC',
  client_min_messages: 'warning',
})

/**
 * Makes the settings those of a role in this database, for everybody who comes through a pooler: there nothing that a client sets
 * lasts. They count for sessions that are opened from then on. A role may set its own; others', only a superuser or its like.
 */
export async function setDefaults(client: pg.ClientBase, role: string): Promise<void> {
  const wanted = Object.entries(sessionSettings).map(([name, value]) => `${name}=${value}`)
  // One at a time: PostgreSQL refuses the second of two who change the same row of its catalog at once.
  await client.query(`select pg_advisory_xact_lock(hashtext('clawrk defaults'))`)
  const { rows } = await client.query<{ is_set: boolean }>(
    `select exists (
       select from pg_db_role_setting where setrole = to_regrole(quote_ident($1)) and setconfig @> $2::text[]
         and setdatabase = (select oid from pg_database where datname = current_database())
     ) as is_set`,
    [role, wanted],
  )
  if (rows[0]!.is_set) return
  const {
    rows: [here],
  } = await client.query<{ name: string }>('select current_database() as name')
  for (const [name, value] of Object.entries(sessionSettings)) {
    await client.query(
      `alter role ${pg.escapeIdentifier(role)} in database ${pg.escapeIdentifier(here!.name)} set ${name} = ${pg.escapeLiteral(value)}`,
    )
  }
}

/** Whether the sessions behind a pooler have the settings: asked through it. */
export const hasDefaults = `select current_setting('enable_seqscan') = 'off' and current_setting('statement_timeout') = '20s' as has`
