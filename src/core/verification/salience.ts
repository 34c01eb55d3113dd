import { type Reading, type Span, stem, type Term, termsOf } from './words.ts'

/** Words that carry grammar, not matter: the most frequent ones of the languages prompts are mostly written in. */
const grammar = `
the a an and or but nor so if then else than that this these those there here it its itself he him his she her hers they
them their theirs we us our ours you your yours i me my mine who whom whose which what when where why how all any both
each every few more most much many other another some such no not none only own same too very can cannot could may might
must shall should will would do does did done doing have has had having be is are was were been being am get gets got
to of in on at by for from with without into onto over under above below up down out off about after before again against
between through during until while because as also just even still yet ever never always often sometimes well now per via
i.e e.g etc dont doesnt isnt cant wont let lets like one two three first second third last next
der die das den dem des ein eine einen einem einer und oder aber nicht mit von für auf aus bei nach über unter ist sind
war wird werden wurde haben hat sich auch als wie dass kann sein zum zur
les des une est sont dans pour par sur avec sans que qui pas plus mais nous vous ils elles cette ces aux être avoir ont
los las una unos unas del que con por para sin como más pero sus está están son ser fue han hay este esta estos estas
não com uma dos das nos nas por para como mais mas seu sua são foi tem pelo pela isso
che con una per del della dei delle non sono come più anche alla nel nella gli questo questa
het een van voor met niet zijn maar ook bij naar wordt deze dit heeft
что как это для при или все его она они был была было быть есть так уже если только`

/** Words of any order and any delivery: they say nothing about which work this is. */
const paperwork = `
please need needs want wants make makes create created creating write writes written writing provide provided produce
generate generated give given gives show shown shows use used uses using ensure include included includes including list
following follow output outputs result results expected expect actual task tasks job jobs work works working worker
requirement requirements required require requires criteria criterion acceptance condition submission submit submitted
deliver delivered deliverable delivery answer answers response respond complete completed completely completion finish
finished finally request requested ask asks asked hereby describe described description explain explained example examples step steps item items
thing things way ways good better best great nice new able version number note notes issue issues problem problems
solution solutions solve solved fix fixed fixes change changes changed add added adds update updated updates
implement implemented implementation set sets go goes look looks sure hello hi thanks thank regards best
perform performed performing performs currently instead correctly properly successfully fully exactly
detail details detailed clear clearly short brief simple simply concise least minimum maximum about around approximately
attached attachment attachments file files text document documents content contents information title heading section
sections point points part parts general high low full whole several different various certain possible important
people person someone something anything everything nothing time times day days today`

const silent: ReadonlySet<string> = new Set(`${grammar} ${paperwork}`.trim().split(/\s+/).map(stem))

/** Two letters are enough for these. */
const shortNames: ReadonlySet<string> = new Set(
  'ai ml ui ux js ts db qa uk eu hr pr ci cd os ip 3d 2d vr ar'.split(' '),
)

const hiraganaOnly = /^[\u3040-\u309F]+$/

/** Does the term say which work this is? Not grammar, not paperwork, not a list number, not a letter or two. */
export function isSalient(term: string): boolean {
  if (silent.has(term)) return false
  const first = term.charCodeAt(0)
  if (first > 0x7f) return !hiraganaOnly.test(term)
  if (term.length < 3) return shortNames.has(term)
  return !(first <= 0x39 && /^\d+$/.test(term) && term.length < 3)
}

const stems = new Map<string, string | null>()

/** The stem of a word that is salient, remembered: texts repeat their words, and the bound keeps memory small. */
function salientStem(word: string): string | null {
  const known = stems.get(word)
  if (known !== undefined) return known
  const made = stem(word.toLowerCase())
  const kept = isSalient(made) ? made : null
  if (stems.size >= 20_000) stems.clear()
  // A slice keeps the whole text it is cut from in memory; what is cut from a joined string keeps no more than that.
  stems.set(` ${word}`.slice(1), kept)
  return kept
}

const salient: Reading = { word: salientStem, run: (written) => (isSalient(written) ? written : null) }

/** The salient terms of a part of a text, in order, repetitions included. */
export function salientTerms(text: string, span: Span, parts: boolean): Term[] {
  return termsOf(text, span, parts, salient)
}

/** The texts of one task: whichever rules ask for the terms of one, it is read once. */
export class TaskReader {
  readonly #read = new Map<string, readonly string[]>()

  /** The stems of the salient terms in the first `longest` characters of a text, in order, repetitions included. */
  termsIn(text: string, longest: number): readonly string[] {
    if (text.length > longest) return stemsOf(salientTerms(text, { start: 0, end: longest }, false))
    let stems = this.#read.get(text)
    if (stems === undefined) {
      stems = stemsOf(salientTerms(text, { start: 0, end: text.length }, false))
      this.#read.set(text, stems)
    }
    return stems
  }
}

function stemsOf(terms: readonly Term[]): string[] {
  return terms.map(({ stem }) => stem)
}

const mostTerms = 40
const fewTerms = 6
const promptHead = 2_000

/**
 * What the work must be about: the distinct salient terms of criteria and requirements, in order, at most forty.
 * Where those are too short to say (fewer than six), the head of the prompt is read as well.
 */
export function wantedTerms(
  task: { readonly prompt: string; readonly criteria: readonly string[]; readonly requirements: string },
  reader: TaskReader,
): ReadonlySet<string> {
  const wanted = new Set<string>()
  const read = (text: string) => {
    for (const stem of reader.termsIn(text, 20_000)) {
      if (wanted.size >= mostTerms) return
      wanted.add(stem)
    }
  }
  for (const criterion of task.criteria) read(criterion)
  read(task.requirements)
  if (wanted.size < fewTerms) read(task.prompt.slice(0, promptHead))
  return wanted
}

/**
 * How many wanted terms the output must speak of: one of up to three, two of up to nine, three of more.
 * Measured on 381 real jobs and 8,000 pairs of requests and texts: of texts on the same bug 84 to 96 % reach it, of prose on
 * other matters at most 1 % (of six thousand characters on software in general 15 %), lorem ipsum and "done as requested" never.
 */
export function neededTerms(wanted: number): number {
  return wanted >= 10 ? 3 : wanted >= 4 ? 2 : wanted >= 1 ? 1 : 0
}
