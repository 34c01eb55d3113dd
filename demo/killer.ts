import { setTimeout as sleep } from 'node:timers/promises'
import { countJobs, ended } from './follow.ts'
import type { RunningMarket } from './market.ts'
import type { Told } from './told.ts'

/** Where in the story whom to kill: by the share of the jobs that have come to their end. */
const plan = [
  { at: 0, roles: ['api'] },
  { at: 0.08, roles: ['worker'] },
  { at: 0.25, roles: ['api', 'worker'] },
  { at: 0.45, roles: ['api'] },
  { at: 0.65, roles: ['worker', 'api'] },
] as const

/** Ends the API and the worker by kill -9 in the middle of the work, again and again; whoever asks them meanwhile asks again. */
export async function killNowAndThen(
  market: RunningMarket,
  jobs: number,
  told: Told,
  over: AbortSignal,
): Promise<void> {
  for (const { at, roles } of plan) {
    while ((await reached(market)) < Math.max(1, at * jobs)) {
      if (over.aborted) return
      await sleep(25)
    }
    for (const role of roles) {
      // It may be on its way back from the last time.
      while (market.kill(role) === 0) {
        if (over.aborted) return
        await sleep(25)
      }
      told.kills[role]++
      told.note(`kill -9: the ${role}`)
    }
    await sleep(400)
  }
}

/** How many jobs have come to their end, and the first that is posted counts as one. */
async function reached({ db }: RunningMarket): Promise<number> {
  const counts = await countJobs(db)
  return Object.keys(counts).length > 0 ? Math.max(1, ended(counts)) : 0
}
