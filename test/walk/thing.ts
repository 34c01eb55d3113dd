import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import type { Move } from '../../src/base/states.ts'
import type { Fields, Person, TestMarket } from '../support/market.ts'

/** What a walk stands on: a market whose background is made by hand, and whoever runs it. */
export interface Ground {
  readonly market: TestMarket
  readonly operator: Person
}

/** Somebody who asks, and who they are to a thing in the words of its life. */
export interface Asker {
  readonly name: string
  readonly person: Person
  readonly parties: readonly string[]
}

/** Something with a life, in one of its states. */
export interface Thing {
  readonly noun: string
  /** What is particular about this one, beside its state. */
  readonly kind: string
  readonly state: string
  readonly id: string
  /** The names in the paths of its verbs, and what they are filled with. */
  readonly path: Readonly<Record<string, string>>
  readonly askers: readonly Asker[]
  /** Who hears of every turn of the clock that is made on it. */
  readonly told: readonly string[]
  /** What its money is booked under, if it can hold any. */
  readonly ref: string | null
}

/** A verb of a life, as it is asked for over HTTP. */
export interface Verb {
  /** As the life calls it. */
  readonly verb: string
  /** Its endpoint, `contract.name` as the reference has it. */
  readonly endpoint: string
  readonly body?: Fields
  /** The same where it depends on what is asked, or on who asks. */
  readonly asked?: (thing: Thing, asker: Asker) => { readonly path?: Thing['path']; readonly body?: Fields }
  /** The moves this way of asking leads to, where the verb has several by what is sent. */
  readonly moves?: readonly string[]
  /** The market makes its own next move before it answers. */
  readonly isSettledAtOnce?: true
  /** The states in which so asking says nothing new, so that the table does not speak of it. */
  readonly idle?: readonly string[]
}

/** One life of the market: where its states stand, how things of it are made, and what is asked of them. */
export interface Noun {
  readonly name: string
  readonly life: {
    readonly states: readonly string[]
    readonly ended: readonly string[]
    readonly moves: Readonly<Record<string, Move<string, string>>>
  }
  readonly table: string
  readonly column: 'status' | 'state'
  /** Ways to make a thing of each state, through verbs; every state has at least one. */
  readonly ways: Readonly<Record<string, readonly Way[]>>
  readonly verbs: readonly Verb[]
  /** Moves that a verb of another life makes, by the name of that life. */
  readonly elsewhere?: Readonly<Record<string, string>>
  /** States in which a thing may stay for ever: they hold no money and keep nobody waiting. */
  readonly rests: readonly string[]
}

export interface Way {
  readonly kind: string
  /** Why the verbs are not asked of it: what its state allows is narrowed by something besides. */
  readonly clockOnly?: true
  make(ground: Ground): Promise<Omit<Thing, 'noun' | 'kind' | 'state'>>
}

/** The state something is in now; null when it is gone. */
export async function stateOf({ market }: Ground, noun: Noun, { id }: Pick<Thing, 'id'>): Promise<string | null> {
  const [row] = await market.db.rows<{ state: string }>(
    `select ${noun.column} as state from ${noun.table} where id = $1`,
    [id],
  )
  return row?.state ?? null
}

/** Makes a thing of a state, and sees that it has come into it. */
export async function make(ground: Ground, noun: Noun, state: string, way: Way): Promise<Thing> {
  const made = { noun: noun.name, kind: way.kind, state, ...(await way.make(ground)) }
  const now = await stateOf(ground, noun, made)
  if (now !== state) throw new Error(`${noun.name} ${way.kind} should be ${state} and is ${now}`)
  return made
}

/** The moves of the table that a verb makes for somebody in a state. */
export function movesOf(
  { life }: Noun,
  { verb, moves }: Verb,
  state: string,
  parties: readonly string[],
): Move<string, string>[] {
  return Object.entries(life.moves)
    .filter(([name, move]) => (moves ? moves.includes(name) : (move.verb ?? name) === verb))
    .filter(([, move]) => move.from.includes(state) && move.by.some((party) => parties.includes(party)))
    .map(([, move]) => move)
}

/** The states that the market leads to by itself, in any number of turns. */
export function reachedByMarket({ life }: Noun, state: string): Set<string> {
  const reached = new Set([state])
  for (let grown = true; grown; ) {
    grown = false
    for (const move of Object.values(life.moves)) {
      if (!move.by.includes('market') || move.to === 'same' || reached.has(move.to)) continue
      if (move.from.some((from) => reached.has(from))) {
        reached.add(move.to)
        grown = true
      }
    }
  }
  return reached
}

/** An endpoint's path with the names filled in. */
export const pathOf = (
  { route }: AnyEndpoint,
  path: Readonly<Record<string, string>>,
): [method: string, path: string] => {
  const [method, url] = (route as string).split(' ') as [string, string]
  return [method, url.replaceAll(/:(\w+)/g, (_, name: string) => path[name] ?? `missing-${name}`)]
}
