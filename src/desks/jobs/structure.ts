import { skillOf } from './structure-skills.ts'
import { cutAt, type Line, readSections, type Section, sentencesOf, withoutTail } from './structure-text.ts'

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
  const sentences = proseOf(sections)
  const criteria = criteriaOf(sections, sentences, title)
  const described = describe(sections)
  const description = cutAt(described, longestText) || title
  const matter = sections.filter(({ kind }) => kind !== 'platforms')
  const { skill, cents, seconds } = skillOf(title, matter.length < sections.length ? describe(matter) : described)
  const size = sizeOf(description, criteria)
  return {
    title,
    intent: intentOf(sections, title, criteria),
    description,
    requirements: cutAt([...criteria, ...constraintsOf(sections, sentences, title, criteria)].join('\n'), longestText),
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
  const words = Math.max(blankRuns(description) + 1, description.length / 12) + 10 * (criteria.length - 1)
  return sizes.find((size) => words < size.words)!
}

const blanks = /\s+/g

function blankRuns(text: string): number {
  let runs = 0
  blanks.lastIndex = 0
  while (blanks.test(text)) runs++
  return runs
}

const greeting = /^(?:hi|hello|hey|dear|good (?:morning|day|evening))\b[^.!?,\n]{0,40}[,.!?]?\s*/i

const asking =
  /^(?:can|could|would|will) (?:you|someone|anyone|somebody|an agent)(?: please| kindly)?(?: help(?: me| us)?(?: to| with)?)? /i

/** Politeness and template tags before the matter itself, one after the other. */
const openings: readonly RegExp[] = [
  /^\[[^[\]]{1,80}\]\s*/,
  /^(?:critical|urgent|asap|high|medium|low|p[0-4])\s{0,2}[:–-]\s{0,2}/i,
  /^(?:title|task|job|request|prompt|subject|feature request|bug report|bug|issue|todo)\s{0,2}[:–-]\s{0,2}/i,
  /^(?:please|pls|kindly|so|also|just)[, ]\s{0,2}/i,
  asking,
  /^(?:i|we)(?: would|['’]d)? (?:need|want|like)(?: help(?: with)?)?(?: someone| somebody| an agent| an expert| you| a freelancer)?(?: who can)?(?: to)? /i,
  /^(?:i['’]m|i am|we['’]re|we are) looking for(?: someone| somebody| an agent)?(?: who can| to)? /i,
  /^(?:your|the) (?:task|job|goal) is to /i,
  /^you (?:are asked|need|have) to /i,
]

const anyOpening = new RegExp(openings.map(({ source }) => source).join('|'), 'i')

/** A sentence without its politeness, markup and final stop, capitalised. */
function bare(sentence: string): string {
  let text = sentence.replace(/[`*]|\[\$\d{1,6}\]/g, '').trim()
  const greeted = text.replace(greeting, '')
  if (greeted !== '') text = greeted
  for (let turn = 0; turn < 6; turn++) {
    if (!anyOpening.test(text)) break
    const opening = openings.find((pattern) => pattern.test(text))!
    const rest = text.replace(opening, '')
    if (!/[\p{L}\p{N}]/u.test(rest)) break
    // "Can you translate this?" is an order, not a question.
    text = opening === asking ? rest.replace(/\s{0,3}\?$/, '') : rest
  }
  return capital(withoutTail(text, /[\s.。,;:–-]/, 10).trim())
}

/** "write a poem" gets its capital; "iOS", "mWeb" and addresses are names as they are. */
function capital(text: string): string {
  return /^\p{Ll}+(?![\p{L}\p{N}:])/u.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

function titleOf(sections: readonly Section[]): string {
  const fallback = ['context', 'fault', 'wanted', 'limits', 'steps'] as const
  for (const kind of fallback) {
    for (const section of sections) {
      if (section.kind !== kind) continue
      if (kind === 'context' && isNamed(section.label)) return cutAt(bare(section.label), longestTitle)
      for (const { kind: lineKind, text } of section.lines) {
        const title = lineKind === 'code' ? '' : bare(tellingSentence(text))
        if (isTelling(title)) return cutAt(title, longestTitle)
      }
    }
  }
  return 'Untitled job'
}

/** The sentence of a line that names the work: the first if it asks for something, else the first order, else the first that says something. */
function tellingSentence(text: string): string {
  let first: string | null = null
  for (const sentence of sentencesOf(text)) {
    if (sentence.length < 15 && !/\p{Lo}{4}/u.test(sentence)) continue
    const words = bare(sentence)
    if (!isTelling(words)) continue
    if (isOrder(words) || (first === null && anyOpening.test(sentence))) return sentence
    first ??= sentence
  }
  return first ?? text
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
    !/^https?:\S+$/i.test(text) &&
    !/^(?:hi|hello|hey|thanks|thank you)\b.{0,20}$/i.test(text)
  )
}

const modal =
  /\b(?:must|should|shall|needs? to|has to|have to|is required|are required|make sure|ensures?|at least|minimum of|exactly|between \d{1,9} and \d{1,9}|includ(?:e|es|ing) (?:the|a|an|all|at)|(?:will|want to) be able to|formatted as|in the format|acceptance)\b/i
/** The same in the other languages prompts are often written in. */
const modalElsewhere =
  /\b(?:muss|soll(?:te|ten)?|mindestens|deben?|al menos|doi(?:t|vent)|au moins|devem?|pelo menos|almeno|moet(?:en)?|minstens)\b|必须|必須|需要|应该|應該|至少|なければ|べき|해야|최소|должн|не менее/i
const limiting =
  /^(?:please )?(?:do not|don['’]t|never|avoid|no) |\b(?:must not|should not|shouldn['’]t|may not|no more than|at most|no longer than|not exceed|maximum of|only use|use only)\b/i

/** Verbs that orders begin with. */
const orders = new Set(
  `add allow analyse analyze answer audit automate benchmark brainstorm build calculate change check
    classify clean clone collect compare compile compose compute configure convert correct create crop
    cut debug define deliver deploy describe design develop disable document download draft edit email
    enable estimate evaluate explain export extract fetch find fine-tune fix format gather generate get
    give help hide identify implement improve import install integrate investigate label list localise
    localize make map measure merge migrate model monitor move optimise optimize organise organize
    outline parse plan plot port predict prepare produce proofread propose provide publish rank
    recommend record redesign refactor remove rename render replace reply report research resize respond
    return review rewrite run scan schedule scrape search select send set show simplify solve sort split
    suggest summarise summarize support survey sync tell test train transcribe translate transform
    update upgrade upload use validate verify visualise visualize write`.split(/\s+/),
)

function isOrder(sentence: string): boolean {
  return orders.has(/^[A-Za-z-]{2,14}(?= )/.exec(sentence)?.[0].toLowerCase() ?? '')
}

/** One to ten criteria, the most explicit kind first: sections that say so, lists, sentences with must and should, orders. */
function criteriaOf(sections: readonly Section[], sentences: readonly Sentence[], title: string): string[] {
  const found = new Found(mostCriteria)
  for (const { kind, lines } of sections) if (kind === 'wanted') found.takeAll(linesOf(lines))
  const isExplicit = found.list.length > 0
  if (!isExplicit) for (const { kind, lines } of sections) if (kind === 'context') found.takeAll(listed(lines))
  found.takeAll(textsOf(sentences.filter(({ text, isLimit }) => !isLimit && asksFor(text))))
  if (!isExplicit)
    found.takeAll(
      sentences.map(({ text }) => bare(text)).filter((sentence) => isOrder(sentence) && !limiting.test(sentence)),
    )
  if (found.list.length === 0) found.takeAll(limitsOf(sentences))
  if (found.list.length > 0) return found.list
  return [
    cutAt(
      `${isFault(sections, title) ? 'The problem is solved' : 'The work does what was asked'}: ${title}`,
      longestCriterion,
    ),
  ]
}

function asksFor(sentence: string): boolean {
  return (
    (modal.test(sentence) || modalElsewhere.test(sentence)) &&
    !sentence.endsWith(':') &&
    !/^(?:this|that|it) is\b/i.test(sentence)
  )
}

interface Sentence {
  readonly text: string
  /** It says what is not to be done, or how much at most. */
  readonly isLimit: boolean
}

/** The sentences of running text that stands under no heading of a kind. */
function proseOf(sections: readonly Section[]): Sentence[] {
  const sentences: Sentence[] = []
  for (const { kind, lines } of sections) {
    if (kind !== 'context') continue
    for (const line of lines) {
      if (line.kind !== 'text') continue
      for (const text of sentencesOf(line.text)) sentences.push({ text, isLimit: limiting.test(text) })
    }
  }
  return sentences
}

function limitsOf(sentences: readonly Sentence[]): string[] {
  return textsOf(sentences.filter(({ isLimit }) => isLimit))
}

function textsOf(sentences: readonly Sentence[]): string[] {
  return sentences.map(({ text }) => text)
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

/** The items of lists in running text; a short item keeps the sentence that leads to it ("It should include: prices"). */
function listed(lines: readonly Line[]): string[] {
  let lead = ''
  const items: string[] = []
  for (const { kind, text } of lines) {
    if (kind === 'text') lead = text.endsWith(':') ? bare(sentencesOf(text).at(-1)!) : ''
    else if (kind === 'item')
      items.push(lead !== '' && lead.length <= 80 && text.split(' ').length < 4 ? `${lead}: ${text}` : text)
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
      const untagged = sentence.replace(/^(?:\[[^[\]]{1,80}\]\s{0,3}){1,5}/, '')
      const text = cutAt(capital(withoutTail(untagged, /[\s,;:]/, 10)), longestCriterion)
      const key = bare(text)
        .toLowerCase()
        .replace(/(?! [\p{L}\p{N}])[^\p{L}\p{N}]+/gu, ' ')
        .trim()
      if (!isTelling(text) || (!key.includes(' ') && !/\p{Lo}/u.test(text)) || this.#seen.has(key)) continue
      this.#seen.add(key)
      this.list.push(text)
    }
  }
}

/** What limits the work besides the criteria: sections that say so, and sentences with "do not" and "at most". */
function constraintsOf(
  sections: readonly Section[],
  sentences: readonly Sentence[],
  title: string,
  criteria: readonly string[],
): string[] {
  const found = new Found(mostConstraints)
  for (const { kind, lines } of sections) if (kind === 'limits') found.takeAll(linesOf(lines))
  found.takeAll(limitsOf(sentences))
  return found.list
    .filter((text) => !criteria.includes(text) && bare(text) !== title)
    .map((text) => `Constraint: ${text}`)
}

/** One sentence on what is wanted: the first order in the prompt, or the fault and what should be instead. */
function intentOf(sections: readonly Section[], title: string, criteria: readonly string[]): string {
  if (isFault(sections, title) && !isOrder(title)) {
    const [first] = criteria
    return cutAt(
      first!.endsWith(title) ? `Solve: ${title}` : `Solve "${title}" so that this holds: ${first}`,
      longestIntent,
    )
  }
  const line = firstText(sections)
  const sentence = line === null ? '' : bare(sentencesOf(line)[0] ?? '')
  return cutAt(sentence.length >= title.length ? sentence : title, longestIntent)
}

function firstText(sections: readonly Section[]): string | null {
  for (const { lines } of sections) for (const { kind, text } of lines) if (kind === 'text') return text
  return null
}

/** The prompt without noise: headings as lines of their own, lists as lists, code as it was, of check lists what is ticked. */
function describe(sections: readonly Section[]): string {
  return sections
    .map(({ kind, label, lines }) => {
      const shown = kind === 'platforms' ? lines.filter(({ open }) => !open) : lines
      const body = shown.map((line) => (line.kind === 'item' ? `- ${line.text}` : line.text)).join('\n')
      return label === '' || body === '' ? body : `${label.replace(/:$/, '')}:\n${body}`
    })
    .filter((part) => part !== '')
    .join('\n\n')
}
