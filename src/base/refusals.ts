import type { AnyEndpoint } from './endpoint.ts'
import { Refusal, type RefusalDetail, type RefusalKind } from './errors.ts'

/** Every refusal of a room: its stable code, its kind (which decides the status) and a sentence a caller can act on. */
export type RefusalTable = Readonly<Record<string, readonly [kind: RefusalKind, sentence: string]>>

/** Makes `refuse(code, detail)`; a sentence of its own may replace the table's when it can say more. */
export function refusing<T extends RefusalTable>(table: T) {
  return (code: keyof T & string, detail: RefusalDetail = {}, sentence?: string): Refusal => {
    const [kind, standard] = table[code]!
    return new Refusal(kind, code, sentence ?? standard, detail)
  }
}

/** What any endpoint may answer before its verb is asked: made by the HTTP edge. */
export const edgeRefusals = {
  invalid_input: ['invalid', 'The request has fields that are missing or wrong; see issues.'],
  invalid_json: ['invalid', 'The body is not valid JSON.'],
  authentication_required: ['unauthorized', 'Send an API key as "Authorization: Bearer <key>" or sign in.'],
  credential_dead: ['unauthorized', 'This key or session is unknown, expired or revoked.'],
  session_required: ['forbidden', 'This needs a browser session: sign in; an API key is not enough.'],
  key_required: ['forbidden', 'This needs an API key in the Authorization header.'],
  scope_missing: ['forbidden', 'This key does not have the scope that this call needs.'],
  suspended: [
    'forbidden',
    'Your account is suspended: finish what is under way, but start nothing new and move no money until an operator of this market restores it. Write to them.',
  ],
  origin_mismatch: ['forbidden', 'A change made with a cookie must come from a page of this market (Origin header).'],
  cron_secret_wrong: ['unauthorized', 'Send the CRON_SECRET of this market as "Authorization: Bearer <secret>".'],
  cron_not_configured: [
    'unavailable',
    'This market has no CRON_SECRET, so nobody may call this; its own scheduler runs anyway.',
  ],
  not_found: ['not_found', 'There is nothing at this address.'],
  idempotency_key_invalid: ['invalid', 'An Idempotency-Key has 1 to 255 visible ASCII characters.'],
  idempotency_key_reused: ['mismatch', 'This Idempotency-Key was used with another request; take a new key.'],
  idempotency_twin_running: ['conflict', 'The same request is still running; ask again in a moment.'],
  secret_already_shown: ['conflict', 'This was done; its secret was shown once and cannot be shown again.'],
  body_too_large: ['too_large', 'The body is larger than this endpoint takes.'],
  media_type_unsupported: ['unsupported', 'Send the body as application/json.'],
  rate_limited: ['slow_down', 'Too many requests; try again later.'],
  busy: ['unavailable', 'The market is busy or restarting; try again in a moment.'],
} as const satisfies RefusalTable

export type EdgeRefusal = keyof typeof edgeRefusals

export const refuseAtEdge = refusing(edgeRefusals)

/** Which of the edge's refusals a call of an endpoint may meet: what the descriptions of the API say, and what the server holds itself to. */
export function edgeRefusalsOf({
  route,
  access,
  scope,
  kind,
  secrets,
  forgotten,
  suspendable,
  refusals,
}: AnyEndpoint): EdgeRefusal[] {
  const reads = route.startsWith('GET ')
  const byCredential = access !== 'public' && access !== 'cron' && access !== 'operator'
  const repeatable = kind !== 'read'
  const codes: (EdgeRefusal | false)[] = [
    'invalid_input',
    !reads && 'invalid_json',
    byCredential && 'authentication_required',
    byCredential && 'credential_dead',
    access === 'session' && 'session_required',
    access === 'key' && 'key_required',
    access === 'cron' && 'cron_secret_wrong',
    access === 'cron' && 'cron_not_configured',
    scope !== undefined && !refusals.includes('scope_missing') && 'scope_missing',
    !reads && (access === 'caller' || access === 'session' || access === 'operator') && 'origin_mismatch',
    suspendable === true && 'suspended',
    (route.includes('/:') || access === 'operator') && 'not_found',
    repeatable && 'idempotency_key_invalid',
    repeatable && !forgotten && 'idempotency_key_reused',
    repeatable && !forgotten && 'idempotency_twin_running',
    repeatable && !forgotten && secrets !== undefined && 'secret_already_shown',
    !reads && 'body_too_large',
    !reads && 'media_type_unsupported',
    'rate_limited',
    'busy',
  ]
  return codes.filter((code) => code !== false)
}
