import { closedLoop, cpuOf, cpuReader, type Round, spent } from './measure.ts'
import type { Stage } from './stage.ts'
import type { Variant } from './variant.ts'

type Loop = (once: (client: number) => Promise<void>) => Promise<number>

/** What a variant does while a loop drives it, the wait for its last verification included. */
export async function measure(stage: Stage, variant: Variant, loop: Loop): Promise<Round> {
  const latencies: Record<string, number[]> = {}
  const note = (request: string, ms: number): void => {
    const known = latencies[request]
    if (known) known.push(ms)
    else latencies[request] = [ms]
  }
  const readCpu = cpuReader(stage.postgres.pid, () => variant.pids)
  const before = await variant.settled()
  const cpu = readCpu()
  const each = variant.pids.map(cpuOf)
  const start = performance.now()
  await loop((client) => variant.once(client, note))
  const after = await variant.settled()
  const seconds = (performance.now() - start) / 1000
  return {
    lifecycles: after - before,
    seconds,
    latencies,
    cpu: spent(cpu, readCpu()),
    each: variant.pids.map((pid, index) => cpuOf(pid) - each[index]!),
  }
}

export interface Turns {
  readonly clients: number
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly say: (line: string) => void
}

/**
 * Measures variants in turns, every other round backwards, so that a drift of the machine hits all alike. The processes of those
 * whose turn it is not are stopped meanwhile: their background work is not measured as somebody else's. Answers each one's rounds.
 */
export async function inTurns(stage: Stage, variants: readonly Variant[], turns: Turns): Promise<Round[][]> {
  const { clients, rounds, seconds, warmUpSeconds, say } = turns
  const found = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]))
  const signal = (variant: Variant, name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of variant.pids) process.kill(pid, name)
  }
  const turn = async (variant: Variant, forSeconds: number): Promise<Round> => {
    signal(variant, 'SIGCONT')
    try {
      return await measure(stage, variant, (once) => closedLoop(clients, forSeconds, once))
    } finally {
      signal(variant, 'SIGSTOP')
    }
  }
  try {
    for (const variant of variants) signal(variant, 'SIGSTOP')
    for (const variant of variants) {
      say(`warming up ${variant.name}`)
      await turn(variant, warmUpSeconds)
    }
    for (let round = 1; round <= rounds; round++) {
      for (const variant of round % 2 === 1 ? variants : variants.toReversed()) {
        const measured = await turn(variant, seconds)
        found.get(variant)!.push(measured)
        say(`round ${round}: ${variant.name} ${(measured.lifecycles / measured.seconds).toFixed(0)}/s`)
      }
    }
  } finally {
    // They are to end by themselves, for which they must run.
    for (const variant of variants) signal(variant, 'SIGCONT')
  }
  return variants.map((variant) => found.get(variant)!)
}
