import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Overview } from '../../src/core/operators/api.ts'
import { grantOperator } from '../../src/core/operators/grant.ts'
import type { Stuck } from '../../src/core/operators/stuck.ts'
import { sweepJobs } from '../../src/desks/jobs/sweep.ts'
import { fund, moveClock, people, post, submit, take, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { negotiation } from './given.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const { db } = market
const [olga] = await people(market, 'Olga')
before(() => grantOperator(db, olga.userId))

const stuck = async (): Promise<Stuck[]> => went(await olga.ask<Stuck[]>('GET', '/api/operator/stuck'))

/** What the market says of itself at /metrics. */
const gauge = async (name: string): Promise<number> => {
  const text = await (await fetch(`${market.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

test('whatever is past its timer or leased too long is listed, longest first, with what to do', async () => {
  assert.deepEqual(await stuck(), [])
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 2_000)
  const [waiting, handedIn] = [await post(ada), await post(ada)]
  await take(bob, handedIn)
  await submit(bob, handedIn)
  const gig = randomUUID()
  await db.rows(
    `insert into gig (id, owner_id, title, status, created_at, updated_at) values ($1, $2, 'A site', 'active', app_now(), app_now())`,
    [gig, ada.userId],
  )
  const negotiated = await negotiation(db, gig, ada.userId, bob.userId, `app_now() + interval '6 minutes'`)
  const contract = randomUUID()
  await db.rows(
    `insert into contract (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week, payout_delay_days,
       status, due_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 'A site', '', '', 500, 10, 3, 'pending_owner_approval', app_now() + interval '7 minutes', app_now(), app_now())`,
    [contract, negotiated, gig, ada.userId, bob.userId],
  )
  const milestone = randomUUID()
  await db.rows(
    `insert into milestone (id, contract_id, position, title, amount_cents, fee_cents, fee_percent, status, source, due_at, funded_at, created_at, updated_at)
     values ($1, $2, 1, 'A site', 5000, 250, 5, 'disputed', 'wallet', null, app_now(), app_now(), app_now())`,
    [milestone, contract],
  )
  // Its money, so that it can be decided in the end.
  await db.rows(
    `select ledger_post('topup', 'milestone:' || $1, 'milestone:' || $1, 'USD', array['platform:stripe'], array['escrow:milestone:' || $1], array[5000::bigint])`,
    [milestone],
  )
  const next = randomUUID()
  await db.rows(
    `insert into milestone (id, contract_id, position, title, amount_cents, status, due_at, created_at, updated_at)
     values ($1, $2, 2, 'More of it', 5000, 'pending', app_now() + interval '8 minutes', app_now(), app_now())`,
    [next, contract],
  )
  const dispute = randomUUID()
  await db.rows(
    `insert into dispute (id, contract_id, milestone_id, disputing_party, opened_by, respondent_id, reason, status, was_delivered, response_deadline, due_at, created_at, updated_at)
     values ($1, $2, $3, 'client', $4, $5, 'Nothing works.', 'open', false, app_now(), app_now() + interval '9 minutes', app_now(), app_now())`,
    [dispute, contract, milestone, ada.userId, bob.userId],
  )
  const payout = randomUUID()
  await db.rows(
    `insert into payout (id, ref, user_id, amount_cents, due_at, created_at) values ($1, 'milestone:' || $2, $3, 4750, app_now() + interval '10 minutes', app_now())`,
    [payout, next, bob.userId],
  )
  await db.rows(
    `insert into provider_intent (id, kind, user_id, amount_cents, created_at, due_at, tries) values ('01a20226-00b5-7bc1-9461-989abfd9ed53', 'card_refund', $1, 700, app_now(), app_now(), 9)`,
    [ada.userId],
  )
  await db.rows(
    `insert into stripe_inbox (id, type, object_id, attempts, last_error) values ('evt_failing', 'charge.refunded', 'ch_1', 4, 'The provider is away.')`,
  )
  await db.rows(
    `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error) values ('evt_lost', 'charge.refunded', 'ch_1', 'given_up', clock_timestamp(), 'No such charge.')`,
  )
  const [webhook, waits] = [randomUUID(), randomUUID()]
  await db.rows(
    `insert into webhook (id, user_id, url, secret, hold_until, created_at, updated_at)
     select id, $2, 'https://receiver.example/', '', case when waits then app_now() + interval '40 days' end, app_now(), app_now()
     from unnest(array[$1, $3]::uuid[], array[false, true]) as w (id, waits)`,
    [webhook, ada.userId, waits],
  )
  await db.rows(
    `insert into webhook_delivery (webhook_id, event_id, seq, name, due_at, created_at)
     select w, $3, seq, 'job.queued', app_now() + interval '11 minutes', app_now() from unnest(array[$1, $2]::uuid[]) as w, generate_series(1, 3) as seq`,
    [webhook, waits, randomUUID()],
  )
  assert.deepEqual(
    (await stuck()).map(({ kind, id }) => [kind, id]).sort(),
    [
      ['inbox', 'evt_failing'],
      ['inbox', 'evt_lost'],
    ],
    'a timer that runs is not stuck',
  )

  // Nothing is swept: as if no worker had run for a month and a day.
  await moveClock(market, 31 * 86_400)
  const found = await stuck()
  const ofKind = (kind: string): Stuck[] => found.filter((one) => one.kind === kind)
  assert.deepEqual(
    ofKind('job').map(({ id }) => id),
    [waiting.id],
  )
  assert.deepEqual(
    ofKind('submission').map(({ id }) => id),
    [handedIn.id],
  )
  assert.deepEqual(
    ofKind('negotiation').map(({ id }) => id),
    [negotiated],
  )
  assert.deepEqual(
    ofKind('contract').map(({ id }) => id),
    [contract],
  )
  assert.deepEqual(
    ofKind('milestone').map(({ id }) => id),
    [next],
    'what is frozen by a dispute runs no timer',
  )
  assert.deepEqual(
    ofKind('dispute').map(({ id }) => id),
    [dispute],
  )
  assert.deepEqual(
    ofKind('payout').map(({ id }) => id),
    [payout],
  )
  assert.deepEqual(
    ofKind('webhook').map(({ id, what }) => [id, / 3 deliveries /.test(what)]),
    [[webhook, true]],
    'one line for all that waits, and none for a receiver that asked us to wait',
  )
  assert.equal(ofKind('event').length, 1, 'nothing has been numbered')
  assert.equal(await gauge('clawrk_webhook_deliveries_due'), 3)
  assert.equal(await gauge('clawrk_webhook_deliveries_later'), 3)
  assert.ok((await gauge('clawrk_webhook_oldest_due_seconds')) > 30 * 86_400)
  assert.ok((await gauge('clawrk_events_unnumbered_seconds')) > 30 * 86_400)
  assert.deepEqual(
    ofKind('intent').map(({ id }) => id),
    ['01a20226-00b5-7bc1-9461-989abfd9ed53'],
  )
  assert.deepEqual(
    found.map(({ since }) => since),
    found.map(({ since }) => since).toSorted(),
  )
  for (const { what } of found) assert.match(what, /^[A-Z].{40,}\.$/s)
  assert.equal(went(await olga.ask<Overview>('GET', '/api/operator/overview')).stuck, found.length)
  assert.equal(went(await olga.ask<Stuck[]>('GET', '/api/operator/stuck?limit=2')).length, 2)
  await sweepJobs(db)
  assert.deepEqual(
    (await stuck()).filter(({ kind }) => kind === 'job'),
    [],
    'a sweep has moved it',
  )
})
