import type Stripe from 'stripe'
import type { Database } from '../../../base/db.ts'
import { room } from '../../../base/endpoint.ts'
import { plansApi } from './api.ts'
import type { PlanPrices } from './plan.ts'
import { startPlan } from './start.ts'
import { stopPlan } from './stop.ts'

export interface PlanNeeds {
  readonly db: Database
  readonly stripe: Stripe
  readonly appUrl: string
  readonly prices: PlanPrices
}

export const plansRoom = (needs: PlanNeeds) =>
  room(plansApi, {
    checkout: (call, input) => startPlan(call, input, needs),
    stop: (call) => stopPlan(call, needs),
  })
