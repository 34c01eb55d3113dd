import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { settings } from '../../../base/settings.ts'
import { misused } from '../exit.ts'
import { done } from '../render/job.ts'
import { columns, wrap } from '../render/text.ts'
import { backupCommands } from './backup.ts'
import { ledgerCommands } from './ledger.ts'
import { reconcileCommand } from './reconcile.ts'
import { restoreCommands } from './restore.ts'
import { retentionCommands } from './retention.ts'
import { stripeTwinCommand } from './stripe-twin.ts'

export const marketEntry = join(import.meta.dirname, '../../../main.ts')

/**
 * Commands for whoever runs a market: they work on this machine, not through the API. What they do is loaded when one of them is
 * called: it brings the database's driver, the provider's SDK and a web server, and would make every other command slow to start.
 */
export function machineCommands(program: Command): void {
  program
    .command('serve')
    .description('run a market here, with everything it needs')
    .addOption(new Option('--role <role>', 'run one part of it only').choices(['api', 'worker', 'all', 'twin']))
    .addHelpText('after', settingsHelp)
    .action(({ role }: { role?: string }) => serve(role))
  program
    .command('migrate')
    .description('bring your own PostgreSQL to what this version needs, before its processes start')
    .addHelpText(
      'after',
      '\nIt works on DATABASE_URL, or DATABASE_DIRECT_URL when the former goes through a pooler. Run it as often as you like.',
    )
    .action((_: object, command: Command) => migrate(command.optsWithGlobals<{ json?: boolean }>().json === true))
  program
    .command('doctor')
    .description('check the books of the market on this machine: every law of its ledger, and its backups')
    .addHelpText(
      'after',
      '\nIt looks at DATABASE_URL, or else at the database in CLAWRK_DATA_DIR (.data), running or not.',
    )
    .action(async (_: object, command: Command) => {
      const { diagnose } = await import('../machine/doctor.ts')
      await diagnose(command.optsWithGlobals<{ json?: boolean }>().json === true)
    })
  ledgerCommands(program)
  reconcileCommand(program)
  retentionCommands(program)
  backupCommands(program)
  restoreCommands(program)
  stripeTwinCommand(program)
}

/** The market takes this process over: no other stands between it and its signals. */
async function serve(role: string | undefined): Promise<void> {
  process.argv = [process.execPath, marketEntry, ...(role ? [role] : [])]
  await import('../../../main.ts')
}

async function migrate(json: boolean): Promise<void> {
  const { readConfig } = await import('../../../base/config.ts')
  const config = readConfig()
  if (!config.databaseUrl)
    throw misused('There is no DATABASE_URL. The database of a data folder is brought up to date by  clawrk serve.')
  const { migrateMarket } = await import('../../../base/migrate.ts')
  await migrateMarket(config)
  process.stdout.write(
    `${json ? JSON.stringify({ migrated: true }) : done('The database is what this version needs.').join('\n')}\n`,
  )
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
