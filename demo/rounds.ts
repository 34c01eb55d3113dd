import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '../src/base/db.ts'
import { type Asker, openAsker } from './ask.ts'
import { countJobs, ended, sumOf } from './follow.ts'
import { expect } from './people.ts'
import { type Owner, type Shift, tryTooLate, workShift } from './worker.ts'

/** More than any story here needs; a demo that gets there has found something stuck. */
const mostRounds = 60

export interface Rounds {
  readonly url: string
  readonly db: Sql
  readonly owners: readonly Owner[]
  readonly shift: Omit<Shift, 'mayComeMore'>
  /** All senders' posting. */
  readonly posting: Promise<unknown>
}

/**
 * Lets owners work in rounds until every job has come to its end. Between rounds the market's clock is moved to the next timer,
 * so that lapsed holds, missed deadlines and unpaid jobs need no waiting. Answers what is stuck, which should be nothing.
 */
export async function workInRounds({ url, db, owners, shift, posting }: Rounds): Promise<string[]> {
  const clock = openAsker(url, {}, { retries: 0, replays: 0 })
  let isPosting = true
  const posted = (): void => {
    isPosting = false
  }
  void posting.then(posted, posted)
  const tryAllTooLate = (now: number): Promise<unknown> =>
    Promise.all(owners.map((owner) => tryTooLate(owner, now, shift.told)))
  let quietRounds = 0
  for (let round = 0; round < mostRounds; round++) {
    const verification = watchVerification(db)
    const mayComeMore = (): boolean => isPosting || verification.isMoving()
    const holds = await Promise.all(owners.map((owner) => workShift(owner, { ...shift, mayComeMore })))
    verification.stop()
    await posting
    const overdue = await untilNoneOverdue(db)
    if (overdue.length > 0) return overdue
    const counts = await countJobs(db)
    if (ended(counts) === Object.values(counts).reduce((sum, n) => sum + n, 0)) {
      // Every hold and every deadline is over now.
      await tryAllTooLate(Number.POSITIVE_INFINITY)
      return []
    }
    quietRounds = holds.some((n) => n > 0) ? 0 : quietRounds + 1
    const now = await advance(clock, await secondsToNextTimer(db, quietRounds))
    await tryAllTooLate(now)
  }
  return (await openJobs(db)).map((job) => `after ${mostRounds} rounds still open: ${job}`)
}

/** How long a standing queue of submissions is waited for: one that a killed worker had claimed moves when its lease has run out. */
const patienceMs = 1_500

/** Looks now and then whether submitted work is being verified; each verdict may bring a job back into the queue. */
function watchVerification(db: Sql): { isMoving(): boolean; stop(): void } {
  let submitted = 0
  let changedAt = Date.now()
  const look = async (): Promise<void> => {
    const now = sumOf(await countJobs(db), 'submitted')
    if (now !== submitted) changedAt = Date.now()
    submitted = now
  }
  const timer = setInterval(() => void look().catch(() => {}), 200)
  return { isMoving: () => submitted > 0 && Date.now() - changedAt < patienceMs, stop: () => clearInterval(timer) }
}

/**
 * How far the clock must move for something to happen: to the next timer of what is in somebody's hands; if nothing is, a day,
 * after which jobs are offered again to those who had them; and when even that brought nothing, to whatever timer is next.
 */
async function secondsToNextTimer(db: Sql, quietRounds: number): Promise<number> {
  const [next] = await db.rows<{ inHand: number | null; any: number | null }>(
    `select ceil(extract(epoch from min(due_at) filter (where status in ('held', 'accepted', 'submitted')) - app_now()))::integer as "inHand",
            ceil(extract(epoch from min(due_at) - app_now()))::integer as any from job where ended_at is null`,
  )
  if (next!.inHand !== null) return Math.max(1, next!.inHand + 1)
  if (quietRounds === 0) return 1
  return quietRounds <= 2 ? 86_400 : Math.max(1, (next!.any ?? 0) + 1)
}

/** Moves the market's clock; answers what time it is there now. */
async function advance(clock: Asker, seconds: number): Promise<number> {
  const moved = await clock.post<{ now: string }>('/api/test/clock', { advance_seconds: seconds })
  expect(moved, 200)
  return Date.parse(moved.body.now)
}

const describe = `id || ' ' || status || ', due ' || round(extract(epoch from app_now() - due_at)) || ' s ago' as line`

const openJobs = async (db: Sql): Promise<string[]> =>
  (await db.rows<{ line: string }>(`select ${describe} from job where ended_at is null limit 20`)).map(
    ({ line }) => line,
  )

/** Jobs past their timer must be moved on by the market itself within seconds; answers those that are not. */
export async function untilNoneOverdue(db: Sql): Promise<string[]> {
  let overdue: string[] = []
  for (let waited = 0; waited < 30_000; waited += 100) {
    const rows = await db.rows<{ line: string }>(
      `select ${describe} from job where ended_at is null and due_at <= app_now() limit 20`,
    )
    overdue = rows.map(({ line }) => `past its timer: ${line}`)
    if (overdue.length === 0) return []
    await sleep(100)
  }
  return overdue
}
