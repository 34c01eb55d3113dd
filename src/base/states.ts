/** One move of a life: from which states, to which, by whom. */
export interface Move<S extends string, P extends string> {
  readonly from: readonly S[]
  /** `same`: the state stays (a flag is set, or nothing at all happens). */
  readonly to: S | 'same'
  readonly by: readonly P[]
  /** The verb of the contract that makes this move, where its name is another. */
  readonly verb?: string
  /** Allowed, but not worth offering: a documented no-op. */
  readonly quiet?: boolean
  /** Why or when, for the diagram and the reference. */
  readonly note?: string
}

export interface Life<S extends string, P extends string, M extends string> {
  readonly states: readonly S[]
  /** States nothing leads out of. */
  readonly ended: readonly S[]
  readonly moves: Readonly<Record<M, Move<S, P>>>
  /** The verbs that are worth offering to somebody who is all of `parties`, in the table's order. */
  can(state: S, parties: readonly P[]): string[]
  /** The states a move starts from, for an SQL `in (…)`. */
  from(move: M): string
  /** The state a move leads to, as an SQL literal. */
  to(move: M): string
  mermaid(): string
}

const mayMove = <S extends string, P extends string>(
  { from, by, quiet }: Move<S, P>,
  state: S,
  parties: readonly P[],
): boolean => !quiet && from.includes(state) && by.some((party) => parties.includes(party))

/** A life as a table: the only place that says what may follow what. Drives guards, `can`, diagrams and tests. */
export function life<S extends string, P extends string, M extends string>(
  states: readonly S[],
  moves: Readonly<Record<M, Move<S, P>>>,
): Life<S, P, M> {
  const entries = Object.entries(moves) as [M, Move<S, P>][]
  // Few states and few parties make few questions, and every answer that shows a thing asks one.
  const known = new Map<string, readonly string[]>()
  const left = new Set(entries.filter(([, move]) => move.to !== 'same').flatMap(([, move]) => move.from))
  return {
    states,
    ended: states.filter((state) => !left.has(state) && entries.some(([, move]) => move.to === state)),
    moves,
    can(state, parties) {
      const asked = `${state} ${parties.join(' ')}`
      let verbs = known.get(asked)
      if (!verbs) {
        verbs = [
          ...new Set(
            entries.filter(([, move]) => mayMove(move, state, parties)).map(([name, { verb }]) => verb ?? name),
          ),
        ]
        known.set(asked, verbs)
      }
      return [...verbs]
    },
    from: (move) => sqlList(moves[move].from),
    to: (move) => `'${moves[move].to}'`,
    mermaid: () =>
      [
        'stateDiagram-v2',
        ...entries.flatMap(([name, move]) =>
          move.from.map(
            (state) => `  ${state} --> ${move.to === 'same' ? state : move.to}: ${name} (${move.by.join(', ')})`,
          ),
        ),
      ].join('\n'),
  }
}

/** States as a list for an SQL `in (…)`: names are the program's own constants. */
export const sqlList = (states: readonly string[]): string => states.map((state) => `'${state}'`).join(', ')
