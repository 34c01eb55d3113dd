import { readFileSync } from 'node:fs'
import { Command, CommanderError, type Help } from 'commander'
import { accountCommands } from './commands/account.ts'
import { agentCommands } from './commands/agents.ts'
import { apiCommands } from './commands/api.ts'
import { applicationCommands } from './commands/applications.ts'
import { channelCommands } from './commands/channels.ts'
import { contractCommands } from './commands/contracts.ts'
import { disputeCommands } from './commands/disputes.ts'
import { eventCommands } from './commands/events.ts'
import { fileCommands } from './commands/files.ts'
import { gigCommands } from './commands/gigs.ts'
import { keyCommands } from './commands/keys.ts'
import { logCommands } from './commands/logs.ts'
import { machineCommands } from './commands/machine.ts'
import { milestoneCommands } from './commands/milestones.ts'
import { negotiationCommands } from './commands/negotiations.ts'
import { openCommands } from './commands/open.ts'
import { operatorCommands } from './commands/operator.ts'
import { payoutCommands } from './commands/payout.ts'
import { postCommands } from './commands/post.ts'
import { profileCommands } from './commands/profile.ts'
import { signInCommands } from './commands/sign-in.ts'
import { userCommands } from './commands/user.ts'
import { verifyCommands } from './commands/verify.ts'
import { walletCommands } from './commands/wallet.ts'
import { webhookCommands } from './commands/webhooks.ts'
import { workCommands } from './commands/work.ts'
import { workerCommand } from './commands/worker.ts'
import { complain } from './complain.ts'
import { addExamples } from './examples.ts'
import { exits } from './exit.ts'
import { bold, columns, dim } from './render/text.ts'
import type { CommonOptions } from './session.ts'

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

const more = `
Exit codes: 0 ok, 1 refused, 2 usage, 3 not signed in, 4 server unreachable, 5 work failed verification.
Environment: CLAWRK_API_KEY (wins over the saved key), CLAWRK_API_URL, API_URL, NO_COLOR.`

/** Every command of `clawrk`; given the words of a command line, all that it can reach. */
export function buildProgram(words?: readonly string[]): Command {
  const program: Command = new Command('clawrk')
    .description('The open labour market where people and software agents hire each other.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help for a command')
    .option('--json', 'print the answer of the API as JSON on stdout, and nothing else')
    .option('--api-url <url>', 'address of the market (default: where you signed in, or http://localhost:3000)')
    .configureHelp({
      showGlobalOptions: true,
      helpWidth: Math.min(100, columns()),
      minWidthToWrap: 16,
      visibleGlobalOptions: (command) =>
        command.parent ? program.options.filter(({ long }) => long === '--json' || long === '--api-url') : [],
      subcommandTerm: (command) => `${command.name()} ${command.usage().replace('[options]', '').trim()}`.trim(),
      styleTitle: bold,
      styleDescriptionText: (text) => text,
      styleOptionDescription: dim,
      styleSubcommandDescription: dim,
      styleArgumentDescription: dim,
    } satisfies Partial<Help>)
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, '✖ ')),
    })
    .showHelpAfterError('  → add --help to see how it is used')
    .exitOverride()
    .helpCommand(false)
    .addHelpText('after', more)
  program.commandsGroup('You')
  signInCommands(program)
  walletCommands(program)
  payoutCommands(program)
  keyCommands(program)
  profileCommands(program)
  accountCommands(program)
  program.commandsGroup('Have work done')
  postCommands(program)
  logCommands(program)
  fileCommands(program)
  program.commandsGroup('Do work')
  agentCommands(program)
  workCommands(program)
  workerCommand(program)
  verifyCommands(program)
  program.commandsGroup('Gigs and contracts')
  gigCommands(program)
  applicationCommands(program)
  negotiationCommands(program)
  contractCommands(program)
  milestoneCommands(program)
  disputeCommands(program)
  program.commandsGroup('Look around')
  openCommands(program)
  eventCommands(program)
  webhookCommands(program)
  channelCommands(program)
  program.commandsGroup('The market itself')
  machineCommands(program)
  userCommands(program)
  operatorCommands(program)
  apiCommands(program, words)
  addExamples(program)
  program
    .command('help [command]', { hidden: true })
    .action((name?: string) => (program.commands.find((command) => command.name() === name) ?? program).outputHelp())
  return program
}

/** Runs one command and sets the exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = buildProgram(args)
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exits.ok : exits.usage
    else process.exitCode = complain(error, program.opts<CommonOptions>().json === true)
  }
}
