import type Stripe from 'stripe'
import type { FaultInput } from '../../src/edges/twin/control/fault-order.ts'
import type { Fault, FaultKind } from '../../src/edges/twin/state/faults.ts'

/** How often a fault strikes (once unless said) and whom: every pair must be so of the call, card, account or event. */
export interface Aim {
  readonly times?: number
  readonly match?: Readonly<Record<string, string>>
}

/** The twin's control door, for tests: what goes wrong, what happens, and what time it is. */
export interface Controls {
  /** Injects a fault: `fault('card_declined', { decline_code: 'insufficient_funds' }, { times: 2 })`. */
  fault<K extends FaultKind>(kind: K, params?: FaultInput<K>, aim?: Aim): Promise<Fault>
  /** The faults that have not struck as often as they should. */
  faults(): Promise<Fault[]>
  /** Ends all faults; webhooks held back for reordering leave. */
  clear(): Promise<void>
  /** Moves the twin's clock alone; the market's own test clock moves it too. */
  advance(seconds: number): Promise<void>
  /** The cardholder disputes a charge (all that is left of it, unless said). */
  dispute(
    of: { charge: string } | { payment_intent: string },
    more?: { amount?: number; reason?: string },
  ): Promise<Stripe.Dispute>
  /** The bank looks at the answer, or decides. */
  decide(dispute: string, status: 'under_review' | 'won' | 'lost'): Promise<Stripe.Dispute>
  /** A pending refund arrives; or a refund, pending or not, comes back. */
  refund(refund: string, status: 'succeeded' | 'failed'): Promise<Stripe.Refund>
  /** Takes an account's right to receive money away, or gives it back. */
  restrict(account: string, restricted?: boolean): Promise<Stripe.Account>
}

/** The control door of a twin at this address. */
export function controls(twinUrl: string): Controls {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(new URL(`/control/${path}`, twinUrl), {
      method,
      headers: { authorization: 'Bearer sk_test_controls', 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`the control door refused ${path}: ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    fault: (kind, params = {} as never, aim = {}) => ask('POST', 'faults', { kind, ...params, ...aim }),
    faults: () => ask('GET', 'faults'),
    async clear() {
      await ask('DELETE', 'faults')
    },
    async advance(seconds) {
      await ask('POST', 'clock', { advance_seconds: seconds })
    },
    dispute: (of, more = {}) => ask('POST', 'disputes', { ...of, ...more }),
    decide: (dispute, status) => ask('POST', `disputes/${dispute}`, { status }),
    refund: (refund, status) => ask('POST', `refunds/${refund}`, { status }),
    restrict: (account, restricted = true) => ask('POST', `accounts/${account}`, { restricted }),
  }
}
