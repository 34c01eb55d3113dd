import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import type { Scope } from '../../src/core/accounts/scope.ts'
import { assertRefused, footprintOfOurs } from '../hostile/attack.ts'
import { becomes } from '../journeys/deal.ts'
import { people } from '../journeys/desk.ts'
import { upload } from '../journeys/documents.ts'
import { type Answer, ask, type Person, type TestMarket } from '../support/market.ts'

/**
 * A rule of the document or the specification, quoted, and how it is broken: who calls what with what. The answer is its refusal,
 * by status and, where the rule names one, by code; of several statuses any will do where the words leave it open.
 */
export type Rule = readonly [
  says: string,
  by: Pick<Person, 'ask'>,
  call: string,
  send: unknown,
  status: number | readonly number[],
  code?: string | undefined,
  saying?: RegExp,
]

/** Ada is a client, Bob a freelancer; Eve and Fay are the same and have nothing to do with it. */
export interface Cast {
  readonly ada: Person
  readonly bob: Person
  readonly eve: Person
  readonly fay: Person
}

/** Where PostgreSQL is in its log: any change of any row of any database moves it. */
async function howMuchIsWritten({ db }: TestMarket): Promise<string> {
  const [row] = await db.rows<{ at: string }>(`select pg_current_wal_insert_lsn()::text as at`)
  return row!.at
}

/** A scene in which each of its rules is broken once: each gets its refusal, and nothing has changed in any table. */
export function broken(market: TestMarket, scene: string, set: (cast: Cast) => Promise<readonly Rule[]>): void {
  test(scene, async (story) => {
    const [ada, bob, eve, fay] = await people(market, 'Ada', 'Bob', 'Eve', 'Fay')
    for (const freelancer of [bob, fay]) await becomes(freelancer, 'freelancer')
    const rules = await set({ ada, bob, eve, fay })
    let written = await howMuchIsWritten(market)
    let before = await footprintOfOurs(market.db)
    for (const [says, by, call, send, status, code, saying] of rules) {
      await story.test(`${says} · ${call.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')} ${told(send)}`, async () => {
        const [method, path] = call.split(' ') as [string, string]
        const answer = await by.ask(method, path, send)
        const now = await howMuchIsWritten(market)
        // Not a byte was written by anybody: no need to look at every table.
        const after = now === written ? before : await footprintOfOurs(market.db)
        try {
          assertRefused(answer, says)
          assert.ok(
            [status].flat().includes(answer.status),
            `not ${status}: ${answer.status} ${answer.text.slice(0, 300)}`,
          )
          if (code) assert.equal(answer.body.code, code, answer.text)
          if (saying) assert.match(answer.text, saying)
          const changed = Object.keys(after).filter((table) => after[table] !== before[table])
          assert.deepEqual(changed, [], `${says}: refused, and yet something has changed`)
        } finally {
          written = now
          before = after
        }
      })
    }
  })
}

const told = (send: unknown): string =>
  send instanceof FormData ? 'a file' : (JSON.stringify(send) ?? '').slice(0, 80)

/** The same person with another key of theirs. */
export async function withKey(
  market: TestMarket,
  person: Person,
  of: { readonly scopes?: readonly Scope[]; readonly limit?: number },
): Promise<Person> {
  const { key } = await market.db.transaction((sql) => mintKey(sql, person.userId, { name: 'narrow', ...of }))
  return {
    ...person,
    key,
    ask: (method, path, body, headers = {}) =>
      ask(market.url, method, path, body, { authorization: `Bearer ${key}`, ...headers }),
  }
}

/** Somebody who sends what other headers say: no key, a cookie, a foreign page. */
export const bearing = (market: TestMarket, headers: Readonly<Record<string, string>>): Pick<Person, 'ask'> => ({
  ask: (method, path, body) => ask(market.url, method, path, body, headers),
})

/** Somebody who sends a form with a file. */
export const withForm = (market: TestMarket, { key }: Person): Pick<Person, 'ask'> => ({
  ask: <B>(method: string, path: string, body: unknown) =>
    upload(market.url, method, path, body as FormData, { authorization: `Bearer ${key}` }) as Promise<Answer<B>>,
})

export const dayIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
export const day = 86_400
