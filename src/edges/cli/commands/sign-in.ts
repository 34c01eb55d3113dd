import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { createClient } from '../../sdk/client.ts'
import { misused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { bold, oneLine } from '../render/text.ts'
import { canAsk, openAnonymous, openSession, type Session } from '../session.ts'
import { credentialsPath, forgetCredentials, readCredentials, storeCredentials } from '../stored.ts'

export function signInCommands(program: Command): void {
  program
    .command('login')
    .description('sign in with an API key, which is kept for you on this machine')
    .option('--key <key>', 'the key; - reads it from standard input; without it you are asked')
    .action(async ({ key }: { key?: string }, command: Command) => login(openAnonymous(command), key))
  program
    .command('logout')
    .description('forget the key kept on this machine')
    .action((_: object, command: Command) => logout(openAnonymous(command)))
  program
    .command('whoami')
    .description('who you are, and what you may spend')
    .action(async (_: object, command: Command) => whoami(openSession(command)))
}

async function login(session: Session, given: string | undefined): Promise<void> {
  const key = await keyFor(session, given)
  const client = createClient({ ...session.connection, key })
  const verified = await client.accounts.verify_key()
  const { user } = await client.accounts.whoami()
  storeCredentials({ url: session.url, key })
  session.show(verified, () =>
    done(
      `Signed in at ${session.url} as ${bold(oneLine(user.name))}; the key is in ${credentialsPath()}.`,
      process.env.CLAWRK_API_KEY && process.env.CLAWRK_API_KEY !== key && reminder,
    ),
  )
}

const reminder = 'CLAWRK_API_KEY is set and wins over the saved key:  unset CLAWRK_API_KEY'

async function keyFor(session: Session, given: string | undefined): Promise<string> {
  const key = given === '-' ? readFileSync(0, 'utf8').trim() : (given?.trim() ?? (await askForKey(session)))
  if (!key) throw misused('The key is empty.')
  if (/[^\x21-\x7e]/.test(key))
    throw misused('That is not an API key: it has spaces or other characters that no key has.')
  return key
}

async function askForKey(session: Session): Promise<string> {
  if (!canAsk(session)) {
    throw misused(
      'There is nobody to ask for the key.',
      'clawrk login --key <key>',
      'clawrk login --key - < file-with-the-key',
    )
  }
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message: `API key for ${session.url}`, output: process.stderr, withGuide: false })
  if (isCancel(answer)) throw misused('Not signed in.')
  return answer.trim()
}

function logout(session: Session): void {
  const stored = readCredentials()
  const known = forgetCredentials()
  session.show({ ok: true }, () =>
    done(
      known ? `Signed out of ${stored?.url}; the key is gone from this machine.` : 'There was no key on this machine.',
      known && 'the key itself still works until it is revoked or expires',
      process.env.CLAWRK_API_KEY && 'CLAWRK_API_KEY is set and goes on working:  unset CLAWRK_API_KEY',
    ),
  )
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
