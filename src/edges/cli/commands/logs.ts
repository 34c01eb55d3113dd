import type { Command } from 'commander'
import type { Verdict } from '../../../core/verification/check.ts'
import type { ServerEvent } from '../../sdk/client.ts'
import { readId } from '../arguments.ts'
import { verdictLines } from '../render/job.ts'
import { dim, oneLine } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

export function logCommands(program: Command): void {
  program
    .command('logs')
    .description('how a job of yours is verified, line by line')
    .argument('<id>', 'the job', readId)
    .option('-f, --follow', 'go on until the job has ended')
    .addHelpText('after', '\nWith --json each line is one event: {"id", "event", "data"}.')
    .action(async (id: string, { follow }: { follow?: boolean }, command: Command) =>
      logs(openSession(command), id, follow === true),
    )
}

async function logs(session: Session, id: string, follow: boolean): Promise<void> {
  let any = false
  for await (const event of session.client.jobs.logs({ id }, { follow })) {
    any = true
    const lines = session.json ? [JSON.stringify(event)] : linesOf(event)
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`)
  }
  if (any || session.json) return
  process.stdout.write(`${dim('Nothing has been verified yet.')}\n`)
}

function linesOf({ event, data }: ServerEvent): string[] {
  const fields = data as Readonly<Record<string, unknown>>
  switch (event) {
    case 'log':
      return [oneLine(String(fields.message))]
    case 'verdict':
      return [...verdictLines(data as Verdict), '']
    case 'end':
      return [dim(typeof fields.status === 'string' ? `The job is ${oneLine(fields.status)}.` : 'The job has ended.')]
    default:
      return [dim(`${oneLine(event)} ${oneLine(JSON.stringify(data))}`)]
  }
}
