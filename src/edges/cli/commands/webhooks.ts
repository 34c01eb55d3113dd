import type { Command } from 'commander'
import { another, readCount, readId } from '../arguments.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'

type Webhook = Awaited<ReturnType<Session['client']['webhooks']['list']>>[number]
type Delivery = Awaited<ReturnType<Session['client']['webhooks']['deliveries']>>[number]

export function webhookCommands(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('addresses of yours that are told what happens')
    .action(async (_: object, command: Command) => list(openSession(command)))
  const verb = (name: string, description: string): Command =>
    webhooks.command(name).description(description).argument('<id>', 'the webhook', readId)
  webhooks
    .command('list')
    .description('your webhooks, oldest first')
    .action(async (_: object, command: Command) => list(openSession(command)))
  webhooks
    .command('create')
    .description('register an address; its secret is shown once')
    .argument('<url>')
    .option('-e, --event <name>', 'only this event; may be repeated', another)
    .action(async (url: string, { event }: { event?: string[] }, command: Command) =>
      create(openSession(command), url, event),
    )
  verb('delete', 'remove a webhook with its log').action(async (id: string, _: object, command: Command) => {
    const session = openSession(command)
    session.show(await session.client.webhooks.delete({ id }), () => done('It is told nothing any more.'))
  })
  verb('enable', 'tell a webhook again what happens').action(async (id: string, _: object, command: Command) =>
    turn(openSession(command), id, true),
  )
  verb('disable', 'tell a webhook nothing for now').action(async (id: string, _: object, command: Command) =>
    turn(openSession(command), id, false),
  )
  verb('test', 'send a webhook the event webhook.test').action(async (id: string, _: object, command: Command) => {
    const session = openSession(command)
    const delivery = await session.client.webhooks.test({ id })
    session.show(delivery, () => done('It is on its way.', `clawrk webhooks deliveries ${id}`))
  })
  verb('rotate', 'give a webhook another secret; the old one signs beside it for 24 hours').action(
    async (id: string, _: object, command: Command) => {
      const session = openSession(command)
      const made = await session.client.webhooks.rotate({ id })
      session.show(made, () => done('The new secret is shown this once:', made.secret))
    },
  )
  verb('deliveries', 'what a webhook was sent and what it answered, newest first')
    .option('-s, --status <status>', 'pending, delivered or failed')
    .option('-n, --number <count>', 'how many to show', readCount, 20)
    .action(
      async (id: string, { status, number }: { status?: Delivery['status']; number: number }, command: Command) => {
        const session = openSession(command)
        const limit = Math.min(200, Math.max(1, number))
        const found = await session.client.webhooks.deliveries({ id, limit, ...(status ? { status } : {}) })
        session.show(found, () => (found.length === 0 ? [dim('Nothing was sent.')] : table(found, deliveryColumns)))
      },
    )
  verb('redeliver', 'send one delivery again, or all that was missed behind a place in the feed')
    .argument('[delivery]', 'one delivery', readId)
    .option('--after <seq>', 'everything behind this event that failed or was never sent', readCount)
    .option('--until <seq>', 'up to this one', readCount)
    .option('--delivered', 'also what was delivered')
    .action(redeliver)
}

const stateOf = ({ enabled, disabled_reason: reason, failing_since: failing }: Webhook): string =>
  enabled ? (failing === null ? 'on' : 'failing') : `off (${reason})`

const columns: readonly Column<Webhook>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'URL', cell: ({ url }) => url, paint: (text) => bold(text), flexible: true },
  {
    title: 'STATE',
    cell: stateOf,
    paint: (text) => paint(text === 'on' ? 'green' : text === 'failing' ? 'yellow' : 'red', text),
  },
  { title: 'EVENTS', spare: true, cell: ({ events }) => events?.join(' ') ?? 'all', flexible: true },
]

const deliveryColumns: readonly Column<Delivery>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'EVENT', cell: ({ event }) => event, paint: (text) => bold(text), flexible: true },
  { title: 'STATE', cell: ({ status }) => status },
  { title: 'TRIES', spare: true, cell: ({ attempts }) => String(attempts.length), align: 'right' },
  {
    title: 'ANSWER',
    spare: true,
    flexible: true,
    cell: ({ attempts }) => {
      const last = attempts.at(-1)
      return last ? `${last.error ?? last.status} (${last.duration_ms} ms)` : ''
    },
  },
  {
    title: 'NEXT',
    spare: true,
    cell: ({ next_attempt_at: at }) => (at === null ? '' : relative(at)),
    align: 'right',
  },
]

async function list({ client, show }: Session): Promise<void> {
  const found = await client.webhooks.list()
  show(found, () =>
    found.length === 0 ? [dim('You have none:  clawrk webhooks create https://…')] : table(found, columns),
  )
}

async function create({ client, show }: Session, url: string, events: readonly string[] | undefined): Promise<void> {
  const made = await client.webhooks.create({ url, ...(events ? { events: [...events] } : {}) })
  show(made, () => done(`${bold(made.id)} is told what happens. Its secret is shown this once:`, made.secret))
}

async function turn({ client, show }: Session, id: string, enabled: boolean): Promise<void> {
  const changed = await client.webhooks.update({ id, enabled })
  show(changed, () => done(enabled ? 'It is told again what happens.' : 'It is told nothing until you enable it.'))
}

interface Range {
  readonly after?: number
  readonly until?: number
  readonly delivered?: boolean
}

async function redeliver(id: string, did: string | undefined, range: Range, command: Command): Promise<void> {
  const { client, show } = openSession(command)
  if (did !== undefined) {
    show(await client.webhooks.redeliver({ id, did }), () => done('It is on its way again.'))
    return
  }
  const { after, until, delivered } = range
  if (after === undefined) command.error('error: say which delivery, or --after which event')
  const answer = await client.webhooks.redeliver_range({
    id,
    after,
    ...(until === undefined ? {} : { until }),
    ...(delivered ? { delivered } : {}),
  })
  show(answer, () => done(`${answer.queued} on their way.`))
}
