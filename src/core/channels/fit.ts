import type { Line, Note } from './compose.ts'

/** As many lines as there is room for, by their length in the form they are sent in; the others are counted with those there were no room for. */
export function fit<T extends { readonly length: number }>(
  { lines, more }: Pick<Note, 'lines' | 'more'>,
  room: number,
  render: (line: Line) => T,
): { readonly shown: readonly T[]; readonly more: number } {
  const shown: T[] = []
  let used = 0
  for (const line of lines) {
    const rendered = render(line)
    used += rendered.length
    if (used > room && shown.length > 0) break
    shown.push(rendered)
  }
  return { shown, more: more + lines.length - shown.length }
}

export const moreText = (more: number): string => `And ${more} more.`
