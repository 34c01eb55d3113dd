import { Gauge, type Registry } from 'prom-client'
import type { Sql } from './db.ts'

/**
 * Figures that are read from the database and are the same whichever process is asked. A room hands in its own: what it costs must not
 * grow with what waits, so the oldest is found on an index and counting ends at `countedMost`.
 */
export interface Figures {
  /** Selects rows: of each, `labels` are texts, and every column in `shown` is a number, or null where there is nothing to say. */
  readonly query: string
  readonly labels: readonly string[]
  readonly shown: Readonly<Record<string, { readonly name: string; readonly help: string }>>
}

/** Of what may grow without bounds so many are counted; more are told as so many. */
export const countedMost = 1_000

/** How long what was read is good: many scrapes, one question. */
const goodForMs = 5_000
/** How long a scrape waits for the database; the other figures are worth having without. */
const patienceMs = 3_000

/** One thing whose timer may be overdue: how late the oldest is, in seconds, by an expression that is null when there is none. */
export interface Late {
  readonly life: string
  readonly state: string
  /** A timestamp of the market's clock, found on an index: when the oldest fell due, or will. */
  readonly due: string
}

/** What the clock or a lease should have moved on by now. `clock`: what its timers are judged by. */
export const lateFigures = (
  late: readonly Late[],
  clock: 'app_now()' | 'clock_timestamp()' = 'app_now()',
): Figures => ({
  query: late
    .map(
      ({ life, state, due }) =>
        `select '${life}' as life, '${state}' as state, greatest(extract(epoch from ${clock} - (${due})), 0)::float8 as late`,
    )
    .join(' union all '),
  labels: ['life', 'state'],
  shown: {
    late: {
      name: 'clawrk_oldest_late_seconds',
      help: 'How long ago the oldest timer or lease of this life and state ran out without anything having moved it; 0 when none has.',
    },
  },
})

type Row = Readonly<Record<string, string | number | null>>

/** The one statement that reads figures: a column for each, with its rows. */
export const statementOf = (figures: readonly Figures[]): string =>
  `select ${figures
    .map(({ query }, n) => `(select coalesce(json_agg(f), '[]') from (${query}) as f) as f${n}`)
    .join(', ')}`

/** Shows figures in a registry: one statement for all of them, at most every few seconds, however often they are scraped. */
export function showFigures(registry: Registry, sql: Sql, figures: readonly Figures[]): void {
  const text = statementOf(figures)
  const read = readNowAndThen(async () => {
    const [row] = await sql.rows<Record<string, Row[]>>(text)
    return figures.map((_, n) => row![`f${n}`]!)
  })
  new Gauge({
    name: 'clawrk_database_answers',
    help: '1 when the database has answered this process in time when it was asked for the figures of the market.',
    registers: [registry],
    async collect() {
      this.set((await read()) === null ? 0 : 1)
    },
  })
  const sources = new Map<string, { help: string; labels: readonly string[]; from: [n: number, column: string][] }>()
  for (const [n, { labels, shown }] of figures.entries()) {
    for (const [column, { name, help }] of Object.entries(shown)) {
      const known = sources.get(name)
      if (known) known.from.push([n, column])
      else sources.set(name, { help, labels, from: [[n, column]] })
    }
  }
  for (const [name, { help, labels, from }] of sources) {
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [registry],
      async collect() {
        this.reset()
        // A gauge without labels would say 0 where there is nothing to say.
        if (labels.length === 0) this.remove()
        const found = await read()
        if (found === null) return
        for (const [n, column] of from) {
          for (const row of found[n]!) {
            const value = row[column]
            if (typeof value === 'number')
              this.set(Object.fromEntries(labels.map((label) => [label, String(row[label])])), value)
          }
        }
      },
    })
  }
}

/** What was read last, if that is not long ago; else it is read, once for all who ask meanwhile. Null: no answer, or not in time. */
function readNowAndThen<T>(read: () => Promise<T>): () => Promise<T | null> {
  let last: { readonly value: T; readonly at: number } | null = null
  let reading: Promise<T | null> | null = null
  return () => {
    if (last !== null && performance.now() - last.at < goodForMs) return Promise.resolve(last.value)
    reading ??= read()
      .then(
        (value) => {
          last = { value, at: performance.now() }
          return value
        },
        () => null,
      )
      .finally(() => {
        reading = null
      })
    return Promise.race([reading, new Promise<null>((done) => setTimeout(done, patienceMs, null).unref())])
  }
}
