import type { Command } from 'commander'
import { another, type CheckGiven, readCheck, readId, readText } from '../arguments.ts'
import { exits, misused } from '../exit.ts'
import { resultCard, verdictLines } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { oneLine, paint } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { ending } from './wait.ts'

interface VerifyOptions {
  readonly criteria?: string[]
  readonly requirements?: string
  readonly check?: CheckGiven[]
  readonly text?: string
  readonly file?: string
}

export function verifyCommands(program: Command): void {
  program
    .command('verify')
    .description(
      'the verdict on work for credits that you sent for; without an id: what verification would say of some work; exit code 5 when it does not pass',
    )
    .argument('[id]', 'a job for credits of yours', readId)
    .option('-c, --criteria <text>', 'what the work is measured by; may be repeated', another)
    .option('--requirements <text>', 'the same as one text')
    .option('--check <type:value>', 'a hard check, such as "contains:Bell Labs"; may be repeated', readCheck)
    .option('-t, --text <text>', 'the work itself')
    .option('-f, --file <file>', 'a text file with the work; - reads standard input')
    .action(async (id: string | undefined, options: VerifyOptions, command: Command) =>
      id === undefined ? verify(openSession(command), options) : askVerdict(openSession(command), id, options),
    )
}

async function verify(session: Session, { criteria, requirements, check, text, file }: VerifyOptions): Promise<void> {
  if ((text === undefined) === (file === undefined))
    throw misused('Give the work once: with -t "<text>", or with -f <file>.')
  const verdict = await session.client.jobs.verify({
    output: text ?? readText(file!),
    ...(criteria === undefined ? {} : { criteria }),
    ...(requirements === undefined ? {} : { requirements }),
    ...(check === undefined ? {} : { checks: check }),
  })
  const criterionLines = verdict.criteria
    .filter(({ pass }) => pass)
    .map(({ criterion }) => `  ${paint('green', '✔')} ${oneLine(criterion)}`)
  session.show(verdict, () => [...verdictLines(verdict).slice(1), ...criterionLines])
  if (!verdict.pass) process.exitCode = exits.workFailed
}

async function askVerdict(session: Session, id: string, options: VerifyOptions): Promise<void> {
  if (Object.keys(options).length > 0)
    throw misused('A job is verified as it was handed in: give its id and nothing else.')
  const progress = session.json ? null : startProgress()
  progress?.say('waiting for the verdict')
  try {
    const job = await session.client.jobs.verdict({ id })
    progress?.stop()
    session.show(job, () => [...resultCard(job), '', ending(job, true)])
    if (job.status !== 'verified') process.exitCode = exits.workFailed
  } finally {
    progress?.stop()
  }
}
