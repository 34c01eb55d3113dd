import { mintKey } from '../../src/core/accounts/create-key.ts'
import type { DeviceStarted } from '../../src/core/accounts/start-device.ts'
import type { Attachment } from '../../src/core/files/attachment.ts'
import { gigStates } from '../../src/desks/gigs/gig/gig.ts'
import { negotiationStates } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { reviewStates } from '../../src/desks/gigs/review/review.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { people as newPeople, went } from '../journeys/desk.ts'
import { ask, readAll, startTestMarket, type TestMarket } from '../support/market.ts'
import { Canaries, type Canary, type Role } from './canaries.ts'
import {
  type ContractExhibit,
  contractExhibit,
  foreignMilestone,
  reviewExhibit,
  shownContracts,
} from './contract-exhibits.ts'
import { type DisputeExhibit, disputeExhibits } from './dispute-exhibits.ts'
import { type Desk, type Exhibit, type ExhibitKind, exhibit, exhibitKinds, uploaded } from './exhibits.ts'
import {
  type ApplicationExhibit,
  applicationExhibit,
  type GigExhibit,
  gigAppliedTo,
  type NegotiationExhibit,
  negotiationExhibit,
} from './gig-exhibits.ts'
import { type Credentials, credentialsFor, cronSecret, type People, type PersonRole } from './parties.ts'

/** Something that an id may name, and whose it is. */
export interface Thing {
  readonly id: string
  readonly what: string
  readonly owner: Role
  /** Who may see it; its owner alone without it. */
  readonly mayBeSeenBy?: (role: Role) => boolean
  readonly job?: Exhibit
  readonly gig?: GigExhibit
  readonly application?: ApplicationExhibit
  readonly negotiation?: NegotiationExhibit
  readonly contract?: ContractExhibit
  /** One of a webhook. */
  readonly delivery?: string
  readonly dispute?: DisputeExhibit
}

export const kinds = [
  'job',
  'agent',
  'user',
  'key',
  'file',
  'quote',
  'gig',
  'application',
  'negotiation',
  'contract',
  'milestone',
  'webhook',
  'delivery',
  'channel',
  'dispute',
  'review',
] as const
export type ThingKind = (typeof kinds)[number]

/** A market with one job in every state, and a secret in every private field. */
export interface World extends Desk {
  readonly people: People
  readonly credentials: Credentials
  readonly things: Readonly<Record<ThingKind, readonly Thing[]>>
  readonly otherAgents: Readonly<Record<string, string>>
  readonly device: DeviceStarted
  /** Somebody who signs in with a password. */
  readonly login: { readonly email: string; readonly password: string; readonly shown: readonly string[] }
  readonly quotedPrompt: string
  /** The secrets that were there before anybody asked for anything. */
  readonly exhibited: readonly Canary[]
}

const roles = ['stranger', 'sender', 'holder', 'receiver', 'judged', 'quitter'] as const satisfies PersonRole[]

export async function makeWorld(): Promise<World> {
  const market = await startTestMarket({
    worker: false,
    env: { CRON_SECRET: cronSecret },
    limits: { deviceCodes: 100_000, signUps: 100_000 },
  })
  const canaries = new Canaries()
  const made = await newPeople(market, ...roles)
  const [operator] = await newPeople(market, 'Olga')
  await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [operator.userId])
  const people = Object.fromEntries([
    ...roles.map((role, index) => [role, made[index]]),
    ['operator', operator],
  ]) as People
  const agents: Thing[] = []
  const keys: Thing[] = []
  const otherAgents: Record<string, string> = {}
  for (const role of roles) {
    await furnish(market, canaries, people, role, agents, keys)
    otherAgents[role] = agents.findLast(({ owner }) => owner === role)!.id
  }
  const poor = await market.db.transaction((sql) => mintKey(sql, people.sender.userId, { name: 'poor', limit: 0 }))
  const desk: Desk = { market, canaries, people, poorKey: poor.key }
  const exhibits: Exhibit[] = []
  for (const kind of Object.keys(exhibitKinds) as ExhibitKind[]) exhibits.push(await exhibit(desk, kind))
  await readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))

  const loose: Thing[] = []
  for (const role of ['sender', 'receiver'] as const) {
    const secret = (part: string): string =>
      canaries.make(`${part} of a loose file of the ${role}`, (who) => who === role)
    const file: Attachment = await uploaded(market, people[role], `${secret('name')}.txt`, secret('bytes'))
    loose.push({ id: file.id, what: `a loose file of the ${role}`, owner: role })
  }
  const quotedPrompt = `Research ${canaries.make('prompt of a quote', (role) => role === 'sender')}. It must mention Bell Labs.`
  const quote = went(await people.sender.ask<{ quote_id: string }>('POST', '/api/jobs/run', { prompt: quotedPrompt }))
  canaries.know('id of a quote', quote.quote_id, () => false)
  const webhooks = await Promise.all((['sender', 'receiver'] as const).map((role) => webhookOf(canaries, people, role)))
  const channels = await Promise.all((['sender', 'receiver'] as const).map((role) => channelOf(canaries, people, role)))
  const device = await startDevice(market, canaries)
  const login = await signUp(market, canaries)
  const gigThings = await contractDesk(desk)
  const disputes = await disputeExhibits(desk)
  return {
    ...desk,
    people,
    otherAgents,
    quotedPrompt,
    credentials: credentialsFor(market, people, otherAgents, (what, text) => canaries.know(what, text, () => false)),
    device,
    login,
    exhibited: [...canaries.all],
    things: {
      job: exhibits.map((job) => ({ id: job.id, what: `the job ${job.kind}`, owner: 'sender', job })),
      agent: agents,
      user: roles.map((role) => ({ id: people[role].userId, what: `the ${role}`, owner: role })),
      key: keys,
      file: [...loose, ...exhibits.flatMap(({ files }) => files), ...disputes.flatMap(({ files }) => files)],
      ...gigThings,
      webhook: webhooks,
      delivery: webhooks.map(({ delivery, owner }) => ({ id: delivery!, what: `a delivery of the ${owner}`, owner })),
      channel: channels,
      dispute: disputes.map((dispute) => ({
        id: dispute.id,
        what: `the dispute that is ${dispute.status}`,
        owner: 'sender',
        dispute,
      })),
      quote: [{ id: quote.quote_id, what: 'a quote of the sender', owner: 'sender' }],
    },
  }
}

/** A gig, an application, a negotiation and a contract in every state that somebody may see. */
async function contractDesk(
  desk: Desk,
): Promise<Pick<World['things'], 'gig' | 'application' | 'negotiation' | 'contract' | 'milestone' | 'review'>> {
  const gigs = [await gigAppliedTo(desk, 'active', 'quitter')]
  for (const status of gigStates) gigs.push(await gigAppliedTo(desk, status))
  const applications = [
    await applicationExhibit(desk, 'receiver', 'applied'),
    await applicationExhibit(desk, 'holder', 'shortlisted'),
    await applicationExhibit(desk, 'judged', 'rejected'),
  ]
  const negotiations: NegotiationExhibit[] = []
  for (const state of negotiationStates) negotiations.push(await negotiationExhibit(desk, state))
  const contracts: ContractExhibit[] = []
  for (const status of shownContracts) contracts.push(await contractExhibit(desk, status))
  const reviews: Thing[] = []
  for (const status of reviewStates) {
    const { id, contract } = await reviewExhibit(desk, status)
    reviews.push({ id, what: `the review that is ${status}`, owner: 'sender' })
    contracts.push(contract)
  }
  return {
    gig: gigs.map((gig) => ({ id: gig.id, what: `the ${gig.status} gig of the ${gig.owner}`, owner: gig.owner, gig })),
    application: applications.map((application) => ({
      id: application.id,
      what: `the ${application.status} application of the ${application.worker}`,
      owner: application.worker,
      application,
    })),
    negotiation: negotiations.map((negotiation) => ({
      id: negotiation.id,
      what: `the negotiation that is ${negotiation.state}`,
      owner: 'sender',
      negotiation,
    })),
    contract: contracts.map((contract) => ({
      id: contract.id,
      what: `the contract that is ${contract.status}`,
      owner: 'sender',
      contract,
    })),
    review: reviews,
    milestone: [{ id: await foreignMilestone(desk), what: 'a milestone of two others', owner: 'judged' }],
  }
}

/** Gives a person secrets in every field of their own, money, and agents that nobody else knows of. */
async function furnish(
  { db }: TestMarket,
  canaries: Canaries,
  people: People,
  role: PersonRole,
  agents: Thing[],
  keys: Thing[],
): Promise<void> {
  const person = people[role]
  const own = (field: string): string => canaries.make(`${field} of the ${role}`, (who) => who === role)
  // Operators see who somebody is.
  const known = (field: string): string =>
    canaries.make(`${field} of the ${role}`, (who) => who === role || who === 'operator')
  await db.rows(
    `update app_user set email = $2, name = $3, stripe_account_id = 'acct_' || $4, avatar_url = 'https://' || $5 || '.test' where id = $1`,
    [
      person.userId,
      `${known('e-mail address')}@people.test`,
      `${role} by name`,
      own('account at Stripe'),
      own('avatar'),
    ],
  )
  const checkout = went(await person.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 500 }))
  const [{ stripe_customer_id: customer }] = (await db.rows(`select stripe_customer_id from app_user where id = $1`, [
    person.userId,
  ])) as [{ stripe_customer_id: string }]
  canaries.know(`customer at Stripe of the ${role}`, customer, (who) => who === role)
  canaries.know(`checkout page of the ${role}`, checkout.url, () => false)
  const source = `topup:${own('top-up')}`
  await db.rows(
    `select ledger_post('topup', $2, $2, 'USD', array['platform:stripe'], array['wallet:' || $1], array[50000000])`,
    [person.userId, source],
  )
  await db.rows(
    `select ledger_post('credits_bought', 'test', 'matrix:' || $1, 'CREDIT', array['platform:credits'], array['credits:' || $1], array[1000000])`,
    [person.userId],
  )
  const key = await db.transaction((sql) => mintKey(sql, person.userId, { name: own('name of a key') }))
  keys.push({ id: key.id, what: `a key of the ${role}`, owner: role })
  canaries.know('an API key', key.key, () => false)
  canaries.know('an API key', person.key, () => false)
  canaries.know('a session token', person.cookie.split('=')[1]!, () => false)
  const [first] = await db.rows<{ id: string }>(`select id from agent where owner_id = $1`, [person.userId])
  agents.push({ id: first!.id, what: `the default agent of the ${role}`, owner: role })
  const personality = { name: own('name of an agent'), personality: own('personality of an agent') }
  const other = went(await person.ask<{ id: string }>('POST', '/api/agents', personality), 201)
  agents.push({ id: other.id, what: `another agent of the ${role}`, owner: role })
  await db.rows(`update agent set max_active_jobs = 100 where owner_id = $1`, [person.userId])
}

/** A webhook that somebody has, with a delivery that waits for ever. */
export async function webhookOf(canaries: Canaries, people: People, role: PersonRole): Promise<Thing> {
  const url = `https://${canaries.make(`address of a webhook of the ${role}`, (who) => who === role)}.example/hook`
  const made = went(
    await people[role].ask<{ id: string; secret: string }>('POST', '/api/webhooks', {
      url,
      events: ['webhook.disabled'],
    }),
    201,
  )
  canaries.know('secret of a webhook', made.secret, () => false)
  const delivery = went(await people[role].ask<{ id: string }>('POST', `/api/webhooks/${made.id}/test`), 201)
  return { id: made.id, what: `a webhook of the ${role}`, owner: role, delivery: delivery.id }
}

/** A channel that somebody has; where it leads is shown to nobody. */
export async function channelOf(canaries: Canaries, people: People, role: PersonRole): Promise<Thing> {
  const secret = canaries.make(`address of a channel of the ${role}`, () => false)
  const made = went(
    await people[role].ask<{ id: string }>('POST', '/api/notifications', {
      channel_type: 'slack',
      config: { webhook_url: `https://hooks.slack.com/services/${secret}/rest` },
      enabled_events: ['channel.disabled'],
    }),
    201,
  )
  return { id: made.id, what: `a channel of the ${role}`, owner: role }
}

async function startDevice({ url }: TestMarket, canaries: Canaries): Promise<DeviceStarted> {
  // Whoever has the code may see whose device it is: that is what the code is for.
  const name = canaries.make('name of a device', () => false)
  const device = went(await ask<DeviceStarted>(url, 'POST', '/api/auth/device', { client_name: name }))
  canaries.know('device code', device.device_code, () => false)
  return device
}

async function signUp({ url }: TestMarket, canaries: Canaries): Promise<World['login']> {
  const email = `${canaries.make('e-mail address of somebody who signs in', (who) => who === 'operator')}@people.test`
  const name = canaries.make('name of somebody who signs in', (who) => who === 'operator')
  const password = canaries.make('password', () => false)
  const answer = await ask(url, 'POST', '/api/auth/sign-up/email', { email, password, name })
  went(answer, 201)
  canaries.know('a session token', answer.headers.get('set-cookie')!.split(/[=;]/)[1]!, () => false)
  return { email, password, shown: [email.split('@')[0]!, name] }
}
