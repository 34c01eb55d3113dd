import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { type Addresses, type Door, directDoor, doorOf, hasDefaults, sessionOptions, usualDoor } from './door.ts'

/** What a process finds out about its addresses before it begins. */
export interface Found {
  /** Why it must not begin, in sentences. */
  readonly refusals: readonly string[]
  /** What works, but not as it should. */
  readonly warnings: readonly string[]
}

/** One database, wherever one comes from: the cluster, and which of its databases. */
export const placeSql = `(select system_identifier::text from pg_control_system()) || '/' || (select oid from pg_database where datname = current_database())`

/** `pooler`: something stands in between that swallows or refuses what a session brings along. */
type Answer<R> = { readonly row: R } | 'pooler' | 'nobody'

/** Asks one thing through a door. `nobody`: nothing can be said, because nobody answers, or not to us. */
async function ask<R extends pg.QueryResultRow>({ url, pooled }: Door, text: string): Promise<Answer<R>> {
  const options = pooled ? undefined : `${sessionOptions} -c clawrk.door=open`
  const client = new pg.Client({ connectionString: url, options, connectionTimeoutMillis: 3_000, query_timeout: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<R & { door: string | null }>(
      `select current_setting('clawrk.door', true) as door, asked.* from (${text}) as asked`,
    )
    return pooled || rows[0]!.door === 'open' ? { row: rows[0]! } : 'pooler'
  } catch (error) {
    return /unsupported startup parameter/.test(String(error)) ? 'pooler' : 'nobody'
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * Knocks at each address: does it lead where it is meant to, and is there a market behind it that this program knows? An address at
 * which nobody answers is no reason not to begin: requests are refused until somebody does.
 */
export async function knock(addresses: Addresses): Promise<Found> {
  const [refusals, warnings]: [string[], string[]] = [[], []]
  const [direct, usual] = [directDoor(addresses), usualDoor(addresses)]
  const name = addresses.databaseDirectUrl ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL'
  const here = await ask<{ place: string; has: boolean }>(
    direct,
    `select ${placeSql} as place, to_regclass('kysely_migration') is not null as has`,
  )
  if (here === 'pooler') {
    refusals.push(
      addresses.databaseDirectUrl
        ? 'DATABASE_DIRECT_URL leads through a pooler too: it must lead to PostgreSQL itself, for listening and migrations'
        : 'DATABASE_URL leads through a pooler: set DATABASE_DIRECT_URL to the address of PostgreSQL itself beside it',
    )
  } else if (here !== 'nobody') {
    const missing = here.row.has ? await missingMigration(direct) : null
    if (!here.row.has) refusals.push(`there is no market in the database of ${name} yet: make it with  clawrk migrate`)
    else if (missing)
      refusals.push(`the database of ${name} is older than this program (${missing}): run  clawrk migrate`)
  }
  if (usual.pooled) {
    const there = await ask<{ place: string; has: boolean }>(
      usual,
      `select ${placeSql} as place, (${hasDefaults}) as has`,
    )
    if (typeof there === 'object' && typeof here === 'object') {
      if (there.row.place !== here.row.place)
        refusals.push('DATABASE_URL and DATABASE_DIRECT_URL lead to different databases')
      else if (!there.row.has)
        warnings.push(
          'sessions behind the pooler lack the settings of the market: run  clawrk migrate, then RECONNECT at the pooler; until then plans and time limits are PostgreSQL’s own',
        )
    }
  }
  if (addresses.databaseReadUrl && typeof here === 'object') {
    const there = await ask<{ place: string }>(doorOf(addresses.databaseReadUrl), `select ${placeSql} as place`)
    if (there === 'pooler')
      refusals.push('DATABASE_READ_URL leads through a pooler: say so, by  ?pooler=transaction  at its end')
    else if (typeof there === 'object' && there.row.place !== here.row.place)
      refusals.push('DATABASE_READ_URL leads to another database, and not to a streaming replica of this one')
  }
  return { refusals, warnings }
}

/** The newest migration of this program, if the database has not had it. */
async function missingMigration(door: Door): Promise<string | null> {
  const files = readdirSync(join(import.meta.dirname, '../../migrations')).filter((file) =>
    /^\d{4}_.*\.sql$/.test(file),
  )
  const newest = files.sort().at(-1)!.slice(0, -'.sql'.length)
  const had = await ask<{ had: boolean }>(
    door,
    `select exists (select from kysely_migration where name = ${pg.escapeLiteral(newest)}) as had`,
  )
  return typeof had === 'object' && !had.row.had ? newest : null
}
