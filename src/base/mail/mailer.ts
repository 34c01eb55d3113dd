import type { Log } from '../log.ts'
import { resendMailer } from './resend.ts'
import { smtpMailer } from './smtp.ts'

/** A letter to one address. Nothing in it is markup but `html`. */
export interface Letter {
  /** The same for the same letter, so that one that is sent twice is shown once where that is possible. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What came of a letter: taken, refused for good (this letter, or this address), not taken now, or by a fault of our own settings. */
export interface MailSent {
  readonly outcome: 'taken' | 'refused' | 'no_such_address' | 'postponed' | 'failed' | 'ours'
  readonly status: number | null
  /** What the other side said, for whoever wonders why no mail comes. */
  readonly error: string | null
  readonly retryAfterSeconds: number
}

/** How this market sends mail. It tries once; when to try again is the caller's. */
export interface Mailer {
  send(letter: Letter): Promise<MailSent>
  close(): void
}

export interface MailSettings {
  /** `Name <address>`. */
  readonly from: string
  readonly smtpUrl: string | null
  readonly resend: { readonly key: string; readonly apiUrl: string } | null
}

/** By SMTP when there is a server, else by Resend; null when the market sends no mail. */
export function openMailer(settings: MailSettings | null, log: Log): Mailer | null {
  if (settings?.smtpUrl) return smtpMailer(settings.smtpUrl, settings.from, log)
  return settings?.resend ? resendMailer(settings.resend, settings.from) : null
}

/** The beginning of what the other side said, on one line that PostgreSQL can hold. */
export const excerpt = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300)

export const mailFailed = (error: string): MailSent => ({
  outcome: 'failed',
  status: null,
  error,
  retryAfterSeconds: 0,
})
