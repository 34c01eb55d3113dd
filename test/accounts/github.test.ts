import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ConfigError, readConfig } from '../../src/base/config.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, startTestMarket } from '../support/market.ts'
import { type GitHubAccount, startGitHub } from './github-stand-in.ts'

const github = await startGitHub('the-client', 'the-secret')
const env = {
  GITHUB_CLIENT_ID: 'the-client',
  GITHUB_CLIENT_SECRET: 'the-secret',
  GITHUB_BASE_URL: github.url,
  GITHUB_API_URL: github.url,
}
const market = await startTestMarket({ worker: false, env })
after(() => Promise.all([market.close(), github.close()]))

const account = (id: number, email: string, verified = true): GitHubAccount => ({
  id,
  login: `Octo-${id}`,
  name: id % 2 ? `Person ${id}` : null,
  emails: [
    { email: `other.${id}@git.test`, verified: false, primary: false },
    { email, verified, primary: true },
  ],
})
const cookieOf = (answer: Answer<unknown>, name: string): string | undefined =>
  answer.headers
    .getSetCookie()
    .find((cookie) => cookie.startsWith(`${name}=`))
    ?.split(';')[0]

interface Way {
  /** The cookie that has to come back. */
  readonly luggage: string
  /** Where GitHub sends the browser: path and query. */
  readonly back: string
}

/** A browser sets out to GitHub as somebody and stands before the way back. */
async function setOut(visitor: GitHubAccount | null, query = '', { url } = market): Promise<Way> {
  github.visitor = visitor
  const away = await ask(url, 'GET', `/api/auth/sign-in/github${query}`)
  assert.equal(away.status, 302)
  const cookie = away.headers.getSetCookie().find((one) => one.startsWith('clawrk_away='))!
  for (const flag of ['HttpOnly', 'SameSite=Lax', 'Path=/api/auth/callback', 'Max-Age=600'])
    assert.ok(cookie.split('; ').includes(flag), cookie)
  const there = new URL(away.headers.get('location')!)
  assert.equal(there.origin, github.url)
  const page = await fetch(there, { redirect: 'manual' })
  const back = new URL(page.headers.get('location')!)
  assert.equal(back.origin + back.pathname, `${url}/api/auth/callback/github`)
  return { luggage: cookie.split(';')[0]!, back: back.pathname + back.search }
}
const comeBack = ({ luggage, back }: Way, { url } = market): Promise<Answer> =>
  ask(url, 'GET', back, undefined, { cookie: luggage })

interface Row {
  readonly id: string
  readonly email: string
  readonly verified: boolean
}
async function signIn(visitor: GitHubAccount): Promise<Row> {
  const answer = await comeBack(await setOut(visitor))
  assert.equal(answer.status, 302, answer.text)
  assert.equal(answer.headers.get('location'), `${market.url}/wallet`)
  assert.equal(cookieOf(answer, 'clawrk_away'), 'clawrk_away=', 'the luggage is taken back')
  const cookie = cookieOf(answer, 'clawrk_session')!
  const { user } = went(
    await ask<{ user: { id: string } }>(market.url, 'POST', '/api/whoami', undefined, { cookie, origin: market.url }),
  )
  const [row] = await market.db.rows<Row>(
    `select id, email, email_verified_at is not null as verified from app_user where id = $1`,
    [user.id],
  )
  return row!
}

test('a new person: agent, wallet, ten credits, a verified address; known again by the id, whatever else has changed', async () => {
  const made = await signIn(account(101, 'Octo.101@git.test'))
  assert.deepEqual([made.email, made.verified], ['octo.101@git.test', true])
  const [has] = await market.db.rows<{ agents: number; credits: number; wallet: number; name: string }>(
    `select (select count(*) from agent where owner_id = $1 and is_default) as agents, u.name, ledger_balance($1) as wallet,
            (select balance from ledger_account where id = 'credits:' || $1::uuid) as credits from app_user u where id = $1`,
    [made.id],
  )
  assert.deepEqual(has, { agents: 1, credits: 10, wallet: 0, name: 'Person 101' })
  const again = await signIn({ ...account(101, 'elsewhere@git.test'), login: 'renamed' })
  assert.deepEqual(again, made)

  const racing = await Promise.all(Array.from({ length: 5 }, () => setOut(account(102, 'octo.102@git.test'))))
  const answers = await Promise.all(racing.map((way) => comeBack(way)))
  for (const answer of answers) assert.equal(answer.status, 302, answer.text)
  const [users] = await market.db.rows<{ n: number }>(
    `select count(*) as n from app_user where email = 'octo.102@git.test'`,
  )
  assert.equal(users!.n, 1)
})

test('an account is linked only when both sides have verified the same address', async () => {
  const [ada, bob, cleo] = await people(market, 'Ada', 'Bob', 'Cleo')
  const verify = (who: { userId: string }): Promise<unknown> =>
    market.db.rows(`update app_user set email_verified_at = app_now() where id = $1`, [who.userId])

  // Somebody typed Ada's address in here and never showed that it is theirs: GitHub's Ada is not let into it.
  const stranger = await signIn(account(201, ada.email))
  assert.notEqual(stranger.id, ada.userId)
  assert.deepEqual([stranger.email, stranger.verified], ['201+octo-201@users.noreply.github.com', false])
  const [adas] = await market.db.rows<Row>(
    `select email_verified_at is not null as verified from app_user where id = $1`,
    [ada.userId],
  )
  assert.equal(adas!.verified, false)

  // Verified here, but not at GitHub.
  await verify(bob)
  assert.notEqual((await signIn(account(202, bob.email, false))).id, bob.userId)

  // Both: the same person. A second GitHub account with that address is not.
  await verify(cleo)
  assert.equal((await signIn(account(203, cleo.email.toUpperCase()))).id, cleo.userId)
  assert.equal((await signIn(account(203, 'moved@git.test'))).id, cleo.userId)
  assert.notEqual((await signIn(account(204, cleo.email))).id, cleo.userId)

  const squat = { email: '205+octo-205@users.noreply.github.com', password: 'long enough', name: 'x' }
  refused(await ask(market.url, 'POST', '/api/auth/sign-up/email', squat), 400, 'invalid_input')
})

test('the way back is only for the browser that set out, once, within ten minutes', async () => {
  const mine = await setOut(account(301, 'octo.301@git.test'))
  const other = await setOut(account(302, 'octo.302@git.test'))
  const before = github.exchanges()
  refused(await comeBack({ ...mine, luggage: other.luggage }), 400, 'github_state')
  refused(await ask(market.url, 'GET', mine.back), 400, 'github_state')
  refused(await comeBack({ ...mine, luggage: 'clawrk_away=made-up' }), 400, 'github_state')
  refused(await comeBack({ ...mine, back: mine.back.replace(/state=[^&]*/, 'state=x') }), 400, 'github_state')
  refused(await comeBack({ ...mine, back: mine.back.replace(/state=[^&]*&?/, '') }), 400, 'github_state')
  refused(await comeBack({ ...mine, back: `${mine.back}&iss=https%3A%2F%2Fevil.example` }), 400, 'github_state')
  assert.equal(github.exchanges(), before, 'nothing was asked of GitHub')

  assert.equal((await comeBack(mine)).status, 302)
  const replayed = await comeBack(mine)
  refused(replayed, 400, 'github_refused')
  assert.equal(cookieOf(replayed, 'clawrk_session'), undefined)
  // Another browser's code under this one's state does not fit its verifier.
  const third = await setOut(account(303, 'octo.303@git.test'))
  const mixed = third.back.replace(/code=[^&]*/, /code=[^&]*/.exec(other.back)![0])
  refused(await comeBack({ ...third, back: mixed }), 400, 'github_refused')
})

test('who says no at GitHub is back at the wallet and not signed in; a device that waits is gone on with', async () => {
  const no = await comeBack(await setOut(null))
  assert.deepEqual([no.status, no.headers.get('location')], [302, `${market.url}/wallet`])
  assert.equal(cookieOf(no, 'clawrk_session'), undefined)
  const device = await comeBack(await setOut(account(401, 'octo.401@git.test'), '?user_code=bcdfghjk'))
  assert.equal(device.headers.get('location'), `${market.url}/device?user_code=BCDF-GHJK`)
  refused(await ask(market.url, 'GET', '/api/auth/sign-in/github?user_code=//evil.example'), 400, 'invalid_input')
})

test('newcomers by GitHub are sign-ups of their address and count with those by e-mail; who is known here comes in', async (story) => {
  const small = await startTestMarket({ worker: false, env, limits: { signUps: 3 } })
  story.after(() => small.close())
  const comes = async (id: number): Promise<Answer> =>
    comeBack(await setOut(account(id, `octo.${id}@git.test`), '', small), small)
  const signUp = { email: 'ada@small.test', password: 'long enough', name: 'Ada' }
  went(await ask(small.url, 'POST', '/api/auth/sign-up/email', signUp), 201)
  for (const id of [601, 602]) assert.equal((await comes(id)).status, 302)

  const over = await comes(603)
  assert.equal(refused(over, 429, 'rate_limited').limit, 'sign-ups')
  assert.deepEqual(over.headers.getSetCookie(), [])
  refused(
    await ask(small.url, 'POST', '/api/auth/sign-up/email', { ...signUp, email: 'b@small.test' }),
    429,
    'rate_limited',
  )
  for (const id of [601, 602]) assert.ok(cookieOf(await comes(id), 'clawrk_session'))
  await small.db.rows(`update app_user set email_verified_at = app_now() where email = $1`, [signUp.email])
  assert.equal((await comeBack(await setOut(account(604, signUp.email), '', small), small)).status, 302)
  const [users] = await small.db.rows<{ n: number }>(`select count(*) as n from app_user`)
  assert.equal(users!.n, 3)
})

test('GitHub is failing, hangs, or is gone: 503, within seconds, and nobody is made', async () => {
  for (const mood of ['failing', 'hanging'] as const) {
    const way = await setOut(account(501, 'octo.501@git.test'))
    github.mood = mood
    const start = performance.now()
    refused(await comeBack(way), 503, 'github_away')
    assert.ok(performance.now() - start < 8_000)
    github.mood = 'well'
  }
  const way = await setOut(account(501, 'octo.501@git.test'))
  await github.close()
  refused(await comeBack(way), 503, 'github_away')
  const made = await market.db.rows(`select 1 from app_user where email = 'octo.501@git.test'`)
  assert.equal(made.length, 0)
})

test('the wallet and the device page offer GitHub only where it is set up; elsewhere the address says so', async (story) => {
  const pageOf = async (url: string, path: string): Promise<string> => (await fetch(url + path)).text()
  for (const path of ['/wallet', '/device']) assert.match(await pageOf(market.url, path), /Sign in with GitHub/)
  const plain = await startTestMarket({ worker: false })
  story.after(() => plain.close())
  for (const path of ['/wallet', '/device']) assert.doesNotMatch(await pageOf(plain.url, path), /GitHub/)
  for (const path of ['/api/auth/sign-in/github', '/api/auth/callback/github?code=1&state=2'])
    refused(await ask(plain.url, 'GET', path), 404, 'github_off')
  assert.throws(
    () => readConfig({ CLAWRK_SECRET: 'x', GITHUB_CLIENT_ID: 'x' }),
    (error: unknown) => error instanceof ConfigError && /together/.test(error.message),
  )
})
