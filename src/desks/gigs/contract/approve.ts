import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Sql } from '../../../base/db.ts'
import { reply, type VerbOf } from '../../../base/endpoint.ts'
import type { Log } from '../../../base/log.ts'
import { settleNegotiation } from '../negotiation/settle.ts'
import { timers } from '../timers.ts'
import { type contractsApi, refuseContract } from './api.ts'
import { contractLife } from './contract.ts'
import { lockOwnContract } from './lock-contract.ts'
import { readContract } from './queries.ts'
import { awaitsAccount, type ContractRow, isOver, type Side, showContract, sideOf } from './show-contract.ts'
import { settleStanding, workerCanBePaid } from './standing.ts'
import { tellContract } from './tell-contract.ts'
import { openTurn, turnTaken } from './turns.ts'

/** Leads to the payment provider's form; made outside any transaction. */
export type ConnectLink = (userId: string) => Promise<string>

const approval = (side: Side): string =>
  `update contract set ${side}_approved_at = app_now(), updated_at = app_now()
   where id = $1 and status in (${contractLife.from('approve')}) and ${side}_approved_at is null returning id`
const approvals = { client: approval('client'), worker: approval('worker') } as const

const second = `update contract set status = $2, due_at = app_now() + interval '${timers.activation}', updated_at = app_now()
  where id = $1 and status in (${contractLife.from('await_account')})`

/**
 * One side says yes to the contract. With the second yes the negotiation is settled, and seven days begin in which the first
 * milestone is to be funded and, where money is involved, the worker's account to become active.
 */
export const approve =
  (needs: {
    readonly db: Database
    readonly log: Log
    readonly connectLink: ConnectLink
  }): VerbOf<(typeof contractsApi)['endpoints']['approve']> =>
  async ({ actor }, { id }) => {
    const row = await needs.db.transaction((sql) => sayYes(sql, id, actor.userId))
    return reply(200, showContract(row, actor.userId, await linkFor(needs, row, actor.userId)))
  }

async function sayYes(sql: Sql, id: string, viewer: string): Promise<ContractRow> {
  const was = await lockOwnContract(sql, id, viewer, { negotiation: true })
  const side = sideOf(was, viewer)
  const other = side === 'client' ? 'worker' : 'client'
  if (isOver(was)) throw refuseContract('contract_expired', { contract_id: id })
  const [said] = await sql.rows(approvals[side], [id])
  if (!said) {
    const isAgain = contractLife.moves.approve_again.from.some((status) => status === was.status)
    if (isAgain) return was
    throw refuseContract('contract_wrong_state', { contract_id: id, can: showContract(was, viewer).can })
  }
  await turnTaken(sql, was, side, 'approve')
  if (was[`${other}_approved_at`] === null) {
    await openTurn(sql, was, other, 'approve', was.due_at)
    await tellContract(sql, 'updated', id)
    return (await readContract(sql, id))!
  }
  const move = (await workerCanBePaid(sql, was)) ? 'await_funding' : 'await_account'
  await sql.rows(second, [id, contractLife.moves[move].to])
  await settleNegotiation(sql, was.negotiation_id)
  await tellContract(sql, 'updated', id)
  return settleStanding(sql, (await readContract(sql, id))!)
}

/** How long an answer waits for the link: there is an endpoint for nothing else. */
const linkMostMs = 3_000

/** The form for the worker's account while it is awaited. The provider being away takes nothing from what has been done. */
export async function linkFor(
  { log, connectLink }: { readonly log: Log; readonly connectLink: ConnectLink },
  row: ContractRow,
  viewer: string,
): Promise<string | null> {
  if (viewer !== row.worker_id || !awaitsAccount(row)) return null
  try {
    return await Promise.race([connectLink(viewer), sleep(linkMostMs, null, { ref: false })])
  } catch (error) {
    log.warn({ err: error, contract: row.id }, 'there is no link to the form of the payment provider just now')
    return null
  }
}
