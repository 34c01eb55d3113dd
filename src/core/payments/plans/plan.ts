/** The plans: how many credits each gives a month. */
export const planCredits = { starter: 50, pro: 150, team: 500 } as const

export type Tier = keyof typeof planCredits
export const tiers = ['starter', 'pro', 'team'] as const satisfies readonly Tier[]

export const isTier = (text: unknown): text is Tier => tiers.some((tier) => tier === text)

/** What a plan costs a month, in cents. */
export type PlanPrices = Readonly<Record<Tier, number>>
