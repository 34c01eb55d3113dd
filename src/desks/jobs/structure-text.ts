/**
 * Reading a prompt: markdown, issue templates and plain text become sections of clean lines.
 * Every pattern here is linear: classes exclude the character that starts a match, and repeats are bounded.
 */

/** What a section is for: what is wanted, what limits it, how to get to the fault, everything else worth reading, and what nobody reads. */
export type SectionKind = 'wanted' | 'limits' | 'steps' | 'fault' | 'context' | 'platforms' | 'noise'

export interface Line {
  readonly kind: 'text' | 'item' | 'code'
  readonly text: string
  /** An unticked box of a check list. */
  readonly open?: boolean
}

export interface Section {
  readonly kind: SectionKind
  /** The heading as written, or empty for what stands before any. */
  readonly label: string
  readonly lines: Line[]
}

/** Headings and labels people use, and what stands under them; compared in lower case without punctuation. */
const labels: readonly (readonly [SectionKind, RegExp])[] = [
  [
    'noise',
    /^(?:version(?: number)?|reproducible in .{1,20}|if this was caught .{1,120}|email or phone .{1,60}|logs?|.{0,40}issue url|issue (?:was )?(?:reported|found) .{0,60}|found when .{1,40}|reported by|slack (?:conversation|thread).{0,60}|device used|app component|component|workaround|screenshots?(?: ?\/? ?videos?)?|notes ?\/ ?photos.{0,20}|upwork automation.{0,30}|issue owner|issue checklist|bug source|labels?|assignees?)$/,
  ],
  ['platforms', /^(?:platforms?|affected platforms?|browsers?)$/],
  [
    'wanted',
    /^(?:expected(?: results?| behaviou?r| outcome| output)?|acceptance(?: criteria| tests?)?|success criteria|criteria|requirements?|functional requirements|definition of done|done when|deliverables?|must haves?|goals?|objectives?|tasks|to ?do|scope(?: of work)?|features?|(?:proposed )?solution|proposal|specifications?|what (?:we|i) (?:need|want)|what to (?:do|deliver|build)|output(?: format)?|instructions|which flows to update)$/,
  ],
  [
    'limits',
    /^(?:constraints?|limits?|limitations?|restrictions?|out of scope|non ?goals?|do not|donts?|rules|guidelines|style)$/,
  ],
  [
    'steps',
    /^(?:action performed|actions? taken|steps(?: to reproduce)?|reproduction(?: steps)?|how to reproduce|preconditions?|break down in numbered steps)$/,
  ],
  ['fault', /^(?:actual(?: results?| behaviou?r| outcome)?|current behaviou?r|observed|error(?: message)?)$/],
  [
    'context',
    /^(?:problem(?: statement)?|background|context|description|summary|overview|motivation|notes?|details|introduction|about|why|questions?|examples?|input|data|copy|mocks?|environment|links?|resources|references)$/,
  ],
]

/** Lines of issue templates that say nothing about this job. */
const boilerplate =
  /^(?:if you haven.t already, check out our|view all open jobs on github|which of our officially supported platforms|check off any platforms|add any screenshot\/video|break down in numbered steps|describe what (?:you think|actually)|can the user still use|current issue owner|upwork job (?:url|id)|last price increase|automatic offers|please select|thanks? (?:you )?in advance)/i

const nothing =
  /^(?:cc:?\s.{0,200}|(?:@[\w/-]{1,60}[\s,]{0,3}){1,10}|n\/?a|none|null|nil|tbd|unknown|no response|-+|_+|\*+|=+)?[.!]?$/i

const longestPrompt = 20_000

/** The sections of a prompt, in order, cleaned; noise is left out. */
export function readSections(prompt: string): Section[] {
  const text = withoutMarkup(
    prompt.slice(0, longestPrompt).toWellFormed().replaceAll('\u0000', '').replace(/\r\n?/g, '\n'),
  )
  const sections: Section[] = [{ kind: 'context', label: '', lines: [] }]
  let fenced = false
  for (const raw of text.split('\n')) {
    const current = sections.at(-1)!
    if (/^\s{0,8}(?:```|~~~)/.test(raw)) {
      fenced = !fenced
      continue
    }
    if (fenced) {
      current.lines.push({ kind: 'code', text: raw.trimEnd() })
      continue
    }
    // Single blanks, by far the most, are left as they are.
    const line = raw.replace(/\s{2,}|[^\S ]/g, ' ').trim()
    const heading = readHeading(line)
    if (heading) {
      sections.push({ kind: heading.kind, label: heading.label, lines: toLine(heading.rest) })
      // A label of noise with its value on the same line ends there; what follows is the text again.
      if (heading.inline && heading.kind === 'noise') sections.push({ kind: 'context', label: '', lines: [] })
    } else {
      current.lines.push(...toLine(line))
    }
  }
  return sections.filter(({ kind, lines }) => kind !== 'noise' && lines.length > 0)
}

function toLine(line: string): Line[] {
  const item = /^(?:[-*+•–]|\(?\d{1,3}[.)]|[a-z]\))\s+(?:\[( |x|X)\]\s*)?(.*)$/.exec(line)
  const text = plainLine(item ? item[2]! : line.replace(/^>\s?/, ''))
  if (nothing.test(text) || boilerplate.test(text) || !/[\p{L}\p{N}]/u.test(text)) return []
  return [item ? { kind: 'item', text, ...(item[1] === ' ' && { open: true }) } : { kind: 'text', text }]
}

interface Heading {
  readonly kind: SectionKind
  readonly label: string
  readonly rest: string
  readonly inline: boolean
}

/** `## Expected result`, `**Expected result:** text`, `Expected result: text`, or a short line that ends with a colon. */
function readHeading(line: string): Heading | null {
  const marked = /^#{1,6}\s+(.{1,200})$/.exec(line)
  if (marked) {
    const { label, rest } = splitLabel(marked[1]!)
    return { kind: kindOf(label) ?? 'context', label: plainLine(label), rest, inline: false }
  }
  const bold = /^(?:\*\*|__)([^*_]{1,160})(?:\*\*|__)\s{0,2}:?\s{0,2}(.*)$/.exec(line)
  const { label, rest } = bold ? { label: bold[1]!, rest: bold[2]! } : splitLabel(line)
  if (!bold && rest === '' && line.length > 60) return null
  const kind = kindOf(label)
  const labelled = bold !== null || line.includes(':') || kind === 'wanted'
  return kind && labelled ? { kind, label: plainLine(label), rest, inline: true } : null
}

function splitLabel(line: string): { label: string; rest: string } {
  const colon = line.indexOf(':')
  return colon < 0 || colon > 160
    ? { label: line, rest: '' }
    : { label: line.slice(0, colon), rest: line.slice(colon + 1).trim() }
}

function kindOf(label: string): SectionKind | null {
  if (label.length > 160) return null
  const key = label
    .toLowerCase()
    .replace(/[^\p{L}\p{N}/]+/gu, ' ')
    .trim()
  return labels.find(([, pattern]) => pattern.test(key))?.[0] ?? null
}

/** Comments, images, links, tags and folded blocks of bookkeeping go; link texts stay. */
function withoutMarkup(text: string): string {
  if (!text.includes('<') && !text.includes('[')) return text
  return withoutBlocks(
    withoutBlocks(text, '<!--', '-->', () => ''),
    '<details',
    '</details>',
    keepDetails,
  )
    .replace(/!\[[^[\]\n]{0,300}\]\([^()\n]{0,500}\)/g, '')
    .replace(/\[([^[\]\n]{1,300})\]\([^()\n]{0,500}\)/g, '$1')
    .replace(/<br\s{0,3}\/?>/gi, '\n')
    .replace(/<\/?[a-z][^<>\n]{0,300}>/gi, '')
    .replace(/<(https?:[^<>\s]{1,500})>/g, '$1')
}

function keepDetails(block: string): string {
  return /upwork|issue owner|screenshot/i.test(block) ? '' : block
}

function withoutBlocks(text: string, open: string, close: string, keep: (block: string) => string): string {
  let kept = ''
  let at = 0
  for (;;) {
    const start = text.indexOf(open, at)
    const end = start < 0 ? -1 : text.indexOf(close, start)
    if (end < 0) return kept + text.slice(at)
    kept += text.slice(at, start) + keep(text.slice(start, end + close.length))
    at = end + close.length
  }
}

function plainLine(line: string): string {
  const unmarked = line.replace(/\*\*|__|~~/g, '').replace(/^[#>\s]{1,10}/, '')
  return withoutTail(unmarked, /[\s#]/, 10).trim()
}

/** The text without up to `most` such characters at its end. Looking from the end spares a try at each of them inside the text. */
export function withoutTail(text: string, such: RegExp, most: number): string {
  let end = text.length
  while (end > 0 && text.length - end < most && such.test(text.charAt(end - 1))) end--
  return end === text.length ? text : text.slice(0, end)
}

const abbreviation = /\b(?:e\.g|i\.e|etc|vs|approx|incl|no|mr|mrs|ms|dr|fig|resp)\.$/i

/** The sentences of a line; an abbreviation does not end one. */
export function sentencesOf(line: string): string[] {
  const found: string[] = []
  let open = false
  for (const piece of line.split(/(?<=[.!?]["')\]]?) (?=["'(“]?[\p{Lu}\p{N}])|(?<=[。！？])/u)) {
    if (open) found[found.length - 1] += ` ${piece}`
    else found.push(piece)
    open = abbreviation.test(piece)
  }
  return found.map((sentence) => sentence.trim()).filter((sentence) => sentence !== '')
}

/** Cut at a word, with an ellipsis, to at most `longest` characters. */
export function cutAt(text: string, longest: number): string {
  if (text.length <= longest) return text
  const head = text.slice(0, longest - 1)
  const blank = head.lastIndexOf(' ')
  return `${(blank > longest / 2 ? head.slice(0, blank) : head).toWellFormed().replace(/[\s,;:–-]{1,5}$|\uFFFD$/, '')}…`
}
