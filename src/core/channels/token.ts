import { timingSafeEqual } from 'node:crypto'
import type { Sealer } from '../../base/seal.ts'

// Without letters and digits that are taken for each other.
const alphabet = 'ABCDEFGHJKMNPQRSTVWXYZ0123456789'

/** What whoever reads a mailbox is shown to say yes with: 50 bits, made from the channel, so that it is kept nowhere. */
export function codeOf(sealer: Sealer, channel: string): string {
  const bytes = sealer.fingerprint(`confirm:${channel}`)
  const letters = [...bytes.subarray(0, 10)].map((byte) => alphabet[byte % 32]!).join('')
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

/** As people type it: in small letters, without the hyphen, with an O for a zero. */
const plain = (code: string): string =>
  code
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')

export const isCode = (sealer: Sealer, channel: string, given: string): boolean =>
  isSame(plain(given), plain(codeOf(sealer, channel)))

/** In every message: whoever reads at a place ends it by this, without an account, and even when the channel is gone. */
export function stopToken(sealer: Sealer, place: Buffer): string {
  const name = place.toString('base64url')
  return `${name}.${sealer.fingerprint(`stop:${name}`).toString('base64url').slice(0, 22)}`
}

/** The place that a token is for; null for one that we have not made. */
export function placeOfStop(sealer: Sealer, token: string): Buffer | null {
  const place = Buffer.from(token.split('.')[0]!, 'base64url')
  return isSame(token, stopToken(sealer, place)) ? place : null
}

function isSame(given: string, ours: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(ours)]
  return one.length === other.length && timingSafeEqual(one, other)
}
