import { type Offence, offences, type Read, signs } from './signs.ts'

/** What the rules say of a text: publish it, let an operator look at it, or reject it; and why, for its author. */
export type Moderation =
  | { readonly verdict: 'pass'; readonly reason: null }
  | { readonly verdict: 'wait' | 'refuse'; readonly reason: string }

const masks: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  $: 's',
  '@': 'a',
  '!': 'i',
}

/** Digits and marks within words are the letters they stand for, and letters that stand alone in a row are a word. */
function unmask(plain: string): string {
  const worded = plain
    .replaceAll(/[\p{L}\d$@!]+/gu, (run) =>
      !/\p{L}/u.test(run)
        ? run
        : run.replaceAll(/[013457$@](?=.)|(?<=.)[013457$@]|!(?=\p{L})/gu, (mark) => masks[mark] ?? mark),
    )
    .replaceAll(/(?<=\p{L})[*_.-](?=\p{L}\b)/gu, '')
  return worded.replaceAll(/(?<!\p{L})(?:\p{L}[ .*_-]){2,}\p{L}(?!\p{L})/gu, (run) => run.replaceAll(/[ .*_-]/g, ''))
}

/** How signs look at a text: compatible forms folded, what cannot be seen taken out. */
function read(text: string): Read {
  const said = text
    .normalize('NFKC')
    .replaceAll(/[\p{Cf}\p{Cc}]/gu, (mark) => (/\s/.test(mark) ? ' ' : ''))
    .replaceAll(/\s+/g, ' ')
    .trim()
  // Marks go with Latin letters only: in other scripts they make another letter.
  const plain = said
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/(?<=\p{Script=Latin})\p{M}+/gu, '')
    .normalize('NFC')
    .replaceAll('ß', 'ss')
    .replaceAll('ł', 'l')
    .replaceAll('ı', 'i')
    .replaceAll('ø', 'o')
  return { said, plain, unmasked: unmask(plain) }
}

const list = (found: readonly Offence[]): string => found.map((one) => offences[one]).join('; ')

/**
 * Judges what somebody has written of somebody by fixed rules, in a dozen languages; nothing that was written is repeated in the
 * reason. A text without a sign of anything passes, and so does none at all.
 */
export function moderate(text: string): Moderation {
  const seen = read(text)
  const found = signs.filter((sign) => sign.in(seen))
  const named = (isSure: boolean): Offence[] => [
    ...new Set(found.filter((sign) => sign.isSure === isSure).map(({ offence }) => offence)),
  ]
  const [sure, perhaps] = [named(true), named(false)]
  if (sure.length > 0) return { verdict: 'refuse', reason: `It was not published, because it contains ${list(sure)}.` }
  if (perhaps.length > 0)
    return { verdict: 'wait', reason: `An operator looks at it first, because it may contain ${list(perhaps)}.` }
  return { verdict: 'pass', reason: null }
}
