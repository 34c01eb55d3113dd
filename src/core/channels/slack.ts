import type { Egress, EgressAnswer } from '../../base/egress/egress.ts'
import { readRetryAfter } from '../deliveries/schedule.ts'
import { asText } from '../events/words.ts'
import type { Note } from './compose.ts'
import { sendJson } from './discord.ts'
import { fit, moreText } from './fit.ts'
import { delivered, not, type Sent, type Way } from './way.ts'

/** Of a message; a block holds 3,000, and there may be 50 of them. */
const roomy = 6_000

/** The way to Slack: an incoming webhook that somebody made for a conversation there. */
export const slack =
  (egress: Egress): Way =>
  (to, note, signal) =>
    sendJson(egress, to, slackBody(note), signal, read)

function read({ status, headers, body }: EgressAnswer): Sent {
  if (status >= 200 && status < 300) return delivered(status)
  const said = body
    .subarray(0, 200)
    .toString('utf8')
    .replaceAll(/[^\w .:-]+/g, ' ')
    .trim()
  const error = said === '' ? `Slack answered ${status}.` : `Slack answered ${status}: ${said}`
  if (status === 429) return not('postponed', status, error, readRetryAfter(headers['retry-after'], Date.now()) || 5)
  if (status === 404 || status === 410 || (status === 403 && /invalid_token|no_service|revoked/.test(said)))
    return not('gone', status, error)
  return not(status === 400 || status === 413 ? 'refused' : 'failed', status, error)
}

const inert = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

interface Block {
  readonly type: string
  readonly [field: string]: unknown
}

/** Sentences are plain text to Slack, which reads no markup in it; only our own links are markup. */
export function slackBody(note: Note): { text: string; mrkdwn: false; blocks: Block[]; unfurl_links: false } {
  const { shown, more } = fit(note, roomy, (line) => ({ line, length: asText(line.parts).length + line.link.length }))
  const plain = (text: string): Block => ({
    type: 'section',
    text: { type: 'plain_text', text: text.slice(0, 3_000), emoji: false },
  })
  const small = (text: string): Block => ({ type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] })
  return {
    text: inert(note.subject),
    mrkdwn: false,
    blocks: [
      ...shown.flatMap(({ line: { parts, link } }) => [plain(asText(parts)), small(`<${link}|Open>`)]),
      ...(more > 0 ? [small(`<${note.moreLink}|${moreText(more)}>`)] : []),
      small(`${inert(note.foot.text)} <${note.foot.link}|stop>`),
    ],
    unfurl_links: false,
  }
}
