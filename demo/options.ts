import { parseArgs } from 'node:util'

export interface Options {
  /** Whoever uses the same seed sees the same people decide the same things. */
  readonly seed: number
  /** Ends the API and the worker by force, again and again, while work goes on. */
  readonly kill: boolean
  /** The demo's own dozen jobs even where the real ones are at hand. */
  readonly own: boolean
  readonly jobs: number
}

export const usage = `npm run demo -- [options]

  --jobs 50   only so many of the jobs
  --own       the demo's own dozen jobs, even where the real ones are at hand
  --kill      ends the API and the worker by kill -9 several times in the middle
  --seed 1    another seed, other decisions
`

export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1000' },
      kill: { type: 'boolean', default: false },
      own: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const [seed, jobs] = [Number(values.seed), Number(values.jobs)]
  if (values.help || !Number.isSafeInteger(seed) || !(jobs >= 1)) return null
  return { seed, jobs, kill: values.kill, own: values.own }
}
