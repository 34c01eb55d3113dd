import { accountRoutes } from './account.ts'
import { accountLinkRoutes } from './account-link.ts'
import { balanceRoutes } from './balance.ts'
import { chargeRoutes } from './charge.ts'
import { checkoutSessionRoutes } from './checkout-session.ts'
import { customerRoutes } from './customer.ts'
import { disputeRoutes } from './dispute.ts'
import { eventRoutes } from './event.ts'
import { paymentIntentRoutes } from './payment-intent.ts'
import { paymentMethodRoutes } from './payment-method.ts'
import { refundRoutes } from './refund.ts'
import type { Route } from './route.ts'
import { setupIntentRoutes } from './setup-intent.ts'
import { transferRoutes } from './transfer.ts'

/** Every endpoint the twin speaks. */
export const routes: readonly Route[] = [
  ...customerRoutes,
  ...checkoutSessionRoutes,
  ...setupIntentRoutes,
  ...paymentMethodRoutes,
  ...paymentIntentRoutes,
  ...chargeRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...accountRoutes,
  ...accountLinkRoutes,
  ...transferRoutes,
  ...balanceRoutes,
  ...eventRoutes,
]
