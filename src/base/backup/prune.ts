import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attachmentPath, listAttachments } from './attachments.ts'
import { forgetErasures } from './erasures.ts'
import { findBackups, type Manifest } from './manifest.ts'
import { isSegment } from './wal.ts'

export interface Pruned {
  readonly backups: readonly string[]
  readonly segments: number
  readonly attachments: number
}

/**
 * Keeps the newest `keep` backups and what they need, and throws away the rest: older backups and damaged ones, log from before the
 * oldest that is kept, attachments none of them knows. Call it after a backup was taken and read again: so a good one is always kept.
 * `current` is the line that is being written.
 */
export function prune(root: string, keep: number, current: string | null): Pruned {
  const all = findBackups(root)
  const good = all.flatMap(({ manifest }) => (manifest ? [manifest] : []))
  const kept = good.slice(-Math.max(1, keep))
  const oldest = kept[0]
  if (!oldest) return { backups: [], segments: 0, attachments: 0 }
  const old = all.filter(({ id, manifest }) => id < oldest.id || (manifest === null && !id.includes('.unfinished-')))
  for (const { folder } of old) rmSync(folder, { recursive: true, force: true })
  forgetErasures(root, oldest.started_at)
  return {
    backups: old.map(({ id }) => id),
    segments: pruneLog(root, kept, current),
    attachments: pruneAttachments(root, kept, oldest),
  }
}

function pruneLog(root: string, kept: readonly Manifest[], current: string | null): number {
  let gone = 0
  for (const line of readdirSync(join(root, 'wal'))) {
    const folder = join(root, 'wal', line)
    const first = kept.find((manifest) => manifest.line === line)?.start_segment
    // A line that just began has no backup yet, and needs all of its log.
    if (first === undefined && line === current) continue
    for (const name of readdirSync(folder)) {
      const segment = name.slice(0, 24)
      if (!isSegment(segment) || (first !== undefined && segment >= first)) continue
      rmSync(join(folder, name), { force: true })
      if (name === `${segment}.gz`) gone++
    }
    if (first === undefined) rmSync(folder, { recursive: true, force: true })
  }
  return gone
}

/** What came after the oldest backup may be wanted for a moment between two of them, whether or not a later one knows it. */
function pruneAttachments(root: string, kept: readonly Manifest[], oldest: Manifest): number {
  const folder = join(root, 'files')
  if (!existsSync(folder)) return 0
  const needed = new Set(kept.flatMap(({ attachments }) => attachments.map(({ path }) => path)))
  let gone = 0
  for (const id of listAttachments(folder)) {
    const file = attachmentPath(folder, id)
    if (needed.has(id) || statSync(file).mtimeMs >= Date.parse(oldest.started_at)) continue
    rmSync(file, { force: true })
    gone++
  }
  return gone
}
