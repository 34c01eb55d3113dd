import type { Command } from 'commander'
import { readCount } from '../arguments.ts'
import { inWords } from '../backups.ts'

const where = `
It backs up the embedded database in CLAWRK_DATA_DIR (.data), running or not, with its attachments. Without --to it goes into
CLAWRK_BACKUP_DIR. A market that is started with CLAWRK_BACKUP_DIR archives its log there all the time, so that any moment
can be restored, and takes a backup a day by itself. docs/operating/backups.md is the page for the night it is needed.`

/** Backups of the embedded database: on the machine's files, not through the API. */
export function backupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .description('take a backup of the market on this machine and read it again; list and check those there are')
    .option('--to <folder>', 'where backups go (default: CLAWRK_BACKUP_DIR)')
    .option(
      '--keep <count>',
      'then keep this many of the newest, and remove older ones and what only they need',
      readCount,
    )
    .addHelpText('after', where)
    .action(({ to, keep }: { to?: string; keep?: number }, command: Command) =>
      inWords(async () =>
        (await import('../machine/backup.ts')).take(
          to,
          keep,
          command.optsWithGlobals<{ json?: boolean }>().json === true,
        ),
      ),
    )
  listCommand(backup)
  checkCommand(backup)
}

function listCommand(backup: Command): void {
  backup
    .command('list')
    .description('the backups there are, and up to when each can be restored')
    .option('--from <folder>', 'where backups are (default: CLAWRK_BACKUP_DIR)')
    .action(({ from }: { from?: string }, command: Command) =>
      inWords(async () =>
        (await import('../machine/backup-list.ts')).listBackups(
          from,
          command.optsWithGlobals<{ json?: boolean }>().json === true,
        ),
      ),
    )
}

interface CheckOptions {
  readonly from?: string
  readonly all?: boolean
}

function checkCommand(backup: Command): void {
  backup
    .command('check [id]')
    .description('read a backup and the log behind it again, and say how far back one can go; exit code 1 on a fault')
    .option('--from <folder>', 'where backups are (default: CLAWRK_BACKUP_DIR)')
    .option('--all', 'every backup and all of the log, instead of the newest backup and the log behind it')
    .addHelpText(
      'after',
      '\nThat backups can be read is not yet that they can be restored: try it now and then, with  clawrk restore --latest --into FOLDER',
    )
    .action((id: string | undefined, { from, all = false }: CheckOptions, command: Command) =>
      inWords(async () =>
        (await import('../machine/backup-check.ts')).checkBackups(
          from,
          id,
          all,
          command.optsWithGlobals<{ json?: boolean }>().json === true,
        ),
      ),
    )
}
