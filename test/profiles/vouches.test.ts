import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { newId } from '../../src/base/ids.ts'
import type { PublicProfile, Vouch } from '../../src/core/profiles/profile.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { act, fund, people, post, refused, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { type Answer, ask, type Person, readAll, startTestMarket } from '../support/market.ts'
import { ended } from './contracts.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

const vouch = (by: Person, forWhom: { userId: string }): Promise<Answer<Vouch>> =>
  by.ask<Vouch>('POST', '/api/vouches', { vouched_user_id: forWhom.userId })
const profileOf = async ({ userId }: Person): Promise<PublicProfile> =>
  went(await ask<PublicProfile>(market.url, 'GET', `/api/profile/${userId}`))

test('a vouch shows on the profile for good, once a pair, in each direction on its own', async () => {
  const [ada, ben] = await people(market, 'Ada', 'Ben')
  const made = went(await vouch(ada, ben), 201)
  assert.deepEqual(
    { ...made, created_at: '' },
    { user_id: ada.userId, vouched_user_id: ben.userId, display_name: 'Ben', worked_together: false, created_at: '' },
  )
  assert.match(made.created_at, /^\d{4}-.*\.\d{3}Z$/)
  const { vouched_by: by, vouch_count: count } = await profileOf(ben)
  assert.deepEqual([by, count], [[{ user_id: ada.userId, display_name: 'Ada', worked_together: false }], 1])
  assert.deepEqual((await profileOf(ada)).vouched_by, [])
  refused(await vouch(ada, ben), 409, 'vouch_exists')
  went(await vouch(ben, ada), 201)
  assert.equal((await ada.ask('DELETE', '/api/vouches', { vouched_user_id: ben.userId })).status, 404)

  const events = await market.db.rows<{ parties: string[] }>(
    `select parties from event where name = 'vouch.created' and data->>'user_id' = $1`,
    [ada.userId],
  )
  assert.deepEqual(events, [{ parties: [ada.userId, ben.userId] }])
})

test('not for oneself, nobody, somebody who has gone, or without a name', async () => {
  const [cleo, dan] = await people(market, 'Cleo', 'Dan')
  refused(await vouch(cleo, cleo), 400, 'own_vouch')
  refused(await vouch(cleo, { userId: newId() }), 404, 'profile_not_found')
  refused(await vouch(cleo, { userId: 'Dan' }), 400, 'invalid_input')
  refused(await cleo.ask('POST', '/api/vouches'), 400, 'invalid_input')
  refused(
    await ask(market.url, 'POST', '/api/vouches', { vouched_user_id: dan.userId }),
    401,
    'authentication_required',
  )
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [dan.userId])
  refused(await vouch(cleo, dan), 404, 'profile_not_found')
  assert.equal((await market.db.rows(`select 1 from vouch where user_id = $1`, [cleo.userId])).length, 0)
})

test('who has gone vouches for nobody any more', async () => {
  const [eve, fay] = await people(market, 'Eve', 'Fay')
  went(await vouch(eve, fay), 201)
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [eve.userId])
  const { vouched_by: by, vouch_count: count } = await profileOf(fay)
  assert.deepEqual([by, count], [[], 0])
})

test('twenty a day, also when they come at once; the next day goes on', async () => {
  const [gus] = await people(market, 'Gus')
  const others = await people(market, ...Array.from({ length: 26 }, (_, at) => `Other ${at}`))
  for (const other of others.slice(0, 15)) went(await vouch(gus, other), 201)
  const answers = await Promise.all(others.slice(15, 25).map((other) => vouch(gus, other)))
  const made = answers.filter(({ status }) => status === 201).length
  assert.equal(made, 5)
  for (const answer of answers) if (answer.status !== 201) refused(answer, 400, 'too_many_vouches')
  await market.advance(24 * 3600 - 60)
  refused(await vouch(gus, others[25]!), 400, 'too_many_vouches')
  await market.advance(61)
  went(await vouch(gus, others[25]!), 201)
})

test('of two vouches for the same at once one is made', async () => {
  const [hal, ida] = await people(market, 'Hal', 'Ida')
  const answers = await Promise.all(Array.from({ length: 6 }, () => vouch(hal, ida)))
  const statuses = answers.map(({ status }) => status).sort()
  assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409])
  const key = { 'idempotency-key': 'again' }
  const [jan] = await people(market, 'Jan')
  const [first, second] = [
    await hal.ask('POST', '/api/vouches', { vouched_user_id: jan.userId }, key),
    await hal.ask('POST', '/api/vouches', { vouched_user_id: jan.userId }, key),
  ]
  assert.deepEqual([second.status, second.text], [201, first.text])
})

test('who has a verified job or a completed contract with whom they vouch for has worked together with them', async () => {
  const [kim, leo, mia, ned, ole] = await people(market, 'Kim', 'Leo', 'Mia', 'Ned', 'Ole')
  await fund(market, kim, 500)
  await fund(market, mia, 500)
  await submit(leo, await take(leo, await post(kim)))
  went(await act(kim, 'fail', await take(kim, await post(mia)), {}))
  await verifyAll(market)
  await readAll(market.db, 'jobs.tally', () => tallyJobs(market.db))
  await ended(market, ned, kim)
  await ended(market, kim, ole, 'cancelled')
  const together: Record<string, boolean> = {}
  for (const other of [leo, mia, ned, ole]) together[other.userId] = went(await vouch(other, kim), 201).worked_together
  assert.deepEqual(Object.values(together), [true, false, true, false])
  // The newest first.
  const { vouched_by: by } = await profileOf(kim)
  assert.deepEqual(
    by.map(({ display_name: name, worked_together: worked }) => [name, worked]),
    [
      ['Ole', false],
      ['Ned', true],
      ['Mia', false],
      ['Leo', true],
    ],
  )
  assert.equal(went(await vouch(kim, ned), 201).worked_together, true)
})
