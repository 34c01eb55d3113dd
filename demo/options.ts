import { parseArgs } from 'node:util'

export interface Options {
  /** Whoever uses the same seed sees the same people decide the same things. */
  readonly seed: number
  /** How often API, worker and PostgreSQL are ended by force while work goes on, all together. */
  readonly kills: number
  /** The demo's own dozen jobs even where the real ones are at hand. */
  readonly own: boolean
  readonly jobs: number
}

export const usage = `npm run demo -- [options]

  --jobs 50   only so many of the jobs
  --own       the demo's own dozen jobs, even where the real ones are at hand
  --kill      ends API, worker and PostgreSQL by kill -9 in the middle, 9 times in all
  --kills 30  so many times
  --seed 1    another seed, other decisions
`

export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1000' },
      kill: { type: 'boolean', default: false },
      kills: { type: 'string' },
      own: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [seed, jobs, kills] = [values.seed, values.jobs, values.kills ?? (values.kill ? 9 : 0)].map(Number)
  if (values.help || !Number.isSafeInteger(seed) || !(jobs! >= 1) || !(kills! >= 0)) return null
  return { seed: seed!, jobs: jobs!, kills: kills!, own: values.own }
}
