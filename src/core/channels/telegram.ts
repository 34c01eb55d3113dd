import { asText, type Part } from '../events/words.ts'
import type { Note } from './compose.ts'
import { fit, moreText } from './fit.ts'
import { delivered, not, type Sent, type Way } from './way.ts'

/** 4,096 are the most, counted without markup. */
const roomy = 3_400

interface Answer {
  readonly ok?: boolean
  readonly description?: string
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number }
}

/** The way to Telegram: the bot of this market writes to a chat that has let it in. */
export const telegram =
  ({ token, apiUrl }: { readonly token: string; readonly apiUrl: string }): Way =>
  async (to, note, signal) => {
    let answer: Response
    let body: Answer | null
    try {
      answer = await fetch(`${apiUrl}/bot${token}/sendMessage`, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          chat_id: to,
          text: telegramText(note),
          parse_mode: 'HTML',
          link_preview_options: { is_disabled: true },
        }),
      })
      body = (await answer.json().catch(() => null)) as Answer | null
    } catch {
      // The address holds the token, and so may the error.
      return signal.aborted ? null : not('failed', null, 'Telegram could not be reached.')
    }
    return answer.ok && body?.ok ? delivered(answer.status) : refused(answer.status, body)
  }

function refused(status: number, body: Answer | null): Sent {
  const said = body?.description?.slice(0, 300) ?? `Telegram answered ${status}.`
  const { retry_after: pause, migrate_to_chat_id: moved } = body?.parameters ?? {}
  if (moved !== undefined) return { ...not('postponed', status, said), movedTo: String(moved) }
  if (status === 429) return not('postponed', status, said, pause ?? 5)
  // Blocked, thrown out, or an account that is no more.
  if (status === 403) return not('gone', status, said)
  if (status === 400 && /chat not found|user is deactivated|chat_id is empty|peer_id_invalid/i.test(said))
    return not('gone', status, said)
  // Of a bot that does not exist Telegram says 401 or 404.
  if (status === 401 || status === 404) return not('ours', status, 'Telegram does not know the bot of this market.')
  return not(status >= 400 && status < 500 ? 'refused' : 'failed', status, said)
}

const inert = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const link = (url: string, text: string): string => `<a href="${inert(url)}">${inert(text)}</a>`

/** A note in Telegram's HTML; all that is said in it is escaped. */
export function telegramText(note: Note): string {
  const sentence = (parts: readonly Part[]): string => inert(asText(parts))
  const { shown, more } = fit(note, roomy, (line) => `• ${sentence(line.parts)} ${link(line.link, 'Open')}`)
  return [
    ...shown,
    ...(more > 0 ? [link(note.moreLink, moreText(more))] : []),
    '',
    `<i>${inert(note.foot.text)}</i> ${link(note.foot.link, 'stop')}`,
  ].join('\n')
}
