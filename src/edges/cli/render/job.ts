import { dollars } from '../../../base/money.ts'
import type { Check, Verdict } from '../../../core/verification/check.ts'
import { attemptsMax, type Job, type JobStatus } from '../../../desks/jobs/job.ts'
import { type Column, table } from './table.ts'
import { bold, columns, dim, oneLine, paint, plain, wrap } from './text.ts'
import { duration, relative } from './time.ts'

const colours: Readonly<Record<JobStatus, Parameters<typeof paint>[0]>> = {
  pending_payment: 'magenta',
  queued: 'cyan',
  held: 'yellow',
  accepted: 'yellow',
  in_progress: 'yellow',
  submitted: 'blue',
  verified: 'green',
  rejected: 'red',
  cancelled: 'dim',
  failed: 'red',
}

export const paintStatus = (status: JobStatus, text: string = status): string => paint(colours[status], text)

/** What a job costs its sender, in what it is paid with. */
export function priceOf({ credit_cost: credits, price_cents: cents }: Job): string {
  return credits === null ? dollars(cents) : `${credits} credits`
}

const listColumns: readonly Column<Job>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paintStatus(status, text) },
  { title: 'PRICE', cell: priceOf, align: 'right' },
  { title: 'AGE', cell: ({ created_at: at }) => relative(at).replace(' ago', ''), align: 'right' },
  { title: 'TITLE', cell: ({ title }) => title, flexible: true },
]

export const jobsTable = (jobs: readonly Job[]): string[] => table(jobs, listColumns)

/** A check as it is written on the command line. */
export function checkText(check: Check): string {
  const name = check.name ? `${check.name}: ` : ''
  switch (check.type) {
    case 'min_words':
      return `${name}at least ${check.min} words`
    case 'json_schema':
      return `${name}fits a JSON Schema`
    case 'command':
      return `${name}command ${check.run}`
    case 'contains':
      return `${name}contains "${check.value}"`
    case 'not_contains':
      return `${name}does not contain "${check.value}"`
    case 'regex':
      return `${name}matches ${check.value}`
    default:
      return check satisfies never
  }
}

type Fact = readonly [label: string, value: string | null | false]

/** Label and value lines with the values under each other; empty ones are left out. */
export function facts(pairs: readonly Fact[]): string[] {
  const shown = pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '')
  const width = Math.max(...shown.map(([label]) => label.length))
  return shown.map(([label, value]) => `  ${dim(label.padEnd(width))}  ${value}`)
}

/** A heading with a text of several lines under it; nothing when there is none. */
export function section(title: string, text: string | null): string[] {
  if (!text?.trim()) return []
  const lines = wrap(plain(text).trim(), Math.min(100, columns()) - 2)
  return ['', `  ${bold(title)}`, ...lines.map((line) => `  ${line}`.trimEnd())]
}

/** A heading with points under it. */
export function points(title: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return []
  const lines = texts.flatMap((text) =>
    wrap(oneLine(text), Math.min(100, columns()) - 6).map((line, at) => `${at === 0 ? '•' : ' '} ${line}`),
  )
  return ['', `  ${bold(title)}`, ...lines.map((line) => `  ${line}`)]
}

/** What verification said of some work; nothing when it has not spoken. */
export function verdictLines(verdict: Verdict | null): string[] {
  if (!verdict) return []
  const checks = verdict.checks.filter(({ pass }) => !pass)
  // A failed check fails everything: which criteria fell with it says nothing more.
  const missed =
    checks.length > 0
      ? checks
          .filter(({ message }) => !verdict.reasoning.includes(message))
          .map(({ name, message }) => `${name}: ${message}`)
      : verdict.criteria.filter(({ pass }) => !pass).map(({ criterion }) => criterion)
  const mark = verdict.pass ? paint('green', '✔ passed') : paint('red', '✖ not passed')
  const score = `score ${verdict.score.toFixed(2)}, decided by ${verdict.verified_by}`
  return [
    '',
    `  ${bold('Verdict')}  ${mark}  ${dim(score)}`,
    ...wrap(oneLine(verdict.reasoning), Math.min(100, columns()) - 2).map((line) => `  ${line}`),
    ...missed.map((text) => `  ${paint('red', '✖')} ${oneLine(text)}`),
  ]
}

/** The moments that matter in the state a job is in. */
function clock(job: Job): string | null {
  switch (job.status) {
    case 'held':
      return job.hold_expires_at && `hold ends ${relative(job.hold_expires_at)}`
    case 'accepted':
    case 'in_progress':
      return job.deadline_at && `due ${relative(job.deadline_at)}`
    case 'submitted':
      return job.submitted_at && `submitted ${relative(job.submitted_at)}`
    default:
      return job.ended_at && `ended ${relative(job.ended_at)}`
  }
}

/** What came of a job: the work, if it is the viewer's to see, and the verdict. */
export function resultCard(job: Job): string[] {
  const status = [paintStatus(job.status), clock(job)].filter(Boolean).join(', ')
  return [
    bold(oneLine(job.title)),
    ...facts([
      ['status', status],
      ['price', priceOf(job)],
      ['attempts', job.attempt_count > 0 && `${job.attempt_count} of ${attemptsMax}`],
    ]),
    ...section('Output', job.output),
    ...verdictLines(job.verification),
  ]
}

/** Everything of a job that its viewer may see. */
export function jobCard(job: Job, more: readonly Fact[] = []): string[] {
  return [
    bold(oneLine(job.title)),
    ...facts([
      ['id', job.id],
      ['status', [paintStatus(job.status), clock(job)].filter(Boolean).join(', ')],
      [
        'price',
        `${priceOf(job)}${job.fee_cents === null ? '' : dim(`  the worker gets ${dollars(job.price_cents - job.fee_cents)}`)}`,
      ],
      ['time limit', duration(job.time_limit_seconds)],
      ['skill', oneLine(job.skill)],
      ['attempts', job.attempt_count > 0 && `${job.attempt_count} of ${attemptsMax}`],
      ['cancellation', job.cancellation_requested && 'asked for; takes effect if this attempt fails'],
      ['created', relative(job.created_at)],
      ...more,
    ]),
    ...section('Description', isSameText(job.title, job.description) ? null : job.description),
    ...points('Accepted when', job.acceptance_criteria),
    ...points('Checks', job.checks.map(checkText)),
    ...section('Prompt', isSameText(job.prompt, job.description) ? null : job.prompt),
    ...section('Output', job.output),
    ...verdictLines(job.verification),
  ]
}

/** Whether two texts differ in spaces at most. */
export const isSameText = (one: string | null, other: string): boolean =>
  (one ?? '').replaceAll(/\s+/g, ' ').trim() === other.replaceAll(/\s+/g, ' ').trim()

/** A line of success, and what to do next. */
export function done(sentence: string, ...next: (string | false | null | undefined)[]): string[] {
  return [
    `${paint('green', '✔')} ${sentence}`,
    ...next.filter((step): step is string => Boolean(step)).map((step) => `  ${dim('→')} ${step}`),
  ]
}
