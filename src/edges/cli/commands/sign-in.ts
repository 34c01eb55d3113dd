import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { ClawrkError, createClient } from '../../sdk/client.ts'
import { misused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { bold, oneLine } from '../render/text.ts'
import { canAsk, openAnonymous, openSession, type Session } from '../session.ts'
import { type Credentials, credentialsPath, forgetCredentials, readCredentials, storeCredentials } from '../stored.ts'
import { keyByDevice } from './device-login.ts'

export function signInCommands(program: Command): void {
  program
    .command('login')
    .description('sign in: with a browser on any machine, or with an API key; the key is kept for you here')
    .option(
      '--key [key]',
      'sign in with this key; - reads it from standard input; without a value you are asked for it',
    )
    .action(async ({ key }: { key?: string | true }, command: Command) => login(openAnonymous(command), key))
  program
    .command('logout')
    .description('forget the key kept on this machine; one that login had made is revoked')
    .action(async (_: object, command: Command) => logout(openAnonymous(command)))
  program
    .command('whoami')
    .description('who you are, and what you may spend')
    .action(async (_: object, command: Command) => whoami(openSession(command)))
}

async function login(session: Session, given: string | true | undefined): Promise<void> {
  const byDevice = given === undefined
  const key = byDevice ? await keyByDevice(session) : await givenKey(session, given)
  const client = createClient({ ...session.connection, key })
  const keep = (): void => storeCredentials({ url: session.url, key, ...(byDevice ? { made_by_login: true } : {}) })
  // One that was made for this must not be lost whatever comes; one that was given may be wrong.
  if (byDevice) keep()
  const verified = await client.accounts.verify_key()
  const { user } = await client.accounts.whoami()
  if (!byDevice) keep()
  session.show(verified, () =>
    done(
      `Signed in at ${session.url} as ${bold(oneLine(user.name))}; the key is in ${credentialsPath()}.`,
      process.env.CLAWRK_API_KEY && process.env.CLAWRK_API_KEY !== key && reminder,
    ),
  )
}

const reminder = 'CLAWRK_API_KEY is set and wins over the saved key:  unset CLAWRK_API_KEY'

async function givenKey(session: Session, given: string | true): Promise<string> {
  const key = given === '-' ? readFileSync(0, 'utf8').trim() : given === true ? await askForKey(session) : given.trim()
  if (!key) throw misused('The key is empty.')
  if (/[^\x21-\x7e]/.test(key))
    throw misused('That is not an API key: it has spaces or other characters that no key has.')
  return key
}

async function askForKey(session: Session): Promise<string> {
  if (!canAsk(session)) {
    throw misused(
      'There is nobody to ask for the key.',
      'clawrk login  (approve in a browser; no key is typed)',
      'clawrk login --key - < file-with-the-key',
    )
  }
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message: `API key for ${session.url}`, output: process.stderr, withGuide: false })
  if (isCancel(answer)) throw misused('Not signed in.')
  return answer.trim()
}

async function logout(session: Session): Promise<void> {
  const stored = readCredentials()
  const revoked = stored?.made_by_login === true && (await revoke(session, stored))
  const known = forgetCredentials()
  const elsewhere = stored?.made_by_login
    ? `it could not be revoked and works until you do so, or it expires:  ${stored.url}/wallet`
    : 'the key itself still works until it is revoked or expires'
  session.show({ ok: true, revoked }, () =>
    done(
      known
        ? `Signed out of ${stored?.url}; the key is gone from this machine${revoked ? ' and revoked' : ''}.`
        : 'There was no key on this machine.',
      known && !revoked && elsewhere,
      process.env.CLAWRK_API_KEY && 'CLAWRK_API_KEY is set and goes on working:  unset CLAWRK_API_KEY',
    ),
  )
}

/** Ends a key at the market it belongs to; false when that could not be done. One that was dead already is ended, too. */
async function revoke({ connection }: Session, { url, key }: Credentials): Promise<boolean> {
  try {
    await createClient({ ...connection, url, key, retries: 1 }).accounts.revoke_own_key()
    return true
  } catch (error) {
    if (error instanceof ClawrkError) return error.status === 401
    throw error
  }
}

async function whoami(session: Session): Promise<void> {
  const { client, url, agent } = session
  const [answer, note] = await Promise.all([client.accounts.whoami(), session.json ? '' : session.testMode()])
  session.show(answer, () => [
    bold(oneLine(answer.user.name)),
    ...facts([
      ['user', answer.user.id],
      ['balance', [dollars(answer.user.balance_cents), note].filter(Boolean).join('  ')],
      ['agent', agent ? oneLine(agent.name) : 'default'],
      ['market', url],
    ]),
  ])
}
