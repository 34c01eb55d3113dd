import type { Sql } from '../../../base/db.ts'
import { stopFunding } from '../../../core/payments/funding/stop.ts'
import { contractLife } from '../contract/contract.ts'
import { lockContract } from '../contract/lock-contract.ts'
import { isFrozen, isMilestoneOver, type MilestoneRow, milestoneLife, refOf } from '../contract/milestone.ts'
import { readContract } from '../contract/queries.ts'
import type { ContractRow, Side } from '../contract/show-contract.ts'
import { timers } from '../timers.ts'
import { completeIfDone } from './complete.ts'
import { refundMilestone, releaseMilestone } from './settle.ts'
import { tellMilestone } from './tell-milestone.ts'
import { closeMilestoneTurn, otherSide, voidMilestoneTurns } from './turns.ts'

const dropping = (move: 'unapproved' | 'unfunded'): string =>
  `update milestone set status = ${milestoneLife.to(move)}, due_at = null, ended_at = app_now(), updated_at = app_now()
   where id = $1 and status in (${milestoneLife.from(move)})`

const droppings = { unapproved: dropping('unapproved'), unfunded: dropping('unfunded') }

/** Nobody has approved or funded it in time: it is cancelled, and whose turn it was has missed it. */
async function drop(sql: Sql, row: ContractRow, milestone: MilestoneRow, move: keyof typeof droppings): Promise<void> {
  await sql.rows(droppings[move], [milestone.id])
  await stopFunding(sql, refOf(milestone))
  const proposer: Side = milestone.proposed_by === row.client_id ? 'client' : 'worker'
  await closeMilestoneTurn(
    sql,
    row,
    milestone,
    move === 'unfunded' ? ['client', 'fund'] : [otherSide(proposer), 'approve'],
    false,
  )
  await voidMilestoneTurns(sql, milestone)
  await tellMilestone(sql, milestone.id, 'milestone_lapsed')
  await completeIfDone(sql, row.id)
}

const wasAsked = `select 1 from milestone where id = $1 and due_at >= cancel_asked_at + interval '${timers.cancelAsked}'`

type Lapse = (sql: Sql, row: ContractRow, milestone: MilestoneRow) => Promise<void>

/** What becomes of a milestone whose timer has run out, by the state it is in. */
const lapses: readonly (readonly [move: 'unapproved' | 'unfunded' | 'overdue' | 'accept_in_silence', Lapse])[] = [
  ['unapproved', (sql, row, milestone) => drop(sql, row, milestone, 'unapproved')],
  ['unfunded', (sql, row, milestone) => drop(sql, row, milestone, 'unfunded')],
  [
    'overdue',
    async (sql, row, milestone) => {
      const [asked] = await sql.rows(wasAsked, [milestone.id])
      await refundMilestone(sql, row, milestone, asked ? 'cancel_in_silence' : 'overdue')
    },
  ],
  ['accept_in_silence', (sql, row, milestone) => releaseMilestone(sql, row, milestone, 'accept_in_silence')],
]

/** A milestone of a contract that is not active yet ends with it, but for one that nobody has approved in time. */
function lapseOf({ status }: ContractRow, milestone: MilestoneRow): Lapse | undefined {
  const found = lapses.find(([move]) => milestoneLife.moves[move].from.some((from) => from === milestone.status))
  return found && (found[0] === 'unapproved' || status === contractLife.moves.activate.to) ? found[1] : undefined
}

/** Contracts some of whose milestones have run out of time, from `$1` on. */
export const dueMilestones = (batch: number): string =>
  `select contract_id as id from milestone where due_at <= app_now() and chargeback_id is null and contract_id > $1 group by 1 order by 1 limit ${batch}`

/** Makes the turns of the clock that are due on the milestones of a contract, under its locks; answers whether there were any. */
export async function lapseMilestones(sql: Sql, contractId: string): Promise<boolean> {
  const was = await lockContract(sql, contractId, { negotiation: false })
  let moved = false
  for (const { id } of was?.milestones ?? []) {
    // What the one before has brought about counts for the next.
    const row = (await readContract(sql, contractId))!
    const milestone = row.milestones.find((one) => one.id === id)!
    const lapse = lapseOf(row, milestone)
    if (!lapse || isFrozen(milestone) || !isMilestoneOver(milestone, was!.now)) continue
    await lapse(sql, row, milestone)
    moved = true
  }
  return moved
}

const passed = (reminder: string): string =>
  `due_at - interval '${timers.acceptance}' + interval '${reminder}' <= app_now()`
const reminders = `case when ${passed(timers.lastReminder)} then 2 when ${passed(timers.reminder)} then 1 else 0 end`
const toRemind = `status in (${milestoneLife.from('accept_in_silence')}) and chargeback_id is null and due_at > app_now() and reminded < 2 and reminded < ${reminders}`

/** Contracts whose client is to be reminded of delivered work, from `$1` on. */
export const dueReminders = (batch: number): string =>
  `select contract_id as id from milestone where ${toRemind} and contract_id > $1 group by 1 order by 1 limit ${batch}`

const remind = `update milestone set reminded = ${reminders} where contract_id = $1 and ${toRemind} returning id`

/** Reminds the client of delivered work that waits for them, each time once. */
export async function remindOfMilestones(sql: Sql, contractId: string): Promise<boolean> {
  await lockContract(sql, contractId, { negotiation: false })
  const reminded = await sql.rows<{ id: string }>(remind, [contractId])
  for (const { id } of reminded) await tellMilestone(sql, id, 'reminder')
  return reminded.length > 0
}
