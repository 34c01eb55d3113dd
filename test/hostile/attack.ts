import assert from 'node:assert/strict'
import { request } from 'node:http'
import { z } from 'zod'
import type { Database } from '../../src/base/db.ts'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { KeyRow } from '../../src/core/accounts/queries.ts'
import { defaultScopes } from '../../src/core/accounts/scope.ts'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import { allContracts } from '../../src/market.ts'
import { fundIt, payable } from '../gigs/contract-stage.ts'
import { dispute } from '../gigs/dispute-stage.ts'
import { becomes, dealAt, forMoney } from '../journeys/deal.ts'
import { fund, people, post, postUnpaid, take, went } from '../journeys/desk.ts'
import { type Answer, type Fields, type Person, startTestMarket, type TestMarket } from '../support/market.ts'

export interface Target {
  readonly name: string
  readonly method: string
  /** With ids that the caller may use filled in. */
  readonly path: string
  readonly endpoint: AnyEndpoint
  /** Fields that this endpoint takes; what is wrong is put beside or instead of them. */
  readonly good: Fields
  /** JSON Schema of its fields, without those of the path. */
  readonly fields: Readonly<Record<string, FieldSchema>>
  readonly headers: Readonly<Record<string, string>>
}

export interface FieldSchema {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: FieldSchema
  readonly [key: string]: unknown
}

/** What each endpoint takes in a good request; a new endpoint with required fields must be written down here. */
const goodFields: Readonly<Record<string, Fields>> = {
  'accounts.sign_up': { email: 'mallory@people.test', password: 'correct horse battery', name: 'Mallory' },
  'accounts.sign_in': { email: 'mallory@people.test', password: 'correct horse battery' },
  'accounts.create_agent': { name: 'another' },
  'wallet.topup': { amount_cents: 2000 },
  'wallet.withdraw': { amount_cents: 500 },
  'wallet.set_auto_topup': { enabled: true, amount_cents: 1000, threshold_cents: 500 },
  'jobs.run': { prompt: 'Research the history of Unix.', price_cents: 500, time_limit_seconds: 3600, confirmed: true },
  'plans.checkout': { tier: 'pro' },
  'credits.deduct': { amount: 1, reason: 'match_deduction' },
  'jobs.post': { prompt: 'Research the history of Unix.' },
  'jobs.submit': { output: 'Unix was born at Bell Labs in 1969, by Ken Thompson.' },
  'operator.suspend': { note: 'Paid with stolen cards.' },
  'operator.restore': { note: 'The bank has cleared it.' },
  'clock.advance': { advance_seconds: 1 },
  'profiles.update_me': { bio: 'Breaks things.' },
  'gigs.create': { title: 'Break things' },
  'gigs.update': { title: 'Break more things' },
  'gigs.decide': { status: 'shortlisted' },
  'negotiations.round': { rate_cents: 0 },
  'negotiations.share_contact': { contact_type: 'Email', contact_value: 'mallory@people.test' },
  'contracts.revise': { notes: 'Fewer hours.' },
  'contracts.cancel': { reason: 'No time.' },
  'channels.create': { channel_type: 'telegram', config: { chat_id: 1 } },
  'channels.confirm': { code: 'AAAAA-AAAAA' },
  'channels.stop': { token: 'none' },
  'disputes.resolve': { worker_share_percent: 50, note: 'Both have a point.' },
}

/**
 * Every endpoint of every contract as somebody may call it who has an agent, a key, and a job in a state where the verb makes
 * sense: made from the contracts, so that a new endpoint is attacked too.
 */
export async function targetsOf(market: TestMarket): Promise<{ targets: Target[]; mallory: Person }> {
  const [ada, mallory] = await people(market, 'Ada', 'Mallory')
  await fund(market, ada, 10_000)
  await fund(market, mallory, 10_000)
  const agent = went(await mallory.ask<Agent>('POST', '/api/agents', { name: 'idle' }), 201)
  const [key] = went(await mallory.ask<KeyRow[]>('GET', '/api/keys'))
  const [poor, olga] = await people(market, 'Poor', 'Olga')
  // Behind the door, or nothing of theirs would be reached.
  await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [olga.userId])
  await postUnpaid(poor)
  const queued = await post(ada)
  const working = await take(mallory, await post(ada))
  const mine = await post(mallory)
  // Mallory is the client of three deals, so that each verb has one in a state where it makes sense, and has applied to one of Ada's gigs.
  await becomes(mallory, 'freelancer')
  const offered = await dealAt('applied', ada, mallory)
  await becomes(mallory, 'client')
  const applied = await dealAt('applied', mallory, poor)
  const shortlisted = await dealAt('shortlisted', mallory, poor)
  const proposed = await dealAt('proposed', mallory, poor)
  const agreed = await dealAt('agreed', mallory, poor, forMoney)
  const approved = await dealAt('approved', mallory, poor, forMoney)
  // Two of Mallory's milestones hold money: one is theirs to dispute, the other's worker has disputed it.
  const quarrels = [await disputable(market, mallory, poor), await disputable(market, mallory, poor)] as const
  const disputed = went(await dispute(poor, 'worker', quarrels[1]), 201)
  const webhook = went(await mallory.ask<{ id: string }>('POST', '/api/webhooks', { url: 'https://example.com/' }), 201)
  const told = went(await mallory.ask<{ id: string }>('POST', `/api/webhooks/${webhook.id}/test`), 201)
  const idsOf: Readonly<Record<string, readonly string[]>> = {
    gigs: [applied.gig.id, applied.application.id],
    negotiations: [proposed.negotiation.id],
    contracts: [agreed.contract.id],
    'gigs.withdraw': [offered.application.id],
    'contracts.fund': [approved.contract.id, approved.milestone.id],
    profiles: [ada.userId],
    milestones: [quarrels[0].contract_id, quarrels[0].id],
    disputes: [disputed.id],
    webhooks: [webhook.id, told.id],
  }
  const invitation = { gig_id: shortlisted.gig.id, worker_user_id: poor.userId }
  const named: Readonly<Record<string, Fields>> = {
    'negotiations.start': invitation,
    'negotiations.negotiate': invitation,
    'disputes.create': {
      contract_id: quarrels[0].contract_id,
      milestone_id: quarrels[0].id,
      disputing_party: 'client',
      reason: 'It is broken.',
    },
    'profiles.vouch': { vouched_user_id: ada.userId },
  }
  const ids: Readonly<Record<string, string>> = {
    'accounts.user': mallory.userId,
    'accounts.revoke_key': key!.id,
    'operator.suspend': poor.userId,
    'operator.restore': poor.userId,
    'jobs.claim': queued.id,
    'jobs.pay': mine.id,
    'jobs.cancel': mine.id,
    'jobs.agent_jobs': agent.id,
  }
  const targets = allContracts.flatMap((contract) =>
    Object.entries(contract.endpoints).map(([verb, endpoint]): Target => {
      const name = `${contract.name}.${verb}`
      const [method, route] = (endpoint as AnyEndpoint).route.split(' ') as [string, string]
      const path = idsOf[name] ??
        idsOf[contract.name] ?? [ids[name] ?? (contract.name === 'accounts' ? agent.id : working.id)]
      const pathNames = [...route.matchAll(/:(\w+)/g)].map((match) => match[1]!)
      const schema = z.toJSONSchema((endpoint as AnyEndpoint).input, { io: 'input', unrepresentable: 'any' })
      const fields = Object.fromEntries(
        Object.entries((schema.properties ?? {}) as Record<string, FieldSchema>).filter(
          ([field]) => !pathNames.includes(field),
        ),
      )
      return {
        name,
        method,
        path: pathNames.reduce((filled, part, index) => filled.replace(`:${part}`, path[index] ?? ''), route),
        endpoint: endpoint as AnyEndpoint,
        good: goodFields[name] ?? named[name] ?? {},
        fields,
        headers: credentialFor(
          endpoint as AnyEndpoint,
          (endpoint as AnyEndpoint).access === 'operator' ? olga : mallory,
          market,
        ),
      }
    }),
  )
  return { targets, mallory }
}

/** A milestone of an active contract that holds money. */
async function disputable(market: TestMarket, client: Person, worker: Person): Promise<Milestone> {
  await payable(market, worker)
  const { contract, milestone } = await dealAt('approved', client, worker, forMoney)
  await fund(market, client, Number(milestone.amount_cents))
  went(await fundIt(client, { id: contract.id, milestones: [milestone as unknown as Milestone] }, { source: 'wallet' }))
  return milestone as unknown as Milestone
}

/** A market to attack: nothing happens in it but what the attacker brings about, and nobody is held back by counting. */
export const startTarget = (): Promise<TestMarket> =>
  startTestMarket({
    worker: false,
    env: { CRON_SECRET: cronSecret },
    limits: { deviceCodes: 100_000, signUps: 100_000 },
  })

const cronSecret = 'cron-secret-of-the-tests'

function credentialFor({ access, scope }: AnyEndpoint, who: Person, { url }: TestMarket): Record<string, string> {
  if (access === 'public') return {}
  if (access === 'cron') return { authorization: `Bearer ${cronSecret}` }
  // What no key is given unasked is done in the browser.
  const isForPage =
    access === 'session' || (scope !== undefined && !(defaultScopes as readonly string[]).includes(scope))
  return isForPage ? { cookie: who.cookie, origin: url } : { authorization: `Bearer ${who.key}` }
}

/** Sends exactly these bytes as exactly this path: no client in between that tidies them up. */
export function send(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Buffer,
): Promise<Answer<Fields>> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const isJson = String(incoming.headers['content-type']).includes('json') && text !== ''
        const all = new Headers()
        for (const [name, value] of Object.entries(incoming.headers)) all.set(name, String(value))
        resolve({
          status: incoming.statusCode!,
          body: (isJson ? JSON.parse(text) : null) as Fields,
          text,
          headers: all,
        })
      })
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    if (body !== undefined) outgoing.write(body)
    outgoing.end()
  })
}

/** Sends JSON text, well-formed or not, with the target's credential. */
export const sendTo = (
  market: TestMarket,
  { method, path, headers }: Target,
  body: string | Buffer,
  extra: Readonly<Record<string, string>> = {},
): Promise<Answer<Fields>> => {
  const length = { 'content-length': `${Buffer.byteLength(body)}` }
  return send(market.url, method, path, { ...length, 'content-type': 'application/json', ...headers, ...extra }, body)
}

/** Checks that an answer is an error of the documented shape, and not a fault of ours. */
export function assertRefused(answer: Answer<Fields>, what: string): void {
  const about = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`
  assert.ok(answer.status >= 400 && answer.status < 500, about)
  const { error, code, request_id: requestId } = answer.body ?? {}
  assert.ok(typeof error === 'string' && error.length > 10, about)
  assert.match(String(code), /^[a-z][a-z_]+$/, about)
  assert.equal(requestId, answer.headers.get('x-request-id'), about)
}

// Notes about requests, which a refused request may leave: an open quota, a key that stands for nothing yet. And what background
// work writes whatever is asked: how far it has read, what it has counted and checked.
const bookkeeping = [
  ...['idempotency', 'request_quota', 'event_reader', 'census', 'ledger_audit'],
  // The numbers that events are given after they have happened.
  ...['event_day', 'event_page', 'event_sequence'],
  // How many streams are open, given back when a stream's end has been seen.
  'stream_seat',
]
// And about credentials: when they were last used. Anything else about them is theirs alone.
const lastUsed = ['api_key', 'session']
// The provider forgets its answers after a day, when it gets round to it.
const stillKept: Readonly<Record<string, string>> = {
  'stripe_twin.idempotent_answer': `where created_at > stripe_twin.now() - interval '12 hours'`,
}

/** A hash over every row of every table, so that whatever changed shows. */
export async function footprint(db: Database): Promise<Record<string, string>> {
  const tables = await db.rows<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('public', 'stripe_twin') and table_type = 'BASE TABLE' and table_name <> all ($1) order by 1`,
    [bookkeeping],
  )
  // All in one round trip: a table is small here, and there are many.
  const prints = tables.map(({ name }) => {
    const row = lastUsed.includes(name.split('.')[1]!) ? `to_jsonb(t) - array['last_used_at', 'seen_at']` : 't'
    return `select '${name}' as name, count(*) || ' rows, ' || md5(coalesce(string_agg(md5((${row})::text), '' order by md5((${row})::text)), '')) as print
      from ${name} as t ${stillKept[name] ?? ''}`
  })
  const { rows } = await db.pool.query<{ name: string; print: string }>(prints.join(' union all '))
  return Object.fromEntries(rows.map(({ name, print }) => [name, print]))
}

/**
 * The same, but for what the provider still says of what was done before: its messages come when they come. Of its objects the number
 * counts: another would be another call.
 */
export async function footprintOfOurs(db: Database): Promise<Record<string, string>> {
  const {
    'public.stripe_inbox': _inbox,
    'stripe_twin.delivery': _delivery,
    'stripe_twin.object': objects,
    ...prints
  } = await footprint(db)
  return { ...prints, 'stripe_twin.object': objects!.split(',')[0]! }
}
