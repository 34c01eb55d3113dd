import type { Sql } from '../../../base/db.ts'
import { beginWork } from '../milestone/begin-work.ts'
import { type ContractStatus, contractLife } from './contract.ts'
import { milestoneLife } from './milestone.ts'
import { readContract } from './queries.ts'
import { amountOf, awaitsAccount, type ContractRow, firstMilestone, isAwaiting, isOver } from './show-contract.ts'
import { tellContract } from './tell-contract.ts'
import { openTurn, turnTaken } from './turns.ts'

type Move = 'activate' | 'account_ready' | 'account_lost' | 'funded_first'

/** The next move of the table that what is true now asks for. */
function nextMove(status: ContractStatus, isFunded: boolean, canBePaid: boolean): Move | null {
  const wished: readonly Move[] = isFunded
    ? canBePaid
      ? ['activate']
      : ['account_lost', 'funded_first']
    : canBePaid
      ? ['account_ready']
      : ['account_lost']
  return wished.find((move) => contractLife.moves[move].from.some((from) => from === status)) ?? null
}

/**
 * Whether the worker of a contract can be paid, as it stays until the transaction ends: an account that changes meanwhile waits, and
 * its contracts follow it afterwards. What is for nothing needs no account.
 */
export async function workerCanBePaid(sql: Sql, row: ContractRow): Promise<boolean> {
  if (amountOf(row) === 0) return true
  const [worker] = await sql.rows<{ ready: boolean }>(
    `select stripe_account_status = 'active' as ready from app_user where id = $1 for share`,
    [row.worker_id],
  )
  return worker!.ready
}

/**
 * Brings a contract that both have approved to where it stands now, by what is true of its first milestone and of the worker's
 * account: active as soon as it is funded and the worker can be paid. Past its deadline nothing changes. The caller has locked it;
 * answers it as it is then, and tells both sides if it moved.
 */
export async function settleStanding(sql: Sql, locked: ContractRow): Promise<ContractRow> {
  if (!isAwaiting(locked) || isOver(locked)) return locked
  const isFunded = firstMilestone(locked)?.status === milestoneLife.moves.fund.to
  const canBePaid = await workerCanBePaid(sql, locked)
  let status = locked.status
  for (let move = nextMove(status, isFunded, canBePaid); move; move = nextMove(status, isFunded, canBePaid))
    status = contractLife.moves[move].to as ContractStatus
  if (status !== locked.status)
    await sql.rows(
      `update contract set status = $3, due_at = case when $3 <> ${contractLife.to('activate')} then due_at end,
         activated_at = case when $3 = ${contractLife.to('activate')} then app_now() end, updated_at = app_now()
       where id = $1 and status = $2`,
      [locked.id, locked.status, status],
    )
  const row = (await readContract(sql, locked.id))!
  if (status === contractLife.moves.activate.to) await beginWork(sql, row, firstMilestone(row)!.id)
  await settleTurns(sql, row, isFunded, canBePaid)
  if (status !== locked.status) await tellContract(sql, 'updated', row.id)
  return row
}

/** Whose turn it is to bring the contract on, now that both have approved it. */
async function settleTurns(sql: Sql, row: ContractRow, isFunded: boolean, canBePaid: boolean): Promise<void> {
  if (isFunded) await turnTaken(sql, row, 'client', 'fund')
  if (canBePaid) await turnTaken(sql, row, 'worker', 'connect')
  if (awaitsAccount(row)) await openTurn(sql, row, 'worker', 'connect', row.due_at)
  // While both are awaited, the turn that was open before goes on.
  if (row.status === contractLife.moves.account_ready.to) await openTurn(sql, row, 'client', 'fund', row.due_at)
}
