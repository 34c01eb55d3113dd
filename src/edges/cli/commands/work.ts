import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { dollars } from '../../../base/money.ts'
import { attemptsMax, type Job, type JobStatus } from '../../../desks/jobs/job.ts'
import { another, readId, readPrice, readSeconds, readShare, readText } from '../arguments.ts'
import { misused, refused } from '../exit.ts'
import { done, jobCard } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { dim, oneLine } from '../render/text.ts'
import { duration, relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { findAgent } from './agents.ts'
import { readFiles, uploadAll } from './files.ts'

interface PullOptions {
  readonly agent?: string
  readonly minPrice?: number
  readonly skill?: string[]
  readonly minScore?: number
  readonly wait?: number | true
}

const agentOption = ['-a, --agent <agent>', 'for this agent of yours, by name or id'] as const

export function workCommands(program: Command): void {
  program
    .command('pull')
    .description('find the best job for your agent and hold it for 30 seconds')
    .option(...agentOption)
    .option('--min-price <cents>', "not below this price, in cents (or '$5.00')", readPrice)
    .option('--skill <skill>', 'only jobs of this skill; may be repeated', another)
    .option('--min-score <score>', 'rather nothing than a worse match (0 to 1)', readShare)
    .option(
      '--wait [seconds]',
      'wait for a job when there is none (90, 30m); without a number as long as it takes',
      readSeconds,
    )
    .action(async (options: PullOptions, command: Command) => pull(openSession(command), options))
  program
    .command('claim')
    .description('hold one very job for 30 seconds')
    .argument('<id>', 'the job', readId)
    .option(...agentOption)
    .action(async (id: string, options: PullOptions, command: Command) => claim(openSession(command), id, options))
  program
    .command('accept')
    .description('take on the job you hold; the time limit starts to run')
    .argument('[id]', 'without it: the job your agent holds', readId)
    .action(async (id: string | undefined, _: object, command: Command) => accept(openSession(command), id))
  program
    .command('reject')
    .description('put the job you hold back; no penalty')
    .argument('[id]', 'without it: the job your agent holds', readId)
    .action(async (id: string | undefined, _: object, command: Command) => reject(openSession(command), id))
  program
    .command('submit')
    .description('hand in the work; verification starts by itself')
    .argument('[id]', 'without it: the job your agent has accepted', readId)
    .option('-t, --text <text>', 'the work itself')
    .option('-f, --file <file>', 'a text file with the work; - reads standard input')
    .option('--attach <file>', 'a file to hand in with it; may be repeated', another)
    .addOption(
      new Option('--skill', 'a job for credits: a skill of the market does it').conflicts(['text', 'file', 'attach']),
    )
    .action(async (id: string | undefined, options: SubmitOptions, command: Command) =>
      submit(openSession(command), id, options),
    )
  program
    .command('fail')
    .description('give up on a job you accepted')
    .argument('[id]', 'without it: the job your agent has accepted', readId)
    .option('--reason <text>', 'why')
    .action(async (id: string | undefined, { reason }: { reason?: string }, command: Command) =>
      fail(openSession(command), id, reason),
    )
}

/** The agent a command is for: the one it names, else the chosen one, else the market takes the default. */
async function agentFor(session: Session, named: string | undefined): Promise<{ agent_id?: string }> {
  if (named !== undefined) return { agent_id: (await findAgent(session, named)).id }
  return session.agent ? { agent_id: session.agent.id } : {}
}

async function pull(session: Session, { agent, minPrice, skill, minScore, wait = 0 }: PullOptions): Promise<void> {
  const wish = {
    ...(await agentFor(session, agent)),
    ...(minPrice === undefined ? {} : { min_price_cents: minPrice }),
    ...(skill === undefined ? {} : { skills: skill }),
    ...(minScore === undefined ? {} : { min_score: minScore }),
  }
  const job = await firstJob(session, wish, wait === true ? Number.POSITIVE_INFINITY : wait)
  if (job) return session.show(job, () => heldLines(job))
  const rest = wait === 0 ? 'Try again in a while, or add --wait.' : 'Try again in a while.'
  session.show(null, () => [dim(`There is no job for this agent right now. ${rest}`)])
}

/** What the market waits for one pull at most. */
const waitMost = 30

/** The best job there is, or the first to come within so many seconds. */
async function firstJob(
  session: Session,
  wish: Parameters<Session['client']['jobs']['pull']>[0],
  seconds: number,
): Promise<Held | null> {
  const startedAt = Date.now()
  const progress = seconds > 0 && !session.json ? startProgress() : null
  try {
    for (let left = seconds; ; left = seconds - (Date.now() - startedAt) / 1000) {
      const waited = (Date.now() - startedAt) / 1000
      progress?.say(`waiting for a job · ${duration(waited)}`)
      const pause = Math.max(0, Math.min(waitMost, Math.ceil(left)))
      const answer = await session.client.jobs.pull(pause > 0 ? { ...wish, wait_seconds: pause } : wish)
      if (answer.status === 200) return answer.body
      // A market that is about to restart answers before its time.
      if (left > pause) await sleep(Math.min(1_000, left * 1000))
      else return null
    }
  } finally {
    progress?.stop()
  }
}

async function claim(session: Session, id: string, { agent }: PullOptions): Promise<void> {
  const job = await session.client.jobs.claim({ id, ...(await agentFor(session, agent)) })
  session.show(job, () => heldLines(job))
}

type Held = Awaited<ReturnType<Session['client']['jobs']['claim']>>

function heldLines(job: Held): string[] {
  const left = Math.max(0, (Date.parse(job.hold_expires_at!) - Date.now()) / 1000)
  return [
    ...jobCard(job, [['why you', oneLine(job.match.why.join('; '))]]),
    '',
    ...done(
      `Held for you for ${duration(left)}: ${dollars(job.price_cents)}, ${duration(job.time_limit_seconds)} to do it.`,
      'clawrk accept',
      'clawrk reject',
    ),
  ]
}

/** The one job in a state that the current agent has in hand. */
async function inHand(session: Session, status: JobStatus, otherwise: string): Promise<string> {
  const { client, agent } = session
  const jobs = (await client.jobs.worker_status()).filter((job) => job.status === status)
  const agentOf = (job: Job): string | null => job.receiver_agent_id ?? job.held_by_agent_id
  // Without a chosen agent the default one is meant; which that is matters only where several agents have one.
  const several = new Set(jobs.map(agentOf)).size > 1
  const current =
    agent?.id ?? (several ? (await client.accounts.agents()).find(({ is_default: yes }) => yes)?.id : undefined)
  const mine = current === undefined ? jobs : jobs.filter((job) => agentOf(job) === current)
  if (mine.length === 1) return mine[0]!.id
  if (mine.length > 1) {
    throw misused(
      `You have ${mine.length} jobs ${status}; say which.`,
      ...mine.slice(0, 10).map(({ id, title }) => `${id}  ${oneLine(title)}`),
    )
  }
  const elsewhere = jobs.slice(0, 5).map(({ id, title }) => `another agent of yours has ${id}  ${oneLine(title)}`)
  throw refused(
    'nothing_in_hand',
    `Your agent ${agent ? oneLine(agent.name) : 'default'} has no job that is ${status}.`,
    ...elsewhere,
    otherwise,
  )
}

async function accept(session: Session, given: string | undefined): Promise<void> {
  const id = given ?? (await inHand(session, 'held', 'clawrk pull'))
  const job = await session.client.jobs.accept({ id })
  session.show(job, () =>
    done(
      `Accepted: ${oneLine(job.title)}`,
      `due ${relative(job.deadline_at!)} (${localTime(job.deadline_at!)}), attempt ${job.attempt_count} of ${attemptsMax}`,
      `clawrk job ${id}`,
      'clawrk submit -f <file>',
    ),
  )
}

const localTime = (at: string): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })

async function reject(session: Session, given: string | undefined): Promise<void> {
  const id = given ?? (await inHand(session, 'held', 'clawrk pull'))
  const job = await session.client.jobs.reject({ id })
  session.show(job, () => done('Put back for other agents; it is not offered to yours for a day.', 'clawrk pull'))
}

interface SubmitOptions {
  readonly text?: string
  readonly file?: string
  readonly attach?: string[]
  readonly skill?: boolean
}

async function submit(session: Session, given: string | undefined, options: SubmitOptions): Promise<void> {
  const { text, file, attach = [], skill } = options
  const isNothing = text === undefined && file === undefined && attach.length === 0
  if ((text !== undefined && file !== undefined) || (isNothing && !skill))
    throw misused('Hand in the work once: with -t "<text>", or with -f <file>; files go with it by --attach <file>.')
  const output = text ?? (file === undefined ? undefined : readText(file))
  const files = readFiles(attach)
  const id = given ?? (await inHand(session, 'accepted', 'clawrk accept'))
  const attachments = await uploadAll(session, files)
  const job = await session.client.jobs.submit({
    id,
    ...(output === undefined ? {} : { output }),
    ...(attachments.length > 0 ? { attachments } : {}),
  })
  session.show(job, () =>
    job.terms === 'credits'
      ? done('Handed in; its sender asks for the verdict, or the market does after three days.', `clawrk job ${id}`)
      : done('Handed in; it is being verified.', `clawrk wait ${id}`),
  )
}

async function fail(session: Session, given: string | undefined, reason: string | undefined): Promise<void> {
  const id = given ?? (await inHand(session, 'accepted', 'clawrk pull'))
  const job = await session.client.jobs.fail({ id, ...(reason === undefined ? {} : { reason }) })
  session.show(job, () => done(`Given up; the job is ${job.status}.`, 'clawrk pull'))
}
