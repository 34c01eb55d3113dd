import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { paymentRefusals } from '../api.ts'

/** What beginning a payment for a piece of work may answer: the desk whose verb does it declares these among its own. */
export const fundingRefusals = {
  payments_unavailable: paymentRefusals.payments_unavailable,
  provider_refused: paymentRefusals.provider_refused,
  spend_limit_reached: [
    'unpaid',
    'This key may not spend that much today; use another key or wait for tomorrow (UTC).',
  ],
  funding_stopped: [
    'wrong_state',
    'This payment has been stopped: the work was funded, cancelled or changed meanwhile. Look at it again.',
  ],
} as const

export const refuseFunding = refusing({ ...edgeRefusals, ...fundingRefusals })
