import { excerpt, type Letter, type Mailer, type MailSent, mailFailed } from './mailer.ts'

/** Mail by Resend: one POST a letter. */
export const resendMailer = ({ key, apiUrl }: { key: string; apiUrl: string }, from: string): Mailer => ({
  async send({ id, to, subject, text, html, headers = {} }: Letter): Promise<MailSent> {
    let answer: Response
    let said: string
    try {
      answer = await fetch(`${apiUrl}/emails`, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(15_000),
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': id },
        body: JSON.stringify({ from, to: [to], subject, text, html, headers }),
      })
      said = await answer.text()
    } catch {
      return mailFailed('Resend could not be reached.')
    }
    const { status } = answer
    const error = answer.ok ? null : sentenceOf(said, status)
    const about = { status, error, retryAfterSeconds: 0 }
    if (answer.ok) return { ...about, outcome: 'taken' }
    if (status === 429)
      return { ...about, outcome: 'postponed', retryAfterSeconds: Number(answer.headers.get('retry-after')) || 1 }
    if (status === 401 || status === 403) return { ...about, outcome: 'ours' }
    return { ...about, outcome: status >= 400 && status < 500 ? 'refused' : 'failed' }
  },
  close() {},
})

function sentenceOf(said: string, status: number): string {
  try {
    const { message } = JSON.parse(said) as { message?: unknown }
    if (typeof message === 'string') return excerpt(message)
  } catch {
    // Whatever it is, it is no answer of theirs.
  }
  return `Resend answered ${status}.`
}
