import { randomUUID } from 'node:crypto'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { openAccount } from '../../src/core/accounts/open-account.ts'
import type { DeviceStarted } from '../../src/core/accounts/start-device.ts'
import { act, people as newPeople, unixReport, went } from '../journeys/desk.ts'
import { ask, type Fields } from '../support/market.ts'
import type { Role } from './canaries.ts'
import { contractRights } from './contract-rights.ts'
import { disputeRights } from './dispute-rights.ts'
import { eventRights } from './event-rights.ts'
import { type Exhibit, exhibit, isHolder, isReceiver, maySee, spareAgent, uploaded } from './exhibits.ts'
import { gigRights } from './gig-rights.ts'
import { milestoneRights } from './milestone-rights.ts'
import type { Headers, Party, PersonRole } from './parties.ts'
import type { Thing, ThingKind, World } from './world.ts'

/** A call that may change the world: what it is made with, so that the exhibits stay as they are. */
export interface Prepared {
  /** Instead of the exhibit's. */
  readonly id?: string
  /** The same for the other ids of its path. */
  readonly path?: Readonly<Record<string, string>>
  readonly body?: Fields | FormData
  readonly headers?: Headers
  /** Secrets that this very answer may show. */
  readonly shown?: readonly string[]
  /** What is true once the call has gone well. */
  readonly afterwards?: () => void
  readonly tidy?: () => Promise<unknown>
}

/** The rights at one endpoint, once the door has let somebody in. Written from the specification, not from the code. */
export interface Right {
  /** What kind of thing each id field names; the field `id` stands in the path. */
  readonly ids?: Readonly<Record<string, ThingKind>>
  /** The other ids of the path, which belong to the thing that `id` names. */
  readonly path?: (thing: Thing) => Readonly<Record<string, string>>
  /** Id fields that are meant to name what is another's. */
  readonly ofOthers?: readonly string[]
  /** Who may; everybody without it. */
  readonly may?: (party: Party, thing: Thing) => boolean
  /** The answers to those who may: 200 without it. */
  readonly answers?: readonly number[]
  /** The answers to those who may not. */
  readonly refusals?: readonly number[] | ((party: Party, thing: Thing) => readonly number[])
  readonly fields?: (world: World) => Fields
  readonly prepare?: (world: World, party: Party, thing: Thing) => Promise<Prepared>
}

const isOwner = ({ role }: Party, { owner }: Thing): boolean => role === owner
const own = { may: isOwner, refusals: [404] } as const
const jobRule =
  (rule: (job: Exhibit, role: Role) => boolean) =>
  ({ role }: Party, { job }: Thing): boolean =>
    rule(job!, role)
/** A key of the default scopes may not. */
const managesWallet = ({ how }: Party): boolean => how === 'session'
const actsForAll = ({ how }: Party): boolean => how !== 'bound key'
const hasTried = ({ role }: Party, { job }: Thing): boolean => job!.judged.includes(role) || job!.quit.includes(role)

/** 404 where the job is not theirs to see; who once worked it may be told that their attempt has ended. */
const notTheirs =
  (...visible: number[]) =>
  (party: Party, thing: Thing): number[] => {
    const isVisible = maySee.outline(thing.job!, party.role)
    return [...(isVisible ? visible : [404]), ...(hasTried(party, thing) ? [400] : [])]
  }

/** The first API says 400 and 403 of its jobs, also to those who do not see them any more. */
const ofCredits =
  (statuses: readonly number[], otherwise: (party: Party, thing: Thing) => readonly number[]) =>
  (party: Party, thing: Thing): readonly number[] =>
    thing.job!.terms === 'credits' ? statuses : otherwise(party, thing)
const isOpenForCredits = ({ terms, state }: Exhibit): boolean => terms === 'credits' && state === 'queued'

/** Another job of the same kind, for a verb that moves it. */
const onFresh =
  (body: (world: World, party: Party, job: Exhibit) => Promise<Prepared> | Prepared) =>
  async (world: World, party: Party, { job }: Thing): Promise<Prepared> => {
    const fresh = await exhibit(world, job!.kind)
    return { id: fresh.id, ...(await body(world, party, fresh)) }
  }

const freshKey = (world: World, party: Party): Promise<{ id: string; key: string }> =>
  world.market.db.transaction((sql) => mintKey(sql, world.people[party.role as PersonRole].userId, { name: 'fresh' }))

const freshDevice = async ({ market, canaries, credentials }: World, by?: Party): Promise<DeviceStarted> => {
  const device = went(await ask<DeviceStarted>(market.url, 'POST', '/api/auth/device', { client_name: 'fresh' }))
  canaries.know('device code', device.device_code, () => false)
  if (by) {
    const headers = await credentials.fresh(by)
    went(
      await ask(
        market.url,
        'POST',
        '/api/auth/device/approve',
        { user_code: device.user_code, approve: true },
        headers,
      ),
    )
  }
  return device
}

// A password takes half a second to hash, and these endpoints ask nobody who they are: a few parties stand for all, the others
// leave the password out.
const hashes = ({ name }: Party): boolean => ['nothing', 'stranger with key', 'sender with session'].includes(name)

/** Somebody whom no other cell is about. */
const newcomer = ({ db }: World['market']): Promise<string> =>
  db.transaction((sql) => openAccount(sql, { name: 'Newcomer', email: `${randomUUID()}@people.test` }))

let counted = 0
const another = (what: string): string => `${what} ${++counted}`

const cancelled = (world: World, id: string) => (): Promise<unknown> => act(world.people.sender, 'cancel', { id })

const file = (text: string): FormData => {
  const form = new FormData()
  form.append('file', new Blob([text]), 'file.txt')
  return form
}

const resume = (): FormData => {
  const form = new FormData()
  form.append('resume', new Blob(['%PDF-1.7\nnothing in it']), 'resume.pdf')
  return form
}

const job = { id: 'job' } as const
const work = { ...job, agent_id: 'agent' } as const

export const rights: Readonly<Record<string, Right>> = {
  'system.health': {},
  'accounts.sign_up': {
    may: hashes,
    refusals: [400],
    answers: [201],
    prepare: async () => ({
      body: {
        email: `${another('new').replace(' ', '.')}@people.test`,
        password: 'correct horse battery',
        name: 'New',
      },
    }),
  },
  'accounts.sign_in': {
    may: hashes,
    refusals: [400],
    prepare: async ({ login }) => ({ body: { email: login.email, password: login.password }, shown: login.shown }),
  },
  'accounts.github_sign_in': { answers: [404] },
  'accounts.github_callback': { answers: [404] },
  'accounts.start_device': {},
  'accounts.collect_device': {
    // The device is let in by the sender; whoever has its code gets the key.
    async prepare(world) {
      const device = await freshDevice(world, { name: 'sender', role: 'sender', how: 'session' })
      // Fifty live keys are the most.
      const tidy = () => world.market.db.rows(`update api_key set revoked_at = app_now() where name = 'cli@fresh'`)
      return { body: { device_code: device.device_code }, tidy }
    },
  },
  'accounts.device': {
    // Whoever is shown the code may see whose device it is.
    prepare: async ({ device, canaries }) => ({
      body: { user_code: device.user_code },
      shown: canaries.all.filter(({ field }) => field === 'name of a device').map(({ text }) => text),
    }),
  },
  'accounts.approve_device': {
    fields: ({ device }) => ({ user_code: device.user_code, approve: true }),
    prepare: async (world) => ({ body: { user_code: (await freshDevice(world)).user_code, approve: true } }),
  },
  'accounts.sign_out': { prepare: async ({ credentials }, party) => ({ headers: await credentials.fresh(party) }) },
  'accounts.whoami': {},
  'accounts.delete_account': {
    // Somebody else each time: everybody here is needed to the end.
    async prepare({ market }) {
      const [leaver] = await newPeople(market, 'Leaver')
      return { headers: { cookie: leaver.cookie, origin: market.url } }
    },
  },
  'accounts.user': { ids: { id: 'user' }, may: isOwner, refusals: [403] },
  'accounts.agents': {},
  'accounts.create_agent': { answers: [201], fields: () => ({ name: another('agent') }) },
  'accounts.agent': { ids: { id: 'agent' }, ...own },
  'accounts.update_agent': { ids: { id: 'agent' }, ...own, fields: () => ({ max_active_jobs: 100 }) },
  'accounts.delete_agent': {
    ids: { id: 'agent' },
    ...own,
    prepare: async (world, party) => ({ id: await spareAgent(world, party.role as PersonRole) }),
  },
  'accounts.keys': {},
  'accounts.create_key': { ids: { hosted_agent_id: 'agent' }, answers: [201], fields: () => ({ name: 'made' }) },
  'accounts.verify_key': {},
  'accounts.revoke_own_key': {
    prepare: async ({ credentials }, party) => ({ headers: await credentials.fresh(party) }),
  },
  'accounts.rotate_key': { prepare: async ({ credentials }, party) => ({ headers: await credentials.fresh(party) }) },
  'accounts.revoke_key': {
    ids: { id: 'key' },
    ...own,
    prepare: async (world, party) => ({ id: (await freshKey(world, party)).id }),
  },
  'wallet.balance': {},
  'wallet.topup': { fields: () => ({ amount_cents: 2000 }) },
  'plans.checkout': { fields: () => ({ tier: 'pro' }) },
  // Nobody there has a plan.
  'plans.stop': { answers: [404] },
  'credits.balance': {},
  'credits.deduct': { fields: () => ({ amount: 1, reason: 'match_deduction' }) },
  // Their own wallet and nobody else's: there is no id to name another's. Nothing in it was paid on a page or earned for long.
  'wallet.withdraw': {
    may: managesWallet,
    refusals: [403],
    answers: [400, 402],
    fields: () => ({ amount_cents: 500 }),
  },
  'wallet.refund': { answers: [400] },
  'wallet.setup_payment_method': {
    may: managesWallet,
    refusals: [403],
  },
  'wallet.auto_topup': {},
  'wallet.set_auto_topup': { may: managesWallet, refusals: [403], fields: () => ({ enabled: false }) },
  // The accounts these people have at the provider are made up: it does not know them.
  'wallet.connect': { may: managesWallet, refusals: [403], answers: [503] },
  'wallet.connect_status': {},
  'profiles.me': {},
  // They may be freelancers or clients as they like; the others of the world go by who they are.
  'profiles.update_me': { fields: () => ({ user_type: 'client' }) },
  'profiles.upload_resume': { prepare: async () => ({ body: resume() }) },
  'profiles.remove_resume': {},
  'profiles.profile': { ids: { id: 'user' } },
  // Theirs has been removed above; nobody signs in with GitHub there.
  'profiles.resume': { ids: { id: 'user' }, answers: [404] },
  'profiles.github_repos': { ids: { id: 'user' }, answers: [404] },
  'profiles.reviews': { ids: { id: 'user' } },
  'profiles.vouch': {
    ids: { vouched_user_id: 'user' },
    ofOthers: ['vouched_user_id'],
    answers: [201],
    prepare: async ({ market }) => {
      const [newcomer] = await newPeople(market, 'Newcomer')
      return { body: { vouched_user_id: newcomer.userId } }
    },
  },
  'files.upload': { answers: [201], prepare: async () => ({ body: file('nothing in it') }) },
  'files.download': {
    ids: { id: 'file' },
    may: ({ role }, { owner, mayBeSeenBy }) => role === owner || mayBeSeenBy?.(role) === true,
    refusals: [404],
  },
  'jobs.run': {
    ids: { quote_id: 'quote', attachments: 'file' },
    answers: [200, 201],
    fields: ({ quotedPrompt }) => ({ prompt: quotedPrompt, price_cents: 500, confirmed: true }),
    async prepare({ quotedPrompt, market }, { role }) {
      if (role === 'sender') return { body: { prompt: quotedPrompt } }
      const prompt = 'Research the history of Unix, please.'
      // Out of the others' sight again: the exhibits are all that may be taken.
      const tidy = () =>
        market.db.rows(
          `update job set status = 'cancelled', due_at = null, ended_at = app_now() where prompt = $1 and ended_at is null`,
          [prompt],
        )
      return { body: { prompt, price_cents: 500, confirmed: true }, tidy }
    },
  },
  'jobs.post': {
    answers: [201],
    fields: () => ({ prompt: 'Research the history of Unix, please.' }),
    async prepare({ market }) {
      const prompt = 'Research the history of Unix for credits.'
      const tidy = () =>
        market.db.rows(
          `update job set status = 'cancelled', due_at = null, ended_at = app_now() where prompt = $1 and ended_at is null`,
          [prompt],
        )
      return { body: { prompt }, tidy }
    },
  },
  'jobs.jobs': {},
  'jobs.job': { ids: job, may: jobRule(maySee.outline), refusals: [404] },
  'jobs.pay': {
    ids: job,
    may: ({ role }, { job }) => role === 'sender' && job!.state === 'pending_payment',
    refusals: (party, thing) => (party.role === 'sender' ? [400] : notTheirs(403)(party, thing)),
    prepare: onFresh((world, _party, fresh) => ({
      afterwards: () => {
        fresh.state = 'queued'
      },
      tidy: cancelled(world, fresh.id),
    })),
  },
  'jobs.cancel': {
    ids: job,
    may: ({ role }) => role === 'sender',
    refusals: notTheirs(403),
    prepare: onFresh((_world, _party, fresh) => ({
      afterwards: () => {
        if (['pending_payment', 'queued', 'held'].includes(fresh.state))
          Object.assign(fresh, { state: 'cancelled', worker: null })
      },
    })),
  },
  'jobs.pull': {
    ids: { agent_id: 'agent' },
    async prepare(world, party) {
      const fresh = await exhibit(world, 'queued')
      await world.market.db.rows(`update job set price_cents = 90000 where id = $1`, [fresh.id])
      return {
        body: { min_price_cents: 90_000 },
        afterwards: () => Object.assign(fresh, { state: 'held', worker: party.role }),
        tidy: cancelled(world, fresh.id),
      }
    },
  },
  'jobs.claim': {
    ids: work,
    // In test mode one person may try both sides.
    may: (party, thing) => thing.job!.state === 'queued' && thing.job!.terms === 'wallet' && !hasTried(party, thing),
    refusals: (party, { job }) => {
      if (isOpenForCredits(job!)) return [400]
      const isTaken = ['held', 'accepted', 'in_progress', 'submitted'].includes(job!.state)
      if (isTaken) return [409]
      return party.role === 'sender' ? [400] : job!.state === 'queued' ? [403] : [404]
    },
    prepare: onFresh((world, party, fresh) => ({
      afterwards: () => Object.assign(fresh, { state: 'held', worker: party.role }),
      tidy: cancelled(world, fresh.id),
    })),
  },
  'jobs.accept': {
    ids: work,
    may: (party, { job }) => isOpenForCredits(job!) || (isHolder(job!, party.role) && actsForAll(party)),
    refusals: ofCredits([400, 403], notTheirs(400, 403)),
    prepare: onFresh((_world, party, fresh) => ({
      afterwards: () => Object.assign(fresh, { state: 'accepted', worker: party.role }),
    })),
  },
  'jobs.reject': {
    ids: job,
    may: (party, { job }) => isHolder(job!, party.role) && actsForAll(party),
    refusals: notTheirs(400, 403),
    prepare: onFresh((world, _party, fresh) => ({
      afterwards: () => Object.assign(fresh, { state: 'queued', worker: null }),
      tidy: cancelled(world, fresh.id),
    })),
  },
  'jobs.submit': {
    ids: { ...job, attachments: 'file' },
    may: (party, { job }) =>
      isReceiver(job!, party.role) && ['accepted', 'in_progress'].includes(job!.state) && actsForAll(party),
    refusals: ofCredits([400, 403], notTheirs(400, 403)),
    fields: () => ({ output: unixReport }),
    prepare: onFresh(async (world, party, fresh) => {
      const secret = (field: string): string => world.canaries.make(field, (role) => maySee.work(fresh, role))
      const name = `${secret('name of a file handed in')}.txt`
      const attached = await uploaded(world.market, world.people[party.role as PersonRole], name, 'bytes')
      return {
        body: { output: `${unixReport} ${secret('work handed in')}`, attachments: [attached.id] },
        afterwards: () => Object.assign(fresh, { state: 'submitted' }),
      }
    }),
  },
  'jobs.fail': {
    ids: job,
    may: (party, { job }) => isReceiver(job!, party.role) && job!.state === 'accepted' && actsForAll(party),
    refusals: notTheirs(400, 403),
    prepare: onFresh((world, party, fresh) => ({
      body: { reason: world.canaries.make('reason given', (role) => role === party.role || role === 'sender') },
      afterwards: () => {
        const isLast = fresh.judged.length + fresh.quit.length === 2
        Object.assign(fresh, isLast ? { state: 'failed' } : { state: 'queued', worker: null })
      },
      tidy: cancelled(world, fresh.id),
    })),
  },
  'jobs.verdict': {
    ids: job,
    may: ({ role }, { job }) => role === 'sender' && job!.terms === 'credits' && job!.state === 'submitted',
    refusals: (party, thing) => (party.role === 'sender' ? [400] : ofCredits([403], notTheirs(403))(party, thing)),
    prepare: onFresh((_world, _party, fresh) => ({
      afterwards: () => {
        fresh.state = 'verified'
      },
    })),
  },
  'jobs.agent_jobs': { ids: { id: 'agent' }, ...own },
  'jobs.worker_status': {},
  'jobs.board': {},
  'jobs.board_stats': {},
  'jobs.directory': {},
  'jobs.logs': { ids: job, may: jobRule(maySee.logs), refusals: [404] },
  'jobs.verify': { fields: () => ({ criteria: ['It names Bell Labs.'], output: unixReport }) },
  'jobs.cron_get': {},
  'jobs.cron_post': {},
  ...gigRights,
  // The door lets nobody else in.
  'operator.overview': {},
  'operator.stuck': {},
  'operator.users': {},
  'operator.ledger': { fields: () => ({ ref: 'job:none' }) },
  'operator.audit': {},
  'operator.suspend': {
    ids: { id: 'user' },
    prepare: async ({ market }) => ({ id: await newcomer(market), body: { note: 'Paid with stolen cards.' } }),
  },
  'operator.restore': {
    ids: { id: 'user' },
    async prepare({ market }) {
      const id = await newcomer(market)
      await market.db.rows(`update app_user set suspended_at = app_now() where id = $1`, [id])
      return { id, body: { note: 'The bank has cleared it.' } }
    },
  },
  ...contractRights,
  ...milestoneRights,
  ...eventRights,
  ...disputeRights,
  'clock.advance': { fields: () => ({ advance_seconds: 1 }) },
}
