import { generalSkill, skillOf } from './structure-skills.ts'
import { cutAt, type Line, readSections, type Section, sentencesOf } from './structure-text.ts'

/** A prompt made into a job, by rules. */
export interface Structured {
  title: string
  intent: string
  description: string
  requirements: string
  acceptance_criteria: string[]
  skill: string
  estimated_price_cents: number
  estimated_time_limit_seconds: number
  structured_by: 'rules'
}

const longestTitle = 120
const longestIntent = 500
const longestText = 10_000
const longestCriterion = 500
const mostCriteria = 10
const mostConstraints = 10

/**
 * Makes a job of a prompt without any model: the same prompt always gives the same job, in well under a millisecond, and a
 * hostile one costs no more than its length. Titles come from the first line that says something, criteria from what the
 * prompt calls expected, required or done, then from sentences with must, should and the like; there is always one.
 */
export function structure(prompt: string): Structured {
  const sections = readSections(prompt)
  const title = titleOf(sections)
  const criteria = criteriaOf(sections, title)
  const description = cutAt(describe(sections), longestText) || title
  const { skill, cents, seconds } = skillOf(title, description) ?? generalSkill
  const size = sizeOf(description, criteria)
  return {
    title,
    intent: intentOf(sections, title, criteria),
    description,
    requirements: cutAt([...criteria, ...constraintsOf(sections, title, criteria)].join('\n'), longestText),
    acceptance_criteria: criteria,
    skill,
    estimated_price_cents: Math.min(100_000, Math.max(100, cents * size.price)),
    estimated_time_limit_seconds: Math.min(86_400, Math.max(60, seconds * size.time)),
    structured_by: 'rules',
  }
}

/** Sizes by words of description and criteria; what each costs and takes, as multiples of the skill's small job. */
const sizes = [
  { words: 60, price: 1, time: 1 },
  { words: 200, price: 2, time: 2 },
  { words: 600, price: 4, time: 3 },
  { words: Number.POSITIVE_INFINITY, price: 8, time: 6 },
] as const

function sizeOf(description: string, criteria: readonly string[]): (typeof sizes)[number] {
  // Scripts without spaces: three characters weigh about as much as a word.
  const words = Math.max(description.split(/\s+/).length, description.length / 12) + 10 * (criteria.length - 1)
  return sizes.find((size) => words < size.words)!
}

const greeting = /^(?:hi|hello|hey|dear|good (?:morning|day|evening))\b[^.!?,\n]{0,40}[,.!?]?\s*/i

/** Politeness and template tags before the matter itself, one after the other. */
const openings: readonly RegExp[] = [
  /^\[[^[\]]{1,80}\]\s*/,
  /^(?:critical|urgent|asap|high|medium|low|p[0-4])\s{0,2}[:–-]\s{0,2}/i,
  /^(?:title|task|job|request|prompt|subject|feature request|bug report|bug|issue|todo)\s{0,2}[:–-]\s{0,2}/i,
  /^(?:please|pls|kindly|so|also|just)[, ]\s{0,2}/i,
  /^(?:can|could|would|will) (?:you|someone|anyone|somebody|an agent)(?: please| kindly)?(?: help(?: me| us)?(?: to| with)?)? /i,
  /^(?:i|we)(?: would|['’]d)? (?:need|want|like)(?: help(?: with)?)?(?: someone| somebody| an agent| an expert| you| a freelancer)?(?: who can)?(?: to)? /i,
  /^(?:i['’]m|i am|we['’]re|we are) looking for(?: someone| somebody| an agent)?(?: who can| to)? /i,
  /^(?:your|the) (?:task|job|goal) is to /i,
  /^you (?:are asked|need|have) to /i,
]

/** A sentence without its politeness, markup and final stop, capitalised. */
function bare(sentence: string): string {
  let text = sentence.replace(/[`*]|\[\$\d{1,6}\]/g, '').trim()
  const greeted = text.replace(greeting, '')
  if (greeted !== '') text = greeted
  for (let turn = 0; turn < 6; turn++) {
    const opening = openings.find((pattern) => pattern.test(text))
    const rest = opening ? text.replace(opening, '') : ''
    if (!/[\p{L}\p{N}]/u.test(rest)) break
    text = rest
  }
  text = text.replace(/[\s.,;:–-]{1,10}$/, '').trim()
  // "write a poem" gets its capital, "iOS" and "mWeb" are names as they are.
  return /^\p{Ll}+(?![\p{L}\p{N}])/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

function titleOf(sections: readonly Section[]): string {
  const fallback = ['context', 'fault', 'wanted', 'limits', 'steps'] as const
  for (const kind of fallback) {
    for (const section of sections) {
      if (section.kind !== kind) continue
      if (kind === 'context' && isNamed(section.label)) return cutAt(bare(section.label), longestTitle)
      for (const { kind: lineKind, text } of section.lines) {
        const title = lineKind === 'code' ? '' : bare(text.length > longestTitle ? sentencesOf(text)[0]! : text)
        if (isTelling(title)) return cutAt(title, longestTitle)
      }
    }
  }
  return 'Untitled job'
}

/** A heading of the sender's own is a title; "Background" is not. */
function isNamed(label: string): boolean {
  return (
    isTelling(label) &&
    !/^(?:problem|background|context|description|summary|overview|motivation|notes?|details|introduction|about|why|questions?|examples?|input|data|copy|mocks?|environment|links?|resources|references)\b/i.test(
      label,
    )
  )
}

/** Says something: a word of three letters, or any of a script that needs fewer, and not only an address or a greeting. */
function isTelling(text: string): boolean {
  return (
    /\p{L}{3}|\p{Lo}/u.test(text) &&
    !/^https?:\S+$/.test(text) &&
    !/^(?:hi|hello|hey|thanks|thank you)\b.{0,20}$/i.test(text)
  )
}

const modal =
  /\b(?:must|should|shall|needs? to|has to|have to|is required|are required|make sure|ensures?|at least|minimum of|exactly|between \d{1,9} and \d{1,9}|includ(?:e|es|ing) (?:the|a|an|all|at)|(?:will|want to) be able to|formatted as|in the format|acceptance)\b/i
const limiting =
  /\b(?:must not|should not|shouldn['’]t|do not|don['’]t|never|without|avoid|no more than|at most|no longer than|not exceed|maximum of|only use|use only)\b/i
const imperative =
  /^(?:write|create|make|build|add|update|remove|fix|implement|design|research|translate|summari[sz]e|compare|list|find|analy[sz]e|move|show|use|return|provide|deliver|set|change|replace|allow|support|convert|generate|test|document|migrate|refactor|optimi[sz]e|improve|review|investigate|explain|describe|develop|prepare|draft|collect|extract|calculate|compute|rename|hide|disable|enable|clean|rewrite|proofread|check|verify|plan|set up|port|scrape|classify|identify|propose|produce)\b/i

/** One to ten criteria, the most explicit kind first: sections that say so, lists, sentences with must and should, orders. */
function criteriaOf(sections: readonly Section[], title: string): string[] {
  const found = new Found(mostCriteria)
  for (const { kind, lines } of sections) if (kind === 'wanted') found.takeAll(linesOf(lines))
  const prose = sections.filter(({ kind }) => kind === 'context')
  if (found.list.length === 0) for (const { lines } of prose) found.takeAll(listed(lines))
  const sentences = prose.flatMap(({ lines }) =>
    lines.filter(({ kind }) => kind === 'text').flatMap(({ text }) => sentencesOf(text)),
  )
  found.takeAll(sentences.filter((sentence) => modal.test(sentence) && !limiting.test(sentence) && !/^(?:this|that|it) is\b/i.test(sentence)))
  if (found.list.length === 0) found.takeAll(sentences.map(bare).filter((sentence) => imperative.test(sentence)))
  if (found.list.length === 0) found.takeAll(sentences.filter((sentence) => limiting.test(sentence)))
  if (found.list.length === 0)
    return [
      cutAt(
        `${isFault(sections, title) ? 'The problem is solved' : 'The work does what was asked'}: ${title}`,
        longestCriterion,
      ),
    ]
  return found.list
}

/** A report of something broken, rather than an order for something new. */
function isFault(sections: readonly Section[], title: string): boolean {
  return (
    sections.some(({ kind }) => kind === 'fault' || kind === 'steps') ||
    /\b(?:not|isn['’]t|doesn['’]t|unable|incorrect|wrong|missing|error|crash|fail|broken|bug)/i.test(title)
  )
}

function linesOf(lines: readonly Line[]): string[] {
  return lines.flatMap(({ kind, text }) => (kind === 'code' ? [] : kind === 'item' ? [text] : sentencesOf(text)))
}

/** The items of lists in running text; a short item keeps the line that leads to it ("It should include: prices"). */
function listed(lines: readonly Line[]): string[] {
  let lead = ''
  const items: string[] = []
  for (const { kind, text } of lines) {
    if (kind === 'text') lead = text.endsWith(':') && text.length <= 80 ? bare(text) : ''
    else if (kind === 'item') items.push(lead !== '' && text.split(' ').length < 4 ? `${lead}: ${text}` : text)
  }
  return items
}

/** A list of different, telling sentences up to a limit. */
class Found {
  readonly list: string[] = []
  readonly #seen = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  takeAll(sentences: readonly string[]): void {
    for (const sentence of sentences) {
      if (this.list.length >= this.#most) return
      const text = cutAt(sentence.replace(/[\s,;:]{1,10}$/, ''), longestCriterion)
      const key = text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, ' ')
        .trim()
      if (!isTelling(text) || (!key.includes(' ') && !/\p{Lo}/u.test(text)) || this.#seen.has(key)) continue
      this.#seen.add(key)
      this.list.push(text)
    }
  }
}

/** What limits the work besides the criteria: sections that say so, sentences with "do not", the ticked platforms. */
function constraintsOf(sections: readonly Section[], title: string, criteria: readonly string[]): string[] {
  const found = new Found(mostConstraints)
  for (const { kind, lines } of sections) if (kind === 'limits') found.takeAll(linesOf(lines))
  for (const { kind, lines } of sections) {
    if (kind === 'context')
      found.takeAll(
        lines
          .filter((line) => line.kind === 'text')
          .flatMap(({ text }) => sentencesOf(text).filter((sentence) => limiting.test(sentence))),
      )
    if (kind === 'platforms') {
      const ticked = lines.filter(({ open, kind: lineKind }) => !open && lineKind === 'item').map(({ text }) => text)
      if (ticked.length > 0) found.takeAll([`platforms ${ticked.join(', ')}`])
    }
  }
  return found.list.filter((text) => !criteria.includes(text) && bare(text) !== title).map((text) => `Constraint: ${text}`)
}

/** One sentence on what is wanted: the first order in the prompt, or the fault and what should be instead. */
function intentOf(sections: readonly Section[], title: string, criteria: readonly string[]): string {
  if (isFault(sections, title) && !imperative.test(title)) {
    const [first] = criteria
    return cutAt(
      first!.endsWith(title) ? `Solve: ${title}` : `Solve "${title}" so that this holds: ${first}`,
      longestIntent,
    )
  }
  const first = sections.flatMap(({ lines }) => lines.filter(({ kind }) => kind === 'text'))[0]
  const sentence = first ? bare(sentencesOf(first.text)[0] ?? '') : ''
  return cutAt(sentence.length >= title.length ? sentence : title, longestIntent)
}

/** The prompt without noise: headings as lines of their own, lists as lists, code as it was. */
function describe(sections: readonly Section[]): string {
  return sections
    .filter(({ kind }) => kind !== 'platforms')
    .map(({ label, lines }) => {
      const body = lines.map(({ kind, text }) => (kind === 'item' ? `- ${text}` : text)).join('\n')
      return label === '' ? body : `${label.replace(/:$/, '')}:\n${body}`
    })
    .join('\n\n')
}
