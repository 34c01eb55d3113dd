import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { newId } from '../../src/base/ids.ts'
import type { Affair } from '../../src/core/accounts/leaving.ts'
import { contractLife, contractStates } from '../../src/desks/gigs/contract/contract.ts'
import { milestoneStates } from '../../src/desks/gigs/contract/milestone.ts'
import { negotiationStates } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { type JobStatus, jobLife, jobStates } from '../../src/desks/jobs/job.ts'
import {
  act,
  assertLawful,
  claim,
  fund,
  moveClock,
  people,
  post,
  postUnpaid,
  refused,
  see,
  submit,
  take,
  verifyAll,
  went,
} from '../journeys/desk.ts'
import { acceptedForCredits, postForCredits, submittedForCredits } from '../journeys/first-api-desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { connected, earn, owners, paid } from '../wallet/stage.ts'
import { contractIn, keptBy, leave, negotiationIn } from './leaving-stage.ts'

// Without background work: what is in flight stays there.
const market = await startTestMarket({ worker: false, env: { CRON_SECRET: 'x' } })
after(() => market.close())

const named = (affairs: readonly Affair[]): string[] => affairs.map(({ kind, id }) => `${kind} ${id}`)

/** How a job comes into each state that involves somebody else or money. */
const jobsIn: Readonly<
  Record<string, { state: JobStatus; make: (ada: Person, bob: Person) => Promise<{ id: string }> }>
> = {
  queued: { state: 'queued', make: (ada) => post(ada) },
  held: {
    state: 'held',
    async make(ada, bob) {
      const job = await post(ada)
      return claim(bob, job)
    },
  },
  accepted: { state: 'accepted', make: async (ada, bob) => take(bob, await post(ada)) },
  'accepted, to be called off': {
    state: 'accepted',
    async make(ada, bob) {
      const job = await take(bob, await post(ada))
      went(await act(ada, 'cancel', job))
      return job
    },
  },
  submitted: { state: 'submitted', make: async (ada, bob) => submit(bob, await take(bob, await post(ada))) },
  'queued for credits': { state: 'queued', make: (ada) => postForCredits(ada) },
  'accepted for credits': { state: 'accepted', make: acceptedForCredits },
  'in progress for credits': {
    state: 'in_progress',
    async make(ada, bob) {
      const job = await acceptedForCredits(ada, bob)
      await market.db.rows(`update job set status = 'in_progress', skill_token = gen_random_uuid() where id = $1`, [
        job.id,
      ])
      return job
    },
  },
  'submitted for credits': { state: 'submitted', make: submittedForCredits },
}

test('every state of a job that holds money or somebody’s work keeps its sender and its worker', async (story) => {
  const covered = new Set(Object.values(jobsIn).map(({ state }) => state))
  const others: readonly JobStatus[] = ['pending_payment', ...jobLife.ended]
  assert.deepEqual(
    jobStates.filter((state) => !covered.has(state) && !others.includes(state)),
    [],
    'a state is not tried: add it to the table',
  )
  let cells = 0
  for (const [about, { state, make }] of Object.entries(jobsIn)) {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    await fund(market, ada, 500)
    const job = await make(ada, bob)
    assert.equal((await see(ada, job)).status, state, about)
    const worksOnIt = state !== 'queued'
    for (const [who, isParty] of [
      [ada, true],
      [bob, worksOnIt],
    ] as const) {
      if (!isParty) continue
      const [affair, ...more] = await keptBy(market, who, { forfeit_balance: true })
      assert.deepEqual(
        named([affair!]),
        [`job ${job.id}`],
        `${about}, for ${who === ada ? 'its sender' : 'its worker'}`,
      )
      assert.deepEqual(more, [])
      assert.match(affair!.sentence, /^[A-Z].+\.$/)
      cells++
    }
    // Refused, nothing has changed: both are here and go on.
    went(await ada.ask('POST', '/api/whoami'))
    assert.equal((await see(ada, job)).prompt !== '', true)
  }
  await assertLawful(market)
  story.diagnostic(`${cells} cells`)
})

test('a job that has ended keeps nobody; one that was never paid for ends with its sender', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const unpaid = await postUnpaid(ada, { price_cents: 9_000 })
  const job = await submit(bob, await take(bob, await post(ada)))
  await verifyAll(market)
  assert.equal((await see(ada, job)).status, 'verified')
  went(await leave(market, ada))
  assert.deepEqual(await market.db.rows(`select status, prompt from job where id = $1`, [unpaid.id]), [
    { status: 'cancelled', prompt: '' },
  ])
  assert.deepEqual(
    named(await keptBy(market, bob)),
    [`balance ${bob.userId}`],
    'what Bob earned has to go somewhere, and nothing else keeps him',
  )
  went(await leave(market, bob, { forfeit_balance: true }))
  await assertLawful(market)
})

test('a hold that has run out keeps nobody', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const job = await claim(bob, await post(ada))
  assert.deepEqual(named(await keptBy(market, bob)), [`job ${job.id}`])
  await moveClock(market, 31)
  went(await leave(market, bob))
  refused(await act(bob, 'accept', job), 401, 'credential_dead')
})

test('every contract that lives keeps both parties, and a milestone that holds something does so whatever the contract is', async (story) => {
  let cells = 0
  for (const status of contractStates) {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    const isLive = !contractLife.ended.includes(status)
    const { contract } = await contractIn(market, [ada, bob], status, isLive ? 'pending' : 'cancelled')
    for (const who of [ada, bob]) {
      if (isLive) assert.deepEqual(named(await keptBy(market, who)), [`contract ${contract}`], status)
      else went(await leave(market, who))
      cells++
    }
  }
  for (const status of milestoneStates) {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    const { milestone } = await contractIn(market, [ada, bob], 'completed', status)
    for (const who of [ada, bob]) {
      if (['funded', 'delivered', 'disputed'].includes(status))
        assert.deepEqual(named(await keptBy(market, who)), [`milestone ${milestone}`], status)
      else went(await leave(market, who))
      cells++
    }
  }
  story.diagnostic(`${cells} cells`)
})

test('a negotiation keeps nobody: it is declined in their name, which is an answer', async () => {
  for (const state of negotiationStates) {
    for (const leaver of ['client', 'worker'] as const) {
      const [ada, bob] = await people(market, 'Ada', 'Bob')
      const { gig, application, negotiation } = await negotiationIn(market, [ada, bob], state)
      const who = leaver === 'client' ? ada : bob
      const other = leaver === 'client' ? bob : ada
      const isOpen = state === 'pending' || state === 'in_progress'
      if (isOpen)
        await market.db.rows(`select turn_open($1, $2, $3, 'answer', 5000, app_now() + interval '7 days')`, [
          who.userId,
          other.userId,
          `negotiation:${negotiation}`,
        ])
      went(await leave(market, who))
      const [now] = await market.db.rows(
        `select n.state, g.status as gig, a.status as application, (select counted and answered from turn where ref = 'negotiation:' || n.id) as answered
         from negotiation n join gig g on g.id = n.gig_id join application a on a.id = $2 where n.id = $1`,
        [negotiation, application],
      )
      assert.deepEqual(now, {
        state: isOpen ? 'expired' : state,
        gig: leaver === 'client' ? 'closed' : 'active',
        application: leaver === 'worker' ? 'withdrawn' : 'shortlisted',
        answered: isOpen ? true : null,
      })
      const told = await market.db.rows<{ name: string }>(
        `select name from event where ref in ($1, $2, $3) order by position`,
        [`gig:${gig}`, `application:${application}`, `negotiation:${negotiation}`],
      )
      assert.deepEqual(
        told.map(({ name }) => name),
        [leaver === 'client' ? 'gig.updated' : 'gig.application.updated', ...(isOpen ? ['negotiation.updated'] : [])],
      )
      const [stone] = await market.db.rows(`select expected, answered from deleted_accounts where user_id = $1`, [
        who.userId,
      ])
      assert.deepEqual(stone, isOpen ? { expected: 1, answered: 1 } : { expected: 0, answered: 0 })
    }
  }
})

test('money with the provider, released money and money in the wallet keep their owner', async () => {
  const [ada, bob, cleo] = await owners(market, 'Ada', 'Bob', 'Cleo')
  // A withdrawal that has had no answer.
  await earn(market, ada, 5_000)
  await connected(market, ada)
  await market.stripe.fault(
    'answer_lost',
    { how: 'error', applied: false },
    { times: 3, match: { path: '/v1/transfers' } },
  )
  const gone = await ada.ask<{ status: string }>('POST', '/api/wallet/withdraw', { amount_cents: 5_000 })
  assert.ok(gone.status === 200 && gone.body.status === 'pending', gone.text)
  assert.deepEqual(
    (await keptBy(market, ada)).map(({ kind }) => kind),
    ['withdrawal'],
  )
  // A top-up on its way back to its card, and one that is not.
  await paid(market, bob, 2_000)
  assert.deepEqual(
    (await keptBy(market, bob)).map(({ kind, sentence }) => [kind, sentence.includes('/api/wallet/refund')]),
    [['balance', true]],
  )
  await market.stripe.fault('refund_pending')
  const back = await bob.ask('POST', '/api/wallet/refund')
  assert.equal(back.status, 200, back.text)
  assert.deepEqual(
    (await keptBy(market, bob, { forfeit_balance: true })).map(({ kind }) => kind),
    ['refund'],
  )
  // The saved card is being charged.
  await market.db.rows(
    `insert into provider_intent (id, kind, user_id, amount_cents, target, customer, created_at, due_at) values ($1, 'auto_topup', $2, 500, 'pm_x', 'cus_x', app_now(), app_now())`,
    [newId(), cleo.userId],
  )
  // A card payment for a milestone that may be confirmed any moment; one that has come to its end.
  for (const [status, payment] of [
    ['asked', null],
    ['open', 'pi_open'],
    ['stopping', 'pi_stopping'],
    ['stopped', 'pi_stopped'],
    ['unwanted', 'pi_unwanted'],
  ] as const)
    await market.db.rows(
      `insert into card_funding (id, ref, user_id, amount_cents, description, status, payment_intent_id, created_at, due_at, ended_at)
       values ($1::uuid, 'milestone:' || $1::uuid, $2, 500, '', $3, $4, app_now(), app_now(), case when $5 then app_now() end)`,
      [newId(), cleo.userId, status, payment, status === 'stopped' || status === 'unwanted'],
    )
  // Released and waiting for its day.
  await market.db.rows(
    `select ledger_post('topup', 'test', 'pending-of-cleo', 'USD', array['platform:stripe'], array['pending:' || $1::text], array[700])`,
    [cleo.userId],
  )
  assert.deepEqual(
    (await keptBy(market, cleo)).map(({ kind }) => kind),
    ['auto_topup', 'card_payment', 'card_payment', 'card_payment', 'payout'],
  )
})

test('only a browser session may, the body is strict, and what is refused changes nothing', async () => {
  const [ada] = await people(market, 'Ada')
  refused(await ada.ask('POST', '/api/account/delete'), 403, 'session_required')
  refused(await ask(market.url, 'POST', '/api/account/delete', {}, { cookie: ada.cookie }), 403, 'origin_mismatch')
  refused(await leave(market, ada, { forfiet_balance: true }), 400, 'invalid_input')
  refused(await leave(market, ada, { reason: 'x'.repeat(10_001) }), 400, 'invalid_input')
  await fund(market, ada, 1)
  assert.deepEqual(named(await keptBy(market, ada)), [`balance ${ada.userId}`])
  const [row] = await market.db.rows(
    `select name, deleted_at, (select count(*) from session where user_id = u.id and ended_at is null) as sessions from app_user u where id = $1`,
    [ada.userId],
  )
  assert.deepEqual(row, { name: 'Ada', deleted_at: null, sessions: 1 })
})
