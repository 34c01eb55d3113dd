import { type CpuTimes, type Machine, median, percentile, perSecond, type Round } from './measure.ts'
import type { Options } from './options.ts'

export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** A variant over all its rounds. */
export interface Summary {
  readonly name: string
  /** The median of the rounds. */
  readonly perSecond: number
  readonly rounds: readonly number[]
  /** CPU seconds of a thousand lifecycles. */
  readonly cpuPerThousand: CpuTimes
  /** Milliseconds a request, all of them together and by verb; null without HTTP. */
  readonly latency: { readonly all: Latency; readonly verbs: Readonly<Record<string, Latency>> } | null
}

export interface AtOneCount {
  readonly clients: number
  readonly results: readonly Summary[]
  readonly half: Summary & { readonly asked: number }
  readonly faults: readonly string[]
}

export interface Result {
  readonly machine: Machine
  readonly command: string
  readonly seconds: number
  readonly at: readonly AtOneCount[]
}

const latencyOf = (values: readonly number[]): Latency => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
})

export function summarize(name: string, rounds: readonly Round[]): Summary {
  const lifecycles = rounds.reduce((sum, round) => sum + round.lifecycles, 0)
  const cpu = (part: keyof CpuTimes): number =>
    (rounds.reduce((sum, round) => sum + round.cpu[part], 0) / lifecycles) * 1000
  const verbs = Object.keys(rounds[0]!.latencies)
  const of = (verb: string): number[] => rounds.flatMap((round) => round.latencies[verb] ?? [])
  return {
    name,
    perSecond: median(rounds.map(perSecond)),
    rounds: rounds.map(perSecond),
    cpuPerThousand: { market: cpu('market'), postgres: cpu('postgres'), bench: cpu('bench') },
    latency:
      verbs.length === 0
        ? null
        : {
            all: latencyOf(verbs.flatMap(of)),
            verbs: Object.fromEntries(verbs.map((verb) => [verb, latencyOf(of(verb))])),
          },
  }
}

/** Lines up columns: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
    )
    .join('\n')
}

/** What was measured on, for the heading of a result. */
export const machineLine = ({ cpu, cores, load, node, postgres }: Machine): string =>
  `${cpu}, ${cores} cores, load ${load.toFixed(2)} at the start; Node ${node}, PostgreSQL ${postgres}, durable commits, pool of 16`

const ms = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0))
const both = (latency: Latency | undefined): string => (latency ? `${ms(latency.p50)} / ${ms(latency.p99)}` : '')

/** What a person reads: throughput and ratios, then latencies, then where the CPU went. */
export function showResults({ machine, command, seconds, at }: Result, options: Options): string {
  const counts = at.map(({ clients }) => `${clients} client${clients === 1 ? '' : 's'}`)
  const names = [...new Set(at.flatMap(({ results }) => results.map(({ name }) => name)))]
  const find = (one: AtOneCount, name: string): Summary | undefined =>
    one.results.find((result) => result.name === name)
  const overHttp = (one: AtOneCount): number => one.results[0]!.perSecond
  const rows = (head: string, cell: (summary: Summary, one: AtOneCount) => string): string =>
    table([
      [head, ...counts],
      ...names.map((name) => [name, ...at.map((one) => (find(one, name) ? cell(find(one, name)!, one) : ''))]),
    ])
  const ratios = names
    .slice(1)
    .map((name) => [
      `over HTTP : ${name}`,
      ...at.map((one) => (find(one, name) ? (overHttp(one) / find(one, name)!.perSecond).toFixed(2) : '')),
    ])
  const latencies = at.flatMap((one) => {
    const loads = [...one.results.filter(({ latency }) => latency !== null), one.half]
    return loads.map(({ name, latency }) => [
      `${name}, ${one.clients} client${one.clients === 1 ? '' : 's'}`,
      both(latency?.all),
      ...['run', 'pull', 'accept', 'submit'].map((verb) => both(latency?.verbs[verb])),
    ])
  })
  const cpu = at.flatMap((one) =>
    one.results.map(({ name, cpuPerThousand: { market, postgres, bench } }) => [
      `${name}, ${one.clients}`,
      ...[market, postgres, bench].map((value) => value.toFixed(2)),
    ]),
  )
  const sixteen = at.find(({ clients }) => clients === 16)
  const faults = at.flatMap(({ faults }) => faults)
  return `
${machineLine(machine)}
${command} (${seconds} s; medians of ${options.rounds} rounds of ${options.seconds} s each, variants taking turns; the load generator shares the cores)

${rows('Paid lifecycles a second', ({ perSecond }) => perSecond.toFixed(0))}

${table([['Ratios', ...counts], ...ratios])}

${table([['Milliseconds a request, p50 / p99', 'all', 'run', 'pull', 'accept', 'submit'], ...latencies])}

${table([['CPU seconds per 1,000, clients', 'market', 'postgres', 'bench'], ...cpu])}
${sixteen ? verdictAt(sixteen) : ''}
${faults.length === 0 ? 'Ledger: every law holds in every database.' : `LEDGER: ${faults.join('\n')}`}
`
}

/** What the project asks of itself at 16 clients. */
function verdictAt({ results, half }: AtOneCount): string {
  const rate = (name: string): number => results.find((result) => result.name === name)!.perSecond
  const [toDirect, toBoss] = [rate('over HTTP') / rate('same SQL, direct'), rate('over HTTP') / rate('pg-boss')]
  const p99 = half.latency!.all.p99
  const line = (good: boolean, text: string): string => `${good ? '✔' : '✖'} ${text}`
  return `
${line(toDirect >= 0.5, `over HTTP ≥ 0.5 × the same SQL driven directly: ${toDirect.toFixed(2)}`)}
${line(toBoss >= 0.8, `over HTTP ≥ 0.8 × pg-boss (aim 1.0): ${toBoss.toFixed(2)}`)}
${line(p99 < 50, `p99 of a request at half load < 50 ms: ${ms(p99)} ms (asked for ${half.asked.toFixed(0)}/s, did ${half.perSecond.toFixed(0)}/s)`)}
`
}
