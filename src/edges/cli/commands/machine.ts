import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { settings } from '../../../base/settings.ts'
import { columns, wrap } from '../render/text.ts'
import { diagnose } from './doctor.ts'
import { ledgerCommands } from './ledger.ts'
import { reconcileCommand } from './reconcile.ts'
import { stripeTwinCommand } from './stripe-twin.ts'

export const marketEntry = join(import.meta.dirname, '../../../main.ts')

/** Commands for whoever runs a market: they work on this machine, not through the API. */
export function machineCommands(program: Command): void {
  program
    .command('serve')
    .description('run a market here, with everything it needs')
    .addOption(new Option('--role <role>', 'run one part of it only').choices(['api', 'worker', 'all', 'twin']))
    .addHelpText('after', settingsHelp)
    .action(({ role }: { role?: string }) => serve(role))
  program
    .command('doctor')
    .description('check the books of the market on this machine: every law of its ledger')
    .addHelpText(
      'after',
      '\nIt looks at DATABASE_URL, or else at the database in CLAWRK_DATA_DIR (.data), running or not.',
    )
    .action((_: object, command: Command) => diagnose(command.optsWithGlobals<{ json?: boolean }>().json === true))
  ledgerCommands(program)
  reconcileCommand(program)
  stripeTwinCommand(program)
}

/** The market takes this process over: no other stands between it and its signals. */
async function serve(role: string | undefined): Promise<void> {
  process.argv = [process.execPath, marketEntry, ...(role ? [role] : [])]
  await import('../../../main.ts')
}

function settingsHelp(): string {
  const width = Math.max(...settings.map(({ name }) => name.length))
  const room = Math.max(30, Math.min(100, columns()) - width - 4)
  const lines = settings.flatMap(({ name, fallback, help }) => {
    // Some sentences tell the default already, in words.
    const standard = fallback && !help.includes('default') ? ` (default ${fallback})` : ''
    return wrap(help + standard, room).map((line, at) => `  ${(at === 0 ? name : '').padEnd(width)}  ${line}`)
  })
  return `\nSettings, from the environment:\n${lines.join('\n')}`
}
