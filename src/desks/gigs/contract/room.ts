import { reply, room } from '../../../base/endpoint.ts'
import { decodeCursor, encodeCursor } from '../../../base/page.ts'
import { contractsApi, refuseContract } from './api.ts'
import { approve, type ConnectLink, linkFor } from './approve.ts'
import { cancel } from './cancel.ts'
import { connectLinkVerb } from './connect-link.ts'
import { type FundNeeds, fund } from './fund.ts'
import { readContracts, readOwnContract } from './queries.ts'
import { revise } from './revise.ts'
import { showContract } from './show-contract.ts'

export interface ContractsNeeds extends FundNeeds {
  readonly connectLink: ConnectLink
}

export const contractsRoom = (needs: ContractsNeeds) =>
  room(contractsApi, {
    contracts: async ({ sql, actor }, { status, limit, cursor }) => {
      const after = cursor === undefined ? null : decodeCursor(cursor)
      if (cursor !== undefined && !after)
        throw refuseContract('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
      const rows = await readContracts(sql, actor.userId, status, { limit, after })
      const last = rows.at(-1)
      const shown = rows.map((row) => showContract(row, actor.userId))
      return last && rows.length === limit
        ? reply(200, shown, { 'x-next-cursor': encodeCursor(last.created_at, last.id) })
        : reply(200, shown)
    },
    contract: async ({ sql, actor }, { id }) => {
      const row = await readOwnContract(sql, id, actor.userId)
      if (!row) throw refuseContract('contract_not_found')
      return reply(200, showContract(row, actor.userId, await linkFor(needs, row, actor.userId)))
    },
    approve: approve(needs),
    connect_link: connectLinkVerb(needs.connectLink),
    revise,
    cancel,
    fund: fund(needs),
  })
