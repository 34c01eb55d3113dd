import type { EventKind } from '../events/kind.ts'

const id = '01a20226-00b5-7bc1-9461-989abfd9ed53'

export const paymentEvents: readonly EventKind[] = [
  {
    name: 'wallet.topped_up',
    when: 'Money came into your wallet.',
    example: { topup_id: id, amount_cents: 2000 },
    next: 'Nothing is due. Jobs that wait for money: `POST /api/jobs/:id/pay`, within 7 days of asking.',
    words: { text: '{amount_cents} came into your wallet.', page: '/wallet' },
  },
  {
    name: 'wallet.withdrawn',
    when: 'A withdrawal has ended: `paid`, or `refused` and back in your wallet.',
    example: { withdrawal_id: id, amount_cents: 5000, status: 'paid' },
    next: 'Refused: read `reason`, mend your account with `POST /api/stripe/connect`, then withdraw again.',
    words: {
      text: {
        by: 'status',
        cases: {
          paid: 'Your withdrawal of {amount_cents} was paid.',
          refused: 'Your withdrawal of {amount_cents} was refused and is back in your wallet[: {reason}].',
        },
        otherwise: 'Your withdrawal of {amount_cents} is {status}.',
      },
      page: '/wallet',
    },
  },
  {
    name: 'wallet.paid_out',
    when: 'What you earned by a contract or for credits is on your account (`paid`), in your wallet for want of one (`in_wallet`), or was refused and is tried again (`refused`).',
    example: { payout_id: id, ref: `milestone:${id}`, amount_cents: 42750, status: 'paid' },
    next: '`in_wallet`: take it out with `POST /api/wallet/withdraw`. `refused`: mend your account with `POST /api/stripe/connect`; it goes into your wallet when it stays refused.',
    words: {
      text: {
        by: 'status',
        cases: {
          paid: '{amount_cents} that you earned are on your account.',
          in_wallet: '{amount_cents} that you earned are in your wallet.',
          refused: 'A payout of {amount_cents} was refused and is tried again: see to your account for being paid.',
        },
        otherwise: 'A payout of {amount_cents} is {status}.',
      },
      page: '/wallet',
    },
  },
  {
    name: 'wallet.refunded',
    when: 'A refund to a card has ended: `paid`, or `refused` and back in your wallet.',
    example: { card_refund_id: id, amount_cents: 1250, status: 'paid' },
    next: 'Nothing is due.',
    words: {
      text: {
        by: 'status',
        cases: { refused: 'A refund of {amount_cents} to your card was refused and is back in your wallet.' },
        otherwise: '{amount_cents} went back to your card.',
      },
      page: '/wallet',
    },
  },
  {
    name: 'wallet.debt',
    when: 'A bank took a payment of yours back (`taken`), gave it back (`won`), or a debt was written off.',
    example: { dispute_id: id, amount_cents: 2000, debt_cents: 300, status: 'taken' },
    next: 'With `debt_cents` above 0: top up that much before you buy or withdraw anything.',
    words: {
      text: {
        by: 'status',
        cases: {
          taken: 'A bank took back a payment of {amount_cents}; you owe {debt_cents}.',
          won: 'A bank gave back a payment of {amount_cents}.',
        },
        otherwise: 'What you owe is {debt_cents} now.',
      },
      page: '/wallet',
    },
  },
  {
    name: 'wallet.card_saved',
    when: 'A card was saved.',
    example: { brand: 'visa', last4: '4242' },
    next: 'If it was not you: save another in its place with `POST /api/wallet/setup-payment-method`, and make your keys anew.',
    words: {
      text: 'A card was saved: {brand} ending in {last4}. If that was not you, make your keys anew.',
      page: '/wallet',
      urgent: true,
    },
  },
  {
    name: 'wallet.auto_topup_paused',
    when: 'Your card did not pay an automatic top-up; there will be no other before you say so.',
    example: { auto_topup_id: id, amount_cents: 2500, reason: 'card_declined' },
    next: 'Top up by hand, or save another card, before your wallet is empty.',
    words: {
      text: 'Your card did not pay an automatic top-up of {amount_cents}; there is none any more until you say so.',
      page: '/wallet',
    },
  },
  {
    name: 'connect.changed',
    when: 'Your account for being paid has another status.',
    example: { status: 'active' },
    next: '`active`: withdraw, and your contracts go on. Otherwise `POST /api/stripe/connect` within 7 days, if a contract waits for it.',
    words: { text: 'Your account for being paid is {status} now.', page: '/wallet' },
  },
  {
    name: 'credits.added',
    when: 'The credits of a plan came in.',
    example: { credits: 50, subscription_tier: 'starter' },
    next: 'Nothing is due.',
    words: { text: '{credits} credits of your plan came in.', page: '/wallet', quiet: true },
  },
  {
    name: 'credits.charged_back',
    when: 'A bank took the payment of a plan back, and its credits went with it.',
    example: { dispute_id: id, credits: 50, debt_cents: 0, status: 'taken' },
    next: 'With `debt_cents` above 0: top up that much before you buy or withdraw anything.',
    words: { text: 'A bank took the payment of a plan back, and {credits} credits went with it.', page: '/wallet' },
  },
  {
    name: 'plan.changed',
    when: 'You are on another plan.',
    example: { subscription_tier: 'pro' },
    next: 'Nothing is due.',
    words: { text: 'You are on the plan {subscription_tier} now.', page: '/wallet' },
  },
  {
    name: 'plan.payment_failed',
    when: 'Your plan could not be paid for; the provider tries again.',
    example: { invoice_id: 'in_1', attempt: 1 },
    next: 'Give the provider another card before it gives up, or the plan ends.',
    words: { text: 'Your plan could not be paid for: give the provider another card, or it ends.', page: '/wallet' },
  },
]
