import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { platformBalance } from '../../src/core/ledger/laws.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import {
  act,
  assertLawful,
  cardPartOf,
  eventsOf,
  fund,
  type Held,
  people,
  post,
  seeIn,
  submit,
  take,
  unixPrompt,
  unixReport,
  walletOf,
  went,
} from './desk.ts'

const market = await startTestMarket()
after(() => market.close())

interface Quote {
  readonly needs_confirmation: boolean
  readonly quote_id: string
  readonly title: string
}

test('a paid job from an empty wallet to the payout: the tour of the README', async () => {
  const [ada, bob] = await Promise.all([market.person('Ada'), market.person('Bob')])

  // Ada tops up $20 on the twin's page.
  const { url } = went(await ada.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 2000 }))
  assert.ok(url.startsWith(`${market.url}/twin/`), url)
  const page = await (await fetch(url)).text()
  assert.ok(page.includes('$20.00'), 'the page says what is paid')
  assert.match(page, /test mode/i)
  assert.equal((await walletOf(ada)).balance_cents, 0, 'looking at the page moves nothing')
  const paid = await ask(market.url, 'POST', url)
  assert.equal(paid.status, 303)
  assert.ok(paid.headers.get('location')!.startsWith(`${market.url}/wallet`))
  await until('the money has come', async () => (await walletOf(ada)).balance_cents === 2000)
  const topped = await walletOf(ada)
  assert.deepEqual({ ...topped, ledger: topped.ledger.length }, wallet(2000, 0, 1))
  assert.equal(topped.ledger[0]!.delta, 2000)
  assert.match(topped.ledger[0]!.reason, /^topup:cs_/)
  assert.equal(await cardPartOf(market, ada), 2000)

  // A quote costs nothing.
  const quote = went(await ada.ask<Quote>('POST', '/api/jobs/run', { prompt: unixPrompt }))
  assert.equal(quote.needs_confirmation, true)
  assert.equal((await walletOf(ada)).balance_cents, 2000)

  // Confirmed, its price is in escrow.
  const job = await post(ada, { quote_id: quote.quote_id })
  assert.equal(job.status, 'queued')
  assert.equal(job.title, quote.title)
  assert.equal(job.fee_cents, 150)
  const spent = await walletOf(ada)
  assert.deepEqual({ ...spent, ledger: spent.ledger.length }, wallet(1500, 0, 2))
  assert.deepEqual([spent.ledger[0]!.delta, spent.ledger[0]!.reason], [-500, `job:${job.id}`])
  assert.equal(await cardPartOf(market, ada), 1500)
  assert.deepEqual(await escrow(job), { balance: 500, card_part: 500 })
  await assertLawful(market)

  // Bob's default agent is offered it, takes it and hands in.
  const held = went(await bob.ask<Held>('POST', '/api/jobs/pull'))
  assert.equal(held.id, job.id)
  assert.equal(held.status, 'held')
  const accepted = went(await act(bob, 'accept', job))
  assert.equal(accepted.status, 'accepted')
  assert.equal(accepted.attempt_count, 1)
  const submitted = await submit(bob, job)
  assert.equal(submitted.status, 'submitted')

  // The market verifies and pays by itself.
  const verified = await seeIn(ada, job, 'verified')
  assert.equal(verified.output, unixReport)
  assert.equal(verified.verification!.pass, true)
  assert.ok(verified.ended_at)
  const earned = await walletOf(bob)
  assert.deepEqual({ ...earned, ledger: earned.ledger.length }, wallet(350, 350, 1))
  assert.deepEqual([earned.ledger[0]!.delta, earned.ledger[0]!.reason], [350, `earning:${job.id}`])
  assert.equal(await cardPartOf(market, bob), 0, 'what somebody earned is no card money')
  assert.equal(await platformBalance(market.db, 'platform:fees'), 150)
  // What the provider keeps is booked between these two by a task of its own, some time after the money.
  await until('all that came in is accounted for', async () => {
    const [at, kept] = [
      await platformBalance(market.db, 'platform:stripe'),
      await platformBalance(market.db, 'platform:processing'),
    ]
    return at + kept === -2000
  })
  assert.deepEqual(await escrow(job), { balance: 0, card_part: 0 })
  assert.equal((await walletOf(ada)).balance_cents, 1500)
  assert.deepEqual(await eventsOf(market, job), [
    'job.created',
    'job.queued',
    'job.held',
    'job.accepted',
    'job.submitted',
    'job.verified',
  ])
  await assertLawful(market)
})

test('card money is spent first and comes back as card money; only what was earned can be taken out', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const first = await post(ada)
  await take(bob, first)
  await submit(bob, first)
  await seeIn(ada, first, 'verified')

  await fund(market, bob, 500)
  assert.deepEqual(await parts(bob), { balance: 850, withdrawable: 350, card: 500 })
  const own = await post(bob, { price_cents: 300 })
  assert.deepEqual(await parts(bob), { balance: 550, withdrawable: 350, card: 200 })
  const dear = await post(bob, { price_cents: 400 })
  assert.deepEqual(await parts(bob), { balance: 150, withdrawable: 150, card: 0 })
  went(await act(bob, 'cancel', dear))
  assert.deepEqual(await parts(bob), { balance: 550, withdrawable: 350, card: 200 })
  went(await act(bob, 'cancel', own))
  assert.deepEqual(await parts(bob), { balance: 850, withdrawable: 350, card: 500 })
  const reasons = (await walletOf(bob)).ledger.map(({ delta, reason }) => [delta, reason.split(':')[0]])
  assert.deepEqual(reasons, [
    [300, 'refund'],
    [400, 'refund'],
    [-400, 'job'],
    [-300, 'job'],
    [500, 'topup'],
    [350, 'earning'],
  ])
  await assertLawful(market)
})

test('the fee is 20 % and 50 cents, rounded once; the worker gets the rest', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 200_000)
  const fees = [
    [100, 70],
    [102, 70],
    [103, 71],
    [500, 150],
    [999, 250],
    [1_000, 250],
    [5_000, 1_050],
    [100_000, 20_050],
  ] as const
  let earned = 0
  for (const [price, fee] of fees) {
    const job = await post(ada, { price_cents: price })
    assert.equal(job.fee_cents, fee, `the fee of ${price}`)
    await take(bob, job)
    await submit(bob, job)
    await seeIn(bob, job, 'verified')
    earned += price - fee
    assert.equal((await walletOf(bob)).balance_cents, earned)
  }
  await assertLawful(market)
})

test('where earnings are held for a week, they can be spent at once and taken out after it', async () => {
  const careful = await startTestMarket({ env: { WITHDRAW_HOLD_DAYS: '7' } })
  try {
    const [ada, bob] = await people(careful, 'Ada', 'Bob')
    await fund(careful, ada, 500)
    const job = await post(ada)
    await take(bob, job)
    await submit(bob, job)
    await seeIn(ada, job, 'verified')
    const young = await walletOf(bob)
    assert.deepEqual([young.balance_cents, young.withdrawable_cents], [350, 0])
    await careful.advance(7 * 86_400 - 60)
    assert.equal((await walletOf(bob)).withdrawable_cents, 0)
    await careful.advance(61)
    assert.equal((await walletOf(bob)).withdrawable_cents, 350)
  } finally {
    await careful.close()
  }
})

const wallet = (balance: number, withdrawable: number, lines: number) => ({
  balance_cents: balance,
  withdrawable_cents: withdrawable,
  pending_cents: 0,
  debt_cents: 0,
  ledger: lines,
})

async function parts(person: Person): Promise<{ balance: number; withdrawable: number; card: number }> {
  const { balance_cents, withdrawable_cents } = await walletOf(person)
  return { balance: balance_cents, withdrawable: withdrawable_cents, card: await cardPartOf(market, person) }
}

async function escrow({ id }: Job): Promise<{ balance: number; card_part: number }> {
  const [row] = await market.db.rows<{ balance: number; card_part: number }>(
    `select balance, card_part from ledger_account where id = 'escrow:job:' || $1`,
    [id],
  )
  return row!
}
