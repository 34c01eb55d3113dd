import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newId } from '../../src/base/ids.ts'
import type { Profile, Review, Vouch } from '../../src/core/profiles/profile.ts'
import { people, went } from '../journeys/desk.ts'
import { ended } from '../profiles/contracts.ts'
import { beginnings, fetched, type Uploaded } from '../profiles/upload.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell, type Shell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

const shellOf = (person: Person): Shell => openShell({ CLAWRK_API_KEY: person.key, CLAWRK_API_URL: market.url })
const mine = async (person: Person): Promise<Profile> => went(await person.ask<Profile>('GET', '/api/profile/me'))

test('a profile is set, shown and cleared', async () => {
  const [ada] = await people(market, 'Ada')
  const shell = shellOf(ada)
  const before = await shell('profile')
  assert.equal(before.code, 0, before.stderr)
  assert.match(before.stdout, /^Ada\n/)
  assert.match(before.stdout, /client: posts gigs/)
  assert.match(before.stdout, /50 of 100, no turn to answer yet/)
  assert.match(before.stdout, /credits +10, plan free/)

  const set = await shell(
    ...['profile', 'set', '--type', 'freelancer', '--name', 'Ada L.', '--skills', 'rust, llvm,,'],
    ...['--portfolio', 'https://ada.example', '--resume-url', 'https://ada.example/cv.pdf'],
  )
  assert.equal(set.code, 0, set.stderr)
  assert.match(set.stdout, /Your profile is changed/)
  assert.equal((await shell.with({ input: 'I write\ncompilers.\n' })('profile', 'set', '--bio', '-')).code, 0)
  const { display_name, user_type, bio, skills, portfolio_website_url, resume_url } = await mine(ada)
  assert.deepEqual(
    [display_name, user_type, bio, skills, portfolio_website_url, resume_url],
    [
      'Ada L.',
      'freelancer',
      'I write\ncompilers.',
      ['rust', 'llvm'],
      'https://ada.example',
      'https://ada.example/cv.pdf',
    ],
  )
  const shown = await shell('profile')
  for (const said of ['Ada L.', 'freelancer', 'rust, llvm', 'compilers.', 'https://ada.example/cv.pdf'])
    assert.ok(shown.stdout.includes(said), `${said} in ${shown.stdout}`)
  assert.deepEqual((await shell('profile', '--json')).json(), await mine(ada))

  const cleared = await shell(
    ...['profile', 'set', '--bio', '', '--skills', '', '--portfolio', '', '--resume-url', '', '--json'],
  )
  assert.deepEqual(cleared.json(), await mine(ada))
  const now = await mine(ada)
  assert.deepEqual([now.bio, now.skills, now.portfolio_website_url, now.resume_url], [null, [], null, null])
})

test('what is wrong is said, with the exit code of its kind', async () => {
  const [ben] = await people(market, 'Ben')
  const shell = shellOf(ben)
  for (const wrong of [
    ['profile', 'set'],
    ['profile', 'set', '--type', 'boss'],
    ['profile', 'Ada'],
    ['profile', 'resume'],
    ['profile', 'resume', 'cv.pdf', '--remove'],
    ['profile', 'resume', 'nothing-here.pdf'],
    ['vouch'],
    ['vouch', 'Ada'],
  ]) {
    const ran = await shell(...wrong)
    assert.deepEqual([ran.code, ran.stdout], [2, ''], wrong.join(' '))
  }
  const http = await shell('profile', 'set', '--resume-url', 'http://ben.example/cv.pdf')
  assert.equal(http.code, 1)
  assert.match(http.stderr, /https/)
  const nobody = await shell('profile', newId(), '--json')
  assert.equal(nobody.code, 1)
  const out = openShell({ CLAWRK_API_URL: market.url })
  assert.equal((await out('profile')).code, 3)
  assert.equal((await out('profile', ben.userId)).code, 0, 'anybody may see somebody’s profile')
})

test('a résumé goes up and comes off; what is none is refused', async () => {
  const [cleo] = await people(market, 'Cleo')
  const shell = shellOf(cleo)
  const path = join(shell.home, 'cv.pdf')
  writeFileSync(path, beginnings.pdf)
  const uploaded = (await shell('profile', 'resume', path, '--json')).json<Uploaded>()
  assert.equal(uploaded.profile.user_id, cleo.userId)
  assert.ok((await fetched(uploaded.resume_url)).bytes.equals(beginnings.pdf))
  assert.ok((await shell('profile', cleo.userId)).stdout.includes(uploaded.resume_url))
  writeFileSync(path, 'no PDF')
  const refused = await shell('profile', 'resume', path)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /PDF, JPEG, PNG or WebP/)
  // By the contract too, under the field's own name.
  writeFileSync(path, beginnings.png)
  assert.equal((await shell('api', 'profiles.upload_resume', '--file', path)).code, 0)
  assert.equal((await shell('profile', 'resume', '--remove')).code, 0)
  assert.equal((await mine(cleo)).resume_url, null)
})

test('vouching, once; it shows with who it is', async () => {
  const [dan, eve] = await people(market, 'Dan', 'Eve \u001b[31mred')
  const shell = shellOf(dan)
  await ended(market, eve, dan)
  const made = await shell('vouch', eve.userId)
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /You vouch for/)
  assert.ok(!made.stdout.includes('\u001b[31m'))
  assert.equal((await shell('vouch', eve.userId)).code, 1)
  assert.equal((await shell('vouch', dan.userId)).code, 1)
  const vouch = (await shellOf(eve)('vouch', dan.userId, '--json')).json<Vouch>()
  assert.deepEqual([vouch.display_name, vouch.worked_together], ['Dan', true])
  assert.match((await shell('profile', eve.userId)).stdout, /Vouched for by\n +• Dan, they have worked together\n/)
})

test('repositories and reviews as tables, and why there are none', async () => {
  const [fay, gus, hal] = await people(market, 'Fay', 'Gus', 'Hal')
  const shell = shellOf(fay)
  assert.match((await shell('profile', 'reviews', fay.userId)).stdout, /No published reviews yet/)
  const repos = await shell('profile', 'repos', fay.userId)
  assert.equal(repos.code, 1)
  assert.match(repos.stderr, /no GitHub name/)
  for (const [by, rating] of [
    [hal, 5],
    [gus, 3],
  ] as const) {
    await market.db.rows(
      `insert into review (id, contract_id, reviewer_id, reviewee_id, rating, review_text, status, released_cents, counted, moderated_at,
         moderated_by, created_at, updated_at)
       values ($1, $2, $3, $4, $5, 'On time.', 'published', 12345, true, app_now(), 'rules', app_now(), app_now())`,
      [newId(), await ended(market, by, fay), by.userId, fay.userId, rating],
    )
  }
  const shown = await shell('profile', 'reviews', fay.userId, '-n', '1')
  assert.match(shown.stdout, /★★★ +\$123\.45 +\S.* +Gus +On time\.\n/)
  const cursor = /--cursor (\S+)/.exec(shown.stdout)![1]!
  assert.match((await shell('profile', 'reviews', fay.userId, '--cursor', cursor)).stdout, /★★★★★/)
  const rows = (await shell('profile', 'reviews', fay.userId, '--json')).json<Review[]>()
  assert.deepEqual(
    rows.map(({ rating }) => rating),
    [3, 5],
  )
  assert.match((await shell('profile')).stdout, /4\.00 of 5, 2 counted/)

  await market.db.rows(
    `insert into github_login (github_id, user_id, created_at, login) values (1, $1, app_now(), 'fay')`,
    [fay.userId],
  )
  const kept = JSON.stringify([
    {
      name: 'clock',
      html_url: 'https://github.com/fay/clock',
      description: 'It ticks.',
      stargazers_count: 7,
      updated_at: null,
      language: 'C',
    },
  ])
  await market.db.rows(`insert into github_repos (github_id, repos, fetched_at) values (1, $1, app_now())`, [kept])
  assert.match((await shell('profile', 'repos', fay.userId)).stdout, /clock +7 +C +It ticks\.\n/)
  await market.db.rows(`update github_repos set repos = '[]'`)
  assert.match((await shell('profile', 'repos', fay.userId)).stdout, /No public repositories/)
})
