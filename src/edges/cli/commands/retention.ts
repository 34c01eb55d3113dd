import type { Command } from 'commander'

const where =
  '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), running or not, by the settings RETENTION_…'

/** Where the past lies, and moving it: on the machine's database, not through the API. */
export function retentionCommands(program: Command): void {
  const isJson = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true
  const retention = program
    .command('retention')
    .description('what lies where: jobs, transfers and events here and in the archive, by months')
    .addHelpText('after', where)
    .action(async (_: object, command: Command) =>
      (await import('../machine/retention.ts')).showRetention(isJson(command)),
    )
  retention
    .command('run')
    .description('move to the archive what is old enough now, as a worker does by and by')
    .option('--dry-run', 'only say how much that would be')
    .addHelpText('after', where)
    .action(async ({ dryRun }: { dryRun?: boolean }, command: Command) =>
      (await import('../machine/retention.ts')).runRetention(dryRun === true, isJson(command)),
    )
}
