import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Limit } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'

export const paymentRefusals = {
  payments_unavailable: [
    'unavailable',
    'The payment provider did not answer; nothing was charged. Try again in a moment.',
  ],
  provider_refused: ['wrong_state', 'The payment provider refused; nothing has moved.'],
  connect_required: [
    'wrong_state',
    'Money is paid out to an account of yours: connect one with POST /api/stripe/connect and finish its form.',
  ],
  not_withdrawable: ['unpaid', 'Only money that was earned may be taken out, and there is less of it than that.'],
  withdrawal_too_small: ['invalid', 'Take out at least $5.00, or all that may be taken out.'],
  withdrawals_frozen: [
    'unavailable',
    'Withdrawals are stopped until an operator has looked at the ledger; nothing is lost.',
  ],
  debt_first: ['wrong_state', 'There is a debt after a chargeback: what you earn repays it first.'],
  nothing_to_refund: ['wrong_state', 'No unspent top-up can go back to a card.'],
  more_than_refundable: ['unpaid', 'That is more than what is unspent of your top-ups; see refundable_cents.'],
  card_required: ['wrong_state', 'Save a card first, with POST /api/wallet/setup-payment-method.'],
  auto_topup_incomplete: [
    'invalid',
    'Say amount_cents and threshold_cents: how much to charge, and below which balance.',
  ],
} as const

export const refusePayment = refusing({ ...edgeRefusals, ...paymentRefusals })

const Wallet = z.strictObject({
  balance_cents: z.int().describe('What you may spend.'),
  withdrawable_cents: z.int().describe('Earned money you may take out.'),
  pending_cents: z.int(),
  debt_cents: z.int(),
  ledger: z
    .array(z.strictObject({ id: z.uuid(), delta: z.int(), reason: z.string(), created_at: z.string() }))
    .describe('Newest first.'),
})

const Card = z.strictObject({ brand: z.string(), last4: z.string(), exp_month: z.int(), exp_year: z.int() })

const AutoTopUp = z.strictObject({
  enabled: z.boolean(),
  amount_cents: z.int().nullable(),
  threshold_cents: z.int().nullable(),
  max_per_day_cents: z.int().nullable(),
  charged_today_cents: z.int().describe('What it has charged today (UTC), charges under way included.'),
  paused_at: z.string().nullable().describe('When a charge failed; setting it again ends the pause.'),
  paused_reason: z.string().nullable(),
  card: Card.nullable().describe('The saved card.'),
})

export const paymentsApi = contract('wallet', paymentRefusals, {
  balance: endpoint({
    route: 'GET /api/wallet/balance',
    summary: 'Your wallet: what you may spend, what you may take out, and its newest movements.',
    kind: 'read',
    access: 'caller',
    scope: 'wallet:read',
    input: z.strictObject({ limit: Limit }),
    answers: { 200: Wallet },
    refusals: [],
  }),
  topup: endpoint({
    route: 'POST /api/wallet/topup',
    summary: 'Start a top-up by card; open the url to pay.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:spend',
    input: z.strictObject({
      amount_cents: z
        .int()
        .min(500, 'must be at least 500 ($5.00)')
        .max(1_000_000, 'must be at most 1,000,000 ($10,000)')
        .describe('What to add to your wallet.'),
    }),
    answers: { 200: z.strictObject({ url: z.string() }) },
    refusals: ['payments_unavailable'],
    example: { input: { amount_cents: 2000 }, output: { url: 'http://localhost:3000/twin/checkout/cs_test_…' } },
  }),
  withdraw: endpoint({
    route: 'POST /api/wallet/withdraw',
    summary: 'Take earned money out, to the account you have connected.',
    description:
      'Only what was earned: top-ups go back to their cards by POST /api/wallet/refund. `pending` means that the provider has not answered yet; it is asked until it does.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:manage',
    input: z.strictObject({
      amount_cents: z
        .int()
        .min(1, 'must be at least 1')
        .max(100_000_000, 'must be at most 100,000,000')
        .describe('How much: at least 500, or all of withdrawable_cents.'),
    }),
    answers: {
      200: z.strictObject({ withdrawal_id: z.uuid(), status: z.enum(['paid', 'pending']), amount_cents: z.int() }),
    },
    refusals: [
      'connect_required',
      'not_withdrawable',
      'withdrawal_too_small',
      'withdrawals_frozen',
      'debt_first',
      'provider_refused',
    ],
    example: {
      input: { amount_cents: 500 },
      output: { withdrawal_id: '01a20226-00b5-7bc1-9461-989abfd9ed53', status: 'paid', amount_cents: 500 },
    },
  }),
  refund: endpoint({
    route: 'POST /api/wallet/refund',
    summary: 'Send unspent top-ups back to the cards they came from, the newest first.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:spend',
    input: z.strictObject({
      amount_cents: z
        .int()
        .min(1, 'must be at least 1')
        .max(100_000_000, 'must be at most 100,000,000')
        .optional()
        .describe('How much; all that is unspent without it.'),
    }),
    answers: {
      200: z.strictObject({
        refund_id: z.uuid(),
        status: z.enum(['refunded', 'pending', 'partly_refused']),
        amount_cents: z.int().describe('What has gone back or is on its way.'),
        parts: z.array(
          z.strictObject({
            id: z.uuid(),
            amount_cents: z.int(),
            status: z.enum(['refunded', 'pending', 'refused']),
            reason: z.string().nullable(),
          }),
        ),
      }),
    },
    refusals: ['nothing_to_refund', 'more_than_refundable', 'provider_refused'],
  }),
  setup_payment_method: endpoint({
    route: 'POST /api/wallet/setup-payment-method',
    summary: 'Start saving a card: hand the client_secret to the provider’s form, where the card is typed in.',
    description:
      'With Stripe the secret is for Stripe.js (`confirmCardSetup`). In test mode, where the twin stands in for Stripe, `url` is a page with that form; a POST to it saves a test card.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:manage',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ client_secret: z.string(), url: z.string().optional() }) },
    secrets: ['client_secret'],
    refusals: ['payments_unavailable'],
  }),
  auto_topup: endpoint({
    route: 'GET /api/wallet/auto-topup',
    summary: 'Your saved card, how the wallet fills itself up from it, and whether a failed charge has paused that.',
    kind: 'read',
    access: 'caller',
    scope: 'wallet:read',
    input: z.strictObject({}),
    answers: { 200: AutoTopUp },
    refusals: [],
  }),
  set_auto_topup: endpoint({
    route: 'POST /api/wallet/auto-topup',
    summary: 'Let the wallet fill itself up from the saved card when it runs low.',
    description:
      'Whenever the balance is below `threshold_cents`, the card is charged `amount_cents`: one charge at a time, and no more a day (UTC) than `max_per_day_cents`. A charge that fails pauses it, with an event; setting it again goes on.',
    kind: 'transaction',
    access: 'caller',
    scope: 'wallet:manage',
    input: z.strictObject({
      enabled: z.boolean().describe('On or off.'),
      amount_cents: z
        .int()
        .min(500, 'must be at least 500 ($5.00)')
        .max(1_000_000, 'must be at most 1,000,000 ($10,000)')
        .optional()
        .describe('How much to charge each time; as before without it.'),
      threshold_cents: z
        .int()
        .min(0, 'must be at least 0')
        .max(1_000_000, 'must be at most 1,000,000 ($10,000)')
        .optional()
        .describe('Below which balance to charge, at most amount_cents; as before without it.'),
      max_per_day_cents: z
        .int()
        .min(500, 'must be at least 500 ($5.00)')
        .max(10_000_000, 'must be at most 10,000,000 ($100,000)')
        .optional()
        .describe('The most to charge on one day; 5,000 unless it was set before.'),
    }),
    answers: { 200: AutoTopUp },
    refusals: ['auto_topup_incomplete', 'card_required', 'invalid_input'],
    example: { input: { enabled: true, amount_cents: 2000, threshold_cents: 500 } },
  }),
  connect: endpoint({
    route: 'POST /api/stripe/connect',
    summary: 'Connect an account that your earnings are paid out to; open the url to fill in its form.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:manage',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ url: z.string() }) },
    refusals: ['payments_unavailable', 'provider_refused'],
  }),
  connect_status: endpoint({
    route: 'GET /api/stripe/connect/status',
    summary: 'Whether earnings can be paid out to an account of yours.',
    kind: 'read',
    access: 'caller',
    scope: 'wallet:read',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ status: z.enum(['not_connected', 'pending', 'active']) }) },
    refusals: [],
  }),
})
