import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { page, pageShape } from '../state/page.ts'
import { change, get, getLocked, insert } from '../state/store.ts'
import { email, mergeMetadata, metadata } from '../wire/params.ts'
import { flag } from './payment-intent.ts'
import { type Route, route } from './route.ts'

type Account = Stripe.Account

const requested = z.strictObject({ requested: flag() }).optional()

const createShape = {
  type: z.enum(['express']),
  country: z.enum(['US']).optional(),
  email: email().optional(),
  business_type: z.enum(['individual', 'company']).optional(),
  capabilities: z.strictObject({ transfers: requested, card_payments: requested }).optional(),
  metadata: metadata().optional(),
}

export const accountRoutes: readonly Route[] = [
  route('POST /v1/accounts', createShape, create),
  route('GET /v1/accounts', pageShape, (call, params) => page(call, 'account', '/v1/accounts', params)),
  route('GET /v1/accounts/:id', {}, (call, _params, id) => get(call, 'account', id)),
]

/** What Stripe wants to know of a person before it pays them. */
const wanted = ['external_account', 'individual.first_name', 'individual.last_name', 'tos_acceptance.date']

/** Opens an account that can receive nothing until its owner has been through onboarding. */
async function create(call: Call, params: z.output<z.ZodObject<typeof createShape>>): Promise<Account> {
  const account = await insert<'account'>(call, {
    id: stripeId('acct', 16),
    object: 'account',
    business_profile: null,
    business_type: params.business_type ?? 'individual',
    capabilities: { transfers: 'inactive' },
    charges_enabled: false,
    country: params.country ?? 'US',
    created: call.now,
    default_currency: 'usd',
    details_submitted: false,
    email: params.email ?? null,
    external_accounts: { object: 'list', data: [], has_more: false, url: '/v1/accounts/external_accounts' },
    future_requirements: requirements([], null),
    metadata: mergeMetadata({}, params.metadata),
    payouts_enabled: false,
    requirements: requirements(wanted, 'requirements.past_due'),
    settings: null,
    tos_acceptance: {},
    type: 'express',
  })
  await update(call, account)
  return account
}

/** The owner has told everything: the account can receive transfers and pay out. */
export async function finishOnboarding(call: Call, id: string): Promise<Account> {
  const account = await getLocked(call, 'account', id)
  if (account.details_submitted) return account
  return change(call, 'account', id, { details_submitted: true, ...open }).then((after) => update(call, after))
}

/** Stripe takes the account's rights away, as after a failed check of its owner, or gives them back. */
export async function restrictAccount(call: Call, id: string, restricted: boolean): Promise<Account> {
  const account = await getLocked(call, 'account', id)
  const set = restricted ? closed : account.details_submitted ? open : {}
  return change(call, 'account', id, set).then((after) => update(call, after))
}

/** Events about a connected account carry its id, and its webhook looks like every other. */
async function update(call: Call, account: Account): Promise<Account> {
  await emit(call, 'account.updated', account, { account: account.id })
  return account
}

function requirements(
  due: string[],
  disabled: Stripe.Account.Requirements.DisabledReason | null,
): Stripe.Account.Requirements & Stripe.Account.FutureRequirements {
  return {
    alternatives: [],
    current_deadline: null,
    currently_due: due,
    disabled_reason: disabled,
    errors: [],
    eventually_due: due,
    past_due: disabled === 'requirements.past_due' ? due : [],
    pending_verification: [],
  }
}

const open: Partial<Account> = {
  capabilities: { transfers: 'active' },
  charges_enabled: true,
  payouts_enabled: true,
  requirements: requirements([], null),
}

const closed: Partial<Account> = {
  capabilities: { transfers: 'inactive' },
  charges_enabled: false,
  payouts_enabled: false,
  requirements: requirements(['individual.verification.document'], 'requirements.past_due'),
}
