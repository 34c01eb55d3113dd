import type { Cost } from './meter.ts'

export interface AtSize {
  readonly jobs: number
  readonly found: readonly (Cost & { readonly name: string; readonly hot: boolean })[]
  /** Plans that read a growing table whole, or too much of it. */
  readonly faults: readonly string[]
}

/** What a hot statement may cost at the largest size, against the smallest. */
const allowed = 1.5

/** Below this a ratio is that of noise: pages of the catalogue that are read again, a timer of the machine. */
const noise = { ms: 0.15, pages: 12 }

const size = (jobs: number): string =>
  jobs >= 1_000_000 ? `${jobs / 1_000_000} M` : jobs >= 1_000 ? `${jobs / 1_000} k` : `${jobs}`

const short = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** A table of CPU and pages at each size with their ratios, then what costs too much, then the plans that read too much. */
export function showGrowth(at: readonly AtSize[]): string {
  const [first, last] = [at[0], at.at(-1)]
  if (!first || !last) return 'Nothing was measured.\n'
  const cost = (one: AtSize, name: string): Cost | undefined => one.found.find((found) => found.name === name)
  const head = [
    '',
    ...at.map(({ jobs }) => `ms ${size(jobs)}`),
    'ratio',
    ...at.map(({ jobs }) => `pages ${size(jobs)}`),
    'ratio',
  ]
  const late: string[] = []
  const rows = last.found.map(({ name, hot }) => {
    const costs = at.map((one) => cost(one, name))
    const [from, to] = [costs[0], costs.at(-1)]
    const ratio = (part: 'ms' | 'pages'): number | null =>
      from && to && at.length > 1 ? to[part] / Math.max(from[part], 0.001) : null
    const isLate = (part: 'ms' | 'pages'): boolean =>
      hot &&
      from !== undefined &&
      to !== undefined &&
      to[part] > Math.max(from[part] * allowed, from[part] + noise[part])
    if (isLate('ms') || isLate('pages'))
      late.push(`${name}: ${short(ratio('ms')!)} × the time, ${short(ratio('pages')!)} × the pages`)
    const cells = (part: 'ms' | 'pages'): string[] => [
      ...costs.map((found) => (found ? short(found[part]) : '')),
      `${ratio(part)?.toFixed(2) ?? ''}${isLate(part) ? ' ✖' : ''}`,
    ]
    return [hot ? name : `(${name})`, ...cells('ms'), ...cells('pages')]
  })
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  const faults = [...new Set(at.flatMap((one) => one.faults.map((fault) => `${size(one.jobs)}: ${fault}`)))]
  return `
CPU milliseconds of the database and pages looked at, for one call; medians. In brackets: what reads everything on purpose.

${[head, ...rows].map(line).join('\n')}

${late.length === 0 ? `✔ at ${size(last.jobs)} jobs nothing hot costs more than ${allowed} × what it costs at ${size(first.jobs)}` : `✖ costs more than ${allowed} ×:\n${late.map((one) => `  ${one}`).join('\n')}`}
${faults.length === 0 ? '✔ no plan reads a growing table whole' : `✖ plans:\n${faults.map((one) => `  ${one}`).join('\n')}`}
`
}
