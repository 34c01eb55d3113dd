import { chainOf } from './check.ts'
import { BackupFault } from './fault.ts'
import { type Found, findBackups, type Manifest } from './manifest.ts'

/** To which moment a database goes back. */
export type Target =
  | { readonly kind: 'time'; readonly at: Date }
  | { readonly kind: 'transaction'; readonly xid: bigint }
  | { readonly kind: 'latest' }

export interface Choosing {
  readonly root: string
  readonly target: Target
  /** A certain backup, instead of the newest that reaches the target. */
  readonly backup: string | undefined
  /** The line of log that goes on in the market's own folder, beyond what is archived. */
  readonly ownLine: string | null
}

/**
 * The newest backup from which the target can be reached: for a time, one that was finished by then, with log up to it. Throws a
 * `BackupFault` that says what can be reached instead.
 */
export function chooseBackup(choosing: Choosing): Manifest {
  const all = findBackups(choosing.root)
  const candidates = all.filter(({ id }) => choosing.backup === undefined || id === choosing.backup)
  const good = candidates.flatMap(({ manifest }) => (manifest ? [manifest] : []))
  const newest = good.at(-1)
  if (!newest) throw nothingGood(choosing, all, candidates)
  // Of all that stands against them, what stands against the newest says most about what is possible.
  let refusal: BackupFault | undefined
  for (const manifest of good.toReversed()) {
    const against = obstacle(manifest, choosing)
    if (!against) return manifest
    if (refusal === undefined || refusal.code === 'too_far_back') refusal = against
  }
  throw refusal!
}

function nothingGood({ root, backup }: Choosing, all: readonly Found[], candidates: readonly Found[]): BackupFault {
  const bad = candidates.at(-1)
  if (backup !== undefined && !bad)
    return new BackupFault('no_such_backup', `There is no backup ${backup} in ${root}.`, 'clawrk backup list')
  if (backup !== undefined) return new BackupFault('backup_unusable', bad!.fault!, 'clawrk backup list')
  return new BackupFault(
    'no_backups',
    all.length > 0 ? `There is no finished backup in ${root}. ${bad!.fault}` : `There is no backup in ${root} yet.`,
    'clawrk backup',
  )
}

/** What keeps a backup from being restored to the target; null when nothing does. */
function obstacle(manifest: Manifest, { root, target, ownLine }: Choosing): BackupFault | null {
  const { id, ended_at: end } = manifest
  if (target.kind === 'time' && target.at < new Date(end))
    return new BackupFault(
      'too_far_back',
      `The backup ${id} was finished at ${end} only; nothing here reaches further back.`,
      'clawrk backup list',
    )
  const chain = chainOf(root, manifest)
  if (!chain) {
    if (target.kind === 'latest') return null
    return new BackupFault(
      'no_log',
      `No log was archived behind the backup ${id}: it can be restored as it was at ${end}, and to no other moment.`,
      `clawrk restore --latest --backup ${id} --into FOLDER`,
    )
  }
  const { missing, reaches, lost } = chain
  const upTo = reaches === null || reaches < new Date(end) ? end : reaches.toISOString()
  if (target.kind === 'time' && target.at <= new Date(upTo)) return null
  if (missing !== null)
    return new BackupFault(
      'wal_missing',
      `The archived log behind the backup ${id} has a gap: ${missing} is missing, and the ${lost === 1 ? 'segment' : `${lost} segments`} after it cannot be used. It reaches up to ${upTo}.`,
      `clawrk restore --at ${upTo} --into FOLDER`,
      'clawrk backup list  shows whether a younger backup begins behind the gap',
    )
  if (target.kind === 'time' && ownLine !== manifest.line)
    return new BackupFault(
      'too_late',
      `The archived log behind the backup ${id} reaches up to ${upTo} only.`,
      `clawrk restore --at ${upTo} --into FOLDER`,
      'clawrk restore --latest --into FOLDER  for all there is',
    )
  return null
}
