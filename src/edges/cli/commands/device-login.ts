import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClawrkError } from '../../sdk/client.ts'
import { Complaint, exits, refused } from '../exit.ts'
import { startProgress } from '../render/progress.ts'
import { oneLine, paint } from '../render/text.ts'
import { duration } from '../render/time.ts'
import type { Session } from '../session.ts'

type Started = Awaited<ReturnType<Session['client']['accounts']['start_device']>>

/** A market that does not answer is asked again for this long: it may be restarting. */
const patienceMs = 60_000

/**
 * A key by the device flow (RFC 8628): says on stderr which page a person has to open and which code to type there, and asks until
 * they have decided. Nothing is read from the terminal, so it works without one.
 */
export async function keyByDevice({ client, url }: Session): Promise<string> {
  const name = oneLine(hostname()).slice(0, 80) || 'device'
  const started = await client.accounts.start_device({ client_name: name })
  process.stderr.write(`${instructions(url, started).join('\n')}\n`)
  const progress = startProgress()
  try {
    return await collect(client, started, (left) =>
      progress.say(`waiting for you to approve · the code is good for ${duration(left)}`),
    )
  } finally {
    progress.stop()
  }
}

function instructions(url: string, started: Started): string[] {
  const { user_code: code, verification_uri: page, verification_uri_complete: filledIn } = started
  return [
    `To sign in at ${url}, open this page in any browser:`,
    `  ${oneLine(page)}`,
    `and type the code  ${paint('bold', oneLine(code), process.stderr)}`,
    `or open it with the code filled in:`,
    `  ${oneLine(filledIn)}`,
    `The code is good for ${duration(started.expires_in)}.`,
  ]
}

async function collect(
  client: Session['client'],
  { device_code, expires_in: lifeSeconds, interval: firstInterval }: Started,
  tell: (leftSeconds: number) => void,
): Promise<string> {
  // One key for all tries: should the answer with the API key be lost, the next try gets it again.
  const idempotencyKey = randomUUID()
  const endsAt = Date.now() + lifeSeconds * 1000
  let interval = firstInterval
  let away: { readonly since: number; readonly error: ClawrkError } | null = null
  for (;;) {
    await pause(Math.min(interval * 1000, Math.max(0, endsAt - Date.now())), () => tell((endsAt - Date.now()) / 1000))
    try {
      return (await client.accounts.collect_device({ device_code }, { idempotencyKey })).key
    } catch (error) {
      if (!(error instanceof ClawrkError)) throw error
      if (error.code === 'authorization_pending' || error.code === 'slow_down') {
        away = null
        interval = Math.max(interval, Number(error.detail.interval) || 0)
      } else if (error.status === 0 || error.status >= 500 || error.status === 429) {
        away ??= { since: Date.now(), error }
        interval = Math.max(interval, error.detail.retry_after_seconds ?? 0)
        if (Date.now() - away.since > patienceMs) throw error
      } else throw ended(error)
      // The market says itself that a code has expired. One that is away cannot.
      if (away && Date.now() >= endsAt) throw away.error
    }
  }
}

/** Waits, telling every second that it still does. */
async function pause(ms: number, tell: () => void): Promise<void> {
  const until = Date.now() + ms
  for (let left = ms; left > 0; left = until - Date.now()) {
    tell()
    await sleep(Math.min(left, 1_000))
  }
}

/** Why there will be no key, in words for whoever waits for it. */
function ended(error: ClawrkError): Error {
  switch (error.code) {
    case 'access_denied':
      return refused('access_denied', 'You were not let in: somebody denied it on the page.', 'clawrk login')
    case 'expired_token':
      return new Complaint(exits.notSignedIn, 'expired_token', 'Nobody approved in time, and the code has expired.', [
        'clawrk login',
      ])
    case 'too_many_keys':
      return refused('too_many_keys', oneLine(error.message), 'revoke some on the wallet page, then  clawrk login')
    default:
      return error
  }
}
