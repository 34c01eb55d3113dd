import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Log } from '../../base/log.ts'
import { openTimings, type Timing } from '../../base/timings.ts'
import type { RequestsUnderWay } from './drain.ts'
import { causeOf } from './request-cause.ts'

/** What is counted of one verb, by nothing but additions: it is on every request's way. */
export interface VerbMeter {
  /** The verb begins; the answer ends it. */
  begin(): () => void
  /** How a call of it ended; a refusal by its code, whether the verb refused or the edge before it was asked. */
  ended(outcome: 'done' | 'replayed' | 'refused' | 'failed', code?: string): void
}

export interface HttpMeters {
  verb(name: string): VerbMeter
  /** A stream of events begins; the answer ends it. */
  stream(): () => void
}

const outcomes = ['done', 'replayed', 'refused', 'failed'] as const

/** Counts and times every request by route and status, and every verb by how it ended. */
export function measure(app: FastifyInstance, registry: Registry, underWay: RequestsUnderWay, log: Log): HttpMeters {
  const registers = [registry]
  const timings = openTimings(registry, {
    name: 'clawrk_request_seconds',
    help: 'How long requests took, by route and status.',
    bounds: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
  })
  // As many as there are routes, methods and statuses.
  const known = new Map<string, Timing>()
  const timingOf = (method: string, route: string, status: number): Timing => {
    const key = `${method} ${route} ${status}`
    let timing = known.get(key)
    if (!timing) {
      timing = timings({ method, route, status })
      known.set(key, timing)
    }
    return timing
  }
  const faults = new Counter({
    name: 'clawrk_faults_total',
    help: 'Requests that failed by a fault of ours (500).',
    registers,
  })
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode
    if (status === 500) faults.inc()
    const route = request.routeOptions.url ?? 'unknown'
    timingOf(request.method, route, status)(reply.elapsedTime / 1000)
    if (log.isLevelEnabled('debug'))
      log.debug(
        { ...causeOf(request), method: request.method, route, status, ms: Math.round(reply.elapsedTime) },
        'answered',
      )
    done()
  })
  new Gauge({
    name: 'clawrk_requests_under_way',
    help: 'Requests that this process has not answered yet, waiting pulls and open streams among them.',
    registers,
    collect() {
      this.set(underWay())
    },
  })
  let streams = 0
  new Gauge({
    name: 'clawrk_streams_open',
    help: 'Streams of events that this process holds open.',
    registers,
    collect() {
      this.set(streams)
    },
  })
  return {
    verb: measureVerbs(registry),
    stream() {
      streams++
      return () => {
        streams--
      }
    },
  }
}

function measureVerbs(registry: Registry): HttpMeters['verb'] {
  const registers = [registry]
  const timings = openTimings(registry, {
    name: 'clawrk_verb_seconds',
    help: 'How long verbs took, without what comes before them: credentials, limits, input.',
    bounds: [0.002, 0.01, 0.05, 0.25, 1, 5, 30],
  })
  const tallies = new Map<string, { ended: Record<(typeof outcomes)[number], number>; refused: Map<string, number> }>()
  new Counter({
    name: 'clawrk_verb_calls_total',
    help: 'Calls of a verb, by how they ended.',
    labelNames: ['verb', 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const [verb, { ended }] of tallies)
        for (const outcome of outcomes) if (ended[outcome] > 0) this.inc({ verb, outcome }, ended[outcome])
    },
  })
  new Counter({
    name: 'clawrk_refusals_total',
    help: 'Calls that were refused, by the code of the refusal.',
    labelNames: ['verb', 'code'],
    registers,
    collect() {
      this.reset()
      for (const [verb, { refused }] of tallies) for (const [code, n] of refused) this.inc({ verb, code }, n)
    },
  })
  return (verb) => {
    const ended = { done: 0, replayed: 0, refused: 0, failed: 0 }
    const refused = new Map<string, number>()
    tallies.set(verb, { ended, refused })
    const took = timings({ verb })
    return {
      begin() {
        const begun = performance.now()
        return () => took((performance.now() - begun) / 1000)
      },
      ended(outcome, code) {
        ended[outcome]++
        if (code !== undefined) refused.set(code, (refused.get(code) ?? 0) + 1)
      },
    }
  }
}
