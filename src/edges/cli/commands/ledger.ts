import type { Command } from 'commander'

const where = '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), running or not.'

/** The books, for auditors and operators: on the machine's database, not through the API. */
export function ledgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('the books of the market on this machine: verify, unfreeze')
  const isJson = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true
  ledger
    .command('verify')
    .description('recompute the hash chain over every transfer, and check every law; exit code 1 on a fault')
    .addHelpText('after', where)
    .action(async (_: object, command: Command) => (await import('../machine/ledger.ts')).verifyBooks(isJson(command)))
  ledger
    .command('unfreeze')
    .description('let money leave again after a broken law was looked into')
    .addHelpText('after', where)
    .action(async (_: object, command: Command) =>
      (await import('../machine/ledger.ts')).unfreezeBooks(isJson(command)),
    )
}
