import { dollars } from '../../../base/money.ts'
import type { Job } from '../../../desks/jobs/job.ts'
import { columns, cut, dim, oneLine, paint, plain } from '../render/text.ts'

/** How one job ended for the worker. `lost`: the market took it back. `pending`: the worker left before the verdict. */
export type Outcome = 'verified' | 'not_passed' | 'given_up' | 'lost' | 'pending'

export interface Totals {
  jobs: number
  verified: number
  not_passed: number
  given_up: number
  lost: number
  pending: number
  earned_cents: number
}

export interface Report {
  readonly totals: Readonly<Totals>
  /** How the newest job ended. */
  readonly last: Outcome | null
  /** One line on stdout for a job that has ended, with what it all comes to. */
  job(job: Job, outcome: Outcome, why: string, seconds: number): void
  /** What goes on, on stderr; nothing when a program reads along. */
  remark(text: string): void
  /** What the command says, on stderr. */
  quote(line: string): void
}

export function openReport(json: boolean): Report {
  const totals: Totals = { jobs: 0, verified: 0, not_passed: 0, given_up: 0, lost: 0, pending: 0, earned_cents: 0 }
  let last: Outcome | null = null
  const print = (stream: NodeJS.WriteStream, line: string): void => {
    // Whatever moves on the terminal's last line makes room.
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K')
    stream.write(`${line}\n`)
  }
  return {
    totals,
    get last() {
      return last
    },
    job(job, outcome, why, seconds) {
      const earned = outcome === 'verified' ? job.price_cents - (job.fee_cents ?? 0) : 0
      totals.jobs++
      totals[outcome]++
      totals.earned_cents += earned
      last = outcome
      const { id, title, price_cents } = job
      const body = { job_id: id, title, outcome, why, price_cents, earned_cents: earned, seconds, totals }
      print(process.stdout, json ? JSON.stringify(body) : line(job, outcome, why, earned, totals))
    },
    remark(text) {
      if (!json) print(process.stderr, paint('dim', oneLine(text), process.stderr))
    },
    quote(text) {
      print(process.stderr, `${paint('dim', '│', process.stderr)} ${plain(text).replaceAll('\n', ' ')}`)
    },
  }
}

const words: Readonly<Record<Outcome, string>> = {
  verified: 'verified',
  not_passed: 'not passed',
  given_up: 'given up',
  lost: 'lost',
  pending: 'not judged yet',
}

/** `3 verified, 1 given up, $10.50 earned`. */
export function totalsText(totals: Readonly<Totals>): string {
  const kinds = Object.keys(words) as Outcome[]
  const counts = kinds.filter((kind) => totals[kind] > 0).map((kind) => `${totals[kind]} ${words[kind]}`)
  return [...(counts.length > 0 ? counts : ['no job']), `${dollars(totals.earned_cents)} earned`].join(', ')
}

function line(job: Job, outcome: Outcome, why: string, earned: number, totals: Totals): string {
  const head =
    outcome === 'verified' ? `✔ +${dollars(earned)}` : `${outcome === 'pending' ? '…' : '✖'} ${words[outcome]}`
  const tail = `(${totalsText(totals)})`
  const room = columns() - head.length - tail.length - 5
  const text = cut([oneLine(job.title), why].map(oneLine).filter(Boolean).join(': '), Math.max(10, room))
  const colour = outcome === 'verified' ? 'green' : outcome === 'pending' ? 'yellow' : 'red'
  return `${paint(colour, head)}  ${text}  ${dim(tail)}`
}
