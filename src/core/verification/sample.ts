import type { Span } from './words.ts'

const whole = 60_000
const headAndTail = 20_000
const windows = 10
const window = 2_000

/**
 * The parts of an output that the rules read. Up to 60,000 characters: all of it. Longer: the first and the last 20,000
 * and ten windows of 2,000 spread evenly between, the same for the same length, so a verdict can be repeated.
 * This bounds the rules to a few milliseconds whatever is handed in; counting words and looking for judge-talk read it all.
 */
export function spansToRead(length: number): Span[] {
  if (length <= whole) return [{ start: 0, end: length }]
  const between = length - 2 * headAndTail
  const spans: Span[] = [{ start: 0, end: headAndTail }]
  for (let index = 0; index < windows; index++) {
    const start = headAndTail + Math.floor(((between - window) * index) / (windows - 1))
    spans.push({ start, end: start + window })
  }
  spans.push({ start: length - headAndTail, end: length })
  return spans
}
