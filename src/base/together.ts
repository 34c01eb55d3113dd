interface Asked<V> {
  readonly answer: (value: V | undefined) => void
  readonly fail: (error: unknown) => void
}

/** Makes one question of all that are asked in the same moment; whoever asks for the same thing gets the same answer. */
export function together<V>(
  askFor: (things: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (thing: string) => Promise<V | undefined> {
  let waiting: Map<string, Asked<V>[]> | null = null
  const ask = async (): Promise<void> => {
    const asked = waiting!
    waiting = null
    try {
      const found = await askFor([...asked.keys()])
      for (const [thing, all] of asked) for (const { answer } of all) answer(found.get(thing))
    } catch (error) {
      for (const { fail } of [...asked.values()].flat()) fail(error)
    }
  }
  return (thing) =>
    new Promise((answer, fail) => {
      if (!waiting) {
        waiting = new Map()
        setImmediate(() => void ask())
      }
      const others = waiting.get(thing)
      if (others) others.push({ answer, fail })
      else waiting.set(thing, [{ answer, fail }])
    })
}
