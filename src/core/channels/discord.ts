import { type Egress, type EgressAnswer, EgressError } from '../../base/egress/egress.ts'
import { readRetryAfter } from '../deliveries/schedule.ts'
import type { Note } from './compose.ts'
import { fit, moreText } from './fit.ts'
import { delivered, not, type Sent, type Way } from './way.ts'

/** 2,000 are the most, markup and all. */
const roomy = 1_600

const suppressEmbeds = 4

/** The way to Discord: a webhook that somebody made for a text channel there. */
export const discord =
  (egress: Egress): Way =>
  (to, note, signal) =>
    sendJson(egress, to, discordBody(note), signal, read)

/** Posts JSON by the guarded client and has the answer read; what keeps it from coming is a failure like any other. */
export async function sendJson(
  egress: Egress,
  url: string,
  body: object,
  signal: AbortSignal,
  read: (answer: EgressAnswer) => Sent,
): Promise<Sent | null> {
  try {
    const headers = { 'content-type': 'application/json', 'user-agent': 'clawrk-channels/1' }
    return read(await egress.send({ url, body: JSON.stringify(body), headers, signal }))
  } catch (error) {
    if (!(error instanceof EgressError)) throw error
    return signal.aborted ? null : not('failed', null, error.message)
  }
}

function read({ status, headers, body }: EgressAnswer): Sent {
  if (status >= 200 && status < 300)
    return delivered(
      status,
      headers['x-ratelimit-remaining'] === '0' ? secondsOf(headers['x-ratelimit-reset-after']) : 0,
    )
  const said = `Discord answered ${status}.`
  if (status === 429) return not('postponed', status, said, pauseOf(headers, body))
  // Unknown webhook, or a token that is not its own any more.
  if (status === 404 || status === 410 || status === 401) return not('gone', status, said)
  return not(status === 400 || status === 413 ? 'refused' : 'failed', status, said)
}

/** Discord names its pauses in the body, to the millisecond; in front of it others answer, by the header alone. */
function pauseOf(headers: EgressAnswer['headers'], body: Buffer): number {
  let named = 0
  try {
    named = secondsOf((JSON.parse(body.toString('utf8')) as { retry_after?: unknown } | null)?.retry_after)
  } catch {
    // No JSON: then the header counts.
  }
  return Math.max(named, readRetryAfter(headers['retry-after'], Date.now())) || 5
}

/** Within bounds, whatever it says. */
const secondsOf = (value: unknown): number => {
  const seconds = Number(value)
  return Number.isFinite(seconds) ? Math.min(Math.max(0, Math.ceil(seconds)), 24 * 3_600) : 0
}

/** Every sign that means something to Discord stands for itself. */
const inert = (text: string): string => text.replaceAll(/[\\`*_{}[\]()<>#+\-.!|~@:/&]/g, '\\$&')

/** A note as a message of Discord: it calls nobody by name and shows no previews. */
export function discordBody(note: Note): { content: string; allowed_mentions: { parse: [] }; flags: number } {
  const { shown, more } = fit(
    note,
    roomy,
    ({ parts, link }) =>
      `• ${parts.map(({ text, isGiven }) => (isGiven ? inert(text) : text)).join('')} [Open](<${link}>)`,
  )
  const lines = [
    ...shown,
    ...(more > 0 ? [`[${moreText(more)}](<${note.moreLink}>)`] : []),
    `-# ${note.foot.text} [stop](<${note.foot.link}>)`,
  ]
  return { content: lines.join('\n'), allowed_mentions: { parse: [] }, flags: suppressEmbeds }
}
