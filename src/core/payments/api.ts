import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Limit } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'

export const paymentRefusals = {
  payments_unavailable: [
    'unavailable',
    'The payment provider did not answer; nothing was charged. Try again in a moment.',
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
})
