const blocks = '▁▂▃▄▅▆▇█'

/** One line of blocks, each a value: the highest of all is the whole block. What is not a number is left out. */
export function spark(values: readonly number[], most = Math.max(...values.filter(Number.isFinite))): string {
  return values
    .map((value) => (Number.isFinite(value) ? blocks[Math.min(7, Math.floor((value / (most || 1)) * 8))] : ' '))
    .join('')
}

/** A line that says below a chart what each stretch of it was; of stretches as many values long as given. */
export const stretches = (parts: readonly (readonly [name: string, length: number])[]): string =>
  parts.map(([name, length]) => `└${name}`.slice(0, length).padEnd(length, '─')).join('')
