import { reply, room } from '../../../base/endpoint.ts'
import { pageOf } from '../page-of.ts'
import { disputesApi } from './api.ts'
import { showDispute, showToOperator } from './dispute.ts'
import { readEvidence } from './evidence.ts'
import { open } from './open.ts'
import { readDispute, readDisputes, readOwnDispute, readUndecided } from './queries.ts'
import { type RecommendNeeds, recommend } from './recommend.ts'
import { resolve } from './resolve.ts'
import { respond } from './respond.ts'

export interface DisputesNeeds extends RecommendNeeds {
  /** What deciding a dispute costs; fixed for each when it is opened. */
  readonly arbitrationFeeCents: number
}

export const disputesRoom = (needs: DisputesNeeds) =>
  room(disputesApi, {
    create: open(needs.arbitrationFeeCents),
    disputes: ({ sql, actor: { userId } }, { status, contract_id: contractId, ...page }) =>
      pageOf(
        page,
        (asked) => readDisputes(sql, userId, { status, contractId }, asked),
        (rows) => rows.map((row) => showDispute(row, userId)),
      ),
    dispute: async ({ sql, actor: { userId } }, { id, evidence }) => {
      const row = await readOwnDispute(sql, id, userId)
      return reply(200, showDispute(row, userId, evidence === '1' ? await readEvidence(sql, row) : undefined))
    },
    respond,
    recommend: recommend(needs),
    undecided: async ({ sql }, { status, dispute_id: id, ...page }) => {
      if (id === undefined)
        return pageOf(
          page,
          (asked) => readUndecided(sql, status, asked),
          (rows) => rows.map((row) => showToOperator(row)),
        )
      const row = await readDispute(sql, id)
      return reply(200, row ? [showToOperator(row, await readEvidence(sql, row))] : [])
    },
    resolve,
  })
