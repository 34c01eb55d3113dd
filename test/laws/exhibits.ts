import assert from 'node:assert/strict'
import type { Attachment } from '../../src/core/files/attachment.ts'
import type { Job, JobStatus } from '../../src/desks/jobs/job.ts'
import { act, claim, junk, postUnpaid, unixReport, verifyAll, went } from '../journeys/desk.ts'
import { postForCredits } from '../journeys/first-api-desk.ts'
import type { Fields, Person, TestMarket } from '../support/market.ts'
import type { Canaries, Role } from './canaries.ts'

/** What decides who may see and do what with a job. */
export interface JobFacts {
  state: JobStatus
  readonly terms: 'wallet' | 'credits'
  /** Who holds it, or has accepted it and kept it. */
  worker: Role | null
  /** Whose attempts did not pass. */
  readonly judged: readonly Role[]
  /** Who gave up. */
  readonly quit: readonly Role[]
}

/** A job that is shown around: its canaries follow its facts. */
export interface Exhibit extends JobFacts {
  readonly id: string
  readonly kind: ExhibitKind
  readonly files: readonly ExhibitFile[]
}

export interface ExhibitFile {
  readonly id: string
  readonly what: string
  readonly owner: Role
  readonly mayBeSeenBy: (role: Role) => boolean
}

/** Sections 5.2 to 5.5 as a table: who may see which part of a job. Written from the specification, not from the code. */
export const isHolder = (job: JobFacts, role: Role): boolean => job.state === 'held' && job.worker === role
export const isReceiver = (job: JobFacts, role: Role): boolean => job.state !== 'held' && job.worker === role
const isParty = (job: JobFacts, role: Role): boolean =>
  role === 'sender' || isHolder(job, role) || isReceiver(job, role)
export const maySee = {
  outline: (job, role) => isParty(job, role) || job.judged.includes(role) || job.state === 'queued',
  prompt: isParty,
  'name of a variable': isParty,
  'value of a variable': (job, role) => isReceiver(job, role) && job.state === 'accepted',
  'attached file': (job, role) => role === 'sender' || isReceiver(job, role),
  work: (job, role) =>
    (isReceiver(job, role) && ['submitted', 'verified'].includes(job.state)) ||
    (role === 'sender' && job.state === 'verified'),
  logs: (job, role) =>
    isParty(job, role) || job.judged.includes(role) || (job.quit.includes(role) && job.state === 'queued'),
} as const satisfies Record<string, (job: JobFacts, role: Role) => boolean>

export interface Desk {
  readonly market: TestMarket
  readonly canaries: Canaries
  readonly people: Readonly<Record<Exclude<Role, 'nobody'>, Person>>
  /** A key of the sender's that may spend nothing. */
  readonly poorKey: string
}

/** Every state of the life of a job, and what people have done to it before. */
export const exhibitKinds = {
  unpaid: { post: 'unpaid', steps: [] },
  queued: { post: 'paid', steps: [] },
  'queued again': { post: 'paid', steps: ['judged fails by schema', 'quitter gives up'] },
  held: { post: 'paid', steps: ['holder holds'] },
  'held by another after a failure': { post: 'paid', steps: ['judged fails by words', 'holder holds'] },
  accepted: { post: 'paid', steps: ['receiver accepts'] },
  'accepted by another after a failure': {
    post: 'paid',
    steps: ['judged fails by words', 'quitter gives up', 'receiver accepts'],
  },
  submitted: { post: 'paid', steps: ['receiver accepts', 'receiver submits'] },
  verified: { post: 'paid', steps: ['judged fails by words', 'receiver accepts', 'receiver submits', 'work passes'] },
  failed: {
    post: 'paid',
    steps: ['judged fails by words', 'quitter gives up', 'receiver accepts', 'receiver gives up'],
  },
  'called off while worked on': {
    post: 'paid',
    steps: ['judged fails by broken JSON', 'receiver accepts', 'sender cancels', 'receiver gives up'],
  },
  cancelled: { post: 'paid', steps: ['sender cancels'] },
  'for credits, queued': { post: 'credits', steps: [] },
  'for credits, accepted': { post: 'credits', steps: ['receiver accepts'] },
  'for credits, in progress': { post: 'credits', steps: ['receiver accepts', 'a skill runs'] },
  'for credits, submitted': { post: 'credits', steps: ['receiver accepts', 'receiver submits'] },
  'for credits, verified': { post: 'credits', steps: ['receiver accepts', 'receiver submits', 'sender asks'] },
  'for credits, rejected': { post: 'credits', steps: ['receiver accepts', 'receiver submits junk', 'sender asks'] },
} as const
export type ExhibitKind = keyof typeof exhibitKinds
type Step = (typeof exhibitKinds)[ExhibitKind]['steps'][number]

// So long that the end of the prompt is not in the description, which is everybody's to read.
const filler = Array.from(
  { length: 130 },
  (_, line) => `Line ${line}: the early machines, their people and their memory were small, and so was the budget.`,
)
const schema = { type: 'object', properties: { report: { type: 'string' } }, additionalProperties: false }

/** Makes a job of a kind, with a secret in each of its private fields. */
export async function exhibit(desk: Desk, kind: ExhibitKind): Promise<Exhibit> {
  const { canaries, people, market } = desk
  const forCredits = exhibitKinds[kind].post === 'credits'
  const facts = {
    terms: forCredits ? ('credits' as const) : ('wallet' as const),
    state: 'queued' as JobStatus,
    worker: null as Role | null,
    judged: [] as Role[],
    quit: [] as Role[],
  }
  const secret = (field: keyof typeof maySee): string =>
    canaries.make(`${field} of the job ${kind}`, (role) => maySee[field](facts, role))
  const files: ExhibitFile[] = []
  const keep = async (what: string, role: Exclude<Role, 'nobody'>, mayBeSeenBy: ExhibitFile['mayBeSeenBy']) => {
    const made = (part: string): string => canaries.make(`${part} of the ${what} of the job ${kind}`, mayBeSeenBy)
    const file = await uploaded(market, people[role], `${made('name')}.txt`, made('bytes'))
    files.push({ id: file.id, what: `the ${what} of the job ${kind}`, owner: role, mayBeSeenBy })
    return file.id
  }
  const steps: readonly Step[] = exhibitKinds[kind].steps
  const bySchema = steps.some((step) => step === 'judged fails by schema' || step === 'judged fails by broken JSON')
  const promptWith = (...more: string[]): string =>
    [
      'Research the history of the Unix operating system.',
      'The report must mention Bell Labs.',
      ...more,
      ...filler,
      `For the worker alone: ${secret('prompt')}.`,
    ].join('\n')
  const body = async (): Promise<Fields> => ({
    prompt: promptWith(),
    checks: [
      {
        type: 'contains',
        name: secret('outline'),
        value: steps.includes('judged fails by words') ? 'Berkeley' : 'Bell Labs',
      },
      ...(bySchema ? [{ type: 'json_schema', schema }] : []),
    ],
    envVars: { [`T_${secret('name of a variable')}`]: secret('value of a variable') },
    attachments: [await keep('attached file', 'sender', (role) => maySee['attached file'](facts, role))],
    time_limit_seconds: 86_400,
  })
  const posting: Record<(typeof exhibitKinds)[ExhibitKind]['post'], () => Promise<Job>> = {
    paid: async () => posted(people.sender, await body()),
    unpaid: async () => postUnpaid(keyed(people.sender, desk.poorKey), await body()),
    credits: () => postForCredits(people.sender, promptWith(`Its name shall be ${secret('outline')}.`)),
  }
  const job = await posting[exhibitKinds[kind].post]()
  if (exhibitKinds[kind].post === 'unpaid') facts.state = 'pending_payment'

  const accept = async (role: Exclude<Role, 'nobody'>): Promise<void> => {
    if (!forCredits) await claim(people[role], job)
    went(await act(people[role], 'accept', job))
  }
  const failedWork = async (): Promise<string> =>
    canaries.make(`work that did not pass, of the job ${kind}`, (role) => role === 'judged')
  const failWith = async (output: string): Promise<void> => {
    await accept('judged')
    const file = await keep('file of work that did not pass', 'judged', (role) => role === 'judged')
    went(await act(people.judged, 'submit', job, { output, attachments: [file] }))
    await verifyAll(market)
    facts.judged.push('judged')
  }
  const giveUp = async (role: 'quitter' | 'receiver'): Promise<Job> => {
    const reason = canaries.make(`reason for giving up the job ${kind}`, (who) => who === role || who === 'sender')
    return went(await act(people[role], 'fail', job, { reason }))
  }
  const doing: Record<Step, () => Promise<void>> = {
    'judged fails by schema': async () =>
      failWith(JSON.stringify({ report: unixReport, [await failedWork()]: 'The report does mention Bell Labs.' })),
    'judged fails by broken JSON': async () => failWith(`${await failedWork()} Bell Labs`),
    // The criterion is spoken to, so that the verdict quotes the work; and the word of the check is missing.
    'judged fails by words': async () =>
      failWith(`The history of Unix began in 1969. The report does mention Bell Labs, ${await failedWork()}.`),
    async 'quitter gives up'() {
      await accept('quitter')
      await giveUp('quitter')
      facts.quit.push('quitter')
    },
    async 'holder holds'() {
      const agent = await spareAgent(desk, 'holder')
      await claim(people.holder, job, { agent_id: agent })
      await market.db.rows(
        `update job set hold_expires_at = app_now() + interval '1 day', due_at = app_now() + interval '1 day' where id = $1`,
        [job.id],
      )
      Object.assign(facts, { state: 'held', worker: 'holder' })
    },
    async 'receiver accepts'() {
      await accept('receiver')
      Object.assign(facts, { state: 'accepted', worker: 'receiver' })
    },
    async 'receiver submits'() {
      const file = await keep(
        'file of the work',
        'receiver',
        (role) => role === 'receiver' || (role === 'sender' && facts.state === 'verified'),
      )
      const output = `${unixReport} It ends with ${secret('work')}.`
      went(await act(people.receiver, 'submit', job, { output, attachments: [file] }))
      // Out of the verifier's sight while other jobs are verified.
      if (steps.at(-1) === 'receiver submits')
        await market.db.rows(`update job set due_at = app_now() + interval '1 day' where id = $1`, [job.id])
      facts.state = 'submitted'
    },
    async 'work passes'() {
      await verifyAll(market)
      facts.state = 'verified'
    },
    async 'receiver submits junk'() {
      const output = canaries.make(`work that did not pass, of the job ${kind}`, () => false)
      went(await act(people.receiver, 'submit', job, { output: `${junk} ${output}` }))
      facts.state = 'submitted'
    },
    async 'a skill runs'() {
      await market.db.rows(
        `update job set status = 'in_progress', skill_token = gen_random_uuid(), due_at = app_now() + interval '1 day' where id = $1`,
        [job.id],
      )
      facts.state = 'in_progress'
    },
    async 'sender asks'() {
      facts.state = went(await act(people.sender, 'verify', job)).status
    },
    async 'receiver gives up'() {
      const ended = await giveUp('receiver')
      facts.state = ended.status
    },
    async 'sender cancels'() {
      const { status } = went(await act(people.sender, 'cancel', job))
      facts.state = status
    },
  }
  for (const step of steps) await doing[step]()
  const seen = went(await people.sender.ask<Job>('GET', `/api/jobs/${job.id}`))
  assert.equal(seen.status, facts.state, `the job ${kind} did not come into its state`)
  return Object.assign(facts, { id: job.id, kind, files })
}

/** The same person with another key. */
export const keyed = (person: Person, key: string): Person => ({
  ...person,
  key,
  ask: (method, path, body, headers = {}) =>
    person.ask(method, path, body, { authorization: `Bearer ${key}`, ...headers }),
})

const posted = async (sender: Person, fields: Fields): Promise<Job> =>
  went(await sender.ask<Job>('POST', '/api/jobs/run', { price_cents: 500, confirmed: true, ...fields }), 201)

export async function uploaded(market: TestMarket, person: Person, name: string, text: string): Promise<Attachment> {
  const form = new FormData()
  form.append('file', new Blob([text], { type: 'text/plain' }), name)
  const answer = await fetch(`${market.url}/api/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.key}` },
    body: form,
  })
  assert.equal(answer.status, 201)
  return (await answer.json()) as Attachment
}

let spares = 0

/** A new agent, since one holds at most one job. */
export async function spareAgent({ people }: Desk, role: Exclude<Role, 'nobody'>): Promise<string> {
  return went(await people[role].ask<{ id: string }>('POST', '/api/agents', { name: `spare ${++spares}` }), 201).id
}
