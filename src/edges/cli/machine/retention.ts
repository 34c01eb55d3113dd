import type { Movable } from '../../../base/archive.ts'
import type { Database } from '../../../base/db.ts'
import { type Retention, readRetention as readAges } from '../../../base/retention.ts'
import { readSetting } from '../../../base/settings.ts'
import { type Lying, readRetention } from '../../../core/operators/retention.ts'
import { batch, movables, throwAway } from '../../worker/retention.ts'
import { refused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { lyingLines } from '../render/lying.ts'
import { startProgress } from '../render/progress.ts'
import { bold, paint } from '../render/text.ts'
import { onDatabase } from './doctor.ts'

/** Shows where the past lies. */
export const showRetention = (json: boolean): Promise<void> => onDatabase((db, name) => show(db, name, json))

/** Moves what is old enough, and throws away what the settings say; a dry run only says how much. */
export const runRetention = (dry: boolean, json: boolean): Promise<void> =>
  onDatabase((db, name) => run(db, name, dry, json))

/** The settings of this market, as its worker reads them. */
function readSettings(): Retention {
  const faults: string[] = []
  const settings = readAges((name) => readSetting(name), faults)
  if (faults.length > 0) throw refused('configuration', faults.join('; '))
  return settings
}

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)
const printJson = (body: unknown): void => void process.stdout.write(`${JSON.stringify(body)}\n`)
const count = (n: number): string => n.toLocaleString('en-US')

async function show(db: Database, name: string, json: boolean): Promise<void> {
  const { days, dropEventsDays, dropTextsDays } = readSettings()
  const lying = await readRetention(db, movables, days)
  if (json) return printJson({ lying, drop: { events_days: dropEventsDays, texts_days: dropTextsDays } })
  const thrown = [
    dropEventsDays !== null && `events older than ${dropEventsDays} days`,
    dropTextsDays !== null && `the texts of jobs that ended ${dropTextsDays} days ago`,
  ].filter((one) => one !== false)
  print([
    `${bold('Where the past lies:')} ${name}`,
    ...lying.flatMap((one) => ['', ...lyingLines(one)]),
    '',
    thrown.length === 0 ? 'Nothing is thrown away.' : `Thrown away: ${thrown.join(', ')}.`,
  ])
}

async function run(db: Database, name: string, dry: boolean, json: boolean): Promise<void> {
  const settings = readSettings()
  const lying = await readRetention(db, movables, settings.days)
  const due = Object.fromEntries(lying.map((one) => [one.name, one.due]))
  if (dry) {
    if (json) return printJson({ dry_run: true, due, kept: lying.flatMap(({ kept }) => kept) })
    return print([
      `${bold('Would move to the archive of')} ${name}`,
      ...facts(amounts(lying, due)),
      ...keptLines(lying),
    ])
  }
  const moved = await moveDue(db, settings, lying)
  const dropped = { events: [] as string[], texts: 0 }
  for (let more = true; more; ) {
    const { events, texts } = await throwAway(db, settings)
    dropped.events.push(...events)
    dropped.texts += texts
    more = texts > 0
  }
  if (json) return printJson({ moved, dropped, kept: lying.flatMap(({ kept }) => kept) })
  print([
    ...done('Moved to the archive.'),
    ...facts([
      ...amounts(lying, moved),
      ['thrown away', dropped.events.length > 0 && `the events of ${dropped.events.join(', ')}`],
      ['texts', dropped.texts > 0 && `of ${count(dropped.texts)} jobs thrown away`],
    ]),
    ...keptLines(lying),
  ])
}

const amounts = (lying: readonly Lying[], amount: Readonly<Record<string, number>>): [string, string][] =>
  lying.map(({ name, days }) => [
    name,
    days === null ? 'stay where they are' : `${count(amount[name] ?? 0)} (older than ${days} days)`,
  ])

const keptLines = (lying: readonly Lying[]): string[] =>
  lying.flatMap(({ kept }) => kept.map((what) => `  ${paint('yellow', '!')} ${what}`))

/** How long another process is waited for that is just moving the same. */
const patience = 20

async function moveDue(
  db: Database,
  { days }: Retention,
  lying: readonly Lying[],
): Promise<Partial<Record<Movable['name'], number>>> {
  const all: Partial<Record<Movable['name'], number>> = {}
  const progress = startProgress()
  try {
    for (const { name, move } of movables) {
      const age = days[name]
      if (age === null) continue
      const due = lying.find((one) => one.name === name)?.due ?? 0
      let moved = 0
      for (let waited = 0; waited < patience; ) {
        progress.say(`${name}: ${count(moved)} of ${count(due)} moved`)
        const begun = performance.now()
        const some = await move(db, { days: age, most: batch })
        if (some === 0) break
        if (some === null) waited++
        moved += some ?? 0
        // As long again: half of the database's time is left to everybody else.
        await new Promise((resolve) => setTimeout(resolve, some === null ? 500 : performance.now() - begun))
      }
      all[name] = moved
    }
  } finally {
    progress.stop()
  }
  return all
}
