import type { Sql } from '../src/base/db.ts'

/** How many jobs are in which state. */
export type Counts = Readonly<Record<string, number>>

export async function countJobs(db: Sql): Promise<Counts> {
  const rows = await db.rows<{ status: string; n: number }>('select status::text, count(*) as n from job group by 1')
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]))
}

export const sumOf = (counts: Counts, ...states: readonly string[]): number =>
  states.reduce((sum, state) => sum + (counts[state] ?? 0), 0)

export const ended = (counts: Counts): number => sumOf(counts, 'verified', 'failed', 'cancelled')

/** One line that says how far everything is. */
export function lineOf(counts: Counts, seconds: number): string {
  const all = Object.values(counts).reduce((sum, n) => sum + n, 0)
  const parts = [
    `${all} posted`,
    `${sumOf(counts, 'queued')} queued`,
    `${sumOf(counts, 'held', 'accepted')} in hands`,
    `${sumOf(counts, 'submitted')} in verification`,
    `${sumOf(counts, 'verified')} verified`,
    `${sumOf(counts, 'failed')} failed`,
    `${sumOf(counts, 'cancelled')} cancelled`,
  ]
  return `${seconds.toFixed(0).padStart(3)} s  ${parts.join(' · ')}`
}

export interface Progress {
  /** A line of its own, above the one that moves. */
  note(line: string): void
  stop(): void
}

/** Shows how far everything is: one line that moves on a terminal, a line every three seconds elsewhere. */
export function showProgress(read: () => Promise<string>): Progress {
  const moving = process.stdout.isTTY
  let last = ''
  let reading = false
  const timer = setInterval(
    () => {
      if (reading) return
      reading = true
      void read()
        .then((line) => {
          if (line === last) return
          last = line
          process.stdout.write(moving ? `\r\u001b[2K${line}` : `${line}\n`)
        })
        // The database may be away for a moment; the next look will tell.
        .catch(() => {})
        .finally(() => {
          reading = false
        })
    },
    moving ? 250 : 3_000,
  )
  return {
    note: (line) => void process.stdout.write(moving ? `\r\u001b[2K${line}\n${last}` : `${line}\n`),
    stop() {
      clearInterval(timer)
      if (moving) process.stdout.write('\r\u001b[2K')
    },
  }
}
