import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Paints for a stream: nothing where it is no terminal or `NO_COLOR` is set. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return text === '' ? '' : styleText(style, text, { stream })
}

export const bold = (text: string): string => paint('bold', text)
export const dim = (text: string): string => paint('dim', text)

/** How wide a terminal is; without bound where there is none to fit into. */
export function columns(stream: NodeJS.WriteStream = process.stdout): number {
  return stream.isTTY ? Math.max(40, stream.columns ?? 80) : Number.POSITIVE_INFINITY
}

// What other people wrote must not steer this terminal: escape sequences, other control characters, and those that turn text around.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from elsewhere, harmless to a terminal; its lines stay lines. */
export function plain(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '\n')).replaceAll(steering, '').replaceAll('\t', '  ')
}

/** Text from elsewhere on one line. */
export const oneLine = (text: string): string => plain(text).replaceAll(/\s+/g, ' ').trim()

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const wide =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const invisible = /^[\p{Mark}\u200b-\u200d\ufeff]+$/u

const widthOfGrapheme = (grapheme: string): number => (wide.test(grapheme) ? 2 : invisible.test(grapheme) ? 0 : 1)

/** How many columns unpainted text takes: most of the Far East and of emoji take two. */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment)
  return width
}

/** The text, or its beginning and an ellipsis, within `most` columns. */
export function cut(text: string, most: number): string {
  if (widthOf(text) <= most) return text
  let width = 0
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment)
    if (width > most - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** Breaks text into lines of at most `most` columns, at spaces where there are any. */
export function wrap(text: string, most: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (widthOf(line) <= most) return [line]
    const lines: string[] = []
    let current = ''
    for (const word of line.split(' ')) {
      if (current !== '' && widthOf(current) + 1 + widthOf(word) > most) {
        lines.push(current)
        current = word
      } else current = current === '' ? word : `${current} ${word}`
    }
    return [...lines, current]
  })
}
