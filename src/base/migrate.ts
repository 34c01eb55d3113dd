import { createHash } from 'node:crypto'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import pg from 'pg'
import { type Addresses, directDoor, plainOptions, setDefaults, usualDoor } from './door.ts'

/** Of the project; `schema.sql` in it is the dump, and no migration. */
const projectDir = join(import.meta.dirname, '../..')

export interface MigrateOptions {
  /** `test`: the clock of the market can be moved. */
  readonly mode: 'test' | 'live'
  /** As whom the market comes through a transaction pooler, where it does. */
  readonly pooledRole?: string | null
}

/**
 * Brings a database to what this program needs: tables by the numbered files, and the rooms' functions as they are
 * written today. Any number of processes may do it at once; the second finds it done.
 */
export async function migrate(databaseUrl: string, { mode, pooledRole = null }: MigrateOptions): Promise<void> {
  const connection = { connectionString: databaseUrl, options: plainOptions }
  const client = new pg.Client(connection)
  client.on('error', () => {})
  await client.connect()
  try {
    // Held until this session ends, so that what follows happens in one process at a time.
    await client.query(`select pg_advisory_lock(hashtext('clawrk migrate'))`)
    await inTransaction(client, () => defineClock(client, mode))
    await runMigrationFiles(connection)
    await inTransaction(client, () => applyFunctions(client, mode))
    if (pooledRole !== null) await inTransaction(client, () => setDefaults(client, pooledRole)).catch(unlessNotOurs)
  } finally {
    await client.end()
  }
}

/** `migrate`, by whichever of its addresses leads to PostgreSQL itself. */
export function migrateMarket(config: Addresses & MigrateOptions): Promise<void> {
  const usual = usualDoor(config)
  const pooledRole = usual.pooled ? (new pg.Client({ connectionString: usual.url }).user ?? null) : null
  return migrate(directDoor(config).url, { mode: config.mode, pooledRole })
}

/** A pooler may know its users by other names, or ours may not change another: who comes through it looks, and says what is missing. */
function unlessNotOurs(error: unknown): void {
  if (!(error instanceof pg.DatabaseError && ['42704', '42501'].includes(error.code ?? ''))) throw error
}

/**
 * `app_now()` is what the market takes for now. Migrations and functions may use it, so it comes before them. It is called some
 * forty times in the life of a job, so in test mode it does not read the clock's row: moving the clock writes it anew.
 */
async function defineClock(client: pg.ClientBase, mode: 'test' | 'live'): Promise<void> {
  await client.query(`
    create table if not exists app_clock (
      one boolean primary key default true check (one),
      skew interval not null default interval '0'
    );
    insert into app_clock default values on conflict do nothing;
    create table if not exists applied_functions (
      one boolean primary key default true check (one),
      hash text not null
    );`)
  const known = await client.query(
    `select exists (select from pg_proc where oid = to_regproc('app_clock_set') and prosrc like '%advisory%') as known`,
  )
  if (!known.rows[0].known) {
    await client.query(`
    create or replace function app_clock_set(p_now text) returns void language plpgsql as $$
    declare v_body text := format(' begin return %s; end ', p_now);
    begin
      -- A transaction lets go of its rows a moment before others hear that it has replaced a function, and of this lock after that:
      -- without it, whoever moves the clock next would replace a function that is not the newest, and be refused.
      perform pg_advisory_xact_lock(hashtext('clawrk clock'));
      -- Replacing it needlessly would make every session forget its plans.
      if v_body is not distinct from (select prosrc from pg_proc where oid = to_regproc('app_now')) then return; end if;
      execute format('create or replace function app_now() returns timestamptz language plpgsql stable parallel restricted as %L', v_body);
    end $$;
    create or replace function app_clock_moved() returns trigger language plpgsql as $$
    begin
      perform app_clock_set(format('clock_timestamp() + interval %L', new.skew));
      return null;
    end $$;`)
  }
  if (mode === 'test') {
    await client.query(`
      create or replace trigger app_clock_moved after update on app_clock for each row execute function app_clock_moved();
      select app_clock_set(format('clock_timestamp() + interval %L', skew)) from app_clock`)
  } else {
    await client.query(`drop trigger if exists app_clock_moved on app_clock; select app_clock_set('clock_timestamp()')`)
  }
}

/** The numbered files, each once and in order. All that are new commit together. */
async function runMigrationFiles(connection: pg.PoolConfig): Promise<void> {
  const provider: MigrationProvider = {
    async getMigrations(): Promise<Record<string, Migration>> {
      const folder = join(projectDir, 'migrations')
      const files = readdirSync(folder).filter((file) => /^\d{4}_.*\.sql$/.test(file))
      return Object.fromEntries(
        files.map((file) => [
          file.slice(0, -'.sql'.length),
          { up: (db) => applyFile(db, file, readFileSync(join(folder, file), 'utf8')) },
        ]),
      )
    },
  }
  const pool = new pg.Pool({ ...connection, max: 2 })
  pool.on('error', () => {})
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    const { error } = await new Migrator({ db, provider }).migrateToLatest()
    if (error) throw error
  } finally {
    await db.destroy()
  }
}

async function applyFile(db: Kysely<unknown>, file: string, text: string): Promise<void> {
  try {
    // Without parameters `pg` sends a file of many statements as it is.
    await db.executeQuery(CompiledQuery.raw(text))
  } catch (error) {
    throw new Error(`migrations/${file} was refused: ${describe(error, text)}`, { cause: error })
  }
}

/**
 * The rooms' SQL functions are code, not history: their files say what they are today and are applied whole when one of them changed.
 * A file uses `create or replace`, with its own `drop function if exists` where a signature changed.
 */
async function applyFunctions(client: pg.ClientBase, mode: 'test' | 'live'): Promise<void> {
  const files = ['src/core/*/*.sql', 'src/desks/*/*.sql'].flatMap((pattern) =>
    globSync(pattern, { cwd: projectDir }).sort(),
  )
  const texts = files.map((file) => readFileSync(join(projectDir, file), 'utf8'))
  const hash = createHash('sha256')
    .update(JSON.stringify([mode, files, texts]))
    .digest('hex')
  const applied = await client.query<{ hash: string }>('select hash from applied_functions')
  if (applied.rows[0]?.hash === hash) return
  // Twice: at first without looking inside, because a function may call one of a later file; then every body is checked.
  for (const check of ['off', 'on']) {
    await client.query(`set local check_function_bodies = ${check}`)
    for (const [index, text] of texts.entries()) {
      try {
        await client.query(text)
      } catch (error) {
        throw new Error(`${files[index]} was refused: ${describe(error, text)}`, { cause: error })
      }
    }
  }
  await client.query(
    'insert into applied_functions (hash) values ($1) on conflict (one) do update set hash = excluded.hash',
    [hash],
  )
}

async function inTransaction(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** What Postgres said, with the line of the file it points at. */
function describe(error: unknown, text = ''): string {
  if (!(error instanceof pg.DatabaseError)) return error instanceof Error ? error.message : String(error)
  const line = error.position && `line ${text.slice(0, Number(error.position)).split('\n').length}`
  return [error.message, line, error.detail, error.hint, error.where].filter(Boolean).join(' · ')
}
