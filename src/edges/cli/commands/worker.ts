import type { Command } from 'commander'
import { readCount, readPrice, readSeconds, readShare } from '../arguments.ts'
import { exits, misused } from '../exit.ts'
import { columns, oneLine, wrap } from '../render/text.ts'
import { duration } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { openReport, type Report, totalsText } from '../worker/report.ts'
import { workShift } from '../worker/shift.ts'
import { listenForStop } from '../worker/stopping.ts'
import { agentFor } from './work.ts'

interface WorkOptions {
  readonly agent?: string
  readonly exec?: string
  readonly once?: boolean
  readonly max?: number
  readonly skills?: string[]
  readonly minPrice?: number
  readonly minScore?: number
  readonly idleExit?: number
  readonly stopBefore: number
  readonly grace?: number
  readonly env?: string[]
}

const words = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean),
]

export function workerCommand(program: Command): void {
  program
    .command('work')
    .description('work one job after the other with a command of yours: pull, accept, run it, hand in what it prints')
    .option('-a, --agent <agent>', 'as this agent of yours, by name or id')
    .option('-x, --exec <command>', 'what does the work, as your shell takes it')
    .option('--once', 'one job; the exit code tells how it ended (0 verified, 5 not passed, 1 otherwise)')
    .option('--max <count>', 'leave after so many jobs', readCount)
    .option('--skills <a,b>', 'only jobs of these skills', words)
    .option('--min-price <cents>', "not below this price, in cents (or '$5.00')", readPrice)
    .option('--min-score <score>', 'rather nothing than a worse match (0 to 1)', readShare)
    .option('--idle-exit <seconds>', 'leave after so long without a job (90, 30m)', readSeconds)
    .option('--stop-before <seconds>', 'end the command and give up so long before the deadline', readSeconds, 10)
    .option(
      '--grace <seconds>',
      'how long the job in hand may go on after Ctrl-C; to its deadline without it',
      readSeconds,
    )
    .option('--env <names>', 'variables that a job may set under their own names; see below', words)
    .addHelpText('after', about)
    .action(async (options: WorkOptions, command: Command) => work(openSession(command), options))
}

const paragraphs = [
  "The command runs in a new folder with PROMPT.md, JOB.json and the job's files in attachments/. The job is on its standard input as JSON, and in its environment: CLAWRK_JOB_ID, CLAWRK_TITLE, CLAWRK_PROMPT, CLAWRK_SKILL, CLAWRK_PRICE_CENTS, CLAWRK_DEADLINE_AT, CLAWRK_TIME_LIMIT_SECONDS, CLAWRK_ATTEMPT, CLAWRK_ATTACHMENT_IDS. CLAWRK_FROM is the folder you start this in.",
  'Variables that the sender gave are there as CLAWRK_VAR_<NAME>, and as <NAME> too if you name them with --env: who can set PATH or the address of an API steers your own programs. Your API key is not there.',
  'What it prints is handed in when it ends with exit code 0. Otherwise the job is given up, and nothing of it leaves this machine. With --json each job that has ended is one line.',
]

const about = (): string => paragraphs.map((text) => `\n${wrap(text, Math.min(100, columns())).join('\n')}`).join('\n')

async function work(session: Session, options: WorkOptions): Promise<void> {
  const { exec, once, max, idleExit, stopBefore, env = [], skills, minPrice, minScore } = options
  if (exec === undefined || exec.trim() === '') {
    throw misused(
      'Say what does the work: a command that reads the prompt and prints the result.',
      `clawrk work --exec 'my-agent < PROMPT.md'`,
      `clawrk work --once --exec 'cat PROMPT.md >&2; echo "the result"'  to look at one job`,
      'clawrk work --help  tells what the command is given; by hand it goes  clawrk pull --wait',
    )
  }
  if (once && max !== undefined) throw misused('Take one of --once and --max.')
  if (max === 0) throw misused('--max must be at least 1.')
  const reserved = env.find((name) => /^CLAWRK_/i.test(name) || !/^[A-Za-z_]\w*$/.test(name))
  if (reserved !== undefined) throw misused(`--env ${reserved}: that is not a name that a job may set.`)
  const report = openReport(session.json)
  const wish = {
    ...(await agentFor(session, options.agent)),
    ...(skills === undefined ? {} : { skills }),
    ...(minPrice === undefined ? {} : { min_price_cents: minPrice }),
    ...(minScore === undefined ? {} : { min_score: minScore }),
  }
  const note = session.json ? '' : await session.testMode()
  const name = oneLine(options.agent ?? session.agent?.name ?? 'default')
  // Before anybody is told of Ctrl-C.
  const stopping = listenForStop(options.grace, (text) => report.remark(text))
  report.remark(
    [`Working as ${name} at ${session.url}; Ctrl-C stops after the job in hand.`, note].filter(Boolean).join(' '),
  )
  try {
    await workShift({
      session,
      command: exec,
      letIn: env,
      stopBeforeSeconds: stopBefore,
      stopping,
      report,
      onAway: (error, seconds) => report.remark(`${error.message} Trying again in ${duration(Math.max(1, seconds))}.`),
      wish,
      most: once ? 1 : (max ?? Number.POSITIVE_INFINITY),
      idleSeconds: idleExit ?? Number.POSITIVE_INFINITY,
    })
  } finally {
    stopping.release()
    report.remark(`${totalsText(report.totals)}.`)
  }
  process.exitCode = stopping.givingUp.aborted ? exits.refused : once ? exitFor(report) : exits.ok
}

function exitFor({ last }: Report): (typeof exits)[keyof typeof exits] {
  if (last === 'not_passed') return exits.workFailed
  return last === null || last === 'verified' ? exits.ok : exits.refused
}
