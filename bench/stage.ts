import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeScratchFolder } from '../demo/scratch.ts'
import { type Database, openDatabase } from '../src/base/db.ts'
import { findFreePort } from '../src/base/free-port.ts'
import { newId } from '../src/base/ids.ts'
import { migrate } from '../src/base/migrate.ts'
import { launchPostgres, type Postgres } from '../src/base/postgres/launch.ts'
import { makeKey } from '../src/core/accounts/key.ts'
import { defaultScopes } from '../src/core/accounts/scope.ts'
import { personality } from './work.ts'

export const poolSize = 16
const entry = join(import.meta.dirname, '../src/main.ts')

/** A durable PostgreSQL of the bench's own, in a folder that is thrown away. */
export interface Stage {
  readonly folder: string
  readonly postgres: Postgres
  /** An empty database of this name. */
  database(name: string): Promise<string>
  close(): Promise<void>
}

export async function openStage(settings: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const folder = makeScratchFolder('clawrk-bench')
  const postgres = await launchPostgres({ dataDir: join(folder, 'pg'), durable: true, settings })
  return {
    folder,
    postgres,
    async database(name) {
      const db = openDatabase({ url: postgres.url, poolSize: 1 })
      await db.pool.query(`create database ${name}`)
      await db.close()
      return postgres.url.replace(/\/clawrk$/, `/${name}`)
    },
    async close() {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Works on a stage and takes it away, also when somebody interrupts: what was started ends with this process, the folder would not. */
export async function onStage<T>(
  work: (stage: Stage) => Promise<T>,
  settings: Readonly<Record<string, string>> = {},
): Promise<T> {
  const stage = await openStage(settings)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stage.close().finally(() => process.exit(130)))
  }
  try {
    return await work(stage)
  } finally {
    await stage.close()
  }
}

/** The version of a stage's PostgreSQL, for the heading. */
export async function postgresVersion({ postgres }: Stage): Promise<string> {
  const db = openDatabase({ url: postgres.url, poolSize: 1 })
  const [row] = await db.rows<{ server_version: string }>('show server_version')
  await db.close()
  return row!.server_version
}

/** Somebody with a key, a default agent that has a personality, and money. */
export interface Person {
  readonly id: string
  readonly keyId: string
  readonly key: string
}

export interface Pair {
  readonly sender: Person
  readonly worker: Person
}

/** A market's database with people in it, written by SQL: signing up costs a password hash each, and is not what is measured. */
export async function openMarketDatabase(
  stage: Stage,
  name: string,
  clients: number,
): Promise<{ url: string; db: Database; pairs: Pair[] }> {
  const url = await stage.database(name)
  await migrate(url, { mode: 'test' })
  const db = openDatabase({ url, poolSize })
  const pairs = await Promise.all(
    Array.from({ length: clients }, async () => ({ sender: await makePerson(db), worker: await makePerson(db) })),
  )
  return { url, db, pairs }
}

/** Somebody with a key, a default agent and ten million dollars. */
export async function makePerson(db: Database): Promise<Person> {
  const [id, keyId] = [newId(), newId()]
  const { key, publicId, hash, lastFour } = makeKey('clk')
  await db.transaction(async (sql) => {
    await sql.rows(`insert into app_user (id, name, email, created_at) values ($1, 'bench', $2, app_now())`, [
      id,
      `${id}@bench.test`,
    ])
    await sql.rows(
      `insert into agent (id, owner_id, name, personality, is_default, max_active_jobs, created_at) values ($1, $2, 'default', $3, true, 100, app_now())`,
      [newId(), id, personality],
    )
    await sql.rows(`select ledger_open($1)`, [id])
    await sql.rows(
      `select ledger_post('topup', 'user:' || $1, 'bench:' || $1, 'USD', array['platform:stripe'], array['wallet:' || $1], array[1000000000])`,
      [id],
    )
    await sql.rows(
      `insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, scopes, created_at, expires_at)
       values ($1, $2, $1, 'clk', $3, $4, $5, $6, app_now(), app_now() + interval '90 days')`,
      [keyId, id, publicId, hash, lastFour, defaultScopes],
    )
  })
  return { id, keyId, key }
}

export interface MarketProcesses {
  /** Of the first API. */
  readonly port: number
  /** Of each API, in their order. */
  readonly ports: readonly number[]
  /** Of each role, in their order. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** The market's roles, each in a process of its own, each API at a port of its own, on one database. */
export async function startProcesses(
  stage: Stage,
  url: string,
  roles: readonly ('all' | 'api' | 'worker')[],
  nodeArgs: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<MarketProcesses> {
  const own: number[] = []
  while (own.length < roles.length) {
    const port = await findFreePort()
    if (!own.includes(port)) own.push(port)
  }
  const children = roles.map((role, index) =>
    spawn(process.execPath, [...nodeArgs, entry, role], {
      env: {
        ...process.env,
        DATABASE_URL: url,
        PORT: `${own[index]}`,
        CLAWRK_DATA_DIR: join(stage.folder, 'market'),
        CLAWRK_MODE: 'test',
        DATABASE_POOL_SIZE: `${poolSize}`,
        // Nobody tops up here, so there is no twin to talk to; that background work says so again and again is no news.
        STRIPE_API_BASE: 'http://127.0.0.1:9',
        LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
        ...settings,
      },
      // With a channel, so that they end when the bench is killed.
      stdio: ['ignore', 2, 2, 'ipc'],
    }),
  )
  const ports = own.filter((_, index) => roles[index] !== 'worker')
  for (const port of ports) await untilHealthy(port, children)
  return {
    port: ports[0]!,
    ports,
    pids: children.map((child) => child.pid!),
    async stop() {
      await Promise.all(children.map(end))
    },
  }
}

async function untilHealthy(port: number, children: readonly ChildProcess[]): Promise<void> {
  for (const giveUpAt = Date.now() + 60_000; Date.now() < giveUpAt; ) {
    if (children.some((child) => child.exitCode !== null)) break
    const answer = await fetch(`http://127.0.0.1:${port}/api/ready`).catch(() => null)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  throw new Error('The market did not start.')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
