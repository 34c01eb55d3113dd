import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'

export const creditRefusals = {
  insufficient_credits: ['unpaid', 'You do not have that many credits; nothing was deducted.'],
  spend_limit_reached: [
    'unpaid',
    'This key may not spend that much today (a credit counts 50 cents); use another key or wait for tomorrow (UTC).',
  ],
  already_deducted: ['conflict', 'This was deducted before, for this reason and reference_id.'],
} as const

export const refuseCredits = refusing({ ...edgeRefusals, ...creditRefusals })

const Credits = z.strictObject({
  credits_balance: z.int().describe('Whole credits, gifts included.'),
  subscription_tier: z.enum(['free', 'starter', 'pro', 'team']),
})

export const creditsApi = contract('credits', creditRefusals, {
  balance: endpoint({
    route: 'GET /api/credits',
    summary: 'Your credits, and the plan you are on.',
    kind: 'read',
    access: 'caller',
    scope: 'wallet:read',
    input: z.strictObject({}),
    answers: { 200: Credits },
    refusals: [],
  }),
  deduct: endpoint({
    route: 'POST /api/credits',
    summary: 'Deduct credits of yours for a match or an introduction.',
    description:
      'Kept for older clients; the market itself never deducts this way. The balance never falls below zero, and a reference_id is deducted for once for each reason.',
    kind: 'transaction',
    access: 'caller',
    scope: 'wallet:spend',
    suspendable: true,
    input: z.strictObject({
      amount: z.int().min(1).max(100).describe('How many whole credits.'),
      reason: z.enum(['match_deduction', 'intro_deduction']).describe('What they are deducted for.'),
      reference_id: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .optional()
        .describe('The match or introduction, by your own name.'),
    }),
    answers: { 200: Credits },
    refusals: ['insufficient_credits', 'spend_limit_reached', 'already_deducted'],
    example: {
      input: { amount: 2, reason: 'match_deduction', reference_id: 'match-17' },
      output: { credits_balance: 8, subscription_tier: 'free' },
    },
  }),
})
