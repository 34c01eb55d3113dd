// `npm run bench:processes`: the same load on 1, 2 and 4 API processes and a worker, on one machine and one PostgreSQL, and what
// keeps it from going faster.
import { parseArgs } from 'node:util'
import { describeMachine, median, percentile, perSecond, type Round } from './measure.ts'
import { overHttp } from './over-http.ts'
import { inTurns } from './rounds.ts'
import { onStage, postgresVersion, type Stage } from './stage.ts'
import { machineLine, table } from './table.ts'
import type { Variant } from './variant.ts'

const usage = `npm run bench:processes -- [options]

  --apis 1,2,4   how many API processes, each with one worker beside it
  --clients 32   how many at once, shared out over the APIs
  --rounds 4     variants take turns within a round
  --seconds 5    of one round of one variant
  --quick        two short rounds of 1 and 2
`

interface Options {
  readonly apis: readonly number[]
  readonly clients: number
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      apis: { type: 'string' },
      clients: { type: 'string', default: '32' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const apis = (values.apis ?? (quick ? '1,2' : '1,2,4')).split(',').map(Number)
  const clients = Number(values.clients)
  const rounds = Number(values.rounds ?? (quick ? 2 : 4))
  const seconds = Number(values.seconds ?? (quick ? 1.5 : 5))
  const good = apis.every((n) => n >= 1 && n <= 8) && clients >= 1 && clients <= 64 && rounds >= 1 && seconds > 0
  return values.help || !good ? null : { apis, clients, rounds, seconds, warmUpSeconds: quick ? 1 : 12 }
}

interface Measured {
  readonly variant: Variant
  readonly rounds: readonly Round[]
  /** Shares of one core. */
  readonly busiestApi: number
  readonly apis: number
  readonly worker: number
  readonly postgres: number
  readonly bench: number
}

function summarize(variant: Variant, rounds: readonly Round[]): Measured {
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0)
  const share = (part: 'postgres' | 'bench'): number => rounds.reduce((sum, { cpu }) => sum + cpu[part], 0) / seconds
  // The worker is the last of them.
  const each = variant.pids.map((_, index) => rounds.reduce((sum, round) => sum + round.each[index]!, 0) / seconds)
  const apis = each.slice(0, -1)
  return {
    variant,
    rounds,
    busiestApi: Math.max(...apis),
    apis: apis.reduce((sum, api) => sum + api, 0),
    worker: each.at(-1)!,
    postgres: share('postgres'),
    bench: share('bench'),
  }
}

/** What a variant ran into first, judged by what was busy. */
function limitOf({ busiestApi, apis, worker, postgres, bench }: Measured, cores: number): string {
  const all = apis + worker + postgres + bench
  if (busiestApi > 0.85) return `an API process, which has one thread: ${percent(busiestApi)} of a core`
  if (all > 0.85 * cores) return `the ${cores} cores: ${percent(all / cores)} busy with this alone`
  return `neither the cores (${percent(all / cores)} busy with this) nor a single process: commits wait for the disk, or others have the cores`
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

async function measure(stage: Stage, options: Options): Promise<{ measured: Measured[]; faults: string[] }> {
  const variants: Variant[] = []
  try {
    for (const apis of options.apis) {
      const name = `APIs: ${apis}`
      const roles = [...Array.from({ length: apis }, () => 'api' as const), 'worker' as const]
      variants.push(await overHttp(stage, { name, roles, clients: options.clients, keys: false }))
    }
    const rounds = await inTurns(stage, variants, {
      ...options,
      say: (line) => void process.stderr.write(`${line}\n`),
    })
    const faults = (await Promise.all(variants.map((variant) => variant.faults()))).flat()
    return { measured: variants.map((variant, n) => summarize(variant, rounds[n]!)), faults }
  } finally {
    await Promise.all(variants.map((variant) => variant.close()))
  }
}

function show(measured: readonly Measured[], cores: number): string {
  const first = median(measured[0]!.rounds.map(perSecond))
  const rows = measured.map((one) => {
    const rate = median(one.rounds.map(perSecond))
    const latencies = one.rounds.flatMap(({ latencies }) => Object.values(latencies).flat())
    return [
      one.variant.name,
      rate.toFixed(0),
      (rate / first).toFixed(2),
      `${percentile(latencies, 0.5).toFixed(0)} / ${percentile(latencies, 0.99).toFixed(0)}`,
      ...[one.apis, one.busiestApi, one.worker, one.postgres, one.bench].map(percent),
      percent((one.apis + one.worker + one.postgres + one.bench) / cores),
    ]
  })
  const heads = [
    'lifecycles/s',
    ': first',
    'ms p50 / p99',
    'APIs',
    'busiest',
    'worker',
    'postgres',
    'generator',
    'cores',
  ]
  const limits = measured.map((one) => `${one.variant.name}, held back by ${limitOf(one, cores)}`)
  return `${table([['CPU in shares of one core', ...heads], ...rows])}\n\n${limits.join('\n')}`
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    process.stdout.write(usage)
    process.exitCode = 2
    return
  }
  await onStage(async (stage) => {
    const machine = describeMachine(await postgresVersion(stage))
    const { measured, faults } = await measure(stage, options)
    process.stdout.write(`
${machineLine(machine)}
npm run bench:processes -- ${process.argv.slice(2).join(' ')}
${options.clients} clients, medians of ${options.rounds} rounds of ${options.seconds} s in turns; a pool of 16 for each process; the load generator shares the cores

${show(measured, machine.cores)}
${faults.length === 0 ? 'Ledger: every law holds in every database.' : `LEDGER: ${faults.join('\n')}`}
`)
    if (faults.length > 0) process.exitCode = 1
  })
}

await main()
