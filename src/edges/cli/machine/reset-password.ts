import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openDatabase, sqlState } from '../../../base/db.ts'
import { resetPassword } from '../../../core/accounts/reset-password.ts'
import { Password } from '../../../core/accounts/user.ts'
import { misused, refused } from '../exit.ts'
import { done } from '../render/job.ts'
import { bold, oneLine } from '../render/text.ts'
import { canAsk } from '../session.ts'
import { findDatabase } from './doctor.ts'

/** Gives somebody a new password, made or typed, and ends their browser sessions. */
export async function reset(email: string, ask: boolean, json: boolean): Promise<void> {
  const given = ask ? await askForPassword(json) : null
  const password = given ?? makePassword()
  const place = await findDatabase()
  try {
    const db = openDatabase({ url: place.url, poolSize: 1 })
    try {
      const changed = await resetPassword(db, email.trim(), password)
      if (!changed) throw refused('user_not_found', `Nobody at ${place.name} has the e-mail address ${oneLine(email)}.`)
      const { userId, sessions } = changed
      if (json) {
        const shown = given === null ? { password } : {}
        process.stdout.write(`${JSON.stringify({ user_id: userId, ...shown, sessions_ended: sessions })}\n`)
        return
      }
      const lines = done(
        given === null
          ? `The new password of ${oneLine(email)} is  ${bold(password)}`
          : `The password of ${oneLine(email)} is changed.`,
        given === null && 'it is shown this once',
        `${sessions} ${sessions === 1 ? 'browser session has' : 'browser sessions have'} ended; API keys go on working`,
      )
      process.stdout.write(`${lines.join('\n')}\n`)
    } catch (error) {
      if (sqlState(error) === '42P01')
        throw refused('no_market', `There is no market in ${place.name} yet, or an older one.`, 'clawrk serve')
      throw error
    } finally {
      await db.close()
    }
  } finally {
    await place.release()
  }
}

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Twenty characters that nobody misreads, in groups of five: 100 bits. */
function makePassword(): string {
  const characters = Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return characters.replaceAll(/.{5}(?=.)/g, '$&-')
}

async function askForPassword(json: boolean): Promise<string> {
  const text = canAsk({ json }) ? await typed() : readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  const checked = Password.safeParse(text)
  if (!checked.success) throw misused(`The password ${checked.error.issues[0]!.message}.`)
  return checked.data
}

async function typed(): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts')
  const answer = await password({ message: 'New password', output: process.stderr, withGuide: false })
  if (isCancel(answer)) throw misused('Nothing is changed.')
  return answer
}
