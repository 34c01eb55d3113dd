import { randomBytes } from 'node:crypto'

/** Whoever a request comes from, as far as rights go; every live credential of a person has that person's role. */
export type Role = 'nobody' | 'stranger' | 'sender' | 'holder' | 'receiver' | 'judged' | 'quitter' | 'operator'

/** A secret that was put into one private field, and who may find it in an answer now. */
export interface Canary {
  readonly field: string
  readonly text: string
  readonly mayBeSeenBy: (role: Role) => boolean
}

const mark = 'zq'
const fragments = new RegExp(`${mark}[0-9a-f]{6,18}`, 'gi')

/**
 * The secrets of a world and the search for them. Canaries of our own making can be told by their first eight characters, so that
 * a quotation that was cut short is found too, and are looked for inside hexadecimal and base64 as well.
 */
export class Canaries {
  readonly all: Canary[] = []
  readonly seen = new Map<Canary, Set<Role>>()
  readonly #byStart = new Map<string, Canary>()
  readonly #given: Canary[] = []

  /** A new secret for a field. */
  make(field: string, mayBeSeenBy: Canary['mayBeSeenBy']): string {
    let text: string
    do text = mark + randomBytes(9).toString('hex')
    while (this.#byStart.has(text.slice(0, 8)))
    const canary = { field, text, mayBeSeenBy }
    this.#byStart.set(text.slice(0, 8), canary)
    this.all.push(canary)
    return text
  }

  /** A secret that the market made itself: keys, tokens, codes. */
  know(field: string, text: string, mayBeSeenBy: Canary['mayBeSeenBy']): string {
    const canary = { field, text, mayBeSeenBy }
    this.#given.push(canary)
    this.all.push(canary)
    return text
  }

  /** Every secret that a text holds, in clear, cut short, or encoded, also twice. */
  in(text: string): Set<Canary> {
    const found = new Set<Canary>()
    const read = (readable: string): void => {
      for (const canary of this.#given) if (readable.includes(canary.text)) found.add(canary)
      for (const [fragment] of readable.matchAll(fragments)) {
        const canary = this.#byStart.get(fragment.toLowerCase().slice(0, 8))
        if (canary?.text.startsWith(fragment.toLowerCase())) found.add(canary)
      }
    }
    read(text)
    for (const once of decoded(text)) {
      read(once)
      for (const twice of decoded(once)) read(twice)
    }
    return found
  }

  /** The fields that an answer shows to a role and should not; what it shows rightly is noted as seen. */
  leaksTo(role: Role, text: string, shown: readonly string[] = []): string[] {
    const leaks: string[] = []
    for (const canary of this.in(text)) {
      if (!canary.mayBeSeenBy(role) && !shown.includes(canary.text)) leaks.push(canary.field)
      else this.seen.set(canary, (this.seen.get(canary) ?? new Set()).add(role))
    }
    return leaks
  }
}

/** What stands in runs of hexadecimal and base64 digits, at whatever place in them it begins. */
function* decoded(text: string): Generator<string> {
  for (const [run] of text.matchAll(/[0-9a-f]{32,}/gi))
    for (const start of [0, 1]) yield Buffer.from(run.slice(start), 'hex').toString('latin1')
  for (const [run] of text.matchAll(/[\w+/-]{22,}/g))
    for (const start of [0, 1, 2, 3]) yield Buffer.from(run.slice(start), 'base64').toString('latin1')
  if (text.includes('%'))
    yield text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
