import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'

/** What one variant did in one round. */
export interface Round {
  readonly lifecycles: number
  readonly seconds: number
  /** Milliseconds of every request, by its name; empty for what is not asked over HTTP. */
  readonly latencies: Readonly<Record<string, number[]>>
  /** CPU seconds spent meanwhile. */
  readonly cpu: CpuTimes
  /** Of these, what each of the variant's processes spent, in their order. */
  readonly each: readonly number[]
}

export interface CpuTimes {
  /** The market's own processes; 0 where the bench process does the work itself. */
  readonly market: number
  readonly postgres: number
  /** This process: the load generator, or the whole program for what is driven without HTTP. */
  readonly bench: number
}

export const perSecond = ({ lifecycles, seconds }: Round): number => lifecycles / seconds

export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const ticksPerSecond = 100

const stat = (pid: number | string): string[] | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

// Fields of proc(5) from the state on: 1 parent, 11 and 12 own time, 13 and 14 that of ended children.
const own = (fields: string[] | null): number => (fields ? Number(fields[11]) + Number(fields[12]) : 0)

/** CPU seconds that a process has spent so far. */
export const cpuOf = (pid: number): number => own(stat(pid)) / ticksPerSecond

/** Reads the CPU time of processes from /proc; of the database with all its children, those that have ended included. */
export function cpuReader(postgresPid: number, marketPids: () => readonly number[]): () => CpuTimes {
  const postgres = (): number => {
    const main = stat(postgresPid)
    if (!main) return 0
    let ticks = own(main) + Number(main[13]) + Number(main[14])
    for (const pid of readdirSync('/proc')) {
      const fields = /^\d+$/.test(pid) ? stat(pid) : null
      if (fields && Number(fields[1]) === postgresPid) ticks += own(fields)
    }
    return ticks
  }
  return () => {
    const { user, system } = process.cpuUsage()
    return {
      market: marketPids().reduce((sum, pid) => sum + cpuOf(pid), 0),
      postgres: postgres() / ticksPerSecond,
      bench: (user + system) / 1e6,
    }
  }
}

export const spent = (before: CpuTimes, after: CpuTimes): CpuTimes => ({
  market: after.market - before.market,
  postgres: after.postgres - before.postgres,
  bench: after.bench - before.bench,
})

export interface Machine {
  readonly cores: number
  readonly cpu: string
  readonly kernel: string
  readonly node: string
  readonly postgres: string
  readonly load: number
}

export function describeMachine(postgres: string): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    kernel: release(),
    node: process.version,
    postgres,
    load: loadavg()[0]!,
  }
}

/** Runs `once` over and over for each client, each after its own last, until the time is up. Answers how often in all. */
export async function closedLoop(
  clients: number,
  seconds: number,
  once: (client: number) => Promise<void>,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  let done = 0
  const drive = async (client: number): Promise<void> => {
    while (performance.now() < until) {
      await once(client)
      done++
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => drive(client)))
  return done
}

/** Starts `rate` a second in all, evenly, each client its share; one that is behind begins at once. Answers how often in all. */
export async function pacedLoop(
  clients: number,
  seconds: number,
  rate: number,
  once: (client: number) => Promise<void>,
): Promise<number> {
  const start = performance.now()
  const gap = (clients / rate) * 1000
  let done = 0
  const drive = async (client: number): Promise<void> => {
    for (let at = start + (gap * client) / clients; at < start + seconds * 1000; at += gap) {
      const wait = at - performance.now()
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
      await once(client)
      done++
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => drive(client)))
  return done
}
