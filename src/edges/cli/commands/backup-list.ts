import type { Command } from 'commander'
import { backupFolder, inWords } from '../backups.ts'

export function listCommand(backup: Command): void {
  backup
    .command('list')
    .description('the backups there are, and up to when each can be restored')
    .option('--from <folder>', 'where backups are (default: CLAWRK_BACKUP_DIR)')
    .action(({ from }: { from?: string }, command: Command) =>
      inWords(async () => {
        const { list } = await import('../machine/backup-list.ts')
        list(backupFolder(from, '--from'), command.optsWithGlobals<{ json?: boolean }>().json === true)
      }),
    )
}
