import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { chooseBackup, type Target } from '../../../base/backup/choose.ts'
import { readErasures } from '../../../base/backup/erasures.ts'
import type { Manifest } from '../../../base/backup/manifest.ts'
import { fingerprintOf, type MarketFolder, marketFolder, secretOf } from '../../../base/backup/market-folder.ts'
import { type Former, type Recovered, recover, unfinishedMark } from '../../../base/backup/recover.ts'
import { openDatabase } from '../../../base/db.ts'
import { migrate } from '../../../base/migrate.ts'
import { takePidLock } from '../../../base/pid-lock.ts'
import { readArchiving } from '../../../base/postgres/archiving.ts'
import { clusterUrl, findServer } from '../../../base/postgres/cluster.ts'
import { listDeparted } from '../../../core/accounts/erase-again.ts'
import { backupFolder, hasCluster, ownFolder } from '../backups.ts'
import { exits, misused, refused } from '../exit.ts'
import { startSteps } from '../render/progress.ts'
import { bold, paint } from '../render/text.ts'
import { nextLines, recoveredLines, settledLines } from './report.ts'
import { type Settled, settle } from './settle.ts'

export interface RestoreOptions {
  readonly target: Target
  readonly into: string | null
  readonly switching: boolean
  readonly from: string | undefined
  readonly backup: string | undefined
  readonly lostSecret: boolean
  readonly json: boolean
}

/** Restores into a new folder, looks at what came of it, and says what is next; exit code 1 when something is not as it should be. */
export async function restore({
  target,
  into,
  switching,
  from,
  backup,
  lostSecret,
  json,
}: RestoreOptions): Promise<void> {
  const own = ownFolder()
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const folder = into ?? (switching ? `${own.dataDir}.restored-${stamp}` : null)
  if (folder === null)
    throw misused(
      'Into which folder? --into names a new one; --switch makes one and puts it in the place of the old one.',
    )
  const root = backupFolder(from, '--from')
  const release = switching ? claim(own) : () => {}
  const steps = startSteps()
  try {
    const former = await formerOf(own, root)
    const manifest = chooseBackup({ root, target, backup, ownLine: former?.line ?? null })
    const secret = lostSecret ? null : chooseSecret(manifest, root, own)
    const recovered = await recover({ root, target, backup: manifest.id, into: folder, former, onProgress: steps.at })
    let settled: Settled
    try {
      settled = await settleRestored(recovered, { root, own, secret, onProgress: steps.at })
    } catch (error) {
      throw refused(
        'not_whole',
        `The database of that moment is not whole: ${error instanceof Error ? error.message.split('\n')[0] : error}. ${folder} is left for you to look at.`,
        'clawrk restore --at AN-EARLIER-TIME --into ANOTHER-FOLDER',
      )
    } finally {
      await recovered.postgres.stop()
    }
    rmSync(join(folder, unfinishedMark))
    const switched = switching ? putInPlace(own, folder, stamp) : null
    const took = steps.stop()
    if (isBad(settled)) process.exitCode = exits.refused
    if (json) {
      const { last_commit, stopped_before, segments } = recovered
      const body = {
        folder: switched === null ? folder : own.dataDir,
        before: switched,
        backup: manifest.id,
        last_commit,
        stopped_before,
        segments,
        ...settled,
        steps: took,
      }
      process.stdout.write(`${JSON.stringify(body)}\n`)
      return
    }
    const lines = [
      `${paint(isBad(settled) ? 'red' : 'green', isBad(settled) ? '✖' : '✔')} ${bold('The market as it was:')} ${switched === null ? folder : own.dataDir}`,
      ...recoveredLines(recovered),
      ...settledLines(settled, true),
      ...nextLines(folder, switched, settled),
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    steps.stop()
    release()
  }
}

export const isBad = ({ breaches, chain, missing_attachments: missing }: Settled): boolean =>
  breaches.length > 0 || chain.faults.length > 0 || missing.length > 0

/** Keeps the market from starting while folders change places; refuses when it runs. */
function claim(own: MarketFolder): () => void {
  if (!existsSync(own.dataDir)) return () => {}
  const file = join(own.dataDir, 'supervisor.pid')
  const lock = takePidLock(file, 'a restore')
  const server = hasCluster(own) ? findServer(own.cluster) : null
  if ('release' in lock && !server) return lock.release
  if ('release' in lock) lock.release()
  throw refused(
    'market_runs',
    `A market runs on ${own.dataDir} (process ${'release' in lock ? server!.pid : lock.pid}): its folder cannot be changed for another under it.`,
    'stop it, and say the same again',
    'without --switch, and with --into FOLDER, it may go on meanwhile',
  )
}

/**
 * The folder that is restored, if it is still there. A server that runs on it ends its segment of the log now, so that whatever
 * happened up to this moment counts.
 */
async function formerOf(own: MarketFolder, root: string): Promise<Former | null> {
  if (!hasCluster(own)) return null
  const archiving = readArchiving(own.postgres)
  const line = archiving?.folder === root ? archiving.line : null
  const server = findServer(own.cluster)
  if (line !== null && server?.status === 'ready')
    await onServer(clusterUrl(own.cluster, server.port, 'clawrk'), async (client) => {
      // A commit of now, behind which nothing is wanted: without it, recovery to a quiet moment would find no end.
      await client.query('select pg_current_xact_id()')
      await client.query('select pg_switch_wal()')
    })
  return { market: own, line }
}

async function onServer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

/** The secret with which the restored market will open what it has sealed: refused before anything is done, rather than noticed later. */
function chooseSecret(manifest: Manifest, root: string, own: MarketFolder): string | null {
  const { included, fingerprint } = manifest.secret
  const kept = marketFolder(join(root, 'base', manifest.id))
  const secret = process.env.CLAWRK_SECRET?.trim() || (included ? secretOf(kept, undefined) : secretOf(own, undefined))
  const next = [
    'set CLAWRK_SECRET to what it was when the backup was taken',
    '--lost-secret goes on without it: secrets of jobs and webhooks stay sealed',
  ]
  if (fingerprint === null) return secret
  if (secret === null)
    throw refused('secret_missing', 'The backup is of a market whose CLAWRK_SECRET is not known here.', ...next)
  if (fingerprintOf(secret) !== fingerprint)
    throw refused('other_secret', 'CLAWRK_SECRET is not the one of the market that was backed up.', ...next)
  return secret
}

interface Settling {
  readonly root: string
  readonly own: MarketFolder
  readonly secret: string | null
  readonly onProgress: (what: string) => void
}

async function settleRestored(
  { postgres, market }: Recovered,
  { root, own, secret, onProgress }: Settling,
): Promise<Settled> {
  onProgress('bringing it up to date')
  await onServer(postgres.url, async (client) => {
    const { rows } = await client.query(
      `select exists (select from pg_trigger where tgname = 'app_clock_moved') as test`,
    )
    await migrate(postgres.url, { mode: rows[0].test ? 'test' : 'live' })
  })
  const db = openDatabase({ url: postgres.url, poolSize: 2 })
  try {
    const erasures = [...new Set([...readErasures(root).keys(), ...(await departedNow(own))])]
    const attachments = process.env.S3_BUCKET?.trim() ? null : market.attachments
    return await settle(db, { erasures, secret, attachments, finish: true, onProgress })
  } finally {
    await db.close()
  }
}

/** Who is deleted in the market as it is now, if it can still be asked: its log of them may be a moment behind. */
async function departedNow(own: MarketFolder): Promise<string[]> {
  const server = hasCluster(own) ? findServer(own.cluster) : null
  if (server?.status !== 'ready') return []
  const db = openDatabase({ url: clusterUrl(own.cluster, server.port, 'clawrk'), poolSize: 1 })
  try {
    return (await listDeparted(db)).map(({ id }) => id)
  } catch {
    // What is being restored is broken: that table may be what is gone. The log beside the backups is what remains.
    return []
  } finally {
    await db.close()
  }
}

/** Two renames; nothing is written over. Answers where the old folder is now. */
function putInPlace(own: MarketFolder, folder: string, stamp: string): string | null {
  if (!existsSync(own.dataDir)) {
    renameSync(folder, own.dataDir)
    return null
  }
  const before = `${own.dataDir}.before-${stamp}`
  renameSync(own.dataDir, before)
  rmSync(join(before, 'supervisor.pid'), { force: true })
  renameSync(folder, own.dataDir)
  return before
}
