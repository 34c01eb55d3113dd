import type { Call } from '../state/call.ts'
import { takeFault } from '../state/faults.ts'

/** Why a card was declined, in Stripe's words. */
export interface Decline {
  readonly code: string
  readonly decline_code: string
  readonly message: string
}

/** These are codes of their own; every other reason of a bank is `card_declined` with the reason beside it. */
const messages: Readonly<Record<string, readonly [code: string, message: string]>> = {
  expired_card: ['expired_card', 'Your card has expired.'],
  incorrect_cvc: ['incorrect_cvc', "Your card's security code is incorrect."],
  processing_error: ['processing_error', 'An error occurred while processing your card. Try again in a little bit.'],
  authentication_required: [
    'authentication_required',
    'Your card was declined. This transaction requires authentication.',
  ],
  insufficient_funds: ['card_declined', 'Your card has insufficient funds.'],
}

/** Whether an injected fault declines the next charge of this card. */
export async function declineOf(
  call: Call,
  about: { readonly customer: string | null; readonly payment_method?: string },
): Promise<Decline | undefined> {
  const fault = await takeFault(call.tx, 'card_declined', about)
  if (!fault) return undefined
  const decline_code = fault.params.decline_code ?? 'generic_decline'
  const [code, message] = messages[decline_code] ?? ['card_declined', 'Your card was declined.']
  return { code, decline_code, message }
}
