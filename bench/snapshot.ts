// `npm run bench:snapshot`: what a snapshot that somebody holds open does to the market, and to a plain skip-locked queue. Rows that
// are dead cannot be taken away while a snapshot may still see them, so a queue wades through ever more of them.
import { parseArgs } from 'node:util'
import pg from 'pg'
import { spark, stretches } from './chart.ts'
import { closedLoop, describeMachine, percentile } from './measure.ts'
import { overHttp } from './over-http.ts'
import { plainQueue } from './plain-queue.ts'
import { onStage, postgresVersion, type Stage } from './stage.ts'
import { machineLine, table } from './table.ts'
import type { Variant } from './variant.ts'

const usage = `npm run bench:snapshot -- [options]

  --hold 180    seconds for which the snapshot is held open
  --around 45   seconds of load before it and after it
  --clients 16  how many at once
  --quick       6, 15 and 6 seconds: to see that it works

Each of the two is under load all the while, one after the other: two times (hold + 2 × around) in all.
`

interface Options {
  readonly hold: number
  readonly around: number
  readonly clients: number
  /** Of one column of the chart. */
  readonly bucketSeconds: number
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      hold: { type: 'string' },
      around: { type: 'string' },
      clients: { type: 'string', default: '16' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  const hold = Number(values.hold ?? (quick ? 15 : 180))
  const around = Number(values.around ?? (quick ? 6 : 45))
  const clients = Number(values.clients)
  if (values.help || !(hold >= 3) || !(around >= 3) || !(clients >= 1 && clients <= 64)) return null
  return { hold, around, clients, bucketSeconds: quick ? 1 : 5 }
}

const phases = ['before', 'during', 'after'] as const
type Phase = (typeof phases)[number]

/** What was done in one column of the chart. */
interface Bucket {
  readonly phase: Phase
  done: number
  readonly latencies: number[]
  readonly seconds: number
}

interface Course {
  readonly name: string
  readonly buckets: readonly Bucket[]
  /** Rows that are dead and still there, over all tables, when the snapshot was let go. */
  readonly deadRows: number
}

/** Begins a transaction that sees the database as it is now, and goes on seeing it so until the answer is called. */
async function holdSnapshot(url: string): Promise<() => Promise<number>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('begin isolation level repeatable read read only')
  await client.query('select count(*) from pg_class')
  return async () => {
    await client.query('commit')
    const { rows } = await client.query('select sum(n_dead_tup)::integer as dead from pg_stat_user_tables')
    await client.end()
    return rows[0].dead
  }
}

/** Drives one variant through the three phases without a pause. */
async function run(variant: Variant, url: string, options: Options): Promise<Course> {
  const { hold, around, clients, bucketSeconds } = options
  const buckets: Bucket[] = []
  let deadRows = 0
  await closedLoop(clients, Math.min(3, around / 2), (client) => variant.once(client, () => {}))
  const phase = async (name: Phase, seconds: number): Promise<void> => {
    process.stderr.write(`${variant.name}: ${name}\n`)
    const own: Bucket[] = Array.from({ length: Math.ceil(seconds / bucketSeconds) }, (_, n) => ({
      phase: name,
      done: 0,
      latencies: [],
      seconds: Math.min(bucketSeconds, seconds - n * bucketSeconds),
    }))
    buckets.push(...own)
    const start = performance.now()
    const bucket = (): Bucket =>
      own[Math.min(own.length - 1, Math.floor((performance.now() - start) / 1000 / bucketSeconds))]!
    await closedLoop(clients, seconds, async (client) => {
      await variant.once(client, (_, ms) => void bucket().latencies.push(ms))
      bucket().done++
    })
  }
  await phase('before', around)
  const letGo = await holdSnapshot(url)
  await phase('during', hold)
  deadRows = await letGo()
  await phase('after', around)
  await variant.settled()
  return { name: variant.name, buckets, deadRows }
}

interface Figures {
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

/** Of a stretch of the course. */
function figuresOf(buckets: readonly Bucket[]): Figures {
  const latencies = buckets.flatMap((bucket) => bucket.latencies)
  const seconds = buckets.reduce((sum, bucket) => sum + bucket.seconds, 0)
  return {
    rate: buckets.reduce((sum, { done }) => sum + done, 0) / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}

function show({ name, buckets, deadRows }: Course, { bucketSeconds }: Options): string {
  const of = (phase: Phase): Bucket[] => buckets.filter((bucket) => bucket.phase === phase)
  const during = of('during')
  // By the end of it the dead have piled up.
  const parts: [string, readonly Bucket[]][] = [
    ['before', of('before')],
    ['during', during],
    ['the last third of it', during.slice(-Math.ceil(during.length / 3))],
    ['after', of('after')],
  ]
  const first = figuresOf(parts[0]![1])
  const rows = parts.map(([part, own]) => {
    const { rate, p50, p99 } = figuresOf(own)
    return [
      part,
      rate.toFixed(0),
      (rate / first.rate).toFixed(2),
      p50.toFixed(1),
      p99.toFixed(1),
      (p99 / first.p99).toFixed(2),
    ]
  })
  const one = buckets.map((bucket) => figuresOf([bucket]))
  const [rates, p99s] = [one.map(({ rate }) => rate), one.map(({ p99 }) => p99)]
  const most = (values: readonly number[]): string => Math.max(...values.filter(Number.isFinite)).toFixed(0)
  const head = (text: string): string => text.padEnd(16)
  return `${table([[name, 'a second', ': before', 'ms p50', 'ms p99', ': before'], ...rows])}
dead rows when it was let go: ${deadRows}

${head('a second')}${spark(rates)} ${most(rates)} at most
${head('ms p99')}${spark(p99s)} ${most(p99s)} at most
${head(`${bucketSeconds} s a column`)}${stretches(phases.map((phase) => [phase, of(phase).length]))}`
}

async function measure(stage: Stage, options: Options): Promise<{ courses: Course[]; faults: string[] }> {
  const { clients } = options
  const urls: string[] = []
  const noted: Stage = {
    ...stage,
    async database(name) {
      const url = await stage.database(name)
      urls.push(url)
      return url
    },
  }
  const courses: Course[] = []
  const faults: string[] = []
  for (const open of [
    () => overHttp(noted, { name: 'market over HTTP', roles: ['all'], clients, keys: false }),
    () => plainQueue(noted, clients),
  ]) {
    const variant = await open()
    try {
      courses.push(await run(variant, urls.at(-1)!, options))
      faults.push(...(await variant.faults()))
    } finally {
      await variant.close()
    }
  }
  return { courses, faults }
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
    const { courses, faults } = await measure(stage, options)
    process.stdout.write(`
${machineLine(machine)}
npm run bench:snapshot -- ${process.argv.slice(2).join(' ')}
${options.clients} clients without a pause; a repeatable-read transaction with one select stands open for ${options.hold} s, ${options.around} s before it and after it

${courses.map((course) => show(course, options)).join('\n\n')}

The market counts lifecycles of four requests, the queue put, take and delete: compare each with itself.
${faults.length === 0 ? 'Ledger: every law holds.' : `FAULTS: ${faults.join('\n')}`}
`)
    if (faults.length > 0) process.exitCode = 1
  })
}

await main()
