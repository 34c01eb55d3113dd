import type { Metric, Registry } from 'prom-client'

/** Notes one duration, in seconds. */
export type Timing = (seconds: number) => void

type Labels = Readonly<Record<string, string | number>>

interface Kept {
  readonly labels: Labels
  /** How many were at most as long as each bound and longer than the one before; the last: longer than all. */
  readonly counts: number[]
  sum: number
}

/**
 * A Prometheus histogram of durations whose labels are said once and not with every duration: finding them again by a text made of
 * their values took the library's own histogram a twelfth of a busy process.
 */
export function openTimings(
  registry: Registry,
  { name, help, bounds }: { readonly name: string; readonly help: string; readonly bounds: readonly number[] },
): (labels: Labels) => Timing {
  const all: Kept[] = []
  const metric = {
    name,
    get: async () => ({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: all
        .filter(({ counts }) => counts.some((count) => count > 0))
        .flatMap((kept) => samplesOf(name, bounds, kept)),
    }),
  }
  // A registry asks nothing else of what is registered; its types name the library's own kinds only.
  registry.registerMetric(metric as unknown as Metric)
  return (labels) => {
    const kept: Kept = { labels, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }
    all.push(kept)
    return (seconds) => {
      let at = 0
      while (at < bounds.length && seconds > bounds[at]!) at++
      kept.counts[at]!++
      kept.sum += seconds
    }
  }
}

interface Sample {
  readonly metricName: string
  readonly labels: Labels
  readonly value: number
}

function samplesOf(name: string, bounds: readonly number[], { labels, counts, sum }: Kept): Sample[] {
  let upTo = 0
  const buckets = counts.map((count, at) => {
    upTo += count
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bounds[at] ?? '+Inf' }, value: upTo }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: upTo },
  ]
}
