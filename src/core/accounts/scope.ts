/** What a key may be allowed to do. `wallet:manage` (saved card, auto top-up, Connect, withdrawal) is never given by default. */
export const scopes = [
  'jobs:read',
  'jobs:post',
  'jobs:work',
  'gigs',
  'wallet:read',
  'wallet:spend',
  'wallet:manage',
  'webhooks',
  'account',
] as const

export type Scope = (typeof scopes)[number]

export const defaultScopes: readonly Scope[] = scopes.filter((scope) => scope !== 'wallet:manage')
