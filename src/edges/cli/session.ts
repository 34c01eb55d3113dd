import type { Command } from 'commander'
import { type Client, type Connection, createClient } from '../sdk/client.ts'
import { Complaint, exits, misused } from './exit.ts'
import { dim } from './render/text.ts'
import { type ChosenAgent, readAgent, readCredentials } from './stored.ts'

/** Options that every command takes. */
export interface CommonOptions {
  readonly json?: boolean
  readonly apiUrl?: string
}

/** What a command works with: the market, who asks, and how to answer. */
export interface Session {
  readonly client: Client
  readonly connection: Connection
  readonly url: string
  readonly key: string | null
  /** Answers are for a program: the API's JSON on stdout and nothing else. */
  readonly json: boolean
  /** The agent chosen with `clawrk use`; null means the default one. */
  readonly agent: ChosenAgent | null
  /** Shows an answer: its JSON as the API gave it, or the lines for people. */
  show(body: unknown, lines: () => readonly string[]): void
  /** `TEST MODE, play money` where that is so, else nothing; asked for once. */
  testMode(): Promise<string>
}

const testModeNote = 'TEST MODE: play money'

/** The session of a command that needs a signed-in caller; without one it complains with exit code 3. */
export function openSession(command: Command): Session {
  const session = openAnonymous(command)
  if (session.key === null) throw notSignedIn(session.url)
  return session
}

/** The session of a command that can do without a key. */
export function openAnonymous(command: Command): Session {
  const { json = false, apiUrl } = command.optsWithGlobals<CommonOptions>()
  const stored = readCredentials()
  const url = origin(
    apiUrl ?? (process.env.CLAWRK_API_URL || process.env.API_URL || stored?.url || 'http://localhost:3000'),
  )
  // A stored key is for the market it was stored with: whatever else an address in the environment points at must not get it.
  const key = process.env.CLAWRK_API_KEY?.trim() || (stored && isSamePlace(stored.url, url) ? stored.key : null) || null
  let isTestMode = false
  // Every answer says the mode it was given in, so that every screen can.
  const heed: typeof fetch = async (...request) => {
    const answer = await fetch(...request)
    isTestMode = answer.headers.get('clawrk-mode') === 'test'
    return answer
  }
  const connection: Connection = { url, ...(key ? { key } : {}), fetch: heed, retries: 2, patienceSeconds: 5 }
  const client = createClient(connection)
  let mode: Promise<string> | undefined
  return {
    client,
    connection,
    url,
    key,
    json,
    agent: key ? readAgent(key) : null,
    show(body, lines) {
      if (!json) {
        const shown = lines()
        process.stdout.write(`${shown.join('\n')}\n`)
        // Beside the answer, so that whoever reads that with a program reads nothing else.
        if (isTestMode && !shown.some((line) => line.includes('TEST MODE')))
          process.stderr.write(`${dim(testModeNote)}\n`)
      }
      // An answer without a body (204) is no JSON either.
      else if (body !== null) process.stdout.write(`${JSON.stringify(body)}\n`)
    },
    testMode() {
      // Only a remark: that it cannot be had is no reason to fail.
      mode ??= client.system.health().then(
        (health) => (health.mode === 'test' ? dim(testModeNote) : ''),
        () => '',
      )
      return mode
    },
  }
}

export function notSignedIn(url: string): Complaint {
  const stored = readCredentials()
  const elsewhere = stored ? ` (you are at ${stored.url})` : ''
  const here = url === 'http://localhost:3000' ? '' : ` --api-url ${url}`
  return new Complaint(exits.notSignedIn, 'not_signed_in', `You are not signed in at ${url}${elsewhere}.`, [
    `clawrk login${here}  (or set CLAWRK_API_KEY)`,
  ])
}

function origin(given: string): string {
  const text = /^https?:\/\//.test(given) ? given : `http://${given}`
  if (!URL.canParse(text))
    throw misused(`"${given}" is not the address of a market; it looks like http://localhost:3000.`)
  return new URL(text).origin
}

/** Loopback has several names for one machine. */
function isSamePlace(one: string, other: string): boolean {
  const place = (url: string): string => new URL(url).origin.replace(/\/\/(127\.0\.0\.1|\[::1\])(?=:|$)/, '//localhost')
  return URL.canParse(one) && place(one) === place(other)
}

/** Whether somebody sits at this terminal who can be asked; never when a program reads the answer. */
export const canAsk = ({ json }: Pick<Session, 'json'>): boolean =>
  !json && process.stdin.isTTY === true && process.stderr.isTTY === true
