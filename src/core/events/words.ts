import { dollars } from '../../base/money.ts'
import type { EventKind } from './kind.ts'

/**
 * A sentence with fields of the event in it: `{amount_cents}`; what stands in square brackets is left out where one of its fields has
 * nothing. Where a field decides what there is to say, one sentence for each of its values.
 */
export type Sentence =
  | string
  | { readonly by: string; readonly cases: Readonly<Record<string, string>>; readonly otherwise: string }

/** What a person reads of an event. */
export interface Words {
  readonly text: Sentence
  /** The page that shows more of it; without it the page of events. */
  readonly page?: '/wallet'
  /** Sent to channels only where it is asked for by name: somebody did it themselves, or agents see to it. */
  readonly quiet?: true
  /** Sent at once even where everything else waits to be sent together: it wants an answer soon. */
  readonly urgent?: true
}

/** A piece of a sentence. What was given by people is text of theirs, and never markup of whatever shows it. */
export interface Part {
  readonly text: string
  readonly isGiven: boolean
}

type Data = Readonly<Record<string, unknown>>

/** What an event says to a person who may be told of it; on one line, whatever people have put into it. */
export function say({ words }: Pick<EventKind, 'words'>, data: Data): Part[] {
  const sentence = words.text
  const template =
    typeof sentence === 'string' ? sentence : (sentence.cases[String(data[sentence.by])] ?? sentence.otherwise)
  const whole = template.replaceAll(/\[([^\]]*)\]/g, (_, inner: string) => (isWhole(inner, data) ? inner : ''))
  return whole
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const field = /^\{(\w+)\}$/.exec(piece)?.[1]
      return field === undefined ? { text: piece, isGiven: false } : shown(field, data[field] ?? '…')
    })
}

export const asText = (parts: readonly Part[]): string => parts.map(({ text }) => text).join('')

const isWhole = (template: string, data: Data): boolean =>
  [...template.matchAll(/\{(\w+)\}/g)].every(([, field]) => data[field!] !== undefined && data[field!] !== null)

function shown(field: string, value: unknown): Part {
  const known = (text: string): Part => ({ text, isGiven: false })
  if (typeof value === 'number') return known(field.endsWith('_cents') ? dollars(value) : String(value))
  const text = String(value)
  if (/_at$/.test(field) && !Number.isNaN(Date.parse(text))) return known(moment(new Date(text)))
  // Ids are long, and their ends tell them apart.
  if (/_id$/.test(field) && /^[0-9a-f-]{36}$/.test(text)) return known(text.slice(-12))
  if (/^[a-z]+(_[a-z]+)*$/.test(text) && !/title|name/.test(field)) return known(text.replaceAll('_', ' '))
  return { text: tame(text), isGiven: true }
}

const moment = (at: Date): string =>
  `${at.toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })} UTC`

const longest = 120

/** Keeps a link, a mention or a command from becoming one, wherever it is read: nobody sees it, and no program reads on across it. */
const joiner = '\u2060'

/** What people have written, on one line and of bounded length, with nothing in it that turns, hides or leads anywhere. */
export function tame(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  const whole = [...line]
  const cut = whole.length > longest ? `${whole.slice(0, longest - 1).join('')}…` : line
  return cut.replaceAll(/([@#/$.:])(?=[\p{L}\p{N}_/])/gu, `$1${joiner}`)
}
