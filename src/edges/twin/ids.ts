import { randomBytes } from 'node:crypto'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** An id as Stripe writes them: a prefix and random base62, never guessable (a checkout's id is the right to pay it). */
export function stripeId(prefix: string, length = 24): string {
  let random = ''
  while (random.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the last multiple of 62 in a byte: what lies above would favour the first letters.
      if (byte < 248 && random.length < length) random += alphabet[byte % 62]
    }
  }
  return `${prefix}_${random}`
}
