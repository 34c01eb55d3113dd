import { accountRoutes } from './account.ts'
import { accountLinkRoutes } from './account-link.ts'
import { balanceRoutes } from './balance.ts'
import { chargeRoutes } from './charge.ts'
import { checkoutSessionRoutes } from './checkout-session.ts'
import { customerRoutes } from './customer.ts'
import { disputeRoutes } from './dispute.ts'
import { eventRoutes } from './event.ts'
import { invoiceRoutes } from './invoice.ts'
import { paymentIntentRoutes } from './payment-intent.ts'
import { paymentMethodRoutes } from './payment-method.ts'
import { priceRoutes } from './price.ts'
import { refundRoutes } from './refund.ts'
import type { Route } from './route.ts'
import { setupIntentRoutes } from './setup-intent.ts'
import { subscriptionRoutes } from './subscription.ts'
import { transferRoutes } from './transfer.ts'

/** Every endpoint the twin speaks. */
export const routes: readonly Route[] = [
  ...customerRoutes,
  ...checkoutSessionRoutes,
  ...setupIntentRoutes,
  ...paymentMethodRoutes,
  ...paymentIntentRoutes,
  ...chargeRoutes,
  ...priceRoutes,
  ...subscriptionRoutes,
  ...invoiceRoutes,
  ...refundRoutes,
  ...disputeRoutes,
  ...accountRoutes,
  ...accountLinkRoutes,
  ...transferRoutes,
  ...balanceRoutes,
  ...eventRoutes,
]
