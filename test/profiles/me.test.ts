import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Profile, PublicProfile } from '../../src/core/profiles/profile.ts'
import { readProfiles } from '../../src/core/profiles/queries.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { ask, type Fields, startTestMarket } from '../support/market.ts'
import { beginnings, uploadResume } from './upload.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

test('a newcomer is a client with a score of 50, ten credits and nothing said; what is changed stays', async () => {
  const [ada] = await people(market, 'Ada')
  const mine = went(await ada.ask<Profile>('GET', '/api/profile/me'))
  assert.deepEqual(mine, {
    user_id: ada.userId,
    user_type: 'client',
    display_name: 'Ada',
    bio: null,
    skills: [],
    resume_url: null,
    portfolio_website_url: null,
    ghost_score: 50,
    ghost_score_parts: { answered: 0, expected: 0 },
    github_username: null,
    github_profile_url: null,
    vouched_by: [],
    vouch_count: 0,
    rating_average: null,
    rating_count: 0,
    credits_balance: 10,
    subscription_tier: 'free',
  })
  const said = {
    user_type: 'freelancer',
    display_name: 'Ada L.',
    bio: 'I write compilers.',
    skills: ['rust', 'llvm'],
    portfolio_website_url: 'http://ada.example/work',
    resume_url: 'https://ada.example/cv.pdf',
  }
  const changed = went(await ada.ask<Profile>('PATCH', '/api/profile/me', said))
  assert.deepEqual(changed, { ...mine, ...said })
  assert.deepEqual(went(await ada.ask<Profile>('PATCH', '/api/profile/me', {})), changed)
  // What was read may be sent back, as far as it can be set.
  assert.deepEqual(went(await ada.ask<Profile>('PATCH', '/api/profile/me', said)), changed)
  const cleared = { bio: null, skills: [], portfolio_website_url: null, resume_url: null }
  assert.deepEqual(went(await ada.ask<Profile>('PATCH', '/api/profile/me', cleared)), { ...changed, ...cleared })
})

test('what does not fit is refused by name, and nothing is changed', async () => {
  const [ben] = await people(market, 'Ben')
  const before = went(await ben.ask<Profile>('GET', '/api/profile/me'))
  const wrong: [Fields, field: string][] = [
    [{ user_type: 'admin' }, 'user_type'],
    [{ user_type: null }, 'user_type'],
    [{ display_name: '' }, 'display_name'],
    [{ display_name: '   ' }, 'display_name'],
    [{ display_name: 'a'.repeat(201) }, 'display_name'],
    [{ display_name: null }, 'display_name'],
    [{ bio: 'a'.repeat(10_001) }, 'bio'],
    [{ bio: 1 }, 'bio'],
    [{ skills: 'rust' }, 'skills'],
    [{ skills: Array.from({ length: 51 }, (_, at) => `s${at}`) }, 'skills'],
    [{ skills: ['a'.repeat(101)] }, 'skills.0'],
    [{ skills: ['rust', ' '] }, 'skills.1'],
    [{ skills: null }, 'skills'],
    [{ portfolio_website_url: 'ada.example' }, 'portfolio_website_url'],
    [{ portfolio_website_url: 'javascript:alert(1)' }, 'portfolio_website_url'],
    [{ portfolio_website_url: 'data:text/html,x' }, 'portfolio_website_url'],
    [{ portfolio_website_url: 'ftp://ada.example' }, 'portfolio_website_url'],
    [{ portfolio_website_url: `https://ada.example/${'a'.repeat(2_000)}` }, 'portfolio_website_url'],
    [{ resume_url: 'http://ada.example/cv.pdf' }, 'resume_url'],
    [{ resume_url: 'javascript:alert(1)' }, 'resume_url'],
    [{ resume_url: 'file:///etc/passwd' }, 'resume_url'],
    [{ resume_url: `${market.url}/api/profile/${ben.userId}/resume` }, 'resume_url'],
    [{ ghost_score: 100 }, 'ghost_score'],
    [{ credits_balance: 1_000 }, 'credits_balance'],
    [{ github_username: 'torvalds' }, 'github_username'],
    [{ user_id: ben.userId }, 'user_id'],
    [{ display_nane: 'Ben' }, 'display_nane'],
  ]
  for (const [change, field] of wrong) {
    const said = refused(await ben.ask('PATCH', '/api/profile/me', { bio: 'changed', ...change }), 400, 'invalid_input')
    assert.deepEqual(
      said.issues!.map(({ path }) => path),
      [field],
      JSON.stringify(change).slice(0, 100),
    )
  }
  assert.deepEqual(went(await ben.ask<Profile>('GET', '/api/profile/me')), before)
  const most = {
    display_name: 'B'.repeat(200),
    bio: 'b'.repeat(10_000),
    skills: Array.from({ length: 50 }, () => 's'.repeat(100)),
  }
  assert.deepEqual(went(await ben.ask<Profile>('PATCH', '/api/profile/me', most)), { ...before, ...most })
})

test('one’s own profile needs a credential and the scope account; by cookie a page of this market', async () => {
  const [cleo] = await people(market, 'Cleo')
  refused(await ask(market.url, 'GET', '/api/profile/me'), 401, 'authentication_required')
  const page = { authorization: '', cookie: cleo.cookie, origin: market.url }
  const asked = await cleo.ask<Profile>('PATCH', '/api/profile/me', { user_type: 'freelancer' }, page)
  assert.equal(went(asked).user_type, 'freelancer')
  assert.equal(went(await cleo.ask<Profile>('GET', '/api/profile/me', undefined, page)).user_type, 'freelancer')
  const elsewhere = { ...page, origin: 'https://evil.example' }
  refused(await cleo.ask('PATCH', '/api/profile/me', { user_type: 'client' }, elsewhere), 403, 'origin_mismatch')
  const { key } = went(await cleo.ask<{ key: string }>('POST', '/api/keys', { scopes: ['gigs'] }, page), 201)
  const narrow = { authorization: `Bearer ${key}` }
  for (const method of ['GET', 'PATCH'])
    refused(await cleo.ask(method, '/api/profile/me', undefined, narrow), 403, 'scope_missing')
})

test('anybody sees the public part, and nothing else; who is unknown or has gone is a 404', async () => {
  const [dan] = await people(market, 'Dan')
  const said = { bio: 'Here.', skills: ['go'], portfolio_website_url: 'https://dan.example', user_type: 'freelancer' }
  const mine = went(await dan.ask<Profile>('PATCH', '/api/profile/me', said))
  const seen = await ask<PublicProfile>(market.url, 'GET', `/api/profile/${dan.userId}`)
  const { credits_balance: _credits, subscription_tier: _tier, ...shown } = mine
  assert.deepEqual(went(seen), shown)
  assert.ok(!seen.text.includes(dan.email))
  assert.doesNotMatch(seen.text, /email|stripe|balance|earned|tier/)
  const path = `/api/profile/${dan.userId}`
  for (const id of ['01a20226-00b5-7bc1-9461-989abfd9ed53', 'no-id', 'ME'])
    for (const more of ['', '/reviews', '/github-repos', '/resume'])
      assert.equal((await ask(market.url, 'GET', `/api/profile/${id}${more}`)).status, 404, id + more)
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [dan.userId])
  refused(await ask(market.url, 'GET', path), 404, 'profile_not_found')
  refused(await ask(market.url, 'GET', `${path}/reviews`), 404, 'profile_not_found')
  refused(await ask(market.url, 'GET', `${path}/github-repos`), 404, 'profile_not_found')
  refused(await ask(market.url, 'GET', `${path}/resume`), 404, 'resume_not_found')
})

test('who has left within the seconds in which their key is still believed can put nothing here any more', async () => {
  const [dora, emil] = await people(market, 'Dora', 'Emil')
  went(await dora.ask('GET', '/api/profile/me'))
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [dora.userId])
  refused(await dora.ask('PATCH', '/api/profile/me', { bio: 'Still here.' }), 401, 'credential_dead')
  refused(await dora.ask('POST', '/api/vouches', { vouched_user_id: emil.userId }), 401, 'credential_dead')
  refused(await dora.ask('DELETE', '/api/profile/me/resume'), 401, 'credential_dead')
  refused(await uploadResume(market, dora, beginnings.pdf), 401, 'credential_dead')
  refused(await dora.ask('GET', '/api/profile/me'), 401, 'credential_dead')
  assert.deepEqual(await market.db.rows(`select 1 from profile where user_id = $1`, [dora.userId]), [])
})

test('the score is shown with what it is made of', async () => {
  const [eve] = await people(market, 'Eve')
  await market.db.rows(`insert into reliability (user_id, expected, answered) values ($1, 8, 7)`, [eve.userId])
  const { ghost_score: score, ghost_score_parts: parts } = went(await eve.ask<Profile>('GET', '/api/profile/me'))
  assert.deepEqual([score, parts], [67, { answered: 7, expected: 8 }])
  const seen = went(await ask<PublicProfile>(market.url, 'GET', `/api/profile/${eve.userId}`))
  assert.deepEqual([seen.ghost_score, seen.ghost_score_parts], [67, parts])
})

test('the profiles of many are one reading, by id, without who has gone', async () => {
  const [fay, gus, hal] = await people(market, 'Fay', 'Gus', 'Hal')
  went(await fay.ask('PATCH', '/api/profile/me', { bio: 'F', skills: ['f'] }))
  went(await hal.ask('POST', '/api/vouches', { vouched_user_id: fay.userId }), 201)
  await market.db.rows(`update app_user set deleted_at = app_now() where id = $1`, [gus.userId])
  const asked: number[] = []
  const found = await readProfiles(market.db, [fay.userId, gus.userId, hal.userId], async (_sql, pairs) => {
    asked.push(pairs.length)
    return new Set([0])
  })
  assert.deepEqual([...found.keys()].sort(), [fay.userId, hal.userId].sort())
  assert.deepEqual(found.get(fay.userId), {
    user_id: fay.userId,
    display_name: 'Fay',
    bio: 'F',
    skills: ['f'],
    ghost_score: 50,
    github_username: null,
    github_profile_url: null,
    vouched_by: [{ user_id: hal.userId, display_name: 'Hal', worked_together: true }],
  })
  assert.deepEqual(asked, [1], 'who has worked together is asked once')
  assert.equal((await readProfiles(market.db, [], async () => new Set())).size, 0)
})
