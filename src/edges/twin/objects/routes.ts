import { checkoutSessionRoutes } from './checkout-session.ts'
import { customerRoutes } from './customer.ts'
import { eventRoutes } from './event.ts'
import { paymentRoutes } from './payment.ts'
import type { Route } from './route.ts'

/** Every endpoint the twin speaks. */
export const routes: readonly Route[] = [...customerRoutes, ...checkoutSessionRoutes, ...paymentRoutes, ...eventRoutes]
