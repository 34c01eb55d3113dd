import type { Command } from 'commander'

const where = '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), running or not.'

/** Who may run the market is decided on its machine, by whoever holds its database. */
export function grantCommands(operator: Command): void {
  const isJson = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true
  operator
    .command('grant')
    .description('on the machine: make somebody an operator')
    .argument('<user>', 'a user id or an e-mail address')
    .addHelpText('after', where)
    .action(async (user: string, _: object, command: Command) =>
      (await import('../machine/grant.ts')).grant(user, isJson(command)),
    )
  operator
    .command('revoke')
    .description('on the machine: end what was granted')
    .argument('<user>', 'a user id or an e-mail address')
    .addHelpText('after', where)
    .action(async (user: string, _: object, command: Command) =>
      (await import('../machine/grant.ts')).revoke(user, isJson(command)),
    )
  operator
    .command('list')
    .description('on the machine: who was made an operator; those of OPERATOR_EMAILS are not in it')
    .addHelpText('after', where)
    .action(async (_: object, command: Command) => (await import('../machine/grant.ts')).list(isJson(command)))
}
