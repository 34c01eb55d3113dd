import { createHash } from 'node:crypto'

/**
 * Decisions that depend on the seed and on what is decided, and on nothing else: many people act at once here, so a generator
 * that they shared would give each run another story.
 */
export interface Chance {
  /** From 0 up to but not 1, always the same for the same subject. */
  of(...subject: readonly (string | number)[]): number
  /** One of the options, by weight. */
  pick<T extends string>(weights: Readonly<Record<T, number>>, ...subject: readonly (string | number)[]): T
  /** One of several, all alike. */
  among<T>(options: readonly T[], ...subject: readonly (string | number)[]): T
}

export function seededChance(seed: number): Chance {
  const of: Chance['of'] = (...subject) => {
    const digest = createHash('sha256')
      .update(JSON.stringify([seed, ...subject]))
      .digest()
    return digest.readUIntBE(0, 6) / 2 ** 48
  }
  return {
    of,
    pick(weights, ...subject) {
      const entries = Object.entries<number>(weights)
      let rest = of(...subject) * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [option, weight] of entries) {
        rest -= weight
        if (rest < 0) return option as keyof typeof weights
      }
      return entries.at(-1)![0] as keyof typeof weights
    },
    among: (options, ...subject) => options[Math.floor(of(...subject) * options.length)]!,
  }
}
