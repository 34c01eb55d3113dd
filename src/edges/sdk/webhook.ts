import type { WireEvent } from '../../core/events/kind.ts'

/** A webhook delivery that is not ours, not new or not whole. */
export class WebhookError extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'WebhookError'
  }
}

export interface Signed {
  /** The bytes of the body as they came, or its text: never JSON that was parsed and written again. */
  readonly body: string | Uint8Array
  /** As a fetch `Request` or a Node request has them. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The webhook's secret as it was shown; while you change it, the new and the old one. */
  readonly secret: string | readonly string[]
  /** How far its time may be from yours; 300 without it. */
  readonly toleranceSeconds?: number
  /** Says whether an id was there before, and keeps it: then an event that comes twice is refused too. */
  readonly seen?: (id: string) => boolean | Promise<boolean>
  /** Milliseconds since 1970, for tests. */
  readonly now?: number
}

/**
 * Checks that a delivery was sent by the market, is whole and was sent just now, and answers its event. Throws a `WebhookError`
 * otherwise. It goes by the Standard Webhooks headers, because the documented X-ClawConnected-Signature has no time in it: whoever has
 * seen one such delivery could send it for ever. Deliveries may come twice: go by the id of the event.
 */
export async function verifyWebhook({
  body,
  headers,
  secret,
  toleranceSeconds = 300,
  seen,
  now = Date.now(),
}: Signed): Promise<WireEvent> {
  const id = one(headers, 'webhook-id')
  const time = one(headers, 'webhook-timestamp')
  const signature = one(headers, 'webhook-signature')
  if (!id || !time || !signature)
    throw new WebhookError('The headers webhook-id, webhook-timestamp or webhook-signature are missing.')
  if (!/^[1-9]\d{8,10}$/.test(time)) throw new WebhookError('The header webhook-timestamp is no time.')
  const apart = Math.abs(now / 1000 - Number(time))
  if (!(apart <= toleranceSeconds)) throw new WebhookError('It was not sent just now: it may be somebody’s copy.')
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const head = new TextEncoder().encode(`${id}.${time}.`)
  const signed = new Uint8Array(head.length + bytes.length)
  signed.set(head)
  signed.set(bytes, head.length)
  const given = signature
    .split(' ')
    .slice(0, 10)
    .flatMap((part) => (part.startsWith('v1,') ? (bytesOf(part.slice(3)) ?? []) : []))
    .filter(({ length }) => length === 32)
  const secrets = typeof secret === 'string' ? [secret] : secret
  let isOurs = false
  for (const text of secrets) {
    const key = await keyOf(text)
    for (const mac of given) if (await crypto.subtle.verify('HMAC', key, mac, signed)) isOurs = true
  }
  if (!isOurs) throw new WebhookError('The signature is not one of this secret.')
  const event = parsed(bytes)
  if (event.id !== id) throw new WebhookError('The body is of another event than the header says.')
  if (seen && (await seen(id))) throw new WebhookError('This event has come before.')
  return event
}

/** The one value of a header. Two are one too many: which of them was checked? */
function one(headers: Signed['headers'], name: string): string | null {
  if (headers instanceof Headers) return headers.get(name)
  const found = Object.entries(headers).filter(([key, value]) => key.toLowerCase() === name && value !== undefined)
  const values = found.flatMap(([, value]) => value!)
  return values.length === 1 ? values[0]! : null
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const raw = secret.startsWith('whsec_') ? bytesOf(secret.slice('whsec_'.length)) : null
  if (!raw || raw.length < 24) throw new WebhookError('The secret must be the one that was shown: whsec_ and base64.')
  return crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

/** Base64 exactly as it is written; null for anything else. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text)) return null
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  return btoa(String.fromCharCode(...bytes)) === text ? bytes : null
}

function parsed(bytes: Uint8Array): WireEvent {
  try {
    const event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as WireEvent
    if (typeof event === 'object' && event !== null && typeof event.event === 'string') return event
  } catch {
    // Told below: it was signed, and still is no event.
  }
  throw new WebhookError('The body is no event.')
}
