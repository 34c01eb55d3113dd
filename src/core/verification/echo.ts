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
 * Do the output's terms, of which there is at least one, only repeat the task's? Told by containment (Broder 1997): the
 * share of the output's runs of three salient terms that also occur in the task. Small words, filler and punctuation do not
 * count, so "Sure, here it is:" hides nothing; nor does another order of the same words, since real work brings some of its own.
 *
 * Measured on 381 real jobs: copies of the task, its title alone, and both with filler around are always told, either half
 * of it in 97 % of cases. Of proofread texts with a single correction 4 % are taken for an echo, with two or more none.
 */
export function isEcho(output: readonly string[], task: string, taskTerms: readonly string[]): boolean {
  const known = new Set(taskTerms)
  const all = Math.max(0, output.length - shingle + 1)
  const isStale = hardlyFresh(output, known)
  // No more runs can occur in the task than hold only its terms: where those are too few, as in most work, none is compared.
  const most = runsWithin(output, known)
  if (!isStale && !isCopy(most, all, true) && !isCopy(most, all, false)) return false
  const isFree = !handsOver.some((pattern) => pattern.test(task))
  if (isFree && isStale) return true
  return all > 0 && isCopy(runsShared(output, taskTerms), all, isFree)
}

/** Are so many of all runs the same that nothing was done but copying? True of more runs if it is true of fewer. */
function isCopy(same: number, all: number, isFree: boolean): boolean {
  // A word changed in the middle changes three runs: less than two of many means that nothing was done to the material.
  if (!isFree) return all - same < (all > 2 ? 2 : 1)
  return same >= all * copied || (all - same <= fewStrays && same * 2 >= all)
}

/** No term of its own, or at most one in ten where there are ten or more. */
function hardlyFresh(output: readonly string[], known: ReadonlySet<string>): boolean {
  const fresh = new Set<string>()
  for (const stem of output) {
    if (known.has(stem)) continue
    fresh.add(stem)
    // The different terms are no more than all of them: for most work a few tell.
    if (fresh.size > output.length * freshShare) return false
  }
  return fresh.size <= new Set(output).size * freshShare
}

/** How many runs of the output hold only known terms. */
function runsWithin(output: readonly string[], known: ReadonlySet<string>): number {
  let runs = 0
  let length = 0
  for (const stem of output) {
    length = known.has(stem) ? length + 1 : 0
    if (length >= shingle) runs++
  }
  return runs
}

/** How many runs of the output occur in the task. */
function runsShared(output: readonly string[], taskTerms: readonly string[]): number {
  const ids = new Map<string, number>()
  for (const stem of taskTerms) if (!ids.has(stem)) ids.set(stem, ids.size)
  const source = taskTerms.map((stem) => ids.get(stem)!)
  const own = output.map((stem) => ids.get(stem) ?? -1)
  const known = new Set<number>()
  for (let at = 0; at + shingle <= source.length; at++) known.add(shingleAt(source, at))
  let same = 0
  for (let at = 0; at + shingle <= own.length; at++) if (known.has(shingleAt(own, at))) same++
  return same
}

/** Three ids below 2^17 as one exact number; a term the task does not have makes it negative, so it matches nothing. */
function shingleAt(ids: readonly number[], at: number): number {
  const [first, second, third] = [ids[at]!, ids[at + 1]!, ids[at + 2]!]
  return first < 0 || second < 0 || third < 0 ? -1 : (first * 131_072 + second) * 131_072 + third
}
