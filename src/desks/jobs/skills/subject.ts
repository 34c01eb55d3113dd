/** What an intent is about, read off its words alone. */
export interface Subject {
  /** Without the order that it begins with: "the history of Unix" of "Research the history of Unix". */
  readonly topic: string
  /** The words that carry it, in the spelling and order of the intent. */
  readonly terms: readonly string[]
  /** Years it names, first and last; null when it names none. */
  readonly years: readonly [string, string] | null
  /** Things it wants set side by side. */
  readonly compared: readonly string[]
}

const order =
  /^(?:please |kindly )?(?:research|investigate|analy[sz]e|compare|summari[sz]e|survey|study|explore|examine|review|find out(?: about)?|look into|report on|write|create|make|build|design|develop|implement|translate|prepare|draft|produce|give|provide|explain|describe)(?: and (?:summari[sz]e|compare|analy[sz]e|explain|describe|report on))?(?: (?:me|us))? /i

const small = new Set(
  `a an and the of to in on at by for from with without into about between versus vs or nor but as is are was were be been it its this that
  these those which who whom whose what when where why how do does did can could should would will must may might not no yes all any some each
  i we you they he she my our your their me us them more most less least have has had very than then so if also only just please report research summary
  summarize summarise overview work task job`.split(/\s+/),
)

const most = 12

/** Reads an intent. The same one always gives the same subject. */
export function readSubject(intent: string): Subject {
  const line = intent.replaceAll(/\s+/g, ' ').trim()
  const [sentence = line] = line.split(/(?<=[.!?])\s/)
  const bare = sentence.replace(order, '').replace(/[.!?\s]+$/, '')
  const topic = bare === '' ? sentence : bare
  const seen = new Set<string>()
  const terms: string[] = []
  for (const [word] of line.replace(order, '').matchAll(/[\p{L}\p{N}][\p{L}\p{N}+#.’'-]*/gu)) {
    const term = word.replace(/[.’'-]+$/, '')
    const key = term.toLowerCase()
    if (
      /^\d+$/.test(term) ||
      terms.length >= most ||
      small.has(key) ||
      seen.has(key) ||
      (key.length < 3 && !/\p{Lu}|\p{Lo}/u.test(term))
    )
      continue
    seen.add(key)
    terms.push(term)
  }
  const years = [...line.matchAll(/\b(?:1[0-9]|20)\d{2}\b/g)].map(([year]) => year).sort()
  return { topic, terms, years: years.length > 0 ? [years[0]!, years.at(-1)!] : null, compared: comparedIn(topic) }
}

/** "A versus B", "A or B", "between A and B"; years are a period. */
function comparedIn(topic: string): string[] {
  const sides = /^(.{2,80}?) (?:versus|vs\.?|or|compared (?:to|with)) (.{2,80})$/i.exec(topic)
  if (sides) return [sides[1]!, sides[2]!]
  const between = /\bbetween (\D{2,60}?) and (\D{2,60})$/i.exec(topic)
  return between ? [between[1]!, between[2]!] : []
}

/** A text of blocks, with an empty line between them. */
export const pages = (...blocks: readonly (string | readonly string[])[]): string =>
  blocks
    .map((block) => (typeof block === 'string' ? block : block.join('\n')))
    .filter((block) => block !== '')
    .join('\n\n')

export const listed = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')
export const numbered = (lines: readonly string[]): string => lines.map((line, at) => `${at + 1}. ${line}`).join('\n')
