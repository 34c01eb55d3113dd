import { z } from 'zod'

/** How long a device waits for a person, and how often it may ask meanwhile (RFC 8628). */
export const deviceSeconds = 600
export const pollSeconds = 5

/** A user code as people type it: any case, with or without the dash. */
export const UserCode = z
  .string()
  .max(40)
  .transform((text) => text.toUpperCase().replaceAll(/[^A-Z]/g, ''))
  .refine((text) => text.length === 8, 'has eight letters, as your device shows it')
  .transform((text) => `${text.slice(0, 4)}-${text.slice(4)}`)

/** What a device calls itself. Shown to whoever approves it, so nothing that could rearrange the page's words. */
export const ClientName = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'must be plain text')
