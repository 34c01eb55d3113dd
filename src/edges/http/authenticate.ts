import type { FastifyRequest } from 'fastify'
import type { Config } from '../../base/config.ts'
import type { Actor, AnyEndpoint } from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'
import { anonymous, type Credentials } from '../../core/accounts/credentials.ts'
import { hashOf, sameHash } from '../../core/accounts/key.ts'
import { sessionCookie } from '../../core/accounts/session.ts'
import { requireOperator } from '../../core/operators/require-operator.ts'

export interface Presented {
  readonly key: string | null
  readonly session: string | null
}

/** The credential a request carries: a key in either documented header wins over a cookie. */
export function presented(request: FastifyRequest): Presented {
  const { authorization, 'x-api-key': apiKey } = request.headers
  const bearer = authorization && /^bearer\s+(\S+)\s*$/i.exec(authorization)?.[1]
  if (authorization && !bearer) return { key: '', session: null }
  const key = bearer ?? (typeof apiKey === 'string' ? apiKey.trim() : null)
  if (key) return { key, session: null }
  return { key: null, session: request.cookies[sessionCookie] || null }
}

/** Finds out who is calling and whether they may knock at this endpoint at all. Rights over objects are the verbs' own. */
export async function authenticate(
  endpoint: AnyEndpoint,
  request: FastifyRequest,
  credentials: Pick<Credentials, 'byKey' | 'bySession'>,
  { appUrl, cronSecret }: Pick<Config, 'appUrl' | 'cronSecret'>,
): Promise<Actor> {
  if (endpoint.access === 'public') return anonymous
  if (endpoint.access === 'cron') {
    if (!cronSecret) throw refuseAtEdge('cron_not_configured')
    const given = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (!sameHash(hashOf(given), hashOf(cronSecret))) throw refuseAtEdge('cron_secret_wrong')
    return anonymous
  }
  const { key, session } = presented(request)
  const isShown = key !== null || session !== null
  const actor = isShown ? await (key !== null ? credentials.byKey(key) : credentials.bySession(session!)) : null
  // Before anything else is said: to everybody but them there is nothing here.
  if (endpoint.access === 'operator') requireOperator({ actor: actor ?? anonymous })
  if (!isShown) throw refuseAtEdge('authentication_required')
  if (!actor) throw refuseAtEdge('credential_dead')
  if (endpoint.access === 'session' && actor.kind !== 'session') throw refuseAtEdge('session_required')
  if (endpoint.access === 'key' && actor.kind !== 'key') throw refuseAtEdge('key_required')
  if (endpoint.scope && !actor.scopes.has(endpoint.scope)) {
    throw refuseAtEdge(
      'scope_missing',
      { scope: endpoint.scope },
      `This key does not have the scope ${endpoint.scope}.`,
    )
  }
  if (actor.kind === 'session' && request.method !== 'GET' && !isOurPage(request, appUrl))
    throw refuseAtEdge('origin_mismatch')
  // The one place where suspension is judged; the contracts say what it stops.
  if (endpoint.suspendable && actor.suspended) throw refuseAtEdge('suspended')
  return actor
}

/** A browser names the page a change comes from; SameSite cookies alone would leave sibling subdomains in. */
function isOurPage({ headers }: FastifyRequest, appUrl: string): boolean {
  const { origin, host } = headers
  if (!origin || !URL.canParse(origin)) return false
  return origin === new URL(appUrl).origin || new URL(origin).host === host
}
