import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { newId } from '../../src/base/ids.ts'
import type { PublicProfile, Review } from '../../src/core/profiles/profile.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { ended } from './contracts.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

interface Said {
  readonly rating: number
  readonly text?: string
  readonly status?: 'waiting' | 'published' | 'rejected'
  readonly released?: number
  readonly counted?: boolean
}

/** A completed contract between two, and what one says of the other. */
async function review(reviewer: Person, reviewee: Person, said: Said, contractId?: string): Promise<string> {
  const contract = contractId ?? (await ended(market, reviewer, reviewee))
  const { rating, text = '', status = 'published', released = 0, counted = false } = said
  await market.db.rows(
    `insert into review (id, contract_id, reviewer_id, reviewee_id, rating, review_text, status, released_cents, counted,
       moderated_at, moderated_by, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $7 <> 'waiting' then app_now() end, case when $7 <> 'waiting' then 'rules' end,
       app_now(), app_now())`,
    [newId(), contract, reviewer.userId, reviewee.userId, rating, text, status, released, counted],
  )
  return contract
}

const reviewsOf = ({ userId }: Person, query = ''): Promise<Answer<Review[]>> =>
  ask<Review[]>(market.url, 'GET', `/api/profile/${userId}/reviews${query}`)
const ratingOf = async ({ userId }: Person): Promise<unknown> => {
  const profile = went(await ask<PublicProfile>(market.url, 'GET', `/api/profile/${userId}`))
  return [profile.rating_average, profile.rating_count]
}

test('published reviews are shown, newest first, with who wrote them and what was paid; the average is of those that count', async () => {
  const [ada, ben, cleo] = await people(market, 'Ada', 'Ben', 'Cleo')
  assert.deepEqual(went(await reviewsOf(ada)), [])
  assert.deepEqual(await ratingOf(ada), [null, 0])
  await review(ben, ada, { rating: 5, text: 'On time.', released: 100_000, counted: true })
  await review(ben, ada, { rating: 1, released: 500 })
  await review(cleo, ada, { rating: 4, text: 'Good.', released: 1_000, counted: true })
  await review(cleo, ada, { rating: 1, text: 'Call me at 555', status: 'waiting', released: 5_000 })
  await review(cleo, ada, { rating: 1, text: 'Rude words', status: 'rejected', released: 5_000 })
  await review(ada, cleo, { rating: 2, text: 'Of somebody else.', released: 5_000, counted: true })
  const answer = await reviewsOf(ada)
  const shown = went(answer).map(({ id: _id, created_at: at, ...rest }) => {
    assert.match(at, /^\d{4}-.*\.\d{3}Z$/)
    return rest
  })
  const by = (person: Person, name: string): Fields => ({
    reviewer_user_id: person.userId,
    reviewer_display_name: name,
  })
  assert.deepEqual(shown, [
    { rating: 4, review_text: 'Good.', ...by(cleo, 'Cleo'), released_cents: 1_000, counted: true },
    { rating: 1, review_text: '', ...by(ben, 'Ben'), released_cents: 500, counted: false },
    { rating: 5, review_text: 'On time.', ...by(ben, 'Ben'), released_cents: 100_000, counted: true },
  ])
  assert.doesNotMatch(answer.text, /Call me|Rude|somebody else|contract/)
  assert.deepEqual(await ratingOf(ada), [4.5, 2])
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [cleo.userId])
  const [first] = went(await reviewsOf(ada))
  assert.deepEqual(
    [first!.rating, first!.reviewer_user_id, first!.reviewer_display_name],
    [4, null, null],
    'who has gone is not named',
  )
  assert.deepEqual(await ratingOf(ada), [4.5, 2])
})

test('they come in pages', async () => {
  const [dan, eve] = await people(market, 'Dan', 'Eve')
  for (const rating of [1, 2, 3, 4, 5]) await review(eve, dan, { rating })
  const seen: number[] = []
  let query = '?limit=2'
  for (let pages = 1; ; pages++) {
    const page = await reviewsOf(dan, query)
    seen.push(...went(page).map(({ rating }) => rating))
    const next = /<([^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1]
    if (!next) {
      assert.equal(pages, 3)
      break
    }
    query = new URL(next, market.url).search
  }
  assert.deepEqual(seen, [5, 4, 3, 2, 1])
  for (const wrong of ['?limit=0', '?limit=201', '?cursor=made-up', '?status=waiting'])
    refused(await reviewsOf(dan, wrong), 400, 'invalid_input')
})

test('PostgreSQL refuses a second review of a party, one of oneself, a rating out of bounds, and one published by nobody', async () => {
  const [fay, gus] = await people(market, 'Fay', 'Gus')
  const contract = await review(fay, gus, { rating: 5 })
  await review(gus, fay, { rating: 5 }, contract)
  await assert.rejects(review(fay, gus, { rating: 4 }, contract), /review_once/)
  await assert.rejects(review(fay, fay, { rating: 5 }, await ended(market, fay, gus)), /review_two/)
  for (const rating of [0, 6]) await assert.rejects(review(fay, gus, { rating }), /rating/)
  await assert.rejects(review(fay, gus, { rating: 5, status: 'waiting', counted: true }), /review_counted/)
  await assert.rejects(
    market.db.rows(`update review set status = 'published', moderated_by = null where contract_id = $1`, [contract]),
    /review_moderated/,
  )
})
