import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { readConfig } from '../../src/base/config.ts'
import type { Database } from '../../src/base/db.ts'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { openAccount } from '../../src/core/accounts/open-account.ts'
import { startSession } from '../../src/core/accounts/session.ts'
import { sealTransfers, verifyChain } from '../../src/core/ledger/seal.ts'
import type { FundingDesk } from '../../src/core/payments/funding/desk.ts'
import type { Skills } from '../../src/desks/jobs/skills/skill.ts'
import type { Limits } from '../../src/edges/http/limits.ts'
import { startTwin } from '../../src/edges/twin/start.ts'
import { buildApi, type Market, openMarket, startBackground } from '../../src/market.ts'
import { type Controls, controls } from '../twin/controls.ts'
import { cloneDatabase } from './database.ts'
import { readsVariable, settingsOfRun } from './doors.ts'
import { takePort } from './ports.ts'
import { until } from './processes.ts'

export interface TestMarketOptions {
  /** Settings of the market, as in its environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether work is done in the background; without it submissions wait and webhooks are only stored. */
  readonly worker?: boolean
  /** How many APIs stand on the one database. */
  readonly apis?: number
  /** A migrated database to stand on, instead of a clone of the template. */
  readonly databaseUrl?: string
  /** What the market itself does for credits, instead of its own skills. */
  readonly skills?: Skills
  /** The desk whose work is funded by card, instead of the market's own. */
  readonly desk?: FundingDesk
  /** Rate limits other than those of test mode. */
  readonly limits?: Partial<Limits>
}

export interface TestMarket {
  /** Of the first API; it ends without a slash. */
  readonly url: string
  readonly urls: readonly string[]
  readonly db: Database
  readonly databaseUrl: string
  /** Where the market's Stripe twin is. */
  readonly twinUrl: string
  /** What the market's Stripe twin gets wrong, and what happens there. */
  readonly stripe: Controls
  /** Somebody as sign-up makes them, with a session and a key of all default scopes, but without a password: see `newPerson`. */
  person(name: string): Promise<Person>
  /** Moves the market's clock forward; due timers of the desks have fired when it resolves. */
  advance(seconds: number): Promise<void>
  close(): Promise<void>
}

export interface Person {
  readonly userId: string
  readonly email: string
  readonly key: string
  /** For requests as a browser makes them: send it with `origin: market.url` and without a key. */
  readonly cookie: string
  /** A request with this person's key. A body is sent as JSON; a header given here wins over our own, an empty one is left out. */
  ask<B = Fields>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<B>>
  /** Pays on the twin's page and waits until the money has come. */
  topUp(cents: number): Promise<void>
}

/** An answer's body when the test does not name its type. */
export type Fields = Readonly<Record<string, unknown>>

export interface Answer<B = Fields> {
  readonly status: number
  /** Parsed JSON; null for an empty body. */
  readonly body: B
  /** The bytes of the body, to compare replays by. */
  readonly text: string
  readonly headers: Headers
}

/** A request to a market as anybody; redirects are not followed. */
export async function ask<B = Fields>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<B>> {
  const all = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }
  const answer = await fetch(new URL(path, url), {
    method,
    redirect: 'manual',
    headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') && text !== ''
  return { status: answer.status, body: (isJson ? JSON.parse(text) : null) as B, text, headers: answer.headers }
}

/** A whole market in this process, on a database of its own: APIs, background work and the Stripe twin, at free ports. */
export async function startTestMarket({
  env = {},
  worker = true,
  apis = 1,
  limits = {},
  databaseUrl: given,
  skills,
  desk,
}: TestMarketOptions = {}): Promise<TestMarket> {
  const databaseUrl = given ?? (await cloneDatabase()).url
  const ports: number[] = []
  while (ports.length < apis) {
    const port = await takePort()
    if (!ports.includes(port)) ports.push(port)
  }
  const urls = ports.map((port) => `http://127.0.0.1:${port}`)
  const url = urls[0]!
  const webhookSecret = 'whsec_of_the_tests'
  const twin = await startTwin({
    databaseUrl,
    port: 0,
    webhookUrl: `${url}/api/stripe/webhook`,
    webhookSecret,
    pagesBase: `${url}/twin`,
  })
  const settings = {
    DATABASE_URL: databaseUrl,
    ...(await settingsOfRun(databaseUrl)),
    CLAWRK_SECRET: randomBytes(32).toString('hex'),
    STRIPE_API_BASE: twin.url,
    STRIPE_TWIN_WEBHOOK_SECRET: webhookSecret,
    APP_URL: url,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ...env,
  }
  const markets: Market[] = ports.map((port) => openMarket(readConfig({ PORT: `${port}`, ...settings })))
  // Where there is a replica it is read from the first request on.
  try {
    for (const { reads } of markets) await until('the replica follows', () => reads.standing().replica?.used ?? true)
  } catch (error) {
    await Promise.all([...markets.map((market) => market.close()), twin.close()])
    throw error
  }
  const servers = await Promise.all(
    markets.map((market) => buildApi(market, { strict: true, limits, ...(skills ? { skills } : {}) })),
  )
  await Promise.all(servers.map((server, index) => server.listen({ port: ports[index]!, host: '127.0.0.1' })))
  const background = worker ? startBackground(markets[0]!, desk) : null
  return {
    url,
    urls,
    db: markets[0]!.db,
    databaseUrl,
    stripe: controls(twin.url),
    twinUrl: twin.url,
    person: (name) => newPerson({ db: markets[0]!.db, url }, name),
    async advance(seconds) {
      const answer = await ask(url, 'POST', '/api/test/clock', { advance_seconds: seconds })
      if (answer.status !== 200) throw new Error(`the clock did not move: ${answer.text}`)
    },
    async close() {
      await Promise.all([...servers.map((server) => server.close()), background?.stop()])
      noteReads(markets)
      await Promise.all(markets.map((market) => market.close()))
      await twin.close()
    },
  }
}

/** What was read where, for the sums of a run behind doors: a line for each market. */
function noteReads(markets: readonly Market[]): void {
  for (const { reads } of markets) {
    const { replica, answered, turnedBack } = reads.standing()
    const file = process.env[readsVariable]
    if (replica && file) appendFileSync(file, `${JSON.stringify({ ...answered, turnedBack })}\n`)
  }
}

/** Signs somebody up at a market, with a key of all default scopes; the password is `correct horse battery`. Their e-mail address is new each time. */
export async function signUp(url: string, name: string): Promise<Person> {
  const email = newAddress(name)
  const signedUp = await ask<{ user: { id: string } }>(url, 'POST', '/api/auth/sign-up/email', {
    email,
    password: 'correct horse battery',
    name,
  })
  if (signedUp.status !== 201) throw new Error(`${name} could not sign up: ${signedUp.text}`)
  const cookie = signedUp.headers.get('set-cookie')!.split(';')[0]!
  const made = await ask<{ key: string }>(url, 'POST', '/api/keys', { name: 'test' }, { cookie, origin: url })
  if (made.status !== 201) throw new Error(`${name} got no key: ${made.text}`)
  return asPerson(url, name, { userId: signedUp.body.user.id, email, cookie, key: made.body.key })
}

/**
 * The same without a password: hashing one takes half a second of a processor, as it should. Who signs in again in a test comes
 * from `signUp`.
 */
export async function newPerson({ db, url }: Pick<TestMarket, 'db' | 'url'>, name: string): Promise<Person> {
  const email = newAddress(name)
  const known = await db.transaction(async (sql) => {
    const userId = await openAccount(sql, { name, email })
    const cookie = (await startSession(sql, userId, false)).split(';')[0]!
    return { userId, email, cookie, key: (await mintKey(sql, userId, { name: 'test' })).key }
  })
  return asPerson(url, name, known)
}

const newAddress = (name: string): string =>
  `${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)}-${randomBytes(8).toString('hex')}@people.test`

function asPerson(url: string, name: string, known: Pick<Person, 'userId' | 'email' | 'cookie' | 'key'>): Person {
  const askAsPerson: Person['ask'] = (method, path, body, headers = {}) =>
    ask(url, method, path, body, { authorization: `Bearer ${known.key}`, ...headers })
  const balance = async (): Promise<number> =>
    (await askAsPerson<{ balance_cents: number }>('GET', '/api/wallet/balance')).body.balance_cents
  return {
    ...known,
    ask: askAsPerson,
    async topUp(cents) {
      const before = await balance()
      const started = await askAsPerson<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: cents })
      if (started.status !== 200) throw new Error(`${name} could not top up: ${started.text}`)
      await ask(url, 'POST', started.body.url)
      await until(`${cents} cents came into the wallet of ${name}`, async () => (await balance()) >= before + cents)
    },
  }
}

/**
 * Reads events with a reader of ours until it has seen all that happened before the call: they are handed out when every transaction
 * on the server that began before them has ended, those of other tests' databases too. Answers how many it read.
 */
export async function readAll(db: Database, reader: string, read: () => Promise<number>): Promise<number> {
  const [newest] = await db.rows<{ xid: number; position: number }>(
    `select xid, position from event order by xid desc, position desc limit 1`,
  )
  if (!newest) return 0
  let count = 0
  await until(`${reader} has read everything`, async () => {
    count += await read()
    const [is] = await db.rows<{ behind: boolean }>(
      `select coalesce((select (xid, position) < ($2, $3) from event_reader where name = $1), true) as behind`,
      [reader, newest.xid, newest.position],
    )
    return !is!.behind
  })
  return count
}

/** Seals all there is: a transfer is sealed when every transaction on the server that began before its own has ended. Answers how many. */
export async function sealAll(db: Database): Promise<number> {
  let sealed = 0
  await until('every transfer is under a seal', async () => {
    sealed += await sealTransfers(db)
    return (await verifyChain(db)).unsealed === 0
  })
  return sealed
}

/** Until all that has happened has its number: whoever begins to follow now is told what comes after it. */
export const numbered = (market: TestMarket): Promise<unknown> =>
  until('all that has happened has its number', async () => {
    const [row] = await market.db.rows<{ waits: boolean }>(`select event_waits() as waits`)
    return !row!.waits
  })
