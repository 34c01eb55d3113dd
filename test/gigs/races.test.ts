import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Gig } from '../../src/desks/gigs/gig/gig.ts'
import type { Negotiation } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { sweepGigs } from '../../src/desks/gigs/sweep.ts'
import { people, went } from '../journeys/desk.ts'
import { at, contest, onlyOneWon, race } from '../races/contest.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import {
  applyTo,
  decideOn,
  freelancers,
  negotiating,
  postGig,
  say,
  seeNegotiation,
  shortlisted,
  startWith,
} from './gig-stage.ts'

// Two APIs on one database; the clock is raced by hand.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada] = await people(market, 'Ada')
const [bob] = await freelancers(market, 'Bob')
const elsewhere = at(market.urls[1], ada)

const eventsOf = async (ref: string): Promise<string[]> => {
  const rows = await market.db.rows<{ told: string }>(
    `select coalesce(data ->> 'status', data ->> 'happened') as told from event where ref = $1 order by position`,
    [ref],
  )
  return rows.map(({ told }) => told)
}
const codeOf = (answer: Answer<unknown>): string => (answer.body as { code: string }).code

/** Applications a day are limited: in a race nobody minds when they were sent. */
const forgetToday = (): Promise<unknown> =>
  market.db.rows(`update application set created_at = created_at - interval '2 days' where worker_id = $1`, [
    bob.userId,
  ])
/** What a round leaves is out of the next one's way. */
const endAll = (): Promise<unknown> =>
  market.db.rows(
    `update negotiation set state = 'expired', due_at = null where client_id = $1 and state in ('pending', 'in_progress', 'pending_owner_approval')`,
    [ada.userId],
  )

test('two shortlists at once: both go well, and it has happened once; against a rejection the last one counts', async (story) => {
  await contest(story, ['shortlisted', 'rejected'], async (n) => {
    await forgetToday()
    const application = went(await applyTo(bob, await postGig(ada)), 201)
    const isSame = n % 2 === 0
    const answers = await race(
      () => decideOn(ada, application, 'shortlisted'),
      () => decideOn(elsewhere, application, isSame ? 'shortlisted' : 'rejected'),
    )
    for (const answer of answers) went(answer)
    const told = await eventsOf(`application:${application.id}`)
    const last = told.at(-1)!
    const [row] = await market.db.rows<{ status: string }>(`select status from application where id = $1`, [
      application.id,
    ])
    assert.equal(row!.status, last)
    if (isSame) assert.deepEqual(told, ['applied', 'shortlisted'])
    else assert.deepEqual(told.toSorted(), ['applied', 'rejected', 'shortlisted'])
    return isSame ? 'the same twice' : last
  })
})

test('apply against close: whoever was first is right, and nobody applies to a closed gig', async (story) => {
  await contest(story, ['apply', 'close'], async () => {
    await forgetToday()
    const gig = await postGig(ada)
    const [applied, closed] = await race(
      () => applyTo(at(market.urls[1], bob), gig),
      () => ada.ask<Gig>('PATCH', `/api/gigs/${gig.id}`, { status: 'closed' }),
    )
    went(closed)
    const [counted] = await market.db.rows<{ n: number }>(`select count(*) as n from application where gig_id = $1`, [
      gig.id,
    ])
    if (applied.status === 201) {
      assert.equal(counted!.n, 1)
      return 'apply'
    }
    assert.deepEqual([applied.status, codeOf(applied), counted!.n], [400, 'gig_not_active', 0])
    return 'close'
  })
})

test('apply against delete: no application without its gig, and no fault', async (story) => {
  await contest(story, ['apply', 'delete'], async () => {
    await forgetToday()
    const gig = await postGig(ada)
    const [applied, deleted] = await race(
      () => applyTo(at(market.urls[1], bob), gig),
      () => ada.ask('DELETE', `/api/gigs/${gig.id}`),
    )
    went(deleted)
    const left = await market.db.rows(`select from application where gig_id = $1`, [gig.id])
    assert.equal(left.length, 0)
    if (applied.status === 201) return 'apply'
    assert.deepEqual([applied.status, codeOf(applied)], [404, 'gig_not_found'])
    return 'delete'
  })
})

test('two negotiations started at once: one is there, the other is told of it', async (story) => {
  await contest(story, ['start 1', 'start 2'], async () => {
    await forgetToday()
    const gig = await postGig(ada)
    await shortlisted(ada, bob, gig)
    const answers = await race(
      () => startWith(ada, bob, gig),
      () =>
        elsewhere.ask<Negotiation>('POST', '/api/negotiate', {
          gig_id: gig.id,
          worker_user_id: bob.userId,
          rate_cents: 100,
          hours_per_week: 1,
        }),
    )
    const won = answers.findIndex(({ status }) => status === 201)
    const lost = answers[1 - won]!
    assert.deepEqual([won >= 0, lost.status, codeOf(lost)], [true, 409, 'negotiation_exists'])
    assert.equal((lost.body as unknown as { negotiation_id: string }).negotiation_id, answers[won]!.body.id)
    await endAll()
    return `start ${won + 1}`
  })
})

test('a fourth round against agree: either there is a contract or it is over, never both', async (story) => {
  await contest(story, ['round', 'agree'], async () => {
    await forgetToday()
    const negotiation = await negotiating(ada, bob)
    for (const person of [ada, bob, ada])
      went(await say(person, 'round', negotiation, { rate_cents: 100, hours_per_week: 1 }))
    const answers = await race(
      () => say(bob, 'round', negotiation),
      () => say(elsewhere, 'agree', negotiation),
    )
    const [rounded, agreed] = answers
    const { state, contract_id: contract } = await seeNegotiation(ada, negotiation)
    const turns = await market.db.rows(`select from turn where ref = 'negotiation:' || $1 and closed_at is null`, [
      negotiation.id,
    ])
    assert.equal(turns.length, 0, 'nobody is expected to answer in it any more')
    await endAll()
    if (agreed.status === 200) {
      assert.deepEqual([rounded.status, codeOf(rounded)], [400, 'negotiation_wrong_state'])
      assert.deepEqual([state, contract], ['pending_owner_approval', agreed.body.contract_id])
      return 'agree'
    }
    assert.deepEqual([agreed.status, codeOf(agreed), rounded.status], [400, 'negotiation_expired', 200])
    assert.deepEqual([state, contract], ['expired', null])
    return 'round'
  })
})

test('both agree at once: one contract with one milestone', async (story) => {
  await contest(story, ['agree 1', 'agree 2'], async () => {
    await forgetToday()
    const negotiation = await negotiating(ada, bob)
    went(await say(bob, 'round', negotiation, { rate_cents: 100, hours_per_week: 1 }))
    const answers = await race(
      () => say(bob, 'agree', negotiation),
      () => say(elsewhere, 'agree', negotiation),
    )
    const won = onlyOneWon(answers, [400, 'negotiation_wrong_state'])
    const [made] = await market.db.rows<{ contracts: number; milestones: number }>(
      `select count(distinct c.id) as contracts, count(m.id) as milestones from contract c join milestone m on m.contract_id = c.id
       where c.negotiation_id = $1`,
      [negotiation.id],
    )
    assert.deepEqual(made, { contracts: 1, milestones: 1 })
    await endAll()
    return `agree ${won + 1}`
  })
})

test('a round against the lapse: said in time it goes on, else it is over and whoever was silent has missed their turn', async (story) => {
  await contest(story, ['round', 'lapse'], async (n) => {
    await forgetToday()
    const negotiation = await negotiating(ada, bob)
    // It lapses about now, so that now the round comes first and now the clock.
    await market.db.rows(
      `update negotiation set due_at = app_now() + make_interval(secs => $2::float8 / 1000) where id = $1`,
      [negotiation.id, 1 + (n % 5) * 2],
    )
    const [rounded] = await race(
      () => say(bob, 'round', negotiation, { rate_cents: 100, hours_per_week: 1 }),
      () => sweepGigs(market.db),
    )
    const turns = async (): Promise<(boolean | null)[]> =>
      (
        await market.db.rows<{ answered: boolean | null }>(
          `select answered from turn where ref = 'negotiation:' || $1 and user_id = $2`,
          [negotiation.id, bob.userId],
        )
      ).map(({ answered }) => answered)
    if (rounded.status === 200) {
      assert.equal(await sweepGigs(market.db), 0)
      assert.equal((await seeNegotiation(ada, negotiation)).state, 'in_progress')
      assert.deepEqual(await turns(), [true])
      await endAll()
      return 'round'
    }
    assert.deepEqual([rounded.status, codeOf(rounded)], [400, 'negotiation_expired'])
    await sweepGigs(market.db)
    const seen = await seeNegotiation(ada, negotiation)
    assert.deepEqual([seen.state, seen.round_number, seen.audit.at(-1)!.event], ['expired', 0, 'expired'])
    assert.deepEqual(await turns(), [false])
    return 'lapse'
  })
})

test('two sweeps at once end each negotiation once', async (story) => {
  await contest(story, ['sweep 1', 'sweep 2'], async () => {
    await forgetToday()
    const negotiation = await negotiating(ada, bob)
    await market.db.rows(`update negotiation set due_at = app_now() where id = $1`, [negotiation.id])
    const [one, two] = await race(
      () => sweepGigs(market.db),
      () => sweepGigs(market.db),
    )
    assert.equal(one + two, 1)
    const { audit } = await seeNegotiation(ada, negotiation)
    assert.deepEqual(
      audit.map(({ event }) => event),
      ['created', 'expired'],
    )
    return one === 1 ? 'sweep 1' : 'sweep 2'
  })
})
