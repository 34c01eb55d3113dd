import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { freezeLedger, platformBalance, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import type { Withdrawal } from '../../src/core/payments/withdraw.ts'
import { fund, people, post, refused, walletOf, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { assertBooked, connected, earn, madeAt, needsOf, owners, settleAll } from './stage.ts'
import '../support/impatient.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const needs = needsOf(market)

const takeOut = (person: Person, cents: number, key?: string): Promise<Answer<Withdrawal>> =>
  person.ask('POST', '/api/wallet/withdraw', { amount_cents: cents }, key ? { 'idempotency-key': key } : {})
const accountOf = async ({ userId }: Person): Promise<string> => {
  const [row] = await market.db.rows<{ account: string }>(
    `select stripe_account_id as account from app_user where id = $1`,
    [userId],
  )
  return row!.account
}
const statusOf = async (person: Person): Promise<string> =>
  went(await person.ask<{ status: string }>('GET', '/api/stripe/connect/status')).status

test('connect: one account however often it is asked for, pending until its form is filled in, pending again when restricted', async () => {
  const [ada] = await owners(market, 'Ada')
  assert.equal(await statusOf(ada), 'not_connected')
  const asked = await Promise.all(
    Array.from({ length: 10 }, () => ada.ask<{ url: string }>('POST', '/api/stripe/connect')),
  )
  for (const answer of asked) assert.match(went(answer).url, /\/twin\//)
  assert.equal((await madeAt(market, 'account')).length, 1)
  assert.equal(await statusOf(ada), 'pending')
  await earn(market, ada, 1_000)
  refused(await takeOut(ada, 500), 400, 'connect_required')
  await connected(market, ada)
  assert.equal((await madeAt(market, 'account')).length, 1)
  assert.equal(went(await takeOut(ada, 500)).status, 'paid')
  await market.stripe.restrict(await accountOf(ada))
  // The market has not heard of it yet: the provider refuses, the money is back, and the market knows.
  const { reason } = refused(await takeOut(ada, 500), 400, 'provider_refused')
  assert.match(String(reason), /capabilities/)
  assert.equal(await statusOf(ada), 'pending')
  refused(await takeOut(ada, 500), 400, 'connect_required')
  const wallet = await walletOf(ada)
  assert.deepEqual([wallet.balance_cents, wallet.withdrawable_cents, wallet.pending_cents], [500, 500, 0])
  assert.deepEqual(
    wallet.ledger.map(({ delta, reason }) => [delta, reason.split(':')[0]]),
    [
      [500, 'withdrawal_returned'],
      [-500, 'withdrawal'],
      [-500, 'withdrawal'],
      [1_000, 'earning'],
    ],
  )
  await market.stripe.restrict(await accountOf(ada), false)
  assert.equal(await statusOf(ada), 'active')
  await assertBooked(market)
})

test('a lost answer when the account is made, and a day in between: still one account', async () => {
  const [bea] = await owners(market, 'Bea')
  const before = (await madeAt(market, 'account')).length
  await market.stripe.fault('answer_lost', { how: 'cut' }, { times: 3, match: { path: '/v1/accounts' } })
  const first = await bea.ask('POST', '/api/stripe/connect')
  assert.ok([200, 503].includes(first.status), first.text)
  await market.stripe.clear()
  await market.stripe.advance(25 * 3_600)
  await settleAll(market)
  went(await bea.ask('POST', '/api/stripe/connect'))
  assert.equal((await madeAt(market, 'account')).length, before + 1)
  await assertBooked(market)
})

test('only what was earned leaves: the least is $5.00 or all of it, card money stays, whoever posts it', async () => {
  const [cleo] = await owners(market, 'Cleo')
  await connected(market, cleo)
  await fund(market, cleo, 5_000)
  await earn(market, cleo, 700)
  const wallet = await walletOf(cleo)
  assert.deepEqual([wallet.balance_cents, wallet.withdrawable_cents], [5_700, 700])
  const { withdrawable_cents } = refused(await takeOut(cleo, 701), 402, 'not_withdrawable')
  assert.equal(withdrawable_cents, 700)
  refused(await takeOut(cleo, 499), 400, 'withdrawal_too_small')
  for (const wrong of [0, -5, 1.5, '700']) refused(await takeOut(cleo, wrong as number), 400, 'invalid_input')
  went(await takeOut(cleo, 500))
  went(await takeOut(cleo, 200))
  refused(await takeOut(cleo, 1), 402, 'not_withdrawable')
  // PostgreSQL itself refuses it, whatever a program says.
  const [row] = await market.db.rows<{ outcome: string }>(
    `select ledger_post('withdrawal', 'withdrawal:x', 'withdrawal:x', 'USD', array['wallet:' || $1], array['clearing:x'], array[1::bigint]) as outcome`,
    [cleo.userId],
  )
  assert.equal(row!.outcome, 'short')
  await assert.rejects(
    market.db.rows(
      `insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, card_part, created_at)
       values ('withdrawal', 'x', 'x', 1, 'wallet:' || $1::text, 'clearing:x', 'USD', 5, 5, now())`,
      [cleo.userId],
    ),
    /transfer_earned_only/,
  )
  await assertBooked(market)
})

test('earnings wait for WITHDRAW_HOLD_DAYS; a key needs wallet:manage', async (story) => {
  const holding = await startTestMarket({ worker: false, env: { WITHDRAW_HOLD_DAYS: '7' } })
  story.after(() => holding.close())
  const [dora] = await owners(holding, 'Dora')
  await connected(holding, dora)
  await earn(holding, dora, 600)
  refused(await takeOut(dora, 600), 402, 'not_withdrawable')
  await holding.db.rows(`update app_clock set skew = skew + interval '7 days 1 second'`)
  await earn(holding, dora, 900)
  assert.equal((await walletOf(dora)).withdrawable_cents, 600)
  went(await takeOut(dora, 600))
  refused(await takeOut(dora, 900), 402, 'not_withdrawable')
  await assertBooked(holding)
  const [plain] = await people(market, 'Plain')
  refused(await takeOut(plain, 500), 403, 'scope_missing')
})

test('while the ledger is frozen nothing leaves, not even what was asked for before; then it does', async () => {
  const [emma] = await owners(market, 'Emma')
  await connected(market, emma)
  await earn(market, emma, 2_000)
  await market.stripe.fault(
    'answer_lost',
    { how: 'cut', applied: false },
    { times: 3, match: { path: '/v1/transfers' } },
  )
  assert.equal(went(await takeOut(emma, 600)).status, 'pending')
  await market.stripe.clear()
  await freezeLedger(market.db, 'a test')
  refused(await takeOut(emma, 500), 503, 'withdrawals_frozen')
  const before = (await madeAt(market, 'transfer')).length
  await market.db.rows(`update app_clock set skew = skew + interval '5 minutes'`)
  await pursueDue(needs)
  assert.equal((await madeAt(market, 'transfer')).length, before)
  const wallet = await walletOf(emma)
  assert.deepEqual([wallet.balance_cents, wallet.pending_cents], [1_400, 600])
  // Nothing else is stopped.
  await post(emma, { price_cents: 400 })
  await unfreezeLedger(market.db)
  await settleAll(market)
  assert.equal((await madeAt(market, 'transfer')).length, before + 1)
  assert.deepEqual([(await walletOf(emma)).balance_cents, (await walletOf(emma)).pending_cents], [1_000, 0])
  await assertBooked(market)
})

test('the same Idempotency-Key pays out once, also all at once; a definite refusal frees it', async () => {
  const [finn] = await owners(market, 'Finn')
  await connected(market, finn)
  await earn(market, finn, 3_000)
  const before = (await madeAt(market, 'transfer')).length
  const key = randomUUID()
  const answers = await Promise.all(Array.from({ length: 8 }, () => takeOut(finn, 1_000, key)))
  assert.equal(new Set(answers.map((answer) => went(answer).withdrawal_id)).size, 1)
  assert.equal((await madeAt(market, 'transfer')).length, before + 1)
  await market.stripe.fault('transfer_refused', { message: 'The bank is closed.' })
  const again = randomUUID()
  refused(await takeOut(finn, 1_000, again), 400, 'provider_refused')
  went(await takeOut(finn, 1_000, again))
  assert.equal((await walletOf(finn)).balance_cents, 1_000)
  await assertBooked(market)
})

for (const how of ['cut', 'error'] as const) {
  for (const applied of [true, false]) {
    for (const late of [false, true]) {
      test(`the answer to a transfer is lost (${how}, ${applied ? 'done' : 'not done'}${late ? ', a day passes' : ''}): looked up, paid once`, async () => {
        const [gus] = await owners(market, 'Gus')
        await connected(market, gus)
        await earn(market, gus, 900)
        const before = (await madeAt(market, 'transfer')).length
        const stripeHas = await platformBalance(market.db, 'platform:stripe')
        await market.stripe.fault('answer_lost', { how, applied }, { times: 3, match: { path: '/v1/transfers' } })
        const { withdrawal_id: id } = went(await takeOut(gus, 800))
        await market.stripe.clear()
        const wallet = await walletOf(gus)
        assert.equal(wallet.balance_cents, 100)
        // An error the provider remembers is its answer to this key for a day.
        if (late || (how === 'error' && !applied)) await market.stripe.advance(25 * 3_600)
        await settleAll(market)
        const made = await madeAt(market, 'transfer')
        assert.equal(made.length, before + 1)
        const rows = await market.db.rows<Fields>(`select status, object_id from provider_intent where id = $1`, [id])
        assert.deepEqual(rows, [{ status: 'done', object_id: made.at(-1)!.id }])
        assert.deepEqual([(await walletOf(gus)).balance_cents, (await walletOf(gus)).pending_cents], [100, 0])
        assert.equal(await platformBalance(market.db, 'platform:stripe'), stripeHas + 800)
        await assertBooked(market)
      })
    }
  }
}

test('the provider is slow and two workers go on with the same intent meanwhile: one transfer', async () => {
  const [hana] = await owners(market, 'Hana')
  await connected(market, hana)
  await earn(market, hana, 900)
  const before = (await madeAt(market, 'transfer')).length
  await market.stripe.fault(
    'slow',
    { milliseconds: 600 },
    { times: 1, match: { path: '/v1/transfers', method: 'POST' } },
  )
  const asked = takeOut(hana, 900)
  await new Promise((done) => setTimeout(done, 200))
  await market.db.rows(`update app_clock set skew = skew + interval '151 seconds'`)
  await Promise.all([pursueDue(needs), pursueDue(needs)])
  went(await asked)
  await settleAll(market)
  assert.equal((await madeAt(market, 'transfer')).length, before + 1)
  assert.equal((await walletOf(hana)).balance_cents, 0)
  await assertBooked(market)
})

test('a browser may do what a key with wallet:manage may', async () => {
  const [ida] = await people(market, 'Ida')
  const byPage = { cookie: ida.cookie, origin: market.url }
  const { url } = went(await ask<{ url: string }>(market.url, 'POST', '/api/stripe/connect', {}, byPage))
  await ask(market.url, 'POST', url)
  went(await ask(market.url, 'GET', '/api/stripe/connect/status', undefined, byPage))
  await earn(market, ida, 500)
  went(await ask(market.url, 'POST', '/api/wallet/withdraw', { amount_cents: 500 }, byPage))
  assert.equal((await walletOf(ida)).balance_cents, 0)
})
