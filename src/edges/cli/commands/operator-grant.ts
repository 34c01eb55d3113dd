import type { Command } from 'commander'
import { grantOperator, readGranted, revokeOperator } from '../../../core/operators/grant.ts'
import { refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { dim, oneLine } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { onDatabase } from './doctor.ts'

const where = '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), running or not.'

type Granted = Awaited<ReturnType<typeof readGranted>>[number]

const columns: readonly Column<Granted>[] = [
  { title: 'ID', cell: ({ user_id: id }) => id, paint: dim },
  { title: 'E-MAIL', cell: ({ email }) => email, flexible: true },
  { title: 'NAME', cell: ({ name }) => name, flexible: true, spare: true },
  { title: 'GRANTED', cell: ({ granted_at: at }) => relative(at), align: 'right' },
]

/** Who may run the market is decided on its machine, by whoever holds its database. */
export function grantCommands(operator: Command): void {
  const isJson = (command: Command): boolean => command.optsWithGlobals<{ json?: boolean }>().json === true
  operator
    .command('grant')
    .description('on the machine: make somebody an operator')
    .argument('<user>', 'a user id or an e-mail address')
    .addHelpText('after', where)
    .action((user: string, _: object, command: Command) => grant(user, isJson(command)))
  operator
    .command('revoke')
    .description('on the machine: end what was granted')
    .argument('<user>', 'a user id or an e-mail address')
    .addHelpText('after', where)
    .action((user: string, _: object, command: Command) => revoke(user, isJson(command)))
  operator
    .command('list')
    .description('on the machine: who was made an operator; those of OPERATOR_EMAILS are not in it')
    .addHelpText('after', where)
    .action((_: object, command: Command) => list(isJson(command)))
}

const nobody = (user: string, place: string) =>
  refused('user_not_found', `Nobody at ${place} has the id or e-mail address ${oneLine(user)}.`)

const show = (json: boolean, body: unknown, lines: readonly string[]): void =>
  void process.stdout.write(`${json ? JSON.stringify(body) : lines.join('\n')}\n`)

const grant = (user: string, json: boolean): Promise<void> =>
  onDatabase(async (db, place) => {
    const { outcome, userId } = await grantOperator(db, user.trim())
    if (outcome === 'unknown') throw nobody(user, place)
    if (outcome === 'suspended')
      throw refused('user_suspended', `${oneLine(user)} is suspended: an operator restores them first.`)
    const already = outcome === 'already'
    show(
      json,
      { user_id: userId, granted: !already },
      done(
        already ? `${oneLine(user)} is an operator already.` : `${oneLine(user)} is an operator, within 5 seconds.`,
        'signed in as them:  clawrk operator',
      ),
    )
  })

const revoke = (user: string, json: boolean): Promise<void> =>
  onDatabase(async (db, place) => {
    const { outcome, userId } = await revokeOperator(db, user.trim())
    if (outcome === 'unknown') throw nobody(user, place)
    const revoked = outcome === 'revoked'
    const listed = 'an address in OPERATOR_EMAILS keeps its rights until that setting changes'
    show(
      json,
      { user_id: userId, revoked },
      done(
        revoked
          ? `${oneLine(user)} is no operator any more, within 5 seconds.`
          : `${oneLine(user)} was not granted it.`,
        listed,
      ),
    )
  })

const list = (json: boolean): Promise<void> =>
  onDatabase(async (db) => {
    const granted = await readGranted(db)
    show(json, granted, granted.length > 0 ? table(granted, columns) : [dim('It was granted to nobody.')])
  })
