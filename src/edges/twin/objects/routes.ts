import { balanceRoutes } from './balance.ts'
import { chargeRoutes } from './charge.ts'
import { checkoutSessionRoutes } from './checkout-session.ts'
import { customerRoutes } from './customer.ts'
import { eventRoutes } from './event.ts'
import { paymentIntentRoutes } from './payment-intent.ts'
import { paymentMethodRoutes } from './payment-method.ts'
import type { Route } from './route.ts'
import { setupIntentRoutes } from './setup-intent.ts'

/** Every endpoint the twin speaks. */
export const routes: readonly Route[] = [
  ...customerRoutes,
  ...checkoutSessionRoutes,
  ...setupIntentRoutes,
  ...paymentMethodRoutes,
  ...paymentIntentRoutes,
  ...chargeRoutes,
  ...balanceRoutes,
  ...eventRoutes,
]
