import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { ClawrkError, type Client, createClient } from '../../sdk/client.ts'
import { misused } from '../exit.ts'
import { done } from '../render/job.ts'
import { bold, oneLine } from '../render/text.ts'
import { canAsk, openAnonymous, type Session } from '../session.ts'
import { forgetCredentials, readCredentials } from '../stored.ts'

interface DeleteOptions {
  readonly email?: string
  readonly reason?: string
  readonly forfeitBalance?: boolean
  readonly yes?: boolean
}

export function accountCommands(program: Command): void {
  program
    .command('account')
    .description('your account as a whole')
    .command('delete')
    .description('delete your account for good; a key is not enough, you sign in for it')
    .option('--email <address>', 'what you sign in with; without it you are asked')
    .option('--reason <text>', 'why you leave; it is not kept')
    .option('--forfeit-balance', 'give up what is left in your wallet')
    .option('-y, --yes', 'delete it without asking; without a terminal the password is read from standard input')
    .action(async (options: DeleteOptions, command: Command) => remove(openAnonymous(command), options))
}

async function remove(session: Session, { email, reason, forfeitBalance, yes }: DeleteOptions): Promise<void> {
  if (!canAsk(session) && (!yes || !email))
    throw misused(
      'There is nobody to ask whether the account shall be deleted.',
      'clawrk account delete --email ada@example.com --yes < file-with-the-password',
    )
  const address = email ?? (await typed('E-mail address'))
  const password = canAsk(session) ? await typed('Password', true) : readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  const { client, name } = await signedIn(session, address, password)
  if (!yes && !(await agreed(`Delete the account of ${oneLine(name)} at ${session.url} for good?`)))
    throw misused('Nothing is changed.')
  const answer = await client.accounts
    .delete_account({
      ...(reason === undefined ? {} : { reason }),
      ...(forfeitBalance ? { forfeit_balance: true } : {}),
    })
    .catch((error: unknown) => Promise.reject(withAffairs(error)))
  // What is kept here is a key of that account, or of another one's at this market that goes on working.
  const isDead = await keyIsDead(session)
  if (isDead) forgetCredentials()
  session.show(answer, () =>
    done(
      `The account of ${bold(oneLine(name))} is deleted.`,
      answer.forfeited_cents > 0 && `${dollars(answer.forfeited_cents)} was given up`,
      isDead && 'the key kept on this machine is forgotten',
    ),
  )
}

/** A client that carries the cookie of a browser session, as a page of the market would. */
async function signedIn(
  { connection, url }: Session,
  email: string,
  password: string,
): Promise<{ client: Client; name: string }> {
  let cookie: string | undefined
  const carrying: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers)
    if (cookie) headers.set('cookie', cookie)
    headers.set('origin', url)
    const answer = await (connection.fetch ?? fetch)(input, { ...init, headers })
    const given = answer.headers.getSetCookie().find((one) => one.startsWith('clawrk_session='))
    if (given) cookie = given.split(';')[0]
    return answer
  }
  const { key: _key, ...open } = connection
  const client = createClient({ ...open, fetch: carrying })
  const { user } = await client.accounts.sign_in({ email, password })
  return { client, name: user.name }
}

/** The refusal with what is in flight, a line each: that is what has to be done. */
function withAffairs(error: unknown): unknown {
  if (!(error instanceof ClawrkError) || error.code !== 'account_in_use') return error
  const affairs = error.detail.affairs as readonly { readonly sentence: string }[]
  const lines = affairs.map(({ sentence }) => `  ${oneLine(sentence)}`)
  return new ClawrkError(error.status, error.code, [error.message, ...lines].join('\n'), {
    requestId: error.requestId,
    detail: error.detail,
  })
}

async function keyIsDead(session: Session): Promise<boolean> {
  if (!readCredentials()) return false
  try {
    await session.client.accounts.verify_key()
    return false
  } catch (error) {
    return error instanceof ClawrkError && error.status === 401
  }
}

async function typed(message: string, isSecret = false): Promise<string> {
  const { isCancel, password, text } = await import('@clack/prompts')
  const asked = { message, output: process.stderr, withGuide: false }
  const answer = await (isSecret ? password(asked) : text(asked))
  if (isCancel(answer)) throw misused('Nothing is changed.')
  return answer.trim()
}

async function agreed(message: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, initialValue: false, output: process.stderr, withGuide: false })
  return !isCancel(answer) && answer
}
