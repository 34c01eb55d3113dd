import type { Command } from 'commander'
import { readErasures } from '../../../base/backup/erasures.ts'
import { secretOf } from '../../../base/backup/market-folder.ts'
import type { Database } from '../../../base/db.ts'
import { inWords, knownFolder, ownFolder } from '../backups.ts'
import { exits, refused } from '../exit.ts'
import { onDatabase } from '../machine/doctor.ts'
import { startSteps } from '../render/progress.ts'
import { bold, dim } from '../render/text.ts'
import { settledLines } from './report.ts'
import { isBad } from './restore.ts'
import { settle } from './settle.ts'

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
      return inWords(() => onDatabase((db, name) => check(db, name, { finish, from, json })))
    })
}

interface Options {
  readonly finish: boolean
  readonly from: string | undefined
  readonly json: boolean
}

async function check(db: Database, name: string, { finish, from, json }: Options): Promise<void> {
  const folder = knownFolder(from)
  const secret = secretOf(ownFolder(), process.env.CLAWRK_SECRET)
  if (finish && secret === null)
    throw refused('secret_missing', 'Deleting accounts again needs the market’s secret.', 'set CLAWRK_SECRET')
  const steps = startSteps()
  try {
    const erasures = folder === null ? [] : [...readErasures(folder).keys()]
    const local = !process.env.DATABASE_URL?.trim() && !process.env.S3_BUCKET?.trim()
    const settled = await settle(db, {
      erasures,
      secret,
      attachments: local ? ownFolder().attachments : null,
      finish,
      onProgress: steps.at,
    })
    const took = steps.stop()
    if (isBad(settled) || (!finish && settled.to_erase.length > 0)) process.exitCode = exits.refused
    if (json) {
      process.stdout.write(`${JSON.stringify({ ...settled, steps: took })}\n`)
      return
    }
    const lines = [
      `${bold('The restored database')} ${name}`,
      ...settledLines(settled, finish),
      ...(folder === null
        ? [dim('  It is not known who was deleted later: --from names the folder where that is written down.')]
        : []),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    steps.stop()
  }
}
