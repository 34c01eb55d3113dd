import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { credentialsPath, readCredentials, storeCredentials } from '../stored.ts'

export function keyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('your API keys; rotate the one you use')
    .action(async (_: object, command: Command) => list(openSession(command)))
  keys
    .command('list')
    .description('your API keys, newest first, without their secrets')
    .action(async (_: object, command: Command) => list(openSession(command)))
  keys
    .command('rotate')
    .description('replace the key you are signed in with; the old one is dead at once')
    .action(async (_: object, command: Command) => rotate(openSession(command)))
  for (const [name, what] of [
    ['create', 'make a key'],
    ['revoke', 'revoke a key'],
  ] as const) {
    keys
      .command(name)
      .description(`${what}: done in a browser, on the wallet page`)
      .argument('[key]')
      .action((_key: unknown, _: object, command: Command) => sendToBrowser(openSession(command), name))
  }
}

type Key = Awaited<ReturnType<Session['client']['accounts']['keys']>>[number]

const stateOf = ({ revoked_at: revoked, expires_at: expires }: Key): string =>
  revoked !== null ? 'revoked' : Date.parse(expires) <= Date.now() ? 'expired' : 'live'

async function list(session: Session): Promise<void> {
  const { client, key: own } = session
  const keys = await client.accounts.keys()
  const isOwn = (key: Key): boolean => own?.startsWith(`${key.prefix}_`) === true && own.endsWith(key.last_four)
  const columns: readonly Column<Key>[] = [
    { title: '', cell: (key) => (isOwn(key) ? '●' : ''), paint: (text) => paint('green', text) },
    { title: 'KEY', cell: ({ prefix, last_four: end }) => `${prefix}_…${end}` },
    { title: 'NAME', cell: ({ name }) => name ?? '', paint: (text) => bold(text), flexible: true },
    { title: 'STATE', cell: stateOf, paint: (text) => (text === 'live' ? paint('green', text) : dim(text)) },
    {
      title: 'USED',
      spare: true,
      cell: ({ last_used_at: at }) => (at === null ? 'never' : relative(at)),
      align: 'right',
    },
    { title: 'EXPIRES', spare: true, cell: ({ expires_at: at }) => relative(at), align: 'right' },
    {
      title: 'PER DAY',
      spare: true,
      cell: ({ spend_limit_cents: limit }) => (limit === null ? '' : dollars(limit)),
      align: 'right',
    },
    { title: 'MAY', spare: true, cell: ({ scopes }) => scopes.join(' '), paint: (text) => dim(text), flexible: true },
  ]
  session.show(keys, () => table(keys, columns))
}

/** Whoever steals a key must not be able to make itself another one. */
function sendToBrowser({ url }: Session, verb: 'create' | 'revoke'): never {
  throw refused(
    'session_required',
    `A key makes no keys and ends none but itself: to ${verb} one, sign in with a browser.`,
    `${url}/wallet`,
    ...(verb === 'revoke' ? ['clawrk keys rotate  replaces the key you use, and kills the old one'] : []),
  )
}

async function rotate(session: Session): Promise<void> {
  const stored = readCredentials()
  const isStored = stored !== null && stored.key === session.key
  const made = await session.client.accounts.rotate_key()
  const name = bold(`${made.prefix}_…${made.last_four}`)
  let kept = false
  if (isStored) {
    try {
      storeCredentials({ ...stored, key: made.key })
      kept = true
    } catch (error) {
      // The old key is dead: whatever went wrong, the new one must not be lost.
      process.stderr.write(`${error instanceof Error ? oneLine(error.message) : error}\n`)
    }
  }
  session.show(made, () =>
    kept
      ? done(`Your key is ${name} now, and it is in ${credentialsPath()}. The old one is dead.`)
      : done(
          'The old key is dead. The new one is shown this once:',
          `export CLAWRK_API_KEY=${made.key}`,
          !isStored &&
            process.env.CLAWRK_API_KEY &&
            'the old one came from CLAWRK_API_KEY: change it wherever it is set',
        ),
  )
}
