import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/base/db.ts'
import { cloneDatabase } from '../support/database.ts'
import { type Answer, ask, type Fields } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { Canaries, type Canary } from './canaries.ts'
import { type Printing, startRole } from './market-processes.ts'

export const canaries = new Canaries()
export const nobody = (): boolean => false
/** What may lie in no table in clear, and what may: neither is ever printed. */
const neverKept = new Set<string>()
export const secret = (field: string, text?: string): string => {
  const made = text === undefined ? canaries.make(field, nobody) : canaries.know(field, text, nobody)
  neverKept.add(made)
  return made
}
export const personal = (field: string): string => canaries.make(field, nobody)

const { url: cloned } = await cloneDatabase()
export const own = openDatabase({ url: cloned, poolSize: 4 })
export const role = `scan_${randomBytes(6).toString('hex')}`
export const databasePassword = secret('password of the database')
await own.rows(`create role ${role} superuser login password '${databasePassword}'`)
export const databaseUrl = Object.assign(new URL(cloned), { username: role, password: databasePassword }).href

const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-scan-'))
const [port, twinPort] = [await takePort(), await takePort()]
export const url = `http://127.0.0.1:${port}`
export const webhookSecret = `whsec_${secret('secret of the webhook')}`
export const settings = {
  PORT: `${port}`,
  APP_URL: url,
  DATABASE_URL: databaseUrl,
  CLAWRK_DATA_DIR: dataDir,
  CLAWRK_SECRET: secret('CLAWRK_SECRET'),
  CRON_SECRET: secret('CRON_SECRET'),
  STRIPE_SECRET_KEY: `sk_test_${secret('key of Stripe')}`,
  STRIPE_WEBHOOK_SECRET: webhookSecret,
  STRIPE_TWIN_WEBHOOK_SECRET: webhookSecret,
  STRIPE_TWIN_PORT: `${twinPort}`,
  STRIPE_API_BASE: `http://127.0.0.1:${twinPort}`,
  GITHUB_CLIENT_ID: 'the-client',
  GITHUB_CLIENT_SECRET: secret('client secret of GitHub'),
  // Nobody listens there.
  GITHUB_BASE_URL: 'http://127.0.0.1:9',
  GITHUB_API_URL: 'http://127.0.0.1:9',
  LOG_LEVEL: 'trace',
}
export const running: Printing[] = []
export const start = (name: string, more: Readonly<Record<string, string>> = {}): Printing => {
  const printing = startRole(name, { ...settings, ...more })
  running.push(printing)
  return printing
}

/** Ends everything that was started here. */
export async function closeScanned(): Promise<void> {
  await Promise.all(running.map((printing) => printing.stop()))
  await own.close()
  rmSync(dataDir, { recursive: true, force: true })
}

export const log = (): string => running.map((printing) => printing.said()).join('\n')
export const printed = (message: string): number => log().split(message).length - 1

export const post = <B = Fields>(
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<B>> => ask<B>(url, 'POST', path, body, headers)
export const upload = async (headers: Record<string, string>, name: string, text: string): Promise<string> => {
  const form = new FormData()
  form.append('file', new Blob([text]), name)
  const answer = await fetch(`${url}/api/attachments`, { method: 'POST', headers, body: form })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as { id: string }).id
}

export interface Somebody {
  readonly page: Record<string, string>
  readonly bearer: Record<string, string>
  readonly password: string
  readonly email: string
}

/** Signs up, is known by cookie and by key, and everything about it is a secret. */
export async function somebody(name: string): Promise<Somebody> {
  const password = secret(`password of ${name}`)
  const email = `${personal(`e-mail address of ${name}`)}@people.test`
  const repeated = { 'idempotency-key': `sign-up-${name}` }
  const answer = await post('/api/auth/sign-up/email', { email, password, name: personal(`name of ${name}`) }, repeated)
  assert.equal(answer.status, 201, answer.text)
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
  secret(`session of ${name}`, cookie.split('=')[1]!)
  const page = { cookie, origin: url }
  const made = await post<{ key: string }>(
    '/api/keys',
    { name: personal(`name of a key of ${name}`) },
    { ...page, 'idempotency-key': 'key' },
  )
  assert.equal(made.status, 201, made.text)
  return { page, bearer: { authorization: `Bearer ${secret(`key of ${name}`, made.body.key)}` }, password, email }
}

/** Makes whatever inserts into a table fail, and PostgreSQL tell the row that did. */
export async function breaking(table: string, work: () => Promise<unknown>): Promise<void> {
  await own.rows(`alter table ${table} add constraint broken check (false) not valid`)
  try {
    await work()
  } finally {
    await own.rows(`alter table ${table} drop constraint broken`)
  }
}

export const signed = (body: string): string => {
  const at = Math.floor(Date.now() / 1000)
  return `t=${at},v1=${createHmac('sha256', webhookSecret).update(`${at}.${body}`).digest('hex')}`
}

/** Everything in every table, as text; bytes as hexadecimal. */
export async function everythingKept(): Promise<Map<string, Set<Canary>>> {
  const tables = await own.rows<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('public', 'stripe_twin') and table_type = 'BASE TABLE'`,
  )
  const found = new Map<string, Set<Canary>>()
  for (const { name } of tables) {
    const { rows } = await own.pool.query<{ row: string }>(`select t::text as row from ${name} as t`)
    found.set(name, canaries.in(rows.map(({ row }) => row).join('\n')))
  }
  return found
}

export const keptInClear = async (): Promise<string[]> =>
  [...(await everythingKept())].flatMap(([table, found]) =>
    [...found].filter(({ text }) => neverKept.has(text)).map(({ field }) => `${table} holds the ${field}`),
  )
