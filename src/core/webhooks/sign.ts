import { createHmac } from 'node:crypto'

/** The name of the first API's header, and of the one the secret before a change signs in. */
export const documentedHeader = 'x-clawconnected-signature'

/** As the first API documents it: over the body alone, keyed with the secret as it is shown. */
const documented = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** As the Standard Webhooks have it: over id, time and body, keyed with what the secret encodes. */
const standard = (secret: string, signed: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(signed)
    .digest('base64')}`

/**
 * The headers by which a receiver knows that a delivery is ours and new. The first secret is the one that counts; another one, which it
 * has just replaced, signs beside it. The time is the real one, because the receiver compares it with theirs.
 */
export function signatures(
  [secret, before]: readonly [string, string?],
  id: string,
  body: string,
  now: number,
): Readonly<Record<string, string>> {
  const time = String(Math.floor(now / 1000))
  const signed = `${id}.${time}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': [secret, before].flatMap((one) => (one === undefined ? [] : standard(one, signed))).join(' '),
    [documentedHeader]: documented(secret, body),
    ...(before === undefined ? {} : { [`${documentedHeader}-previous`]: documented(before, body) }),
  }
}
