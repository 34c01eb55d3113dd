import type { Command } from 'commander'
import { backupFolder, inWords } from '../backups.ts'

interface Options {
  readonly from?: string
  readonly all?: boolean
}

export function checkCommand(backup: Command): void {
  backup
    .command('check [id]')
    .description('read a backup and the log behind it again, and say how far back one can go; exit code 1 on a fault')
    .option('--from <folder>', 'where backups are (default: CLAWRK_BACKUP_DIR)')
    .option('--all', 'every backup and all of the log, instead of the newest backup and the log behind it')
    .addHelpText(
      'after',
      '\nThat backups can be read is not yet that they can be restored: try it now and then, with  clawrk restore --latest --into FOLDER',
    )
    .action((id: string | undefined, { from, all = false }: Options, command: Command) =>
      inWords(async () => {
        const { check } = await import('../machine/backup-check.ts')
        await check(backupFolder(from, '--from'), id, all, command.optsWithGlobals<{ json?: boolean }>().json === true)
      }),
    )
}
