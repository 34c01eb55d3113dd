import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { type Counts, countJobs, ended, sumOf } from './follow.ts'
import type { RunningMarket } from './market.ts'
import { killsIn, type Told, type Victim, victims } from './told.ts'

/** What the market must be back in, whatever was killed. */
const patienceMs = 30_000
/** How long work is waited for, which may itself have to wait for the next kill. */
const lullMs = 5_000

export interface Killing {
  readonly market: RunningMarket
  /** How often in all. */
  readonly kills: number
  readonly chance: Chance
  readonly told: Told
  /** The story is over, for good or ill. */
  readonly over: AbortSignal
}

/**
 * Ends API, worker and PostgreSQL by kill -9, in turns and in another order each turn: each time when everything runs again and
 * work has moved on since the last. Whoever asks them meanwhile asks again.
 */
export async function killAgainAndAgain({ market, kills, chance, told, over }: Killing): Promise<void> {
  let moved = await movesOf(market)
  for (let done = 0; done < kills && !over.aborted; done++) {
    const victim = victimOf(done, chance)
    await untilRunning(market, over)
    await untilWorking(market, moved, over)
    await sleep(400 * chance.of('a moment more', done))
    const inWork = inHands(await countJobs(market.db))
    moved = await movesOf(market)
    const killedAt = Date.now()
    if (over.aborted) return
    if ((await market.kill(victim)).length === 0) throw new Error(`There was no ${victim} to kill.`)
    told.kills[victim]++
    if (inWork > 0) told.killsInWork++
    await untilRunning(market, over)
    const awayMs = Date.now() - killedAt
    told.longestAwayMs = Math.max(told.longestAwayMs, awayMs)
    const number = `${killsIn(told)} of ${kills}`
    told.note(`kill -9 (${number}): ${victim}, ${inWork} jobs in work; back after ${(awayMs / 1000).toFixed(1)} s`)
  }
}

/** Each once a turn. */
function victimOf(n: number, chance: Chance): Victim {
  const turn = Math.floor(n / victims.length)
  const order = [...victims].sort((a, b) => chance.of('victim', turn, a) - chance.of('victim', turn, b))
  return order[n % victims.length]!
}

const inHands = (counts: Counts): number => sumOf(counts, 'held', 'accepted', 'submitted')

/** Until something has happened since, and somebody has a job in hands; but both may have to wait for the next kill. */
async function untilWorking(market: RunningMarket, moved: string, over: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + lullMs
  while (!over.aborted && Date.now() < giveUpAt) {
    if ((await movesOf(market)) !== moved && inHands(await countJobs(market.db)) > 0) return
    await sleep(25)
  }
}

/** Changes whenever a job does. */
async function movesOf({ db }: RunningMarket): Promise<string> {
  const [row] = await db.rows<{ last: number }>('select coalesce(max(position), 0) as last from event')
  const counts = await countJobs(db)
  return `${row!.last} ${ended(counts)}`
}

async function untilRunning(market: RunningMarket, over: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  while (!over.aborted && !(await market.isRunning())) {
    if (Date.now() > giveUpAt) throw new Error(`The market did not come back within ${patienceMs / 1000} s.`)
    await sleep(20)
  }
}

/**
 * Lets a sender post their jobs no faster than the killing goes on, so that it meets work from beginning to end: nobody's last
 * job comes before all but one are done, and one sender's not before all are.
 */
export async function keepPace(share: number, isLastOfAll: boolean, kills: number, told: Told, over: AbortSignal) {
  const due = isLastOfAll ? kills : Math.min(kills - 1, Math.floor(share * kills))
  while (killsIn(told) < due) {
    if (over.aborted) throw new Error('The story ended before every job was posted.')
    await sleep(20)
  }
}
