import type { Setting } from './settings.ts'

/** When what is old moves to the archive, and when it is thrown away, in days; null: never. */
export interface Retention {
  readonly days: { readonly jobs: number | null; readonly transfers: number | null; readonly events: number | null }
  readonly dropEventsDays: number | null
  readonly dropTextsDays: number | null
  readonly rowsPerSecond: number
}

/** The settings of it, each with what it is without being given. */
export const retentionSettings = [
  {
    name: 'RETENTION_JOBS_DAYS',
    fallback: '90',
    help: 'days after its end at which a job moves to the archive; 0: never',
  },
  {
    name: 'RETENTION_TRANSFERS_DAYS',
    fallback: '90',
    help: 'age in days at which a transfer moves to the archive, at least 60; 0: never',
  },
  {
    name: 'RETENTION_EVENTS_DAYS',
    fallback: '90',
    help: 'age in days at which an event moves to the archive, at least 35; 0: never',
  },
  {
    name: 'RETENTION_EVENTS_DROP_DAYS',
    fallback: '0',
    help: 'age in days at which a month of archived events is thrown away; 0: never',
  },
  {
    name: 'RETENTION_TEXTS_DROP_DAYS',
    fallback: '0',
    help: 'days after its end at which prompt, work, verdicts, log and files of an archived job are thrown away; 0: never',
  },
  { name: 'RETENTION_ROWS_PER_SECOND', fallback: '1000', help: 'how many rows a worker moves to the archive at most' },
] as const satisfies readonly Setting[]

type RetentionSetting = (typeof retentionSettings)[number]['name']

/** Reads the settings RETENTION_…; what is wrong with them is added to `faults`, in sentences. */
export function readRetention(raw: (name: RetentionSetting) => string, faults: string[]): Retention {
  const whole = (name: RetentionSetting, most: number): number => {
    const text = raw(name)
    if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text)
    faults.push(`${name} must be a whole number from 0 to ${most}, not "${text}"`)
    return 0
  }
  // Each least age is why it is one: jobs until every room has read their end, events until the feed tells them no more, transfers until
  // no job is open any more whose key they are.
  const age = (name: RetentionSetting, least: number): number | null => {
    const days = whole(name, 36_500)
    if (days > 0 && days < least) faults.push(`${name} must be 0, for never, or at least ${least}`)
    return days === 0 ? null : days
  }
  const days = {
    jobs: age('RETENTION_JOBS_DAYS', 7),
    transfers: age('RETENTION_TRANSFERS_DAYS', 60),
    events: age('RETENTION_EVENTS_DAYS', 35),
  }
  const rowsPerSecond = whole('RETENTION_ROWS_PER_SECOND', 100_000)
  if (rowsPerSecond === 0 && raw('RETENTION_ROWS_PER_SECOND') === '0')
    faults.push('RETENTION_ROWS_PER_SECOND must be at least 1; to move nothing, set the ages to 0')
  return {
    days,
    dropEventsDays: age('RETENTION_EVENTS_DROP_DAYS', days.events ?? 35),
    dropTextsDays: age('RETENTION_TEXTS_DROP_DAYS', days.jobs ?? 7),
    rowsPerSecond,
  }
}
