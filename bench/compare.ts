// `npm run bench:compare -- <other checkout>`: this checkout and others of the project, measured in turns in one run on one
// PostgreSQL. Figures of two runs differ by more than most changes do; what is compared here is what each did in the same round.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type CpuTimes, describeMachine, median, perSecond, type Round } from './measure.ts'
import { inTurns } from './rounds.ts'
import { onStage, postgresVersion, type Stage } from './stage.ts'
import { machineLine, table } from './table.ts'
import type { Variant } from './variant.ts'

const usage = `npm run bench:compare -- <other checkout> [more of them] [options]

  --direct       the same SQL driven without HTTP, instead of the market over HTTP
  --keys         with an Idempotency-Key on every request
  --clients 16   how many at once
  --rounds 8     the checkouts take turns within a round
  --seconds 2.5  of one round of one checkout
  --quick        three short rounds, for a look at the tool and not at the figures

The other checkouts need their dependencies; each is driven by its own bench, so it may be older than this one.
`

interface Options {
  readonly others: readonly string[]
  readonly direct: boolean
  readonly keys: boolean
  readonly clients: number
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

function readOptions(args: readonly string[]): Options | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      direct: { type: 'boolean', default: false },
      keys: { type: 'boolean', default: false },
      clients: { type: 'string', default: '16' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick, direct, keys } = values
  const clients = Number(values.clients)
  const rounds = Number(values.rounds ?? (quick ? 3 : 8))
  const seconds = Number(values.seconds ?? (quick ? 1 : 2.5))
  if (values.help || positionals.length === 0 || !(clients >= 1 && clients <= 64) || !(rounds >= 1) || !(seconds > 0))
    return usage
  const others = positionals.map((path) => resolve(path))
  const stranger = others.find((root) => !existsSync(join(root, 'bench/over-http.ts')))
  if (stranger) return `${stranger} is no checkout of this project: it has no bench/over-http.ts.\n`
  return { others, direct, keys, clients, rounds, seconds, warmUpSeconds: quick ? 1 : 12 }
}

/** A checkout's market, driven by its own bench, in a database of its own. */
async function openCheckout(root: string, place: number, stage: Stage, options: Options): Promise<Variant> {
  const own: Stage = { ...stage, database: (name) => stage.database(`${name}_of_${place}`) }
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, 'bench', file)).href)
  const { clients, keys } = options
  if (options.direct) {
    const { direct } = (await load('direct.ts')) as typeof import('./direct.ts')
    return direct(own, clients)
  }
  const { overHttp } = (await load('over-http.ts')) as typeof import('./over-http.ts')
  return overHttp(own, { name: 'over HTTP', roles: ['all'], clients, keys })
}

/** What is told of a checkout: the median over the rounds, and of what it is to the first one's in the same round. */
const measures: readonly { readonly name: string; readonly of: (round: Round) => number; readonly digits: number }[] = [
  { name: 'lifecycles a second', of: perSecond, digits: 0 },
  { name: 'ms of PostgreSQL a lifecycle', of: ofCpu('postgres'), digits: 3 },
  { name: 'ms of the market a lifecycle', of: ofCpu('market'), digits: 3 },
  { name: 'ms of the bench a lifecycle', of: ofCpu('bench'), digits: 3 },
]

function ofCpu(part: keyof CpuTimes): (round: Round) => number {
  return ({ cpu, lifecycles }) => (cpu[part] / lifecycles) * 1000
}

function show(names: readonly string[], all: readonly (readonly Round[])[]): string {
  const rows = measures.flatMap(({ name, of, digits }) =>
    names.map((checkout, index) => {
      const values = all[index]!.map(of)
      const ratios = values.map((value, round) => value / of(all[0]![round]!)).toSorted((a, b) => a - b)
      // Without HTTP there is no market process, and nothing to compare.
      if (index === 0 || !ratios.every(Number.isFinite)) return [name, checkout, median(values).toFixed(digits), '', '']
      return [
        name,
        checkout,
        median(values).toFixed(digits),
        median(ratios).toFixed(3),
        `${ratios[0]!.toFixed(3)} to ${ratios.at(-1)!.toFixed(3)}`,
      ]
    }),
  )
  return table([['Median', 'checkout', 'value', ': first', 'in single rounds'], ...rows])
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (typeof options === 'string') {
    process.stderr.write(options)
    process.exitCode = 2
    return
  }
  const roots = [resolve(import.meta.dirname, '..'), ...options.others]
  const names = roots.map((root, index) => (index === 0 ? 'this' : root.split('/').slice(-2).join('/')))
  await onStage(async (stage) => {
    const machine = describeMachine(await postgresVersion(stage))
    const variants: Variant[] = []
    for (const [place, root] of roots.entries()) variants.push(await openCheckout(root, place, stage, options))
    // Each under the name of its checkout.
    const named = variants.map((variant, index): Variant => ({ ...variant, name: names[index]! }))
    try {
      const rounds = await inTurns(stage, named, {
        ...options,
        say: (line) => void process.stderr.write(`${line}\n`),
      })
      const faults = (await Promise.all(variants.map((variant) => variant.faults()))).flat()
      process.stdout.write(`
${machineLine(machine)}
npm run bench:compare -- ${process.argv.slice(2).join(' ')}
${options.clients} clients, ${options.rounds} rounds of ${options.seconds} s in turns, each checkout in a database of its own; those whose turn it is not stand still

${show(names, rounds)}

A ratio is of two rounds that followed each other: above 1 is more than the first. Where single rounds lie on both sides of 1, nothing is shown.
${faults.length === 0 ? 'Ledger: every law holds in every database.' : `LEDGER: ${faults.join('\n')}`}
`)
      if (faults.length > 0) process.exitCode = 1
    } finally {
      await Promise.all(variants.map((variant) => variant.close()))
    }
  })
}

await main()
