import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { faultsOfBackup } from '../../../base/backup/check.ts'
import { BackupFault } from '../../../base/backup/fault.ts'
import { prune } from '../../../base/backup/prune.ts'
import { takeBackup } from '../../../base/backup/take.ts'
import { readArchiving } from '../../../base/postgres/archiving.ts'
import { launchPostgres } from '../../../base/postgres/launch.ts'
import { backupFolder, hasCluster, ownFolder, refuseOwnPostgres, size } from '../backups.ts'
import { misused, refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { startSteps } from '../render/progress.ts'
import { dim } from '../render/text.ts'
import { duration } from '../render/time.ts'

/** Takes a backup, reads it again, and then throws away what is no longer kept. */
export async function take(to: string | undefined, keep: number | undefined, json: boolean): Promise<void> {
  if (keep === 0) throw misused('--keep 0 would keep none; the newest is always kept.')
  refuseOwnPostgres()
  const market = ownFolder()
  const folder = backupFolder(to, '--to')
  if (!hasCluster(market))
    throw refused(
      'no_market',
      `There is no market in ${market.dataDir}.`,
      'go to the folder where it runs, or set CLAWRK_DATA_DIR',
    )
  if (`${folder}/`.startsWith(`${market.dataDir}/`))
    throw refused(
      'inside',
      `${folder} lies in the market’s own folder: whatever ends that would end its backups.`,
      'clawrk backup --to ELSEWHERE',
    )
  const steps = startSteps()
  const server = await launchPostgres({ dataDir: market.postgres })
  try {
    const manifest = await takeBackup({
      url: server.url,
      market,
      into: folder,
      secret: process.env.CLAWRK_SECRET,
      onProgress: steps.at,
    })
    const faults = await faultsOfBackup(folder, manifest, steps.at)
    if (faults.length > 0) {
      rmSync(join(folder, 'base', manifest.id), { recursive: true, force: true })
      throw new BackupFault(
        'unreadable',
        `What was just written cannot be read again: ${faults[0]}. The disk of ${folder} is not sound; the backup was removed.`,
      )
    }
    const pruned = keep === undefined ? null : prune(folder, keep, readArchiving(market.postgres)?.line ?? null)
    const took = steps.stop()
    const { id, ended_at, bytes, stored_bytes, line, secret, files, attachments } = manifest
    if (json) {
      const body = {
        id,
        folder,
        ended_at,
        bytes,
        stored_bytes,
        files: files.length,
        attachments: attachments.length,
        line,
        secret,
        pruned,
        steps: took,
      }
      process.stdout.write(`${JSON.stringify(body)}\n`)
      return
    }
    const seconds = took.reduce((sum, step) => sum + step.seconds, 0)
    const lines = [
      ...done(
        `Backup ${id} is in ${folder}, and was read again.`,
        `${size(bytes)} of database, ${size(stored_bytes)} packed, ${attachments.length} attachments, in ${duration(seconds)}`,
        line === null
          ? 'no log is archived: it can be restored as it is now, and to no later moment. CLAWRK_BACKUP_DIR changes that'
          : 'the log is archived behind it: it can be restored to any later moment',
        secretNote(secret.included),
        pruned &&
          pruned.backups.length > 0 &&
          `removed: ${pruned.backups.join(', ')}, and ${pruned.segments} segments of log`,
      ),
      dim('  → clawrk backup check'),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    steps.stop()
    await server.stop()
  }
}

const secretNote = (included: boolean): string =>
  included
    ? 'the secret that test mode made is in it: keep the folder closed'
    : 'CLAWRK_SECRET is not in it: keep it elsewhere, or what is sealed stays sealed'
