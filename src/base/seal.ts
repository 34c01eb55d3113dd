import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Seals small secrets with AES-256-GCM under a key derived from the market's secret; `context` is bound in and must match. */
export interface Sealer {
  seal(plain: string, context: string): Buffer
  /** Throws when the box was changed, cut, or made for another context. */
  open(box: Buffer, context: string): string
  /** Tells the same text again, and tells whoever has not the market's secret nothing: not even a short text can be tried out. */
  fingerprint(plain: string): Buffer
}

export function openSealer(secret: string, purpose: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `clawrk:${purpose}`, 32))
  const printKey = Buffer.from(hkdfSync('sha256', secret, '', `clawrk:${purpose}: fingerprints`, 32))
  return {
    seal(plain, context) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(context))
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(box, context) {
      // Without authTagLength a forged four-byte tag would be accepted.
      const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, 12), { authTagLength: 16 }).setAAD(
        Buffer.from(context),
      )
      decipher.setAuthTag(box.subarray(-16))
      return Buffer.concat([decipher.update(box.subarray(12, -16)), decipher.final()]).toString('utf8')
    },
    fingerprint: (plain) => createHmac('sha256', printKey).update(plain).digest(),
  }
}
