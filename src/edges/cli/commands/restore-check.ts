import type { Command } from 'commander'
import { inWords } from '../backups.ts'

const help = `
It works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data): for a PostgreSQL of your own that was restored by its
own means. Accounts deleted since are known from CLAWRK_BACKUP_DIR, where every worker that is started with it writes them down.
With --finish, and before a market is started on it: deletes them again, lets the numbers of events go on behind all that were
given, and keeps money from leaving unless the payment provider agrees with the books.`

export function restoreCheckCommand(restore: Command): void {
  restore
    .command('check')
    .description('look whether a restored database is sound, and with --finish make it ready; exit code 1 on a fault')
    .option('--finish', 'do what has to be done after a restore')
    .option('--from <folder>', 'where it is written who was deleted (default: CLAWRK_BACKUP_DIR)')
    .addHelpText('after', help)
    .action((_: object, command: Command) => {
      // Read with those of the command above, which has a --from, too.
      const {
        finish = false,
        from,
        json = false,
      } = command.optsWithGlobals<{ finish?: boolean; from?: string; json?: boolean }>()
      return inWords(async () => (await import('../restore/check.ts')).checkRestored({ finish, from, json }))
    })
}
