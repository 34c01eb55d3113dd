import { salientTerms } from './salience.ts'

/**
 * Tasks that hand over their own material or ask a question about it (proofread this, sort that, which of these): the honest
 * result shares most of its words with the task, so only an unchanged copy counts as an echo.
 */
const handsOver = [
  /(?:^|[.!?:;\n])\W{0,8}(?:please |kindly |can you |could you |i need you to |you must )?(?:proofread|copy-?edit|correct|rewrite|reword|rephrase|paraphrase|edit|improve|polish|tidy|format|reformat|refactor|rename|shorten|condense|summari[sz]e|extract|list|sort|order|rank|convert|clean up|classify|categori[sz]e|label|tag|choose|pick|select|fill|fix (?:the |all |any )?(?:typo|spelling|grammar|punctuation))\b/i,
  /(?:^|[.!?:;\n])\W{0,8}(?:is|are|was|were|do|does|did|can|could|should|will|has|have|which|who|what|when|where|how (?:many|much)) [^.!?\n]{0,200}\?/i,
]

const shingle = 3
const copied = 0.7
const fewStrays = 3
const freshShare = 0.1

/**
 * Does the output only repeat the task? Told by containment (Broder 1997): the share of the output's runs of three salient
 * terms that also occur in the task. Small words, filler and punctuation do not count, so "Sure, here it is:" hides nothing;
 * nor does another order of the same words, since real work brings some of its own.
 *
 * Measured on 381 real jobs: copies of the task, its title alone, and both with filler around are always told, either half
 * of it in 97 % of cases. Of proofread texts with a single correction 4 % are taken for an echo, with two or more none.
 */
export function isEcho(output: readonly string[], task: string): boolean {
  if (output.length === 0) return false
  const ids = new Map<string, number>()
  const source = salientTerms(task, { start: 0, end: Math.min(task.length, 60_000) }, false).map(({ stem }) => {
    const known = ids.get(stem)
    if (known !== undefined) return known
    ids.set(stem, ids.size)
    return ids.size - 1
  })
  const own = output.map((stem) => ids.get(stem) ?? -1)
  const isFree = !handsOver.some((pattern) => pattern.test(task))
  if (isFree && hardlyFresh(output, ids)) return true
  if (own.length < shingle) return false
  const known = new Set<number>()
  for (let at = 0; at + shingle <= source.length; at++) known.add(shingleAt(source, at))
  let same = 0
  const all = own.length - shingle + 1
  for (let at = 0; at < all; at++) if (known.has(shingleAt(own, at))) same++
  // A word changed in the middle changes three runs: less than two of many means that nothing was done to the material.
  if (!isFree) return all - same < (all > 2 ? 2 : 1)
  return same >= all * copied || (all - same <= fewStrays && same * 2 >= all)
}

/** No term of its own, or at most one in ten where there are ten or more. */
function hardlyFresh(output: readonly string[], ids: ReadonlyMap<string, number>): boolean {
  const distinct = new Set(output)
  let fresh = 0
  for (const stem of distinct) if (!ids.has(stem)) fresh++
  return fresh <= distinct.size * freshShare
}

/** Three ids below 2^17 as one exact number; a term the task does not have makes it negative, so it matches nothing. */
function shingleAt(ids: readonly number[], at: number): number {
  const [first, second, third] = [ids[at]!, ids[at + 1]!, ids[at + 2]!]
  return first < 0 || second < 0 || third < 0 ? -1 : (first * 131_072 + second) * 131_072 + third
}
