import { z } from 'zod'
import { contract, endpoint } from '../../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../../base/refusals.ts'
import { paymentRefusals } from '../api.ts'
import { planCredits, tiers } from './plan.ts'

const { payments_unavailable } = paymentRefusals

export const planRefusals = {
  payments_unavailable,
  plan_running: ['wrong_state', 'You have this plan already; its next credits come with its next invoice.'],
  plan_not_found: ['not_found', 'You have no plan that could be stopped.'],
  plan_and_mandate: ['forbidden', 'A key with a spending limit cannot start a plan: it is charged every month.'],
} as const

export const refusePlan = refusing({ ...edgeRefusals, ...planRefusals })

const credits = tiers.map((tier) => `${tier} ${planCredits[tier]}`).join(', ')

export const plansApi = contract('plans', planRefusals, {
  checkout: endpoint({
    route: 'POST /api/stripe/checkout',
    summary: 'Start a monthly plan of credits; open the url to pay.',
    description: `Credits a month: ${credits}. They come with each paid invoice. A new plan replaces the one before as soon as it is paid; credits that were given stay.`,
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:spend',
    suspendable: true,
    input: z.strictObject({ tier: z.enum(tiers).describe('Which plan.') }),
    answers: { 200: z.strictObject({ url: z.string() }) },
    refusals: ['payments_unavailable', 'plan_running', 'plan_and_mandate'],
    example: { input: { tier: 'pro' }, output: { url: 'http://localhost:3000/twin/checkout/cs_test_…' } },
  }),
  stop: endpoint({
    route: 'DELETE /api/stripe/subscription',
    summary: 'Stop your plan at once; credits that were given stay, and none follow.',
    kind: 'outside',
    access: 'caller',
    scope: 'wallet:spend',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ ok: z.literal(true), subscription_tier: z.enum(['free', ...tiers]) }) },
    refusals: ['payments_unavailable', 'plan_not_found'],
    example: { output: { ok: true, subscription_tier: 'free' } },
  }),
})
