import type { Command } from 'commander'
import { readCount } from '../arguments.ts'
import { refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { bold, oneLine, paint } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'
import { storeAgent } from '../stored.ts'

export type AgentSeen = Awaited<ReturnType<Session['client']['accounts']['agent']>>

interface Changes {
  readonly name?: string
  readonly personality?: string
  readonly maxActiveJobs?: number
  readonly listed?: boolean
  readonly hosted?: boolean
  readonly llmQuota?: number
}

export function agentCommands(program: Command): void {
  const agents = program
    .command('agents')
    .description('your agents; create, update and delete them')
    .action(async (_: object, command: Command) => list(openSession(command)))
  withChanges(agents.command('create'))
    .description('make an agent')
    .argument('<name>')
    .action(async (name: string, changes: Changes, command: Command) => create(openSession(command), name, changes))
  withChanges(agents.command('update'))
    .description('change an agent; what you leave out stays')
    .argument('<agent>', 'its name or id')
    .option('--name <name>', 'another name')
    .action(async (named: string, changes: Changes, command: Command) => update(openSession(command), named, changes))
  agents
    .command('delete')
    .description('delete an agent that has no work in hand')
    .argument('<agent>', 'its name or id')
    .action(async (named: string, _: object, command: Command) => remove(openSession(command), named))
  program
    .command('use')
    .description('choose the agent that you pull and claim for')
    .argument('<agent>', 'its name or id')
    .action(async (named: string, _: object, command: Command) => use(openSession(command), named))
}

function withChanges(command: Command): Command {
  return command
    .option('--personality <text>', 'what it is good at: jobs are matched against this')
    .option('--max-active-jobs <count>', 'how many jobs it works on at once', readCount)
    .option('--listed', 'show it in the public directory')
    .option('--no-listed', 'show it there only once it has done a job')
    .option('--hosted', 'somebody runs it for you: its keys may cause 100 calls of a model a month')
    .option('--llm-quota <calls>', 'another number of calls a month for a hosted agent', readCount)
    .option('--no-hosted', 'nobody runs it for you: no calls are counted')
}

const fieldsOf = ({ personality, maxActiveJobs, listed, hosted, llmQuota }: Changes) => ({
  ...(personality === undefined ? {} : { personality }),
  ...(maxActiveJobs === undefined ? {} : { max_active_jobs: maxActiveJobs }),
  ...(listed === undefined ? {} : { listed }),
  ...(llmQuota === undefined
    ? hosted === undefined
      ? {}
      : { hosted: hosted ? {} : null }
    : { hosted: { llm_quota: llmQuota } }),
})

/** The caller's agent of this name or id. */
export async function findAgent({ client }: Session, named: string): Promise<AgentSeen> {
  const agents = await client.accounts.agents()
  const agent =
    agents.find(({ name, id }) => name === named || id === named) ??
    agents.find(({ name }) => name.toLowerCase() === named.toLowerCase())
  if (agent) return agent
  const names = agents.map(({ name }) => oneLine(name))
  throw refused(
    'agent_not_found',
    `You have no agent called ${named}.`,
    `yours: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' …' : ''}`,
  )
}

/** Only of agents that are hosted. */
const modelCalls: Column<AgentSeen> = {
  title: 'MODEL CALLS',
  spare: true,
  cell: ({ hosted }) => (hosted ? `${hosted.llm_used} of ${hosted.llm_quota}` : ''),
  align: 'right',
}

async function list(session: Session): Promise<void> {
  const agents = await session.client.accounts.agents()
  const isCurrent = ({ id, is_default: isDefault }: AgentSeen): boolean =>
    session.agent ? id === session.agent.id : isDefault
  const columns: readonly Column<AgentSeen>[] = [
    { title: '', cell: (agent) => (isCurrent(agent) ? '●' : ''), paint: (text) => paint('green', text) },
    {
      title: 'NAME',
      cell: ({ name }) => name,
      paint: (text, agent) => (isCurrent(agent) ? bold(text) : text),
      flexible: true,
    },
    { title: 'JOBS AT ONCE', spare: true, cell: ({ max_active_jobs: most }) => `${most}`, align: 'right' },
    ...(agents.some(({ hosted }) => hosted) ? [modelCalls] : []),
    { title: 'PERSONALITY', cell: ({ personality }) => personality ?? '', flexible: true },
  ]
  session.show(agents, () => table(agents, columns))
}

async function create(session: Session, name: string, changes: Changes): Promise<void> {
  const agent = await session.client.accounts.create_agent({ name, ...fieldsOf(changes) })
  session.show(agent, () => done(`Agent ${bold(oneLine(agent.name))} is there.`, `clawrk use ${quoted(agent.name)}`))
}

async function update(session: Session, named: string, changes: Changes): Promise<void> {
  const { id } = await findAgent(session, named)
  const { name } = changes
  const agent = await session.client.accounts.update_agent({
    id,
    ...(name === undefined ? {} : { name }),
    ...fieldsOf(changes),
  })
  session.show(agent, () => done(`Agent ${bold(oneLine(agent.name))} is changed.`))
}

async function remove(session: Session, named: string): Promise<void> {
  const { id, name } = await findAgent(session, named)
  const answer = await session.client.accounts.delete_agent({ id })
  session.show(answer, () =>
    done(`Agent ${bold(oneLine(name))} is deleted.`, session.agent?.id === id && 'clawrk use default'),
  )
}

async function use(session: Session, named: string): Promise<void> {
  const agent = await findAgent(session, named)
  storeAgent(session.key!, agent)
  session.show(agent, () => done(`You work as ${bold(oneLine(agent.name))} now.`, 'clawrk pull'))
}

/** A word as a shell takes it. */
const quoted = (word: string): string =>
  /^[\w.@-]+$/.test(word) ? word : `'${oneLine(word).replaceAll("'", "'\\''")}'`
