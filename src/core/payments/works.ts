import { failpoint } from '../../base/failpoint.ts'
import { startCharges } from './auto-charge.ts'
import { lookUpCardSetups } from './card.ts'
import { lookUpChargebacks, writeOffDebts } from './chargeback.ts'
import { bidFarewells } from './farewell.ts'
import { bookFees } from './fees.ts'
import { lookUpFundings, type SettleNeeds } from './funding/settle.ts'
import { settleLateMoney } from './late-money.ts'
import { payOutDue } from './payouts/pay-out.ts'
import { pursue, pursueDue } from './pursue.ts'

/** A piece of background work on money at the provider. */
export interface PaymentWork {
  readonly name: string
  readonly everyMs: number
  readonly once: () => Promise<boolean>
}

/** All background work on money at the provider, by the name it is woken with. */
export function paymentWorks(needs: SettleNeeds, mode: 'test' | 'live'): Record<string, PaymentWork> {
  const { db, stripe, log, desk } = needs
  const often = mode === 'test' ? 1_000 : 5_000
  return {
    intents: { name: 'open intents', everyMs: often, once: async () => (await pursueDue(needs)) >= 50 },
    autoTopUp: {
      name: 'auto top-up',
      everyMs: often,
      async once() {
        failpoint('auto_topup', 'before_intent')
        const started = await startCharges(db)
        if (started.length > 0) failpoint('auto_topup', 'after_intent')
        for (const id of started) await pursue(needs, id)
        return started.length > 0
      },
    },
    payouts: {
      name: 'released money that is due',
      everyMs: often,
      once: () => payOutDue(needs).then(() => false),
    },
    fundings: {
      name: 'payments for work',
      everyMs: often,
      once: () => lookUpFundings(needs),
    },
    fees: {
      name: 'fees of the provider',
      everyMs: often * 2,
      once: async () => (await bookFees(db, stripe, log)) >= 50,
    },
    cards: {
      name: 'cards being saved',
      everyMs: often * 4,
      once: () => lookUpCardSetups(db, stripe, log).then(() => false),
    },
    disputes: {
      name: 'open disputes',
      everyMs: 60_000,
      once: () => lookUpChargebacks(db, stripe, desk, log).then(() => false),
    },
    departed: {
      name: 'farewells at the payment provider',
      everyMs: often,
      once: () => bidFarewells(needs).then(() => false),
    },
    lateMoney: {
      name: 'money that comes for people who have left',
      everyMs: mode === 'test' ? 2_000 : 600_000,
      once: async () => (await settleLateMoney(db)) >= 50,
    },
    debts: {
      name: 'old debts',
      everyMs: mode === 'test' ? 60_000 : 3_600_000,
      once: () => writeOffDebts(db).then(() => false),
    },
  }
}
