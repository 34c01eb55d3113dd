import type Stripe from 'stripe'
import { reply, room } from '../../base/endpoint.ts'
import { readWallet } from '../ledger/queries.ts'
import { paymentsApi } from './api.ts'
import { topUp } from './top-up.ts'

export interface PaymentsNeeds {
  readonly stripe: Stripe
  readonly appUrl: string
  readonly withdrawHoldDays: number
}

export const paymentsRoom = ({ stripe, appUrl, withdrawHoldDays }: PaymentsNeeds) =>
  room(paymentsApi, {
    balance: async ({ sql, actor }, { limit }) =>
      reply(200, await readWallet(sql, actor.userId, withdrawHoldDays, limit)),
    topup: (call, input) => topUp(call, input, stripe, appUrl),
  })
