import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { noDesk } from '../../src/core/payments/funding/desk.ts'
import { handlerOf } from '../../src/core/payments/handlers.ts'
import { readMissedEvents } from '../../src/core/payments/missed-events.ts'
import { lookUpPlans } from '../../src/core/payments/plans/look-up.ts'
import { people, refused, walletOf, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { assertBooked, needsOf } from '../wallet/stage.ts'
import { assertReconciled, creditsOf, subscribe, tierOf, untilCredits } from './stage.ts'

const market = await startTestMarket()
after(() => market.close())
const needs = needsOf(market)
const door = market.stripe
const month = 32 * 86_400

const eventsFor = async (person: Person, name: string): Promise<Record<string, unknown>[]> => {
  const rows = await market.db.rows<{ data: Record<string, unknown> }>(
    `select data from event where name = $1 and $2 = any (parties) order by position`,
    [name, person.userId],
  )
  return rows.map(({ data }) => data)
}
const plansOf = ({ userId }: Person) =>
  market.db.rows<{ id: string; tier: string; status: string }>(
    `select id, tier, status from plan_subscription where user_id = $1 order by started_at, id`,
    [userId],
  )
const paymentOf = async ({ userId }: Person): Promise<string> => {
  const [row] = await market.db.rows<{ payment_intent_id: string }>(
    `select payment_intent_id from plan_invoice where user_id = $1`,
    [userId],
  )
  return row!.payment_intent_id
}
/** Takes credits as a job would. */
const spend = ({ userId }: Person, credits: number) =>
  market.db.rows(
    `select ledger_post('job_paid', 'job:spent', 'spent:' || $1::text, 'CREDIT', array['credits:' || $1::text], array['platform:credits'], array[$2::bigint])`,
    [userId, credits],
  )

test('a plan gives its credits with each paid invoice, once, and the dollars are booked as received for them', async () => {
  const [ada] = await people(market, 'Ada')
  assert.equal(await tierOf(ada), 'free')
  const gift = await creditsOf(market, ada)
  await subscribe(market, ada, 'pro')
  await untilCredits(market, ada, gift + 150)
  await until('the tier', async () => (await tierOf(ada)) === 'pro')
  assert.equal(
    refused(await ada.ask('POST', '/api/stripe/checkout', { tier: 'pro' }), 400, 'plan_running').code,
    'plan_running',
  )
  await market.advance(month)
  await untilCredits(market, ada, gift + 300)
  // Whatever is delivered again changes nothing.
  await market.db.rows(
    `update stripe_inbox set status = 'waiting', processed_at = null, attempts = 0, due_at = clock_timestamp() where object_id is not null and status = 'done'`,
  )
  await until('the inbox is empty', async () => {
    const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from stripe_inbox where status = 'waiting'`)
    return row!.n === 0
  })
  assert.equal(await creditsOf(market, ada), gift + 300)
  assert.deepEqual(
    await eventsFor(ada, 'credits.added'),
    [150, 150].map((credits) => ({ credits, subscription_tier: 'pro' })),
  )
  assert.deepEqual(went(await ada.ask('GET', '/api/credits')), {
    credits_balance: gift + 300,
    subscription_tier: 'pro',
  })
  assert.equal((await walletOf(ada)).balance_cents, 0, 'dollars for credits are no wallet money')
  await assertReconciled(market)
  await assertBooked(market)
})

test('another plan replaces the one before when it is paid; what was given stays', async () => {
  const [bob] = await people(market, 'Bob')
  const gift = await creditsOf(market, bob)
  await subscribe(market, bob, 'starter')
  await untilCredits(market, bob, gift + 50)
  await subscribe(market, bob, 'team')
  await untilCredits(market, bob, gift + 550)
  await until(
    'one plan is left',
    async () => (await plansOf(bob)).filter(({ status }) => status === 'active').length === 1,
  )
  assert.deepEqual((await plansOf(bob)).map(({ tier, status }) => [tier, status]).sort(), [
    ['starter', 'canceled'],
    ['team', 'active'],
  ])
  assert.equal(await tierOf(bob), 'team')
  await market.advance(month)
  await untilCredits(market, bob, gift + 1_050)
  await subscribe(market, bob, 'starter')
  await untilCredits(market, bob, gift + 1_100)
  await until('the smaller plan', async () => (await tierOf(bob)) === 'starter')
  await assertReconciled(market)
})

test('a stopped plan gives nothing any more, and what it gave stays', async () => {
  const [cy] = await people(market, 'Cy')
  const gift = await creditsOf(market, cy)
  refused(await cy.ask('DELETE', '/api/stripe/subscription'), 404, 'plan_not_found')
  await subscribe(market, cy, 'starter')
  // Asked at once, before any webhook may have been worked on: the provider knows of it.
  assert.deepEqual(went(await cy.ask('DELETE', '/api/stripe/subscription')), { ok: true, subscription_tier: 'free' })
  refused(await cy.ask('DELETE', '/api/stripe/subscription'), 404, 'plan_not_found')
  await untilCredits(market, cy, gift + 50)
  await market.advance(month)
  await until('the inbox is empty', async () => {
    const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from stripe_inbox where status = 'waiting'`)
    return row!.n === 0
  })
  assert.deepEqual([await creditsOf(market, cy), await tierOf(cy)], [gift + 50, 'free'])
  await assertReconciled(market)
})

test('a payment that fails is told of, keeps the plan while the provider tries again, and ends it when it gives up', async () => {
  const [eve] = await people(market, 'Eve')
  const gift = await creditsOf(market, eve)
  await subscribe(market, eve, 'starter')
  await untilCredits(market, eve, gift + 50)
  const [customer] = await market.db.rows<{ id: string }>(
    `select stripe_customer_id as id from app_user where id = $1`,
    [eve.userId],
  )
  await door.fault('card_declined', {}, { times: 4, match: { customer: customer!.id } })
  await market.advance(month)
  await until('she is told', async () => (await eventsFor(eve, 'plan.payment_failed')).length === 1)
  assert.equal(await tierOf(eve), 'starter')
  for (let tries = 0; tries < 3; tries++) await market.advance(4 * 86_400)
  await until('the plan is over', async () => (await tierOf(eve)) === 'free')
  assert.equal(await creditsOf(market, eve), gift + 50)
  const attempts = (await eventsFor(eve, 'plan.payment_failed')).map(({ attempt }) => attempt)
  assert.deepEqual(attempts, [...new Set(attempts)], 'told once of each')
})

test('a chargeback takes the credits back, and for those that are spent their price; won, all comes back', async () => {
  const [dan] = await people(market, 'Dan')
  const gift = await creditsOf(market, dan)
  await subscribe(market, dan, 'starter')
  await untilCredits(market, dan, gift + 50)
  await spend(dan, 40)
  const dispute = await door.dispute({ payment_intent: await paymentOf(dan) })
  await until('the credits are gone', async () => (await creditsOf(market, dan)) === 0)
  // 20 of 60 were left: 30 of the 50 that 3,500 cents have paid for are missing.
  assert.deepEqual((await walletOf(dan)).debt_cents, 2_100)
  assert.deepEqual(await eventsFor(dan, 'credits.charged_back'), [
    { dispute_id: dispute.id, credits: 20, debt_cents: 2_100, status: 'taken' },
  ])
  await assertReconciled(market)
  await door.decide(dispute.id, 'won')
  await until('the credits are back', async () => (await creditsOf(market, dan)) === 20)
  assert.equal((await walletOf(dan)).debt_cents, 0)
  await assertReconciled(market)
  await assertBooked(market)
})

test('a plan whose messages were all lost is found: its first month, and the next', async () => {
  const [fay] = await people(market, 'Fay')
  const gift = await creditsOf(market, fay)
  await door.fault('webhook_missing', {}, { times: 10_000 })
  await subscribe(market, fay, 'starter')
  await market.advance(300)
  await lookUpPlans(market.db, needs.stripe, needs.log)
  assert.deepEqual([await creditsOf(market, fay), await tierOf(fay)], [gift + 50, 'starter'])
  await market.advance(month)
  await until('the month is paid', async () => {
    await market.db.rows(`update plan_subscription set looked_up_at = null`)
    await lookUpPlans(market.db, needs.stripe, needs.log)
    return (await creditsOf(market, fay)) === gift + 100
  })
  await door.clear()
  await assertReconciled(market)
})

test('everything that can tell of an invoice or a dispute at once: credits are given once, taken once, given back once', async () => {
  const [ivy] = await people(market, 'Ivy')
  const gift = await creditsOf(market, ivy)
  await door.fault('webhook_missing', {}, { times: 10_000 })
  const session = await subscribe(market, ivy, 'pro')
  const { subscription, invoice } = await needs.stripe.checkout.sessions.retrieve(session)
  const crowd = (work: () => Promise<unknown>): Promise<unknown> => Promise.all(Array.from({ length: 8 }, work))
  const all: readonly [type: string, id: string][] = [
    ['invoice.paid', String(invoice)],
    ['customer.subscription.updated', String(subscription)],
    ['checkout.session.completed', session],
  ]
  await crowd(() => Promise.all(all.map(([type, id]) => handlerOf(type)!(market.db, needs.stripe, id, noDesk))))
  assert.deepEqual([await creditsOf(market, ivy), await tierOf(ivy)], [gift + 150, 'pro'])
  const dispute = await door.dispute({ payment_intent: await paymentOf(ivy) })
  const disputed = () => handlerOf('charge.dispute.created')!(market.db, needs.stripe, dispute.id, noDesk)
  await crowd(disputed)
  assert.equal(await creditsOf(market, ivy), gift)
  await door.decide(dispute.id, 'won')
  await crowd(disputed)
  assert.equal(await creditsOf(market, ivy), gift + 150)
  await door.clear()
  await assertReconciled(market)
  await assertBooked(market)
})

test('what nobody knows to look up is found in the provider’s list of events: a dispute whose messages were lost', async () => {
  const [hal] = await people(market, 'Hal')
  const gift = await creditsOf(market, hal)
  await subscribe(market, hal, 'starter')
  await untilCredits(market, hal, gift + 50)
  await door.fault('webhook_missing', {}, { times: 10_000 })
  await door.dispute({ payment_intent: await paymentOf(hal) })
  await market.advance(60)
  const due = `insert into provider_turn (name) values ('missed events') on conflict (name) do update set due_at = clock_timestamp()`
  await market.db.rows(due)
  await Promise.all(Array.from({ length: 3 }, () => readMissedEvents(market.db, needs.stripe)))
  await until('it is booked', async () => (await creditsOf(market, hal)) === gift)
  await door.clear()
  // Read again it finds nothing new.
  await market.db.rows(due)
  assert.equal(await readMissedEvents(market.db, needs.stripe), 0)
  await assertReconciled(market)
})

test('a key with a spending limit starts no plan, and nobody a plan that there is not', async () => {
  const [gus] = await people(market, 'Gus')
  const { key } = await market.db.transaction((sql) =>
    mintKey(sql, gus.userId, { name: 'limited', scopes: ['wallet:spend'], limit: 10_000 }),
  )
  const limited = { authorization: `Bearer ${key}` }
  refused(await gus.ask('POST', '/api/stripe/checkout', { tier: 'starter' }, limited), 403, 'plan_and_mandate')
  refused(await gus.ask('POST', '/api/stripe/checkout', { tier: 'free' }), 400, 'invalid_input')
})
