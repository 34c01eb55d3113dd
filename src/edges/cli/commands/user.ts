import type { Command } from 'commander'

/** Commands for whoever runs a market, about the people on it: they work on the machine's database, not through the API. */
export function userCommands(program: Command): void {
  program
    .command('user')
    .description('the accounts of the market on this machine')
    .command('reset-password <email>')
    .description('give somebody a new password and end their browser sessions')
    .option('--ask', 'type the password instead of having one made; without a terminal it is read from standard input')
    .addHelpText(
      'after',
      '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), running or not.',
    )
    .action(async (email: string, { ask }: { ask?: boolean }, command: Command) => {
      const { reset } = await import('../machine/reset-password.ts')
      await reset(email, ask === true, command.optsWithGlobals<{ json?: boolean }>().json === true)
    })
}
