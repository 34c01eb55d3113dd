import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { writeOffDebts } from '../../src/core/payments/chargeback.ts'
import { settleLateMoney } from '../../src/core/payments/late-money.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import { people, type Wallet, went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { assertBooked, earn, needsOf, owners, paid } from '../wallet/stage.ts'
import { type GitHubAccount, startGitHub } from './github-stand-in.ts'
import { leave } from './leaving-stage.ts'

const github = await startGitHub('the-client', 'the-secret')
const market = await startTestMarket({
  worker: false,
  env: {
    GITHUB_CLIENT_ID: 'the-client',
    GITHUB_CLIENT_SECRET: 'the-secret',
    GITHUB_BASE_URL: github.url,
    GITHUB_API_URL: github.url,
  },
})
after(() => Promise.all([market.close(), github.close()]))

const octo = (id: number, email = `octo.${id}@git.test`, verified = true): GitHubAccount => ({
  id,
  login: `Octo-${id}`,
  name: `Person ${id}`,
  emails: [{ email, verified, primary: true }],
})

interface Visitor extends Pick<Person, 'cookie'> {
  readonly userId: string
  readonly score: number
}

/** Signs in with GitHub, as a browser does. */
async function visit(visitor: GitHubAccount): Promise<Visitor> {
  github.visitor = visitor
  const away = await ask(market.url, 'GET', '/api/auth/sign-in/github')
  const luggage = away.headers.getSetCookie().find((one) => one.startsWith('clawrk_away='))!
  const page = await fetch(away.headers.get('location')!, { redirect: 'manual' })
  const back = new URL(page.headers.get('location')!)
  const answer = await ask(market.url, 'GET', back.pathname + back.search, undefined, {
    cookie: luggage.split(';')[0]!,
  })
  const cookie = answer.headers
    .getSetCookie()
    .find((one) => one.startsWith('clawrk_session='))!
    .split(';')[0]!
  const { user } = went(
    await ask<{ user: { id: string; ghost_score: number } }>(market.url, 'POST', '/api/whoami', undefined, {
      cookie,
      origin: market.url,
    }),
  )
  return { userId: user.id, score: user.ghost_score, cookie }
}
const walletOf = async ({ cookie }: Visitor): Promise<Wallet> =>
  went(await ask<Wallet>(market.url, 'GET', '/api/wallet/balance', undefined, { cookie }))
const leaving = async (visitor: Visitor): Promise<void> =>
  void went(await leave(market, visitor as never, { forfeit_balance: true }))

let disputes = 0
/** Somebody's bank has taken back what they had spent. */
const charge = ({ userId }: Visitor, cents: number): Promise<unknown> =>
  market.db.rows(`select ledger_chargeback($1, $2, $3)`, [userId, `dispute:test-${++disputes}`, cents])
const answerTurns = ({ userId }: Visitor, expected: number, answered: number): Promise<unknown> =>
  market.db.rows(`select turn_inherit($1, $2, $3)`, [userId, expected, answered])
const stonesOf = (
  ...users: readonly { userId: string }[]
): Promise<{ heir: string | null; expected: number; debt_cents: number }[]> =>
  market.db.rows(
    `select heir, expected, debt_cents from deleted_accounts where user_id = any ($1) order by deleted_at`,
    [users.map(({ userId }) => userId)],
  )

test('whoever comes back with the same GitHub account has their record and their debt again, as often as they leave', async () => {
  const first = await visit(octo(1))
  assert.equal(first.score, 50)
  await answerTurns(first, 10, 2)
  await charge(first, 700)
  await leaving(first)
  assert.deepEqual(await stonesOf(first), [{ heir: null, expected: 10, debt_cents: 700 }])
  const second = await visit(octo(1, 'another.address@git.test'))
  assert.notEqual(second.userId, first.userId)
  assert.equal(second.score, 35)
  assert.deepEqual(
    await walletOf(second).then(({ balance_cents, debt_cents }) => [balance_cents, debt_cents]),
    [0, 700],
  )
  await assertBooked(market)
  assert.equal((await visit(octo(1))).userId, second.userId, 'who is back is back')
  // What they earn repays it first.
  await earn(market, second as never, 300)
  assert.equal((await walletOf(second)).debt_cents, 400)
  await answerTurns(second, 1, 1)
  await leaving(second)
  const third = await visit(octo(1))
  assert.deepEqual([third.score, (await walletOf(third)).debt_cents], [38, 400])
  assert.deepEqual(
    (await stonesOf(first, second)).map(({ heir, expected }) => [heir, expected]),
    [
      [second.userId, 10],
      [third.userId, 11],
    ],
  )
  // After two years nobody owes it any more.
  await market.db.rows(`update app_clock set skew = skew + interval '731 days'`)
  await writeOffDebts(market.db)
  const again = await visit(octo(1))
  assert.equal((await walletOf(again)).debt_cents, 0)
  await assertBooked(market)
})

test('a verified address is enough; one that was only typed in is not, on either side', async () => {
  const left = await visit(octo(11, 'ada@git.test'))
  await answerTurns(left, 10, 0)
  await charge(left, 500)
  await leaving(left)
  const typed = await ask<{ user: { ghost_score: number; id: string } }>(
    market.url,
    'POST',
    '/api/auth/sign-up/email',
    {
      email: 'ada@git.test',
      password: 'correct horse battery',
      name: 'Somebody',
    },
  )
  assert.equal(typed.status, 201, typed.text)
  assert.equal(typed.body.user.ghost_score, 50)
  assert.deepEqual(
    (await stonesOf(left)).map(({ heir }) => heir),
    [null],
  )
  const unverified = await visit(octo(12, 'ada@git.test', false))
  assert.equal(unverified.score, 50)
  const verified = await visit(octo(13, 'ada@git.test'))
  assert.deepEqual([verified.score, (await walletOf(verified)).debt_cents], [25, 500])
  // Once: the next with that address is somebody new.
  const next = await visit(octo(14, 'ada@git.test'))
  assert.deepEqual([next.score, (await walletOf(next)).debt_cents], [50, 0])

  const [bob] = await people(market, 'Bob')
  await market.db.rows(`update app_user set email = 'bob@git.test' where id = $1`, [bob.userId])
  went(await leave(market, bob))
  const [stone] = await market.db.rows(`select email_hash, github_hash from deleted_accounts where user_id = $1`, [
    bob.userId,
  ])
  assert.deepEqual(stone, { email_hash: null, github_hash: null }, 'what nobody verified leaves no trace')
  assert.equal((await visit(octo(15, 'bob@git.test'))).score, 50)
  await assertBooked(market)
})

test('two browsers that come back at once inherit once', async () => {
  const left = await visit(octo(21))
  await answerTurns(left, 10, 0)
  await charge(left, 100)
  await leaving(left)
  const back = await Promise.all([visit(octo(21)), visit(octo(21)), visit(octo(21))])
  assert.equal(new Set(back.map(({ userId }) => userId)).size, 1)
  assert.deepEqual([(await visit(octo(21))).score, (await walletOf(back[0])).debt_cents], [25, 100])
  await assertBooked(market)
})

test('a trace tells nobody without the market’s secret whose it is', async () => {
  const left = await visit(octo(31))
  await leaving(left)
  const [row] = await market.db.rows<{ row: string }>(
    `select t::text as row from deleted_accounts t where user_id = $1`,
    [left.userId],
  )
  const { createHash } = await import('node:crypto')
  for (const text of ['octo.31@git.test', 'email:octo.31@git.test', '31', 'github:31'])
    for (const how of ['sha256', 'sha1', 'md5', 'sha512'])
      assert.ok(!row!.row.includes(createHash(how).update(text).digest('hex')))
})

test('money that comes too late goes back to its card, to whoever has come back, or to nobody; it does not stay', async () => {
  const [ada, bob] = await owners(market, 'Ada', 'Bob')
  // Ada's checkout is paid at the last moment.
  went(await leave(market, ada))
  const late = await paidLate(ada)
  assert.equal(late.balance, 2_000)
  await settleLateMoney(market.db)
  await market.db.rows(`update app_clock set skew = skew + interval '10 seconds'`)
  await pursueDue(needsOf(market))
  const [gone] = await market.db.rows(
    `select ledger_balance($1) as balance, (select status from provider_intent where user_id = $1 and kind = 'card_refund') as refund`,
    [ada.userId],
  )
  assert.deepEqual(gone, { balance: 0, refund: 'done' })
  // What Bob earned before, and a transfer that came back after he had gone.
  went(await leave(market, bob))
  await earn(market, bob, 900)
  await settleLateMoney(market.db)
  const [unclaimed] = await market.db.rows(
    `select ledger_balance($1) as balance, (select sum(amount)::int from transfer where from_account = 'wallet:' || $1::uuid and to_account = 'platform:unclaimed') as unclaimed`,
    [bob.userId],
  )
  assert.deepEqual(unclaimed, { balance: 0, unclaimed: 900 })
  // Octo is back already: money and debts that show up late are theirs.
  const left = await visit(octo(41))
  await leaving(left)
  const back = await visit(octo(41))
  await charge(left, 250)
  await settleLateMoney(market.db)
  assert.equal((await walletOf(back)).debt_cents, 250)
  await earn(market, left as never, 1_000)
  await settleLateMoney(market.db)
  assert.deepEqual(await walletOf(back).then(({ balance_cents, debt_cents }) => [balance_cents, debt_cents]), [750, 0])
  assert.equal(await settleLateMoney(market.db), 0)
  await assertBooked(market)
})

/** Pays on the twin's page for somebody who has left meanwhile, and books it. */
async function paidLate({ userId }: Person): Promise<{ balance: number }> {
  const [eve] = await owners(market, 'Eve')
  await paid(market, eve, 2_000)
  // The payment is Eve's but for the name: as if the session had been opened by who has left.
  await market.db.rows(`update card_payment set user_id = $2 where user_id = $1`, [eve.userId, userId])
  await market.db.rows(
    `select ledger_post('topup', 'topup:late', 'topup:late-' || $1, 'USD', array['platform:stripe'], array['wallet:' || $1], array[2000])`,
    [userId],
  )
  await market.db.rows(
    `select ledger_post('test', 'topup:late', 'topup:late-' || $1, 'USD', array['wallet:' || $1], array['platform:stripe'], array[2000])`,
    [eve.userId],
  )
  const [row] = await market.db.rows<{ balance: number }>(`select ledger_balance($1) as balance`, [userId])
  return row!
}
