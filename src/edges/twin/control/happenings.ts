import { z } from 'zod'
import { restrictAccount } from '../objects/account.ts'
import { decideDispute, openDispute, reviewDispute } from '../objects/dispute.ts'
import { failRefund, succeedRefund } from '../objects/refund.ts'
import { get } from '../state/store.ts'
import { badState } from '../wire/api-error.ts'
import { type Happening, happening } from './happening.ts'

const id = z.string().min(1).max(255)

const disputeShape = z.strictObject({
  charge: id.optional(),
  payment_intent: id.optional(),
  amount: z.int().min(1).optional(),
  reason: z.string().min(1).max(100).default('fraudulent'),
})

/** All that can be made to happen. */
export const happenings: readonly Happening[] = [
  happening('/control/disputes', disputeShape, async (call, { payment_intent, charge, ...order }) => {
    const of = charge ?? (payment_intent && (await get(call, 'payment_intent', payment_intent)).latest_charge)
    if (typeof of !== 'string') throw badState('Say which charge is disputed: charge or payment_intent.')
    return openDispute(call, { ...order, charge: of })
  }),
  happening(
    '/control/disputes/:id',
    z.strictObject({ status: z.enum(['under_review', 'won', 'lost']) }),
    (call, { status }, which) =>
      status === 'under_review' ? reviewDispute(call, which) : decideDispute(call, which, status),
  ),
  happening(
    '/control/refunds/:id',
    z.strictObject({ status: z.enum(['succeeded', 'failed']) }),
    (call, { status }, which) => (status === 'failed' ? failRefund(call, which) : succeedRefund(call, which)),
  ),
  happening('/control/accounts/:id', z.strictObject({ restricted: z.boolean() }), (call, { restricted }, which) =>
    restrictAccount(call, which, restricted),
  ),
]
