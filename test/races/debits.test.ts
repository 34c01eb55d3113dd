import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyRow } from '../../src/core/accounts/queries.ts'
import { assertLawful, fund, people, refused, walletOf, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { contest, race } from './contest.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())

type Shown = KeyRow & { readonly key: string }

const price = 100
const job = { prompt: 'Write a haiku about rivers.', price_cents: price, time_limit_seconds: 600, confirmed: true }

const byPage = <B = Fields>(who: Person, path: string, body?: unknown): Promise<Answer<B>> =>
  ask<B>(market.url, 'POST', path, body, { cookie: who.cookie, origin: market.url })
const newKey = async (who: Person, body: unknown = {}): Promise<Shown> =>
  went(await byPage<Shown>(who, '/api/keys', body), 201)
const debit = (key: string, n: number): Promise<Answer> =>
  ask(market.urls[n % 2]!, 'POST', '/api/jobs/run', job, { authorization: `Bearer ${key}` })
const whoami = (key: string, n: number): Promise<Answer> =>
  ask(market.urls[n % 2]!, 'POST', '/api/whoami', undefined, { authorization: `Bearer ${key}` })

/** A thousand debits by one key, all under way at once at both APIs. */
const thousand = (key: string): Promise<Answer[]> => Promise.all(Array.from({ length: 1_000 }, (_, n) => debit(key, n)))

interface Books {
  readonly queued: number
  readonly unpaid: number
  readonly escrow: number
}
const booksOf = async ({ userId }: Person): Promise<Books> => {
  const [row] = await market.db.rows<Books>(
    `select count(*) filter (where status = 'queued') as queued, count(*) filter (where status = 'pending_payment') as unpaid,
       coalesce(sum((select balance from ledger_account where id = 'escrow:job:' || job.id)), 0)::bigint as escrow
     from job where sender = $1`,
    [userId],
  )
  return row!
}
const spentBy = async ({ id }: Shown): Promise<number[]> => {
  const days = await market.db.rows<{ spent: number }>(`select spent from mandate_day where lineage = $1`, [id])
  return days.map(({ spent }) => spent)
}

test('1,000 debits at once against one wallet and one mandate: exactly what the tighter of them allows, and not a cent more', async () => {
  const [ada] = await people(market, 'Ada')
  await fund(market, ada, 400 * price)

  const tight = await newKey(ada, { spend_limit_cents: 250 * price + 50 })
  const byMandate = await thousand(tight.key)
  assert.equal(byMandate.filter(({ status }) => status === 201).length, 250)
  for (const answer of byMandate.filter(({ status }) => status !== 201)) refused(answer, 402, 'spend_limit_reached')
  assert.equal((await walletOf(ada)).balance_cents, 150 * price)
  assert.deepEqual(await booksOf(ada), { queued: 250, unpaid: 750, escrow: 250 * price })
  assert.deepEqual(await spentBy(tight), [250 * price])

  // Now the wallet is the tighter one; what did not move is not counted against the mandate.
  const wide = await newKey(ada, { spend_limit_cents: 500 * price })
  const byWallet = await thousand(wide.key)
  assert.equal(byWallet.filter(({ status }) => status === 201).length, 150)
  for (const answer of byWallet.filter(({ status }) => status !== 201)) refused(answer, 402, 'insufficient_balance')
  assert.equal((await walletOf(ada)).balance_cents, 0)
  assert.deepEqual(await booksOf(ada), { queued: 400, unpaid: 1_600, escrow: 400 * price })
  assert.deepEqual(await spentBy(wide), [150 * price])
  await assertLawful(market)
})

test('key revoke against debit: the job is paid for and queued, or the key is dead and nothing has changed', async (story) => {
  const [dora] = await people(market, 'Dora')
  await fund(market, dora, 1_000_000)
  const ended: string[] = []
  let paid = 0
  await contest(story, ['debit', 'revoke'], async (n) => {
    const key = await newKey(dora, { spend_limit_cents: 10 * price })
    // The revocation is always made at the first API: the debit at the same one, known there or not, or at the other.
    const [where, known] = [n % 3 === 2 ? 1 : 0, n % 3 === 0]
    if (known) went(await whoami(key.key, where))
    const before = await booksOf(dora)
    // A revocation looks at more before it is decided than a debit does: a head start makes it even.
    const headStart = Math.random() * 10
    const [answer, revoked] = await race(
      async () => {
        await sleep(headStart)
        return debit(key.key, where)
      },
      () => byPage(dora, `/api/keys/${key.id}/revoke`),
    )
    went(revoked)
    ended.push(key.key)
    const won = answer.status === 201
    if (won) paid++
    else refused(answer, 401, 'credential_dead')
    const moved = won ? 1 : 0
    assert.deepEqual(await booksOf(dora), {
      ...before,
      queued: before.queued + moved,
      escrow: before.escrow + moved * price,
    })
    assert.deepEqual(await spentBy(key), won ? [price] : [])
    refused(await debit(key.key, 0), 401, 'credential_dead')
    return won ? 'debit' : 'revoke'
  })

  // One more key, known at the other API: it spends on there for as long as a look-up is believed, and every cent is a 201.
  const last = await newKey(dora)
  went(await whoami(last.key, 1))
  went(await byPage(dora, `/api/keys/${last.id}/revoke`))
  const revokedAt = performance.now()
  for (;;) {
    const asked = performance.now()
    const elsewhere = await debit(last.key, 1)
    if (elsewhere.status !== 201) {
      refused(elsewhere, 401, 'credential_dead')
      break
    }
    paid++
    assert.ok(asked - revokedAt < 5_000, 'the other process believed it for too long')
    await sleep(100)
  }
  for (const key of [...ended, last.key]) for (const n of [0, 1]) refused(await debit(key, n), 401, 'credential_dead')

  assert.deepEqual(await booksOf(dora), { queued: paid, unpaid: 0, escrow: paid * price })
  assert.equal((await walletOf(dora)).balance_cents, 1_000_000 - paid * price)
  await assertLawful(market)
})
