import type { Letter, Mailer, MailSent } from '../../base/mail/mailer.ts'
import { asText } from '../events/words.ts'
import type { Note } from './compose.ts'
import { moreText } from './fit.ts'
import { delivered, not, type Sent, type Way } from './way.ts'

/** The way to mailboxes. */
export const email =
  (mailer: Mailer): Way =>
  async (to, note, signal) => {
    const sent = mailer.send(letterOf(to, note))
    // A letter that is broken off may have gone; it is sent again, as everything is that was not booked.
    const { promise: stopped, resolve } = Promise.withResolvers<null>()
    const stop = (): void => resolve(null)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      const done = await Promise.race([sent, stopped])
      return done && read(done)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

const outcomes = {
  refused: 'refused',
  no_such_address: 'gone',
  postponed: 'postponed',
  failed: 'failed',
  ours: 'ours',
} as const

function read({ outcome, status, error, retryAfterSeconds }: MailSent): Sent {
  if (outcome === 'taken') return delivered(status ?? 250)
  return not(outcomes[outcome], status, error ?? 'The letter was not taken.', retryAfterSeconds)
}

const inert = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)

/** A note as a letter: plain text, and the same in HTML without anything that is loaded from elsewhere. */
export function letterOf(to: string, note: Note): Letter {
  const { lines, more, moreLink, foot } = note
  const text = [
    ...lines.map((line) => `${asText(line.parts)}\n${line.link}\n`),
    ...(more > 0 ? [`${moreText(more)}\n${moreLink}\n`] : []),
    `--\n${foot.text}\n${foot.link}`,
  ].join('\n')
  const link = (url: string, words: string): string => `<a href="${inert(url)}">${inert(words)}</a>`
  const html = [
    '<!doctype html><html lang="en"><body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36em">',
    ...lines.map((line) => `<p>${inert(asText(line.parts))}<br>${link(line.link, 'Open')}</p>`),
    ...(more > 0 ? [`<p>${link(moreLink, moreText(more))}</p>`] : []),
    `<hr><p style="font-size: 13px">${inert(foot.text)} ${link(foot.link, 'stop')}</p></body></html>`,
  ].join('\n')
  return {
    id: note.id,
    to,
    subject: note.subject.slice(0, 200),
    text,
    html,
    headers: { 'List-Unsubscribe': `<${foot.link}>` },
  }
}
