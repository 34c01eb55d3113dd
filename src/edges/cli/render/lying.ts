import type { Lying } from '../../../core/operators/retention.ts'
import { bold, columns, dim, paint } from './text.ts'
import { relative } from './time.ts'

const monthsShown = 24
const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** An amount of bytes as people say it. */
export function bytesText(bytes: number): string {
  const step = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const amount = bytes / 1_000 ** step
  return `${amount >= 100 || step === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[step]}`
}

const count = (n: number): string => n.toLocaleString('en-US')

interface Bar {
  readonly month: string
  readonly here: number
  readonly archive: number
  readonly bytes: number
}

/** Where the rows of one kind lie, month by month: full blocks are in the archive, light ones here. */
export function lyingLines({ name, days, here, archive, due, kept, moved_at: movedAt }: Lying): string[] {
  const months = new Map<string, Bar>()
  const add = (month: string, more: Partial<Bar>): void => {
    const old = months.get(month) ?? { month, here: 0, archive: 0, bytes: 0 }
    months.set(month, { ...old, ...more })
  }
  for (const { month, rows, bytes } of archive.months) add(month, { archive: rows, bytes: bytes ?? 0 })
  for (const { month, rows } of here.months) add(month, { here: rows })
  const bars = [...months.values()].toSorted((a, b) => (a.month < b.month ? -1 : 1))
  const shown = bars.slice(-monthsShown)
  const hidden = bars.slice(0, -monthsShown).reduce((sum, bar) => sum + bar.here + bar.archive, 0)
  const most = Math.max(1, ...shown.map((bar) => bar.here + bar.archive))
  const room = Math.max(8, Math.min(40, columns() - 44))
  const rule = days === null ? 'they stay' : `they move at ${days} days`
  const when = movedAt === null ? 'none has moved yet' : `last moved ${relative(movedAt)}`
  return [
    `${bold(name)}  ${count(here.rows)} here (${bytesText(here.bytes)}), ${count(archive.rows)} in the archive (${bytesText(archive.bytes)})  ${dim(`${rule}; ${when}`)}`,
    ...(hidden > 0 ? [dim(`  and ${count(hidden)} in ${bars.length - shown.length} earlier months`)] : []),
    ...shown.map((bar) => barLine(bar, most, room)),
    ...(due > 0 ? [`  ${count(due)} may move now:  clawrk retention run`] : []),
    ...kept.map((what) => `  ${paint('yellow', '!')} ${what}`),
  ]
}

function barLine({ month, here, archive, bytes }: Bar, most: number, room: number): string {
  const long = (n: number): number => (n === 0 ? 0 : Math.max(1, Math.round((n / most) * (room - 1))))
  const bar = '█'.repeat(long(archive)) + '░'.repeat(long(here))
  const size = bytes > 0 ? `  ${bytesText(bytes)}` : ''
  return `  ${month}  ${paint('cyan', bar)}${' '.repeat(Math.max(0, room + 1 - bar.length))} ${count(here + archive).padStart(12)}${dim(size)}`
}
