import { chainOf } from '../../../base/backup/check.ts'
import { findBackups } from '../../../base/backup/manifest.ts'
import { backupFolder, size } from '../backups.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'

interface Listed {
  readonly id: string
  readonly from: string | null
  readonly to: string | null
  readonly stored_bytes: number | null
  readonly line: string | null
  readonly missing: string | null
  readonly fault: string | null
}

const columns: readonly Column<Listed>[] = [
  { title: 'BACKUP', cell: ({ id }) => id },
  {
    title: 'TAKEN',
    cell: ({ from }) => (from === null ? 'not usable' : relative(from)),
    paint: (text, { fault }) => (fault ? paint('red', text) : text),
  },
  { title: 'SIZE', cell: ({ stored_bytes: bytes }) => (bytes === null ? '' : size(bytes)), align: 'right' },
  { title: 'CAN BE RESTORED', cell: reachOf },
]

function reachOf({ from, to, line, missing, fault }: Listed): string {
  if (fault !== null) return fault
  if (line === null) return `as it was at ${from}`
  return `${from} … ${to}${missing === null ? '' : `, where ${missing} is missing`}`
}

/** The backups there are, and up to when each can be restored. */
export function listBackups(from: string | undefined, json: boolean): void {
  const folder = backupFolder(from, '--from')
  const all = findBackups(folder).map(({ id, manifest, fault }) => {
    const chain = manifest && chainOf(folder, manifest)
    const end = manifest?.ended_at ?? null
    const reaches = chain?.reaches && end !== null && chain.reaches > new Date(end) ? chain.reaches.toISOString() : end
    return {
      id,
      from: end,
      to: reaches,
      bytes: manifest?.bytes ?? null,
      stored_bytes: manifest?.stored_bytes ?? null,
      attachments: manifest?.attachments.length ?? null,
      line: manifest?.line ?? null,
      missing: chain?.missing ?? null,
      fault,
    }
  })
  if (json) {
    process.stdout.write(`${JSON.stringify({ folder, backups: all })}\n`)
    return
  }
  const lines =
    all.length === 0
      ? [`No backups in ${folder} yet.`, dim('  → clawrk backup')]
      : [`${bold('Backups in')} ${folder}`, ...table(all, columns)]
  process.stdout.write(`${lines.join('\n')}\n`)
}
