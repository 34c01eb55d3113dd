import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openLog } from '../../src/base/log.ts'
import { lastReconciliation, reconcileDaily } from '../../src/core/payments/books/reconcile.ts'
import { inTurn } from '../../src/core/payments/turn.ts'
import { openShell } from '../cli/clawrk.ts'
import { fund, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { connected, earn, needsOf, owners } from '../wallet/stage.ts'
import { assertReconciled, compareNow, subscribe, untilCredits } from './stage.ts'

const market = await startTestMarket()
after(() => market.close())
const { stripe } = needsOf(market)
const shell = openShell({ DATABASE_URL: market.databaseUrl, STRIPE_API_BASE: market.twinUrl, LOG_LEVEL: 'silent' })
const [ada, bob] = await owners(market, 'Ada', 'Bob')

interface Told {
  readonly matched: number
  readonly differences: readonly { readonly kind: string; readonly sentence: string }[]
}
const cli = (...args: string[]) => shell('reconcile', '--grace', '0', ...args)
const balanceOf = async (person: typeof ada): Promise<number> =>
  went(await person.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')).balance_cents

/** Bob has done something for Ada, who had the money from a card. */
async function work(cents: number): Promise<void> {
  for (const [kind, from, to] of [
    ['job_paid', `wallet:${ada.userId}`, 'escrow:job:one'],
    ['job_settled', 'escrow:job:one', `wallet:${bob.userId}`],
  ] as const)
    await market.db.rows(
      `select ledger_post($1, 'job:one', 'job:one', 'USD', array[$2], array[$3], array[$4::bigint])`,
      [kind, from, to, cents],
    )
}

test('after top-ups, a plan, a card refund and a withdrawal the two agree to the cent', async () => {
  await ada.topUp(5_000)
  await until('the money has come', async () => (await balanceOf(ada)) === 5_000)
  await subscribe(market, ada, 'starter')
  await untilCredits(market, ada, 60)
  went(await ada.ask('POST', '/api/wallet/refund', { amount_cents: 1_500 }))
  await connected(market, bob)
  await work(1_000)
  went(await bob.ask('POST', '/api/wallet/withdraw', { amount_cents: 1_000 }))
  await bob.topUp(3_000)
  await until('the money has come', async () => (await balanceOf(bob)) === 3_000)
  await assertReconciled(market)
})

test('clawrk reconcile says so, and names every difference that is made in the books of either side', async () => {
  const clean = await cli()
  assert.deepEqual([clean.code, clean.stderr], [0, ''])
  assert.match(clean.stdout, /They agree to the cent\./)

  // Booked here, unknown there.
  await fund(market, ada, 777)
  // Happened there, unknown here: somebody charged a card by hand.
  const customer = await stripe.customers.create({ email: 'by.hand@people.test' })
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    customer: customer.id,
    line_items: [
      { quantity: 1, price_data: { currency: 'usd', unit_amount: 1_234, product_data: { name: 'By hand' } } },
    ],
    success_url: market.url,
  })
  await ask(market.url, 'POST', session.url!)
  // Another amount there, and something doubled there, and something doubled here.
  const [first] = await market.db.rows<{ id: string; body: Record<string, unknown> }>(
    `select id, body from stripe_twin.object where kind = 'balance_transaction' and body ->> 'amount' = '5000'`,
  )
  await market.db.rows(`update stripe_twin.object set body = body || '{"amount":5001}' where id = $1`, [first!.id])
  await market.db.rows(`insert into stripe_twin.object (id, kind, body) select 'txn_doubled', kind, body || '{"id":"txn_doubled","fee":0}' from stripe_twin.object
     where kind = 'balance_transaction' and body ->> 'amount' = '-1500'`)
  await market.db.rows(
    `select ledger_post('topup', ref, 'topup:again', 'USD', array['platform:stripe'], array['wallet:' || $1], array[3000::bigint])
     from transfer where kind = 'topup' and amount = 3000`,
    [bob.userId],
  )
  const found = await cli('--json')
  assert.equal(found.code, 1)
  const { differences } = found.json<Told>()
  const kinds = differences.map(({ kind }) => kind).sort()
  assert.deepEqual(kinds, [
    'amount_differs',
    'doubled_at_provider',
    'doubled_in_ledger',
    'missing_at_provider',
    'missing_in_ledger',
    // What was kept of the payment by hand.
    'missing_in_ledger',
  ])
  const all = differences.map(({ sentence }) => sentence).join('\n')
  for (const words of [
    /\$7\.77 in \(topup:test-1\)/,
    /\$12\.34 in for charge/,
    /\$50\.01 in .* \$50\.00 in/,
    /\$15\.00 out/,
    /\$30\.00 in .* only once/,
  ])
    assert.match(all, words)
  const shown = await cli()
  assert.equal(shown.code, 1)
  assert.match(shown.stdout, /✖ 6 differences\./)
})

test('the last comparison is shown by the doctor and in the metrics, with what the inbox has given up', async () => {
  await market.db.rows(
    `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error) values ('evt_lost', 'refund.updated', 're_1', 'given_up', clock_timestamp(), 'No such refund')`,
  )
  const doctor = await shell('doctor')
  assert.match(doctor.stdout, /compared .*6 differences/)
  assert.match(doctor.stdout, /1 given up/)
  assert.match(doctor.stdout, /refund\.updated \(evt_lost\) was given up: No such refund/)
  const metrics = await (await fetch(`${market.url}/metrics`)).text()
  for (const line of [
    /^clawrk_reconciliation_differences 6$/m,
    /^clawrk_reconciliation_age_seconds \d/m,
    /^clawrk_provider_events_given_up 1$/m,
  ])
    assert.match(metrics, line)
  const json = (await shell('doctor', '--json')).json<{ reconciliation: Told; inbox: { given_up: number } }>()
  assert.deepEqual([json.reconciliation.differences.length, json.inbox.given_up], [6, 1])
})

test('it is done once a day, by one of all processes', async () => {
  await market.db.rows(`delete from reconciliation`)
  await market.db.rows(
    `insert into provider_turn (name) values ('reconcile') on conflict (name) do update set due_at = clock_timestamp()`,
  )
  const log = openLog('silent', 'test')
  await Promise.all(Array.from({ length: 5 }, () => reconcileDaily(market.db, stripe, log, 'test')))
  const [count] = await market.db.rows<{ n: number }>(`select count(*) as n from reconciliation`)
  assert.equal(count!.n, 1)
  assert.ok((await lastReconciliation(market.db))!.difference_count > 0)
  const away = needsOf({ ...market, twinUrl: 'http://127.0.0.1:9' }).stripe
  await market.db.rows(`update provider_turn set due_at = clock_timestamp() where name = 'reconcile'`)
  await assert.rejects(reconcileDaily(market.db, away, log, 'test'))
  const [turn] = await market.db.rows<{ soon: boolean }>(
    `select due_at < clock_timestamp() + interval '11 minutes' as soon from provider_turn where name = 'reconcile'`,
  )
  assert.equal(turn!.soon, true, 'without an answer it is tried again soon')
  await earn(market, bob, 100)
  assert.ok((await compareNow(market)).differences.length > 6)
})

test('a turn whose process dies in it comes again within the hour, one that was done the next day', async () => {
  const dueIn = async (): Promise<number> =>
    (
      await market.db.rows<{ seconds: number }>(
        `select extract(epoch from due_at - clock_timestamp())::float8 as seconds from provider_turn where name = 'a test'`,
      )
    )[0]!.seconds
  const turns = { everySeconds: 86_400, againSeconds: 600 }
  const ifItDiedNow = await inTurn(market.db, 'a test', turns, dueIn)
  assert.ok(ifItDiedNow! > 3_500 && ifItDiedNow! <= 3_600)
  assert.ok((await dueIn()) > 86_000)
  assert.equal(await inTurn(market.db, 'a test', turns, dueIn), null, 'it is not due')
})

test('a provider that is away is said in a sentence', async () => {
  const lost = await shell.with({ env: { STRIPE_API_BASE: 'http://127.0.0.1:9' } })('reconcile')
  assert.equal(lost.code, 1)
  assert.match(lost.stderr, /The payment provider could not be asked: /)
})
