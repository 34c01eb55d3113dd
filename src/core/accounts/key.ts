import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Base62 text without modulo bias: bytes of 248 and more are thrown away. */
function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62]
    }
  }
  return text
}

/** Six base62 characters of CRC-32, as GitHub's tokens carry them: scanners can tell a key from a look-alike offline. */
function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < 6; place++) {
    digits = alphabet[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

export interface NewKey {
  readonly key: string
  readonly publicId: string
  readonly hash: Buffer
  readonly lastFour: string
}

/** `<prefix>_<public id>_<43 base62 secret><6 checksum>`: over 256 bits of secret, so a plain SHA-256 is kept of it. */
export function makeKey(prefix: string): NewKey {
  const publicId = randomBase62(12)
  const body = `${prefix}_${publicId}_${randomBase62(43)}`
  const key = body + checksum(body)
  return { key, publicId, hash: hashOf(key), lastFour: key.slice(-4) }
}

/** The public id of a well-formed key whose checksum is right, else null: a mistyped key costs no look-up. */
export function publicIdOf(key: string): string | null {
  const match = /^([a-z]{2,8}_([0-9A-Za-z]{12})_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/.exec(key)
  return match && checksum(match[1]!) === match[3] ? match[2]! : null
}

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

export const sameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b)

export const makeToken = (): string => randomBytes(32).toString('base64url')
