import type { CriterionVerdict } from './check.ts'
import { isEcho } from './echo.ts'
import { findJudgeTalk } from './judge-talk.ts'
import { quoteFor } from './quote.ts'
import { neededTerms, salientTerms, TaskReader, wantedTerms } from './salience.ts'
import { spansToRead } from './sample.ts'
import { countWords, type Term } from './words.ts'

/** What the rules need to know of the work. */
export interface RuledWork {
  readonly prompt: string
  readonly criteria: readonly string[]
  readonly requirements: string
  readonly output: string
  readonly attachments: readonly { readonly name: string }[]
}

export interface RuleFault {
  readonly about: 'empty' | 'too short' | 'judge-talk' | 'an echo' | 'off the task'
  /** A sentence the worker can act on. */
  readonly sentence: string
}

/** What the rules found; `fault` is null when they let the work pass. */
export interface RuleFindings {
  readonly fault: RuleFault | null
  readonly criteria: CriterionVerdict[]
  /** The share of wanted terms the output speaks of, 0 to 1. */
  readonly coverage: number
  readonly found: number
  readonly needed: number
}

const fewestCharacters = 20
const visible = /[^\s\u00AD\u200B-\u200F\u2060-\u2064\uFEFF\u2800\u3164]/g

/**
 * The rules of section 7, step 2, for work no strong check has vouched for: not empty, at least twenty characters, no
 * judge-talk, not an echo of the task, and enough of the requirement's salient terms. With `vouched` (a command,
 * json_schema or regex check passed) only emptiness counts. What the thresholds were measured on: `neededTerms`, `isEcho`.
 */
export async function applyRules(work: RuledWork, vouched: boolean): Promise<RuleFindings> {
  const read = readOutput(work)
  const reader = new TaskReader()
  const wanted = wantedTerms(work, reader)
  const found = [...wanted].filter((term) => read.stems.has(term)).length
  const fault = emptyFault(work, read) ?? (vouched ? null : await faultOf(work, reader, read, wanted, found))
  const criteria = work.criteria.map((criterion) => {
    const evidence = quoteFor(reader.termsIn(criterion, 5_000), work.output, read.terms)
    // Rules cannot judge a criterion: where they let the work pass none fails; where it misses the task, those it speaks to stand.
    return { criterion, pass: fault === null || (fault.about === 'off the task' && evidence !== ''), evidence }
  })
  return {
    fault,
    criteria,
    coverage: wanted.size === 0 ? 1 : found / wanted.size,
    found,
    needed: neededTerms(wanted.size),
  }
}

function emptyFault({ attachments }: RuledWork, { seen }: ReadOutput): RuleFault | null {
  if (seen > 0 || attachments.length > 0) return null
  return { about: 'empty', sentence: 'The output is empty: submit the work itself.' }
}

async function faultOf(
  work: RuledWork,
  reader: TaskReader,
  read: ReadOutput,
  wanted: ReadonlySet<string>,
  found: number,
): Promise<RuleFault | null> {
  if (read.seen < fewestCharacters) {
    const what =
      work.attachments.length > 0
        ? 'say in it what the attached files hold and how they meet the requirements'
        : 'submit the work itself, not a note about it'
    return { about: 'too short', sentence: `The output is shorter than ${fewestCharacters} characters: ${what}.` }
  }
  const task = `${work.prompt}\n${work.requirements}\n${work.criteria.join('\n')}`
  const talk = await findJudgeTalk(work.output, task)
  if (talk) return { about: 'judge-talk', sentence: `The output holds ${talk}: leave it out and submit only the work.` }
  if (read.salient.length > 0 && isEcho(read.salient, task, termsOfTask(work, task, reader))) {
    return {
      about: 'an echo',
      sentence: 'The output repeats the task instead of doing it: submit the result, not the wording of the task.',
    }
  }
  if (found >= neededTerms(wanted.size) || isPlausibleTranslation(work, read.stems, task)) return null
  const missing = wordsOf(work, [...wanted].filter((term) => !read.stems.has(term)).slice(0, 5))
  return {
    about: 'off the task',
    sentence: `The output hardly speaks of the task (${found} of at least ${neededTerms(wanted.size)} of its terms): make plain how it meets the requirements, for example on ${missing.join(', ')}.`,
  }
}

/** The terms of the whole task, as far as the look for an echo reads it. */
function termsOfTask(work: RuledWork, task: string, reader: TaskReader): readonly string[] {
  const longest = 60_000
  if (task.length > longest) return reader.termsIn(task, longest)
  return [work.prompt, work.requirements, ...work.criteria].flatMap((text) => reader.termsIn(text, longest))
}

/** Characters that can be seen, counted no further than the rule needs. */
function seenCharacters(output: string): number {
  let seen = 0
  let half = false
  visible.lastIndex = 0
  while (seen < fewestCharacters && visible.test(output)) {
    const code = output.charCodeAt(visible.lastIndex - 1)
    const isOtherHalf = half && code >= 0xdc00 && code <= 0xdfff
    half = code >= 0xd800 && code <= 0xdbff
    if (!isOtherHalf) seen++
  }
  return seen
}

interface ReadOutput {
  /** Characters that can be seen, as far as they are counted. */
  readonly seen: number
  /** Every salient term in order, with its place; for quotes. */
  readonly terms: readonly Term[]
  /** The stems of whole words in order; for echoes. */
  readonly salient: readonly string[]
  readonly stems: ReadonlySet<string>
}

function readOutput({ output, attachments }: RuledWork): ReadOutput {
  const terms = spansToRead(output.length).flatMap((span) => salientTerms(output, span, true))
  const salient: string[] = []
  const stems = new Set<string>()
  for (const { stem, part } of terms) {
    stems.add(stem)
    if (!part) salient.push(stem)
  }
  for (const { name } of attachments)
    for (const term of salientTerms(name, { start: 0, end: name.length }, true)) stems.add(term.stem)
  return { seen: seenCharacters(output), terms, stems, salient }
}

/** The words as the task spells them, for a sentence people read. */
function wordsOf(work: RuledWork, stems: readonly string[]): string[] {
  const spelled = new Map<string, string>()
  for (const text of [...work.criteria, work.requirements, work.prompt]) {
    for (const { stem, start, end } of salientTerms(text, { start: 0, end: Math.min(text.length, 20_000) }, false)) {
      if (!spelled.has(stem)) spelled.set(stem, text.slice(start, Math.min(end, start + 40)).toWellFormed())
    }
  }
  return stems.map((stem) => `"${spelled.get(stem) ?? stem}"`)
}

const asksTranslation = /\btranslat|\btraduc|\btradui|übersetz|перевод|перевед|翻译|翻譯|翻訳|번역/i

/**
 * A translation shares few words with its order, so its terms cannot be asked for. What rules can ask: several different
 * words, and at least a quarter as many as the order that holds the text. Whether it is right is a judge's matter.
 */
function isPlausibleTranslation(work: RuledWork, stems: ReadonlySet<string>, task: string): boolean {
  return asksTranslation.test(task) && stems.size >= 5 && countWords(work.output) * 4 >= countWords(work.prompt)
}
