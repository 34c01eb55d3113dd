import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { PublicProfile, Review } from '../../src/core/profiles/profile.ts'
import { contractStates } from '../../src/desks/gigs/contract/contract.ts'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import type { ContractReview, OperatorReview } from '../../src/desks/gigs/review/review.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { ask, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { day, toldAbout } from './gig-stage.ts'
import { completed, decideOn, reviewIt } from './review-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [olga] = await people(market, 'Olga')
await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [olga.userId])

const publicOf = async ({ userId }: Person): Promise<Review[]> =>
  went(await ask<Review[]>(market.url, 'GET', `/api/profile/${userId}/reviews`))
const ratingOf = async ({ userId }: Person): Promise<unknown> => {
  const profile = went(await ask<PublicProfile>(market.url, 'GET', `/api/profile/${userId}`))
  return [profile.rating_average, profile.rating_count]
}
const reviewsSeen = async (person: Person, contract: string): Promise<ContractReview[]> =>
  went(await person.ask<ContractReview[]>('GET', `/api/contracts/${contract}/reviews`))
const queue = async (query = ''): Promise<OperatorReview[]> =>
  went(await olga.ask<OperatorReview[]>('GET', `/api/operator/reviews${query}`))
const canOf = async (person: Person, contract: string): Promise<string[]> =>
  went(await person.ask<Contract>('GET', `/api/contracts/${contract}`)).can

test('each side reviews a completed contract once; it is published at once, with what was released', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const contract = await completed(market, ada, bob, 50_000)
  assert.deepEqual(await canOf(ada, contract), ['review'])
  const review = went(await reviewIt(ada, contract, { rating: 4, review_text: ' On time. ' }), 201)
  const { id, created_at: at, updated_at: _changed, ...rest } = review
  assert.match(at, /\.\d{3}Z$/)
  assert.deepEqual(rest, {
    contract_id: contract,
    reviewer_user_id: ada.userId,
    reviewee_user_id: bob.userId,
    rating: 4,
    review_text: 'On time.',
    status: 'published',
    reason: null,
    publishes_at: null,
    released_cents: 50_000,
    counted: true,
  })
  refused(await reviewIt(ada, contract, { rating: 5 }), 409, 'review_exists')
  assert.deepEqual(await canOf(ada, contract), [])
  assert.deepEqual(await canOf(bob, contract), ['review'])
  const back = went(await reviewIt(bob, contract), 201)
  assert.deepEqual([back.review_text, back.reviewee_user_id], ['', ada.userId], 'stars alone will do')
  assert.deepEqual(
    (await publicOf(bob)).map(({ rating, review_text: text, released_cents: cents }) => [rating, text, cents]),
    [[4, 'On time.', 50_000]],
  )
  assert.deepEqual(
    [await ratingOf(bob), await ratingOf(ada)],
    [
      [4, 1],
      [5, 1],
    ],
  )
  assert.equal((await reviewsSeen(ada, contract)).length, 2)
  assert.deepEqual(await toldAbout(market, `review:${id}`, ada, bob), [
    {
      name: 'review.published',
      data: {
        review_id: id,
        contract_id: contract,
        reviewer_user_id: ada.userId,
        reviewee_user_id: bob.userId,
        rating: 4,
        status: 'published',
      },
    },
  ])
})

test('only after completed, only by a party, only 1 to 5 stars and 10,000 characters', async () => {
  const [cleo, dan, eve] = await people(market, 'Cleo', 'Dan', 'Eve')
  const contract = await completed(market, cleo, dan)
  refused(await reviewIt(eve, contract), 404, 'contract_not_found')
  refused(await eve.ask('GET', `/api/contracts/${contract}/reviews`), 404, 'contract_not_found')
  const wrong: Fields[] = [
    {},
    { rating: 0 },
    { rating: 6 },
    { rating: 4.5 },
    { rating: null },
    { rating: 5, review_text: 'a '.repeat(5_001) },
    { rating: 5, text: 'Fine.' },
  ]
  for (const body of wrong) refused(await reviewIt(cleo, contract, body), 400, 'invalid_input')
  for (const status of contractStates.filter((one) => one !== 'completed')) {
    await market.db.rows(
      `update contract set status = $2, due_at = case when $3 then app_now() + interval '1 day' end,
         ended_at = case when $2 in ('cancelled', 'expired') then app_now() end, activated_at = app_now() where id = $1`,
      [
        contract,
        status,
        ['pending_owner_approval', 'pending_freelancer_kyc', 'pending_client_funding', 'pending_both'].includes(status),
      ],
    )
    refused(await reviewIt(cleo, contract), 400, 'contract_not_completed')
    assert.ok(!(await canOf(cleo, contract)).includes('review'), status)
  }
  const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from review where contract_id = $1`, [
    contract,
  ])
  assert.equal(row!.n, 0)
})

test('what the rules are sure of is rejected, what they doubt waits: its author alone reads it, with the reason', async () => {
  const [fay, gus] = await people(market, 'Fay', 'Gus')
  const contract = await completed(market, fay, gus, 5_000)
  const bad = went(await reviewIt(fay, contract, { rating: 1, review_text: 'Write to fay@example.com' }), 201)
  assert.deepEqual([bad.status, bad.counted, bad.publishes_at], ['rejected', false, null])
  assert.match(String(bad.reason), /contact details/)
  const doubtful = went(await reviewIt(gus, contract, { rating: 2, review_text: 'She is a liar.' }), 201)
  assert.deepEqual([doubtful.status, doubtful.counted], ['waiting', false])
  assert.equal(Date.parse(doubtful.publishes_at!) - Date.parse(doubtful.created_at), 7 * day * 1_000)
  assert.deepEqual([await publicOf(fay), await publicOf(gus)], [[], []])
  assert.deepEqual(
    [await ratingOf(fay), await ratingOf(gus)],
    [
      [null, 0],
      [null, 0],
    ],
  )
  assert.deepEqual(
    (await reviewsSeen(fay, contract)).map(({ id, reason }) => [id, reason]),
    [[bad.id, bad.reason]],
    'of the other side only what is published',
  )
  assert.deepEqual(
    (await toldAbout(market, `review:${bad.id}`, fay)).map(({ name }) => name),
    ['review.rejected'],
  )
  assert.deepEqual(
    (await toldAbout(market, `review:${doubtful.id}`, gus)).map(({ name }) => name),
    ['review.waiting'],
  )
  refused(await reviewIt(fay, contract), 409, 'review_exists')
})

test('an operator publishes and rejects, each with a row in the audit; the author reads the note', async () => {
  const [hal, ivy] = await people(market, 'Hal', 'Ivy')
  const contract = await completed(market, hal, ivy, 5_000)
  const waiting = went(await reviewIt(hal, contract, { rating: 1, review_text: 'What an idiot.' }), 201)
  const rejected = went(await reviewIt(ivy, contract, { rating: 3, review_text: 'See www.example.org' }), 201)
  const seen = (await queue()).find(({ id }) => id === waiting.id)!
  assert.deepEqual(
    [seen.reviewer_display_name, seen.reviewee_display_name, seen.moderated_by, seen.can],
    ['Hal', 'Ivy', 'rules', ['publish', 'reject']],
  )
  assert.equal(seen.reason, waiting.reason)
  assert.ok((await queue('?status=rejected')).some(({ id }) => id === rejected.id))

  const published = went(await decideOn(olga, 'publish', waiting, 'A fair account.'))
  assert.deepEqual([published.status, published.counted, published.can], ['published', true, ['reject']])
  refused(await decideOn(olga, 'publish', waiting), 400, 'review_published_already')
  assert.equal((await publicOf(ivy)).length, 1)
  const takenBack = went(await decideOn(olga, 'reject', waiting))
  assert.deepEqual([takenBack.status, takenBack.counted, takenBack.can], ['rejected', false, ['publish']])
  refused(await decideOn(olga, 'reject', waiting), 400, 'review_rejected_already')
  assert.deepEqual([await publicOf(ivy), await ratingOf(ivy)], [[], [null, 0]])
  const [own] = await reviewsSeen(hal, contract)
  assert.equal(own!.reason, 'An operator has rejected it.')
  assert.equal(went(await decideOn(olga, 'publish', rejected, 'The page is theirs.')).status, 'published')
  refused(await decideOn(olga, 'publish', { id: contract }), 404, 'review_not_found')
  refused(await decideOn(olga, 'reject', waiting, ' '), 400, 'invalid_input')

  const audit = await market.db.rows(`select operator_id, act, data from operator_audit where ref = $1 order by id`, [
    `review:${waiting.id}`,
  ])
  assert.deepEqual(audit, [
    { operator_id: olga.userId, act: 'review.publish', data: { note: 'A fair account.', was: 'waiting' } },
    { operator_id: olga.userId, act: 'review.reject', data: { note: null, was: 'published' } },
  ])
  const told = await market.db.rows<{ name: string; parties: string[] }>(
    `select name, parties::text[] as parties from event where ref = $1 order by position`,
    [`review:${waiting.id}`],
  )
  const both = [hal.userId, ivy.userId]
  assert.deepEqual(told, [
    { name: 'review.waiting', parties: [hal.userId] },
    { name: 'review.published', parties: both },
    { name: 'review.rejected', parties: both },
  ])
  refused(await hal.ask('GET', '/api/operator/reviews'), 404, 'not_found')
  refused(await decideOn(hal, 'publish', waiting), 404, 'not_found')
})

test('a silent operator hides nothing: after 7 days it is published by the clock, what was rejected is not', async () => {
  const [jo, kim] = await people(market, 'Jo', 'Kim')
  const contract = await completed(market, jo, kim, 2_000)
  const waiting = went(await reviewIt(jo, contract, { rating: 2, review_text: 'It was a scam.' }), 201)
  const rejected = went(await reviewIt(kim, contract, { rating: 1, review_text: 'Call +49 170 1234567' }), 201)
  await market.advance(7 * day - 60)
  assert.deepEqual(await publicOf(kim), [])
  await market.advance(61)
  const [shown] = await publicOf(kim)
  assert.deepEqual([shown!.id, shown!.rating, shown!.counted], [waiting.id, 2, true])
  assert.deepEqual(await ratingOf(kim), [2, 1])
  assert.deepEqual(await publicOf(jo), [])
  assert.deepEqual(
    (await toldAbout(market, `review:${waiting.id}`, jo, kim).catch(() => [])).length,
    0,
    'that it waited was its author’s affair alone',
  )
  const names = await market.db.rows<{ name: string }>(`select name from event where ref = $1 order by position`, [
    `review:${waiting.id}`,
  ])
  assert.deepEqual(
    names.map(({ name }) => name),
    ['review.waiting', 'review.published'],
  )
  assert.equal((await queue('?status=published')).find(({ id }) => id === waiting.id)!.moderated_by, 'clock')
  went(await decideOn(olga, 'reject', waiting, 'It was none.'))
  await market.advance(8 * day)
  assert.deepEqual(
    [await publicOf(kim), (await queue('?status=rejected')).some(({ id }) => id === rejected.id)],
    [[], true],
  )
})

test('it counts from $10 between the two, whoever was the client, once a pair and year; a rejected one makes room', async () => {
  const [lea, max, ned] = await people(market, 'Lea', 'Max', 'Ned')
  const poor = went(await reviewIt(lea, await completed(market, lea, max, 900), { rating: 1 }), 201)
  assert.deepEqual([poor.status, poor.counted, poor.released_cents], ['published', false, 900])
  const first = went(await reviewIt(lea, await completed(market, max, lea, 100), { rating: 2 }), 201)
  assert.equal(first.counted, true, '$9 and $1, in two contracts the two ways around')
  const second = went(await reviewIt(lea, await completed(market, lea, max, 90_000), { rating: 4 }), 201)
  assert.equal(second.counted, false, 'one of theirs counts this year already')
  assert.deepEqual(await ratingOf(max), [2, 1])
  const other = await completed(market, ned, max, 1_000)
  assert.equal(went(await reviewIt(ned, other, { rating: 5 }), 201).counted, true)
  assert.deepEqual(await ratingOf(max), [3.5, 2])
  assert.equal(
    went(await reviewIt(max, other, { rating: 3 }), 201).counted,
    true,
    'what max says of ned is another pair',
  )

  went(await decideOn(olga, 'reject', first))
  const counted = async (): Promise<string[]> =>
    (await publicOf(max)).filter((one) => one.counted && one.reviewer_user_id === lea.userId).map(({ id }) => id)
  assert.deepEqual(await counted(), [poor.id], 'the first that is still published counts in its place')
  assert.deepEqual(await ratingOf(max), [3, 2])
  assert.equal(went(await decideOn(olga, 'publish', first)).counted, false)

  await market.advance(366 * day)
  const later = went(await reviewIt(lea, await completed(market, lea, max), { rating: 5 }), 201)
  assert.equal(later.counted, true, 'another year, and what was released before counts still')
  assert.equal((await counted()).length, 2)
})

test('what was given back, arbitration and what a bank has taken are not released', async () => {
  const [oda, pam] = await people(market, 'Oda', 'Pam')
  const contract = await completed(market, oda, pam, 10_000)
  await market.db.rows(
    `update milestone set released_cents = 900, refunded_cents = 8_500, arbitration_cents = 600 where contract_id = $1`,
    [contract],
  )
  const review = went(await reviewIt(oda, contract), 201)
  assert.deepEqual([review.released_cents, review.counted], [900, false])
})

test('what somebody who leaves has written and was not published is gone with them; the rest stays without a name', async () => {
  const [quin, rio] = await people(market, 'Quin', 'Rio')
  const [one, two] = [await completed(market, quin, rio), await completed(market, quin, rio)]
  went(await reviewIt(quin, one, { rating: 5, review_text: 'Fine work.' }), 201)
  const hidden = went(await reviewIt(quin, two, { rating: 1, review_text: 'Write to quin@example.com' }), 201)
  went(await ask(market.url, 'POST', '/api/account/delete', {}, { cookie: quin.cookie, origin: market.url }))
  const rows = await market.db.rows<{ review_text: string }>(
    `select review_text from review where reviewer_id = $1 order by review_text`,
    [quin.userId],
  )
  assert.deepEqual(
    rows.map(({ review_text: text }) => text),
    ['', 'Fine work.'],
  )
  assert.equal((await queue('?status=rejected')).find(({ id }) => id === hidden.id)!.review_text, '')
  assert.equal((await publicOf(rio))[0]!.reviewer_display_name, null)
})
