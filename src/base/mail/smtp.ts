import { createTransport } from 'nodemailer'
import type { Log } from '../log.ts'
import { excerpt, type Letter, type Mailer, type MailSent, mailFailed } from './mailer.ts'

/** Mail by an SMTP server, over few connections that are kept. */
export function smtpMailer(url: string, from: string, log: Log): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    maxMessages: 100,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ id, to, subject, text, html, headers = {} }: Letter): Promise<MailSent> {
      try {
        await transport.sendMail({
          from,
          // As an object, so that no comma in it makes two addresses of one.
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${id}@${domainOf(from)}>`,
          headers: { 'Auto-Submitted': 'auto-generated', ...headers },
        })
        return { outcome: 'taken', status: 250, error: null, retryAfterSeconds: 0 }
      } catch (error) {
        const failed = read(error)
        if (failed.outcome === 'ours')
          log.error({ error: failed.error }, 'the mail server does not take us: see SMTP_URL')
        return failed
      }
    },
    close: () => transport.close(),
  }
}

const domainOf = (from: string): string => /@([^\s>]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'

function read(error: unknown): MailSent {
  if (!(error instanceof Error)) throw error
  const { code = '', responseCode: status = null } = error as Error & { code?: string; responseCode?: number }
  const said = excerpt(error.message)
  if (code === 'EAUTH')
    return { outcome: 'ours', status, error: 'The mail server refused this market.', retryAfterSeconds: 0 }
  if (status !== null && status >= 500 && code === 'EENVELOPE')
    // 550, 551, 553 and 556 are about the mailbox; the others are about us or this letter.
    return {
      outcome: [550, 551, 553, 556].includes(status) ? 'no_such_address' : 'refused',
      status,
      error: said,
      retryAfterSeconds: 0,
    }
  if (status !== null && status >= 500) return { outcome: 'refused', status, error: said, retryAfterSeconds: 0 }
  return { ...mailFailed(said), status }
}
