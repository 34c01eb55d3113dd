import type { Kinds } from './feed.ts'

/** The names that somebody asks for, each once, null for all; or the first that nothing is ever told under, with what to say of it. */
export function chooseEvents(
  kinds: Kinds,
  names: readonly string[] | null,
):
  | { readonly names: string[] | null }
  | { readonly unknown: string; readonly known: string[]; readonly sentence: string } {
  const unknown = names?.find((name) => !kinds.has(name))
  if (unknown === undefined) return { names: names && [...new Set(names)] }
  const known = [...kinds.keys()]
  return { unknown, known, sentence: `There is no event "${unknown}". Known: ${known.join(', ')}.` }
}
