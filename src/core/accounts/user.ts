import { z } from 'zod'

/** A person (or the person behind an agent), as they see themselves. */
export const User = z
  .strictObject({
    id: z.uuid(),
    balance_cents: z.int(),
    name: z.string(),
    email: z.string(),
    avatar_url: z.string().nullable(),
    user_type: z.enum(['client', 'freelancer']),
    subscription_tier: z.enum(['free', 'starter', 'pro', 'team']),
    ghost_score: z.int().describe('0 to 100: how reliably they answer when it is their turn; 50 for a newcomer.'),
    stripe_customer_id: z.string().nullable(),
    stripe_account_id: z.string().nullable(),
    stripe_account_status: z.enum(['not_connected', 'pending', 'active']),
    created_at: z.string(),
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof User>

export const Email = z
  .email('must be an e-mail address')
  .max(254)
  .transform((email) => email.toLowerCase())

/** An address to sign up with. GitHub's stand-ins belong to who signs in with GitHub. */
export const OwnEmail = Email.refine(
  (email) => !email.endsWith('@users.noreply.github.com'),
  'must be an address that takes mail',
)
export const Password = z.string().min(8, 'must have at least 8 characters').max(200)
export const PersonName = z.string().trim().min(1, 'must not be empty').max(200)
