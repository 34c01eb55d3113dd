// `npm run bench:streams`: what thousands of open event streams cost one API process while nothing happens, and how soon each of
// them hears when something does.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Database } from '../src/base/db.ts'
import { streamsMax } from '../src/base/seats.ts'
import { openConnection } from './connection.ts'
import { cpuReader, describeMachine, percentile, spent } from './measure.ts'
import { brokenLaws } from './over-http.ts'
import {
  type MarketProcesses,
  onStage,
  openMarketDatabase,
  postgresVersion,
  type Stage,
  startProcesses,
} from './stage.ts'
import { machineLine, table } from './table.ts'
import { outputFor, pieceOf } from './work.ts'

const usage = `npm run bench:streams -- [options]

  --streams 2000  how many, of as many people as it takes
  --seconds 30    how long each state is watched
  --quick         200 streams, 11 seconds; a minute in all
`

/** A stream as its reader sees it: when comments and events came in. */
interface Reader {
  readonly socket: Socket
  readonly person: number
  /** Answered with 200, and every byte since then. */
  open: boolean
  comments: number[]
  events: { readonly name: string; readonly at: number }[]
}

function openReader(port: number, key: string, person: number): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const reader: Reader = { socket, person, open: false, comments: [], events: [] }
    const head = `host: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\naccept: text/event-stream\r\n`
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write(`GET /api/events/stream HTTP/1.1\r\n${head}\r\n`))
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      const at = performance.now()
      if (!reader.open) {
        if (!chunk.startsWith('HTTP/1.1 200')) return reject(new Error(`A stream was refused: ${chunk.slice(0, 400)}`))
        reader.open = true
        resolve(reader)
      }
      for (const line of chunk.split('\n')) {
        if (line.startsWith(':')) reader.comments.push(at)
        else if (line.startsWith('event: ')) reader.events.push({ name: line.slice(7), at })
      }
    })
  })
}

/** What an API process is at one moment; memory in MB. */
interface Look {
  readonly rss: number
  readonly cpu: number
  readonly postgresCpu: number
  /** Statements that the database has run for anybody, and connections to it. */
  readonly statements: number
  readonly connections: number
}

interface Watched extends Look {
  readonly state: string
  readonly streams: number
}

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

async function readDatabase(db: Database): Promise<{ transactions: number; connections: number }> {
  const [row] = await db.rows<{ transactions: number; connections: number }>(
    `select xact_commit + xact_rollback as transactions, numbackends as connections from pg_stat_database where datname = current_database()`,
  )
  return row!
}

/** What one state costs a second, after a moment to settle. */
async function watch(
  state: string,
  streams: number,
  seconds: number,
  { stage, processes, db }: { stage: Stage; processes: MarketProcesses; db: Database },
): Promise<Watched> {
  // Idle backends tell of what they have counted within 10 s.
  await sleep(11_000)
  const pid = processes.pids[0]!
  const read = cpuReader(stage.postgres.pid, () => [pid])
  const [before, cpu, start] = [await readDatabase(db), read(), performance.now()]
  await sleep(seconds * 1000)
  const used = spent(cpu, read())
  const took = (performance.now() - start) / 1000
  const after = await readDatabase(db)
  process.stderr.write(`${state}\n`)
  return {
    state,
    streams,
    rss: memoryOf(pid),
    cpu: used.market / took,
    postgresCpu: used.postgres / took,
    // Each of the market's statements is a transaction of its own while nothing happens.
    statements: (after.transactions - before.transactions) / took,
    connections: after.connections,
  }
}

/** One job's events reach each stream of its sender: milliseconds from the answer to the request until each has `job.queued`. */
async function hearOnce(readers: readonly Reader[], ask: () => Promise<void>): Promise<number[]> {
  for (const reader of readers) reader.events = []
  await ask()
  const answered = performance.now()
  const heard = (): number[] =>
    readers.flatMap(({ events }) => events.filter(({ name }) => name === 'job.queued').map(({ at }) => at - answered))
  for (const giveUpAt = answered + 15_000; heard().length < readers.length && performance.now() < giveUpAt; )
    await sleep(20)
  if (heard().length !== readers.length)
    throw new Error(`${heard().length} of ${readers.length} streams heard of a job, each once is right.`)
  return heard()
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      streams: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const count = Number(values.streams ?? (values.quick ? 200 : 2_000))
  const seconds = Number(values.seconds ?? (values.quick ? 11 : 30))
  if (values.help || !(count >= streamsMax) || !(seconds > 0)) {
    process.stdout.write(usage)
    process.exitCode = 2
    return
  }
  await onStage(async (stage) => {
    const machine = describeMachine(await postgresVersion(stage))
    const people = Math.ceil(count / streamsMax)
    const { url, db, pairs } = await openMarketDatabase(stage, 'streams', people)
    const processes = await startProcesses(stage, url, ['api', 'worker'])
    const readers: Reader[] = []
    try {
      const needs = { stage, processes, db }
      const states = [await watch('idle, no stream', 0, seconds, needs)]
      const opening = performance.now()
      while (readers.length < count) {
        const batch = Array.from({ length: Math.min(50, count - readers.length) }, (_, n) => readers.length + n)
        const open = batch.map((n) => openReader(processes.port, pairs[n % people]!.sender.key, n % people))
        readers.push(...(await Promise.all(open)))
      }
      const openedIn = performance.now() - opening
      states.push(await watch(`idle, ${count} streams`, count, seconds, needs))
      const gaps = readers.flatMap(({ comments }) => comments.slice(1).map((at, index) => at - comments[index]!))

      const delays: number[] = []
      const { sender, worker } = pairs[0]!
      const [order, work] = [
        await openConnection({ port: processes.port, key: sender.key }),
        await openConnection({ port: processes.port, key: worker.key }),
      ]
      const hers = readers.filter(({ person }) => person === 0)
      for (let turn = 0; turn < 10; turn++) {
        const { prompt, checks } = pieceOf(turn)
        delays.push(
          ...(await hearOnce(hers, async () => {
            const terms = { prompt, checks, confirmed: true, price_cents: 500, time_limit_seconds: 3600 }
            await asked(order.post('/api/jobs/run', JSON.stringify(terms)))
          })),
        )
        const job = JSON.parse(await asked(work.post('/api/jobs/pull', '{}'))) as { id: string; prompt: string }
        await asked(work.post(`/api/jobs/${job.id}/accept`, ''))
        await asked(work.post(`/api/jobs/${job.id}/submit`, JSON.stringify({ output: outputFor(job.prompt) })))
      }
      order.close()
      work.close()
      const dead = readers.filter(({ socket }) => socket.destroyed || socket.readableEnded).length
      for (const { socket } of readers) socket.destroy()
      states.push(await watch('idle, streams closed', 0, Math.min(10, seconds), needs))
      const faults = await brokenLaws(db)
      if (dead > 0) faults.push(`${dead} streams ended by themselves`)
      process.stdout.write(`
${machineLine(machine)}
npm run bench:streams -- ${process.argv.slice(2).join(' ')}
${count} streams of ${people} people at one API process, opened in ${(openedIn / 1000).toFixed(1)} s; a worker beside it; each state watched for ${seconds} s

${showStates(states)}

a stream more                 ${(((states[1]!.rss - states[0]!.rss) * 1024) / count).toFixed(1)} KB, ${(((states[1]!.cpu - states[0]!.cpu) / count) * 1e6).toFixed(0)} µs of CPU a second
signs of life                 every ${(percentile(gaps, 0.5) / 1000).toFixed(1)} s, at most ${(Math.max(...gaps) / 1000).toFixed(1)} s apart
from the answer to a stream   ${percentile(delays, 0.5).toFixed(0)} ms p50, ${percentile(delays, 0.99).toFixed(0)} ms p99, of ${delays.length} (${hers.length} streams of one person)
${faults.length === 0 ? 'Ledger: every law holds.' : `FAULTS: ${faults.join('\n')}`}
`)
      if (faults.length > 0) process.exitCode = 1
    } finally {
      for (const { socket } of readers) socket.destroy()
      await processes.stop()
      await db.close()
    }
  })
}

async function asked(asking: Promise<{ status: number; text: string }>): Promise<string> {
  const { status, text } = await asking
  if (status >= 300) throw new Error(`Answered ${status}: ${text.slice(0, 300)}`)
  return text
}

const showStates = (states: readonly Watched[]): string =>
  table([
    ['One API process', 'RSS MB', 'CPU %', 'PostgreSQL CPU %', 'statements/s', 'connections'],
    ...states.map(({ state, rss, cpu, postgresCpu, statements, connections }) => [
      state,
      rss.toFixed(0),
      (cpu * 100).toFixed(1),
      (postgresCpu * 100).toFixed(1),
      statements.toFixed(1),
      `${connections}`,
    ]),
  ])

await main()
