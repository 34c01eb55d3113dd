import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { hashOf } from '../../src/core/accounts/key.ts'
import { type Scope, scopes } from '../../src/core/accounts/scope.ts'
import { startSession } from '../../src/core/accounts/session.ts'
import type { Person, TestMarket } from '../support/market.ts'
import type { Role } from './canaries.ts'

export const cronSecret = 'the-cron-secret-of-the-matrix'

export type PersonRole = Exclude<Role, 'nobody'>
export type People = Readonly<Record<PersonRole, Person>>

const liveHows = ['key', 'bound key', 'session'] as const
const deadHows = [
  'nothing',
  'cron secret',
  'revoked key',
  'expired key',
  'ended session',
  'old session',
  'idle session',
] as const

/** What somebody shows when they knock. `narrow key`: all scopes but the endpoint's. `foreign page`: a good cookie from elsewhere. */
export type How = (typeof liveHows)[number] | (typeof deadHows)[number] | 'narrow key' | 'foreign page'

/** Somebody who knocks: whose credential it is, and what is the matter with it. */
export interface Party {
  readonly name: string
  readonly role: Role
  readonly how: How
}

const party = (role: Role, how: How): Party => ({ name: role === 'nobody' ? how : `${role} with ${how}`, role, how })

/** Everybody of the matrix. The sender and the receiver come with every kind of credential, since they could see the most. */
export const parties: readonly Party[] = [
  ...(['nothing', 'cron secret'] as const).map((how) => party('nobody', how)),
  ...(['key', 'session'] as const).map((how) => party('stranger', how)),
  ...(
    [
      'key',
      'session',
      'foreign page',
      'narrow key',
      'revoked key',
      'expired key',
      'ended session',
      'old session',
      'idle session',
    ] as const
  ).map((how) => party('sender', how)),
  ...(['key', 'bound key'] as const).map((how) => party('holder', how)),
  ...(['key', 'bound key', 'session', 'narrow key', 'revoked key', 'ended session'] as const).map((how) =>
    party('receiver', how),
  ),
  party('judged', 'key'),
  party('quitter', 'key'),
  ...(['key', 'session', 'foreign page', 'narrow key', 'revoked key'] as const).map((how) => party('operator', how)),
]

/** What the door answers, before any verb is asked: null lets them in. */
export function doorOf({ role, how }: Party, { access, scope, route }: AnyEndpoint): 401 | 403 | 404 | null {
  if (access === 'public') return null
  if (access === 'cron') return how === 'cron secret' ? null : 401
  // To everybody but operators there is nothing at their addresses, whatever else would be said.
  if (access === 'operator' && (role !== 'operator' || (deadHows as readonly How[]).includes(how))) return 404
  if ((deadHows as readonly How[]).includes(how)) return 401
  const isSession = how === 'session' || how === 'foreign page'
  if (access === 'session' && !isSession) return 403
  if (access === 'key' && isSession) return 403
  if (how === 'narrow key' && scope) return 403
  if (how === 'foreign page' && !route.startsWith('GET ')) return 403
  return null
}

export type Headers = Readonly<Record<string, string>>

export interface Credentials {
  /** The same ones each time. */
  of(party: Party, endpoint: AnyEndpoint): Promise<Headers>
  /** New ones, for calls that end the credential they come with. */
  fresh(party: Party): Promise<Headers>
}

/** Makes credentials of every kind; `onSecret` hears of each. `otherAgents`: what bound keys are bound to. */
export function credentialsFor(
  market: TestMarket,
  people: People,
  otherAgents: Readonly<Record<string, string>>,
  onSecret: (what: string, text: string) => void,
): Credentials {
  const made = new Map<string, Promise<Headers>>()
  const key = async (
    who: string,
    terms: Parameters<typeof mintKey>[2] = {},
    spoil = 'name = name',
  ): Promise<Headers> => {
    const minted = await market.db.transaction((sql) => mintKey(sql, who, { name: 'matrix', ...terms }))
    await market.db.rows(`update api_key set ${spoil} where id = $1`, [minted.id])
    onSecret('an API key', minted.key)
    return { authorization: `Bearer ${minted.key}` }
  }
  const session = async (who: string, origin = market.url, spoil = 'ended_at = null'): Promise<Headers> => {
    const [cookie] = (await market.db.transaction((sql) => startSession(sql, who, false))).split(';')
    const token = cookie!.split('=')[1]!
    await market.db.rows(`update session set ${spoil} where token_hash = $1`, [hashOf(token)])
    onSecret('a session token', token)
    return { cookie: cookie!, origin }
  }
  const make = ({ role, how }: Party, scope?: string): Promise<Headers> => {
    const who = role === 'nobody' ? '' : people[role].userId
    const kinds: Record<How, () => Promise<Headers>> = {
      nothing: async () => ({}),
      'cron secret': async () => ({ authorization: `Bearer ${cronSecret}` }),
      key: () => key(who),
      'bound key': () => key(who, { agentId: otherAgents[role]! }),
      'narrow key': () => key(who, { scopes: scopes.filter((name): name is Scope => name !== scope) }),
      'revoked key': () => key(who, {}, 'revoked_at = app_now()'),
      'expired key': () => key(who, {}, `expires_at = app_now() - interval '1 second'`),
      session: () => session(who),
      'foreign page': () => session(who, 'https://evil.example'),
      'ended session': () => session(who, market.url, 'ended_at = app_now()'),
      'old session': () => session(who, market.url, `created_at = app_now() - interval '31 days'`),
      'idle session': () => session(who, market.url, `seen_at = app_now() - interval '8 days'`),
    }
    return kinds[how]()
  }
  return {
    of(party, { scope }) {
      const name = `${party.name} ${party.how === 'narrow key' ? scope : ''}`
      const known = made.get(name) ?? make(party, scope)
      made.set(name, known)
      return known
    },
    fresh: (party) => make(party),
  }
}
