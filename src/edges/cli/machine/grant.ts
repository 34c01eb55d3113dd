import { grantOperator, readGranted, revokeOperator } from '../../../core/operators/grant.ts'
import { refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { type Column, table } from '../render/table.ts'
import { dim, oneLine } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { onDatabase } from './doctor.ts'

type Granted = Awaited<ReturnType<typeof readGranted>>[number]

const columns: readonly Column<Granted>[] = [
  { title: 'ID', cell: ({ user_id: id }) => id, paint: dim },
  { title: 'E-MAIL', cell: ({ email }) => email, flexible: true },
  { title: 'NAME', cell: ({ name }) => name, flexible: true, spare: true },
  { title: 'GRANTED', cell: ({ granted_at: at }) => relative(at), align: 'right' },
]

const nobody = (user: string, place: string) =>
  refused('user_not_found', `Nobody at ${place} has the id or e-mail address ${oneLine(user)}.`)

const show = (json: boolean, body: unknown, lines: readonly string[]): void =>
  void process.stdout.write(`${json ? JSON.stringify(body) : lines.join('\n')}\n`)

/** Makes somebody an operator. */
export const grant = (user: string, json: boolean): Promise<void> =>
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

/** Ends what was granted. */
export const revoke = (user: string, json: boolean): Promise<void> =>
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

/** Who was made an operator. */
export const list = (json: boolean): Promise<void> =>
  onDatabase(async (db) => {
    const granted = await readGranted(db)
    show(json, granted, granted.length > 0 ? table(granted, columns) : [dim('It was granted to nobody.')])
  })
