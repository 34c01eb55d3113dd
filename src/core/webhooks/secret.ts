import { randomBytes } from 'node:crypto'

/** 256 bits, in the form of the Standard Webhooks. */
export const makeSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** What a secret is sealed for: that of one webhook opens no other's. */
export const sealedFor = (webhook: string): string => `webhook:${webhook}`

/** Only the day an old secret signs beside the new one. */
export const overlap = '24 hours'
