import type { Command } from 'commander'
import { another, readCount, readId } from '../arguments.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'

type Channel = Awaited<ReturnType<Session['client']['channels']['list']>>[number]
type Message = Awaited<ReturnType<Session['client']['channels']['messages']>>[number]
type Given = Parameters<Session['client']['channels']['create']>[0]

const types = ['telegram', 'discord', 'slack', 'email'] as const
const digests = ['off', 'hourly', 'daily'] as const

export function channelCommands(program: Command): void {
  const channels = program
    .command('channels')
    .description('Telegram, Discord, Slack and mailboxes that are told what happens')
    .action(async (_: object, command: Command) => list(openSession(command)))
  const verb = (name: string, description: string): Command =>
    channels.command(name).description(description).argument('<id>', 'the channel', readId)
  channels
    .command('list')
    .description('your channels, oldest first')
    .action(async (_: object, command: Command) => list(openSession(command)))
  channels
    .command('create')
    .description('be told there: a chat id, the URL of an incoming webhook, or an e-mail address')
    .argument('<type>', types.join(', '))
    .argument('<where>')
    .option('-e, --event <name>', 'only this event; may be repeated', another)
    .option('--digest <how>', `${digests.join(', ')}: what comes within an hour or a day in one message`)
    .action(create)
  verb('set', 'change what a channel is told, and when')
    .option('-e, --event <name>', 'only this event; may be repeated', another)
    .option('--all', 'all but the quiet ones')
    .option('--digest <how>', digests.join(', '))
    .action(set)
  verb('delete', 'remove a channel').action(async (id: string, _: object, command: Command) => {
    const session = openSession(command)
    session.show(await session.client.channels.delete({ id }), () => done('It is told nothing any more.'))
  })
  verb('enable', 'tell a channel again what happens').action(async (id: string, _: object, command: Command) =>
    turn(openSession(command), id, true),
  )
  verb('disable', 'tell a channel nothing for now').action(async (id: string, _: object, command: Command) =>
    turn(openSession(command), id, false),
  )
  verb('test', 'send a channel a trial message').action(async (id: string, _: object, command: Command) => {
    const session = openSession(command)
    session.show(await session.client.channels.test({ id }), () =>
      done('It is on its way.', `clawrk channels messages ${id}`),
    )
  })
  verb('confirm', 'say that an address is yours, with the code that was sent to it; without one it is sent again')
    .argument('[code]')
    .action(confirm)
  verb('messages', 'what a channel was sent, newest first')
    .option('-n, --limit <n>', 'how many', readCount, 20)
    .action(async (id: string, { limit }: { limit: number }, command: Command) => {
      const session = openSession(command)
      const found = await session.client.channels.messages({ id, limit })
      session.show(found, () => (found.length === 0 ? [dim('Nothing was sent.')] : table(found, messageColumns)))
    })
}

const stateOf = ({
  enabled,
  disabled_reason: reason,
  failing_since: failing,
  confirmed,
  available,
}: Channel): string => {
  if (!enabled) return `off (${reason})`
  if (!confirmed) return 'unconfirmed'
  if (!available) return 'not set up here'
  return failing === null ? 'on' : 'failing'
}

const columns: readonly Column<Channel>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'TYPE', cell: ({ channel_type: type }) => type, paint: (text) => bold(text) },
  {
    title: 'WHERE',
    cell: ({ config }) => config.chat_id ?? config.webhook_url ?? config.address ?? '',
    flexible: true,
  },
  {
    title: 'STATE',
    cell: stateOf,
    paint: (text) => paint(text === 'on' ? 'green' : text.startsWith('off') ? 'red' : 'yellow', text),
  },
  { title: 'DIGEST', spare: true, cell: ({ digest }) => digest },
  { title: 'EVENTS', spare: true, cell: ({ enabled_events: events }) => events?.join(' ') ?? 'all', flexible: true },
]

const messageColumns: readonly Column<Message>[] = [
  { title: 'AT', cell: ({ at }) => relative(at) },
  {
    title: 'WHAT',
    cell: ({ kind, events, names }) => (kind === 'events' ? `${events} × ${names.join(' ')}` : kind),
    paint: (text) => bold(text),
    flexible: true,
  },
  {
    title: 'OUTCOME',
    cell: ({ outcome }) => outcome,
    paint: (text) => paint(text === 'delivered' ? 'green' : text === 'postponed' ? 'yellow' : 'red', text),
  },
  { title: 'ANSWER', spare: true, flexible: true, cell: ({ error, status }) => error ?? String(status ?? '') },
]

async function list({ client, show }: Session): Promise<void> {
  const found = await client.channels.list()
  show(found, () =>
    found.length === 0 ? [dim('You have none:  clawrk channels create telegram <chat id>')] : table(found, columns),
  )
}

function oneOf<T extends string>(command: Command, what: string, known: readonly T[], given: string): T {
  const found = known.find((one) => one === given)
  return found ?? command.error(`error: ${what} is ${known.join(', ')}, not "${given}"`)
}

interface Choice {
  readonly event?: readonly string[]
  readonly all?: boolean
  readonly digest?: string
}

const chosen = (command: Command, { event, all, digest }: Choice): Pick<Given, 'enabled_events' | 'digest'> => ({
  ...(event ? { enabled_events: [...event] } : all ? { enabled_events: null } : {}),
  ...(digest === undefined ? {} : { digest: oneOf(command, '--digest', digests, digest) }),
})

async function create(type: string, where: string, choice: Choice, command: Command): Promise<void> {
  const channel_type = oneOf(command, 'the type', types, type)
  const { client, show } = openSession(command)
  const field = { telegram: 'chat_id', discord: 'webhook_url', slack: 'webhook_url', email: 'address' }[channel_type]
  const made = await client.channels.create({ channel_type, config: { [field]: where }, ...chosen(command, choice) })
  const next = made.confirmed ? `clawrk channels test ${made.id}` : `clawrk channels confirm ${made.id} <code>`
  const sentence = made.confirmed
    ? `${bold(made.id)} is told what happens.`
    : `${bold(made.id)} waits for the code that is being sent there.`
  show(made, () => [
    ...done(sentence, next),
    ...(made.available ? [] : [dim('This market is not set up to send there yet; its operator has to do that.')]),
  ])
}

async function set(id: string, choice: Choice, command: Command): Promise<void> {
  const { client, show } = openSession(command)
  show(await client.channels.update({ id, ...chosen(command, choice) }), () => done('It is changed.'))
}

async function turn({ client, show }: Session, id: string, enabled: boolean): Promise<void> {
  const changed = await client.channels.update({ id, enabled })
  show(changed, () => done(enabled ? 'It is told again what happens.' : 'It is told nothing until you enable it.'))
}

async function confirm(id: string, code: string | undefined, _: object, command: Command): Promise<void> {
  const { client, show } = openSession(command)
  if (code === undefined)
    return show(await client.channels.resend({ id }), () =>
      done('The code is on its way again.', `clawrk channels confirm ${id} <code>`),
    )
  show(await client.channels.confirm({ id, code }), () => done('It is told what happens from now on.'))
}
