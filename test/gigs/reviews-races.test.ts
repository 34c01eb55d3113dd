import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sweepReviews } from '../../src/desks/gigs/review/sweep.ts'
import { people, went } from '../journeys/desk.ts'
import { at, contest, race } from '../races/contest.ts'
import { startTestMarket } from '../support/market.ts'
import { completed, decideOn, reviewIt } from './review-stage.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada, bob, olga, otto] = await people(market, 'Ada', 'Bob', 'Olga', 'Otto')
for (const { userId } of [olga, otto])
  await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [userId])
const elsewhere = (person: typeof ada): typeof ada => at(market.urls[1], person)

test('two reviews by one party: one is there, the other is told so', (story) =>
  contest(story, ['one', 'two'], async () => {
    const contract = await completed(market, ada, bob)
    const answers = await race(
      () => reviewIt(ada, contract, { rating: 1 }),
      () => reviewIt(elsewhere(ada), contract, { rating: 2 }),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
    const rows = await market.db.rows<{ rating: number }>(`select rating from review where contract_id = $1`, [
      contract,
    ])
    assert.equal(rows.length, 1)
    const winner = answers.findIndex(({ status }) => status === 201)
    assert.equal(rows[0]!.rating, winner + 1)
    return ['one', 'two'][winner]!
  }))

test('publish against reject: the later one stands, each is in the audit, and the events tell the same story', (story) =>
  contest(story, ['publish', 'reject'], async () => {
    const contract = await completed(market, ada, bob)
    const review = went(await reviewIt(ada, contract, { rating: 1, review_text: 'What an idiot.' }), 201)
    const answers = await race(
      () => decideOn(olga, 'publish', review),
      () => decideOn(elsewhere(otto), 'reject', review),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    )
    const acts = await market.db.rows<{ act: string }>(`select act from operator_audit where ref = $1 order by id`, [
      `review:${review.id}`,
    ])
    const told = await market.db.rows<{ status: string }>(
      `select data ->> 'status' as status from event where ref = $1 order by position`,
      [`review:${review.id}`],
    )
    const [row] = await market.db.rows<{ status: string }>(`select status from review where id = $1`, [review.id])
    const decisions = acts.map(({ act }) => (act === 'review.publish' ? 'published' : 'rejected'))
    assert.deepEqual(
      told.map(({ status }) => status),
      ['waiting', ...decisions],
    )
    assert.equal(row!.status, decisions.at(-1))
    return row!.status === 'published' ? 'publish' : 'reject'
  }))

test('two operators publish: one does, the other is told that it is', (story) =>
  contest(story, ['olga', 'otto'], async () => {
    const review = went(
      await reviewIt(ada, await completed(market, ada, bob), { rating: 1, review_text: 'What an idiot.' }),
      201,
    )
    const answers = await race(
      () => decideOn(olga, 'publish', review),
      () => decideOn(elsewhere(otto), 'publish', review),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
    return answers[0].status === 200 ? 'olga' : 'otto'
  }))

test('two reviews of one pair at the same moment, and one that the clock publishes: one counts', (story) =>
  contest(story, ['one', 'two', 'clock'], async (n) => {
    const [cleo, dan] = await people(market, `Cleo ${n}`, `Dan ${n}`)
    const [one, two, three] = [
      await completed(market, cleo, dan, 2_000),
      await completed(market, dan, cleo, 2_000),
      await completed(market, cleo, dan, 2_000),
    ]
    const waiting = went(await reviewIt(cleo, three, { rating: 1, review_text: 'What a scam.' }), 201)
    await market.db.rows(
      `update review set created_at = app_now() - interval '7 days' where id = $1 and date_part('year', app_now() - interval '7 days') = date_part('year', app_now())`,
      [waiting.id],
    )
    await race(
      async () => went(await reviewIt(cleo, one, { rating: 5 }), 201),
      async () => went(await reviewIt(elsewhere(cleo), two, { rating: 4 }), 201),
      () => sweepReviews(market.db),
    )
    const counted = await market.db.rows<{ contract_id: string }>(
      `select contract_id from review where reviewer_id = $1 and counted`,
      [cleo.userId],
    )
    assert.equal(counted.length, 1)
    return counted[0]!.contract_id === one ? 'one' : counted[0]!.contract_id === two ? 'two' : 'clock'
  }))
