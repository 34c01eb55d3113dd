import type { Command } from 'commander'
import { another, type CheckGiven, readCheck, readText } from '../arguments.ts'
import { exits, misused } from '../exit.ts'
import { verdictLines } from '../render/job.ts'
import { oneLine, paint } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

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
    .description('what verification would say of some work, without a job; exit code 5 when it would not pass')
    .option('-c, --criteria <text>', 'what the work is measured by; may be repeated', another)
    .option('--requirements <text>', 'the same as one text')
    .option('--check <type:value>', 'a hard check, such as "contains:Bell Labs"; may be repeated', readCheck)
    .option('-t, --text <text>', 'the work itself')
    .option('-f, --file <file>', 'a text file with the work; - reads standard input')
    .action(async (options: VerifyOptions, command: Command) => verify(openSession(command), options))
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
