import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Profile } from '../../src/core/profiles/profile.ts'
import { people, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'

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
