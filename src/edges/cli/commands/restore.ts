import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Target } from '../../../base/backup/choose.ts'
import { inWords, refuseOwnPostgres } from '../backups.ts'
import { misused } from '../exit.ts'

interface Options {
  readonly at?: Date
  readonly beforeTransaction?: bigint
  readonly latest?: boolean
  readonly into?: string
  readonly switch?: boolean
  readonly from?: string
  readonly backup?: string
  readonly lostSecret?: boolean
}

const help = `
It makes a new data folder and leaves the old one as it is, so it may be tried at any time, while the market runs: whatever it
has written up to now counts, too. Everything is read and checked before it is used. Then accounts that were deleted later are
deleted again, the laws and the hash chain are checked, and the books are compared with the payment provider: unless both
agree, money may not leave until somebody has looked. Times are those of the wall, whatever the test clock says.
docs/operating/backups.md is the page for the night it is needed.`

/** Going back in time, into a new folder. */
export function restoreCommands(program: Command): void {
  const command = program
    .command('restore')
    .description('bring the market of this machine back as it was at some moment, in a new folder')
    .option('--at <time>', 'as it was at this time, such as 2026-11-22T10:00:00Z', readTime)
    .option('--before-transaction <xid>', 'with everything before this transaction and without it', readTransaction)
    .option('--latest', 'with everything there is')
    .option('--into <folder>', 'the new data folder')
    .option('--switch', 'then put it in the place of the old one, which is renamed; the market must be stopped')
    .option('--from <folder>', 'where backups are (default: CLAWRK_BACKUP_DIR)')
    .option('--backup <id>', 'from this backup, instead of the newest that reaches the moment')
    .option('--lost-secret', 'go on although CLAWRK_SECRET is lost: what is sealed stays sealed')
    .addHelpText('after', help)
    .action((options: Options, self: Command) =>
      inWords(async () => {
        const { restore } = await import('../restore/restore.ts')
        refuseOwnPostgres()
        const { into, from, backup, lostSecret = false } = options
        await restore({
          target: targetOf(options),
          into: into === undefined ? null : resolve(into),
          switching: options.switch === true,
          from,
          backup,
          lostSecret,
          json: self.optsWithGlobals<{ json?: boolean }>().json === true,
        })
      }),
    )
  checkCommand(command)
}

const checkHelp = `
It works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data): for a PostgreSQL of your own that was restored by its
own means. Accounts deleted since are known from CLAWRK_BACKUP_DIR, where every worker that is started with it writes them down.
With --finish, and before a market is started on it: deletes them again, lets the numbers of events go on behind all that were
given, and keeps money from leaving unless the payment provider agrees with the books.`

function checkCommand(restore: Command): void {
  restore
    .command('check')
    .description('look whether a restored database is sound, and with --finish make it ready; exit code 1 on a fault')
    .option('--finish', 'do what has to be done after a restore')
    .option('--from <folder>', 'where it is written who was deleted (default: CLAWRK_BACKUP_DIR)')
    .addHelpText('after', checkHelp)
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

function targetOf({ at, beforeTransaction: xid, latest }: Options): Target {
  const targets: Target[] = [
    ...(at === undefined ? [] : [{ kind: 'time', at } as const]),
    ...(xid === undefined ? [] : [{ kind: 'transaction', xid } as const]),
    ...(latest === undefined ? [] : [{ kind: 'latest' } as const]),
  ]
  const [target, ...others] = targets
  if (!target || others.length > 0)
    throw misused(
      'To which moment? One of --at, --before-transaction and --latest says it.',
      'clawrk backup list  shows what can be restored',
    )
  return target
}

/** A time that means the same everywhere: at night nobody should have to think about summer time. */
function readTime(text: string): Date {
  const at = new Date(text.trim().replace(' ', 'T'))
  if (Number.isNaN(at.getTime()) || !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(Z|[+-]\d{2}:?\d{2})$/.test(text.trim()))
    throw new InvalidArgumentError(
      'It must be a time with its zone, such as 2026-11-22T10:00:00Z or 2026-11-22T11:00:00+01:00.',
    )
  if (at.getTime() > Date.now()) throw new InvalidArgumentError('That is in the future.')
  return at
}

function readTransaction(text: string): bigint {
  if (!/^\d{1,19}$/.test(text))
    throw new InvalidArgumentError('It must be the number of a transaction, as in the column xid of transfer.')
  return BigInt(text)
}
