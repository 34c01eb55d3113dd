import { columns, cut, dim, oneLine, widthOf } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly paint?: (text: string, row: Row) => string
  readonly align?: 'right'
  /** Gives way first where the terminal is too narrow. */
  readonly flexible?: boolean
  /** Left out where even that is not enough; the last one goes first. */
  readonly spare?: boolean
}

const gap = '  '
const narrowest = 8

/** A table that fits the terminal: its flexible columns are cut, then its spare ones left out; the others stay whole. */
export function table<Row>(rows: readonly Row[], all: readonly Column<Row>[]): string[] {
  const least = all.reduce((sum, column) => sum + gap.length + leastWidth(rows, column), -gap.length)
  const spare = all.findLastIndex((column) => column.spare)
  if (least > columns() && spare >= 0) return table(rows, all.toSpliced(spare, 1))
  const cells = rows.map((row) => all.map(({ cell }) => oneLine(cell(row))))
  const widths = all.map(({ title }, index) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index]!))))
  let excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - columns()
  for (const [index, { flexible }] of all.entries()) {
    if (!flexible || excess <= 0) continue
    const less = Math.min(excess, Math.max(0, widths[index]! - narrowest))
    widths[index]! -= less
    excess -= less
  }
  const line = (texts: readonly string[], painted: (text: string, index: number) => string): string =>
    texts
      .map((text, index) => {
        const short = cut(text, widths[index]!)
        const space = ' '.repeat(widths[index]! - widthOf(short))
        return all[index]!.align === 'right' ? space + painted(short, index) : painted(short, index) + space
      })
      .join(gap)
      .trimEnd()
  const head = line(
    all.map(({ title }) => title),
    (text) => dim(text),
  )
  return [head, ...cells.map((row, at) => line(row, (text, index) => all[index]!.paint?.(text, rows[at]!) ?? text))]
}

/** How narrow a column can be made. */
function leastWidth<Row>(rows: readonly Row[], { title, cell, flexible }: Column<Row>): number {
  const whole = Math.max(widthOf(title), ...rows.map((row) => widthOf(oneLine(cell(row)))))
  return flexible ? Math.min(narrowest, whole) : whole
}
