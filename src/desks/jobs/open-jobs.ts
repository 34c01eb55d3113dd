import type { Sql } from '../../base/db.ts'
import { jobLife } from './job.ts'
import { refuseJob } from './refusals.ts'

const most = 10_000
const block = 500

/** What can still be called off is open. */
const openStates = `${jobLife.from('cancel')}, ${jobLife.from('ask_cancel')}`

/** Holds a person to 10,000 open jobs. Counting costs, so each process counts once in 500 jobs: exact to one block a process. */
export interface OpenJobs {
  take(sql: Sql, sender: string): Promise<void>
}

export function openJobs(): OpenJobs {
  const left = new Map<string, number>()
  return {
    async take(sql, sender) {
      let rest = left.get(sender) ?? 0
      if (rest <= 0) {
        const [open] = await sql.rows<{ n: number }>(
          `select count(*) as n from (select 1 from job where sender = $1 and status in (${openStates}) limit ${most}) as open`,
          [sender],
        )
        rest = Math.min(block, most - open!.n)
        if (rest <= 0) throw refuseJob('too_many_open_jobs')
        if (left.size > 100_000) left.clear()
      }
      left.set(sender, rest - 1)
    },
  }
}
