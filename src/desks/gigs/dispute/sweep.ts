import type { Database, Sql } from '../../../base/db.ts'
import { milestoneLife } from '../contract/milestone.ts'
import { timers } from '../timers.ts'
import { batch, makeTurnsOf } from '../turns-of-clock.ts'
import { disputeEndsByBank } from './close.ts'
import { type DisputeRow, disputeLife, isDue } from './dispute.ts'
import { endDispute, lockForDecision } from './end.ts'
import { lockDispute } from './queries.ts'
import { rule } from './rules.ts'
import { tellDispute } from './tell-dispute.ts'
import { closeAnswer } from './turn.ts'

const awaited = `status in (${disputeLife.from('respond')})`
const isMissed = `${awaited} and not missed and response_deadline <= app_now()`
const isToRemind = `${awaited} and not missed and not reminded and response_deadline > app_now()
  and response_deadline <= app_now() + interval '${timers.responseReminder}'`

// One that waits for a bank is the bank's to decide.
const isToDecide = `due_at <= app_now() and not exists (select from milestone m where m.id = milestone_id and m.chargeback_id is not null)`

const after = (condition: string): string =>
  `select id from dispute where ${condition} and id > $1 order by id limit ${batch}`

const setMissed = `update dispute set missed = true, updated_at = app_now() where id = $1 and ${isMissed} returning id`
const setReminded = `update dispute set reminded = true where id = $1 and ${isToRemind} returning id`

/** The time to answer is over: both are told, and it counts for whoever has not. */
async function miss(sql: Sql, id: string): Promise<boolean> {
  const row = await lockDispute(sql, id)
  const [missed] = await sql.rows(setMissed, [id])
  if (!row || !missed) return false
  await closeAnswer(sql, row, false)
  await tellDispute(sql, id, 'not_answered')
  return true
}

async function remind(sql: Sql, id: string): Promise<boolean> {
  const [reminded] = await sql.rows(setReminded, [id])
  if (reminded) await tellDispute(sql, id, 'reminder')
  return reminded !== undefined
}

/** Nobody has decided it in time: what was recommended is done, else what the rules say. */
async function decide(sql: Sql, id: string): Promise<boolean> {
  const row = await lockForDecision(sql, id)
  if (!row || !isDue(row) || row.chargeback_id !== null) return false
  if (row.milestone_status !== milestoneLife.moves.dispute.to) {
    await disputeEndsByBank(sql, row.milestone_id)
    return true
  }
  return endDispute(sql, row, decisionOf(row))
}

const decisionOf = (row: DisputeRow): Parameters<typeof endDispute>[2] =>
  row.recommendation === null
    ? { by: 'rules', workerShare: rule(row).workerShare }
    : { by: 'recommendation', workerShare: row.recommendation.worker_share_percent }

const sweeps = [
  { find: after(isToRemind), move: remind },
  { find: after(isMissed), move: miss },
  { find: after(isToDecide), move: decide },
]

/** Makes the turns of the clock that are due on disputes. */
export const sweepDisputes = (db: Database): Promise<number> => makeTurnsOf('disputes', sweeps, db)
