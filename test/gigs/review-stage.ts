import { newId } from '../../src/base/ids.ts'
import type { ContractReview, OperatorReview } from '../../src/desks/gigs/review/review.ts'
import { ended } from '../profiles/contracts.ts'
import type { Answer, Fields, Person, TestMarket } from '../support/market.ts'

/** A completed contract as rows, that has released this much in one milestone; answers its id. */
export async function completed(
  market: Pick<TestMarket, 'db'>,
  client: Person,
  worker: Person,
  releasedCents = 0,
): Promise<string> {
  const id = await ended(market, client, worker)
  await market.db.rows(
    `insert into milestone (id, contract_id, position, title, amount_cents, fee_cents, fee_percent, released_cents, source, status, funded_at, ended_at, created_at, updated_at)
     values ($1, $2, 1, 't', $3, 0, 5, $3, case when $3::bigint > 0 then 'card' end, 'released', app_now(), app_now(), app_now(), app_now())`,
    [newId(), id, releasedCents],
  )
  return id
}

export const reviewIt = (
  person: Person,
  contractId: string,
  body: Fields = { rating: 5 },
): Promise<Answer<ContractReview>> => person.ask<ContractReview>('POST', `/api/contracts/${contractId}/reviews`, body)

export const decideOn = (
  operator: Person,
  verb: 'publish' | 'reject',
  { id }: Pick<ContractReview, 'id'>,
  note?: string,
): Promise<Answer<OperatorReview>> =>
  operator.ask<OperatorReview>('POST', `/api/operator/reviews/${id}/${verb}`, note === undefined ? {} : { note })
