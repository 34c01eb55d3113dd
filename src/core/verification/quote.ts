import type { Term } from './words.ts'

const longest = 160

/**
 * A short quote from the output, word for word, where it speaks most densely of the criterion's terms; empty if nowhere.
 * One shared term is enough for a short criterion, two close together are asked of one with four terms or more.
 */
export function quoteFor(criterionTerms: readonly string[], output: string, terms: readonly Term[]): string {
  const wanted = new Set(criterionTerms)
  const hits = terms.filter((term) => wanted.has(term.stem))
  const best = densest(hits)
  if (!best || best.distinct < (wanted.size >= 4 ? 2 : 1)) return ''
  const quote = widen(output, best.start, best.end)
  return storable(quote) ? quote : ''
}

/** The stretch of at most 160 characters with the most different terms; the first of equals. */
function densest(hits: readonly Term[]): { start: number; end: number; distinct: number } | null {
  const counts = new Map<string, number>()
  let best: { start: number; end: number; distinct: number } | null = null
  let first = 0
  for (const hit of hits) {
    counts.set(hit.stem, (counts.get(hit.stem) ?? 0) + 1)
    while (hit.end - hits[first]!.start > longest && hits[first] !== hit) {
      const gone = hits[first]!.stem
      const left = counts.get(gone)! - 1
      if (left === 0) counts.delete(gone)
      else counts.set(gone, left)
      first++
    }
    const start = hits[first]!.start
    if (counts.size > (best?.distinct ?? 0)) best = { start, end: Math.max(hit.end, start), distinct: counts.size }
  }
  return best && best.end - best.start > longest ? { ...best, end: best.start + longest } : best
}

/** The words with the rest of their line, as far as it fits; cut between words. */
function widen(output: string, start: number, end: number): string {
  const room = longest - (end - start)
  const near = output.slice(Math.max(0, start - room), start)
  const lineStart = start - near.length + near.lastIndexOf('\n') + 1
  const after = output.slice(end, end + room)
  const lineEnd = end + (after.includes('\n') ? after.indexOf('\n') : after.length)
  // What came before the words in their line if all of it fits, then what follows them.
  const before = near.includes('\n') || start <= room
  const from = before ? lineStart : start
  let to = Math.min(lineEnd, from + longest)
  if (to < output.length && output[to] !== '\n' && !/\s/.test(output[to]!))
    to = Math.max(end, output.lastIndexOf(' ', to))
  return output.slice(from, Math.max(to, end)).trim()
}

/** A verdict is kept as jsonb, which refuses NUL and lone surrogates. */
function storable(quote: string): boolean {
  return quote.isWellFormed() && !quote.includes('\u0000')
}
