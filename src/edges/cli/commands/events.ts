import type { Command } from 'commander'
import type { WireEvent } from '../../../core/events/kind.ts'
import { readCount } from '../arguments.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

interface Wanted {
  readonly follow?: boolean
  readonly after?: number
  readonly number: number
  readonly public?: boolean
}

export function eventCommands(program: Command): void {
  program
    .command('events')
    .description('what happens in your affairs, oldest first')
    .option('-f, --follow', 'go on as it happens, until you stop it')
    .option('--after <seq>', 'behind this event; 0 for all that is kept', readCount)
    .option('-n, --number <count>', 'how many to show without --follow', readCount, 20)
    .option('--public', 'what comes to the board, instead of your own affairs')
    .addHelpText('after', '\nWith --json and -f each line is one event: {"id", "seq", "event", "data", "timestamp"}.')
    .action(async (wanted: Wanted, command: Command) => {
      const session = openSession(command)
      await (wanted.follow ? follow(session, wanted) : list(session, wanted))
    })
}

const placeOf = ({ after, public: isPublic }: Wanted) => ({
  ...(after === undefined ? {} : { after }),
  ...(isPublic ? { public: '1' as const } : {}),
})

async function list({ client, show }: Session, wanted: Wanted): Promise<void> {
  const events = (await client.events.list({
    ...placeOf(wanted),
    limit: Math.min(200, Math.max(1, wanted.number)),
  })) as WireEvent[]
  show(events, () => (events.length === 0 ? [dim('Nothing has happened.')] : events.map(lineOf)))
}

/** Goes on across lost connections; what is not kept any more is said, so that nobody takes the rest for all. */
async function follow({ client, json }: Session, wanted: Wanted): Promise<void> {
  for await (const { event, data } of client.events.stream(placeOf(wanted))) {
    if (json) process.stdout.write(`${JSON.stringify(event === 'resync' ? { event, data } : data)}\n`)
    else if (event === 'resync')
      process.stdout.write(`${paint('yellow', 'Something in between is not kept any more.')}\n`)
    else process.stdout.write(`${lineOf(data as WireEvent)}\n`)
  }
}

/** One line: the time of day here, its number, its name, and what it says. */
function lineOf({ seq, event, data, timestamp }: WireEvent): string {
  const at = new Date(timestamp)
  const time = Number.isNaN(at.getTime()) ? '' : at.toTimeString().slice(0, 8)
  const said = Object.entries(data)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([name, value]) => `${dim(`${oneLine(name)}=`)}${oneLine(String(value))}`)
  return [dim(time), dim(String(seq)), bold(oneLine(event)), ...said].join('  ')
}
