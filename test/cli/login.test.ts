import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { people, refused, went } from '../journeys/desk.ts'
import { ask, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { inTerminal, openShell, type Running, type Shell } from './clawrk.ts'

let market: TestMarket
let ada: Person
before(async () => {
  market = await startTestMarket({ worker: false })
  ;[ada] = await people(market, 'Ada')
})
after(() => market.close())

const fileOf = (shell: Shell): string => join(shell.home, '.clawrk/credentials.json')

/** The user code that a login shows, once it does. */
async function codeOf(login: Running): Promise<string> {
  await until('the code is shown', () => login.stderr.includes('The code is good for'))
  return /type the code {2}(\S+)\n/.exec(login.stderr)![1]!
}

async function decide(code: string, approve: boolean): Promise<void> {
  const headers = { cookie: ada.cookie, origin: market.url }
  went(await ask(market.url, 'POST', '/api/auth/device/approve', { user_code: code, approve }, headers))
}

/** Signs in by the device flow, with Ada's approval. */
async function loggedIn(): Promise<Shell> {
  const shell = openShell({ CLAWRK_API_URL: market.url })
  const login = shell.start('login')
  await decide(await codeOf(login), true)
  assert.equal((await login.ended).code, 0)
  return shell
}

test('login shows a page and a code, waits for the approval, keeps the key privately; logout revokes it', async () => {
  const shell = openShell()
  const login = shell.start('login', '--api-url', market.url)
  const code = await codeOf(login)
  assert.equal(
    login.stderr,
    `To sign in at ${market.url}, open this page in any browser:\n  ${market.url}/device\nand type the code  ${code}\n` +
      `or open it with the code filled in:\n  ${market.url}/device?user_code=${code}\nThe code is good for 10m.\n`,
  )
  assert.match(code, /^[A-Z]{4}-[A-Z]{4}$/)
  assert.equal(login.stdout, '')
  await decide(code, true)
  const ended = await login.ended
  assert.deepEqual(
    [ended.code, ended.stdout],
    [0, `✔ Signed in at ${market.url} as Ada; the key is in ~/.clawrk/credentials.json.\n`],
  )
  assert.equal(statSync(fileOf(shell)).mode & 0o777, 0o600)
  const { key } = JSON.parse(readFileSync(fileOf(shell), 'utf8')) as { key: string }
  const keys = (await shell('keys', '--json')).json<{ name: string; last_four: string; revoked_at: string | null }[]>()
  const made = keys.find(({ last_four: end }) => end === key.slice(-4))!
  assert.deepEqual([made.name, made.revoked_at], [`cli@${hostname()}`, null])

  const logout = await shell('logout')
  assert.equal(
    logout.stdout,
    `✔ Signed out of ${market.url}; the key is gone from this machine and revoked.\n`,
    logout.stderr,
  )
  assert.ok(!existsSync(fileOf(shell)))
  refused(await ask(market.url, 'POST', '/api/whoami', {}, { 'x-api-key': key }), 401, 'credential_dead')
  assert.deepEqual((await shell('logout', '--json')).json(), { ok: true, revoked: false })
  assert.equal(went(await ada.ask('POST', '/api/whoami')).user !== undefined, true, 'other keys of hers live on')
})

test('logout ends a key that was rotated since, leaves one that was given alone, and signs out without a market too', async () => {
  const shell = await loggedIn()
  assert.equal((await shell('keys', 'rotate')).code, 0)
  const { key } = JSON.parse(readFileSync(fileOf(shell), 'utf8')) as { key: string }
  assert.deepEqual((await shell('logout', '--json')).json(), { ok: true, revoked: true })
  refused(await ask(market.url, 'POST', '/api/whoami', {}, { 'x-api-key': key }), 401, 'credential_dead')

  assert.equal((await shell('login', '--key', ada.key)).code, 0)
  assert.match((await shell('logout')).stdout, /the key itself still works until it is revoked or expires\n$/)
  went(await ada.ask('POST', '/api/whoami'))

  const other = await loggedIn()
  const stored = JSON.parse(readFileSync(fileOf(other), 'utf8')) as object
  const away = `http://127.0.0.1:${await takePort()}`
  writeFileSync(fileOf(other), JSON.stringify({ ...stored, url: away }))
  const logout = await other('logout')
  assert.equal(logout.code, 0)
  assert.match(logout.stdout, /it could not be revoked and works until you do so, or it expires: {2}http\S+\/wallet\n$/)
  assert.ok(!existsSync(fileOf(other)))
})

test('--json prints one object; a denial ends with 1, a code that expires with 3, and nothing is kept', async () => {
  const approved = openShell({ CLAWRK_API_URL: market.url })
  const login = approved.start('login', '--json')
  await decide(await codeOf(login), true)
  assert.equal((await login.ended).json().user_id, ada.userId)

  const denied = openShell({ CLAWRK_API_URL: market.url })
  const no = denied.start('login', '--json')
  await decide(await codeOf(no), false)
  const ended = await no.ended
  assert.deepEqual([ended.code, ended.json().code], [1, 'access_denied'])
  assert.ok(!existsSync(fileOf(denied)))

  const late = openShell({ CLAWRK_API_URL: market.url })
  const slow = late.start('login')
  await codeOf(slow)
  await market.advance(601)
  const over = await slow.ended
  assert.deepEqual([over.code, over.stdout], [3, ''])
  assert.match(over.stderr, /\n✖ Nobody approved in time, and the code has expired\.\n {2}→ clawrk login\n$/)
  assert.ok(!existsSync(fileOf(late)))
})

const pending = (interval: number) => ({ status: 400, body: { error: 'x.', code: 'authorization_pending', interval } })

/** A market that answers the device's polls as the test says, and what it was asked. */
async function script(polls: readonly ({ status: number; body: object } | 'cut')[], expiresIn: number) {
  const heard: { at: number; key: string }[] = []
  const left = [...polls]
  const send = (response: ServerResponse, { status, body }: { status: number; body: object }): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const server = createServer((request, response) => {
    if (request.url === '/api/auth/device')
      return send(response, {
        status: 200,
        body: {
          device_code: 'd',
          user_code: 'BCDF-GHJK\u001b[2J',
          verification_uri: 'http://m/device',
          verification_uri_complete: 'http://m/device?user_code=BCDF-GHJK',
          expires_in: expiresIn,
          interval: 1,
        },
      })
    if (request.url === '/api/whoami') return send(response, { status: 200, body: { user: { name: 'Ada' } } })
    if (request.url === '/api/keys/verify') return send(response, { status: 200, body: { user_id: 'ada' } })
    heard.push({ at: Date.now(), key: String(request.headers['idempotency-key']) })
    const next = left.shift() ?? 'cut'
    if (next === 'cut') request.socket.destroy()
    else send(response, next)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, close: () => server.close() }
}

test('it asks no faster than it is told, goes on across lost connections under one Idempotency-Key, and cleans what is shown', async () => {
  const slowDown = { status: 400, body: { error: 'x.', code: 'slow_down', interval: 3 } }
  const busy = { status: 503, body: { error: 'x.', code: 'busy' } }
  const key = { status: 200, body: { key: 'clk_a_b' } }
  // A lost request is tried three times by itself; then comes the next poll.
  const scripted = await script([pending(1), slowDown, 'cut', 'cut', 'cut', busy, key], 60)
  const shell = openShell()
  const ended = await shell('login', '--api-url', scripted.url)
  scripted.close()
  assert.deepEqual([ended.code, ended.stderr.includes('\u001b')], [0, false])
  assert.match(ended.stderr, /type the code {2}BCDF-GHJK\n/)
  assert.equal(new Set(scripted.heard.map(({ key: once }) => once)).size, 1)
  const gaps = scripted.heard.slice(1).map(({ at }, index) => at - scripted.heard[index]!.at)
  // Told once a second, and not five as everywhere else.
  assert.ok(gaps[0]! >= 990 && gaps[0]! < 4_900, `${gaps}`)
  assert.ok(gaps[1]! >= 2_990, `${gaps}`)
  assert.ok(gaps[4]! >= 2_990, `${gaps}`)
  assert.equal((JSON.parse(readFileSync(fileOf(shell), 'utf8')) as { key: string }).key, 'clk_a_b')
})

test('4: a market that is not there, or goes away until the code has expired', async () => {
  const shell = openShell()
  const nobody = await shell('login', '--api-url', `http://127.0.0.1:${await takePort()}`)
  assert.equal(nobody.code, 4)
  assert.match(nobody.stderr, /^✖ No market answers at http:\S+\.\n/)
  const scripted = await script([pending(1)], 3)
  const gone = await shell('login', '--api-url', scripted.url, '--json')
  scripted.close()
  assert.deepEqual([gone.code, gone.json().code], [4, 'unreachable'])
})

test('on a terminal a line moves while it waits', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'no `script` command',
}, async () => {
  const shell = openShell()
  const login = inTerminal(shell, ['login'], { CLAWRK_API_URL: market.url, NO_COLOR: '1' })
  await until('the device has asked', async () => {
    const open = `update device_code set approved = true, decided_by = $1
      where approved is null and polled_at is not null and expires_at > app_now() returning 1`
    return (await market.db.rows(open, [ada.userId])).length > 0
  })
  const ended = await login
  assert.equal(ended.code, 0)
  assert.match(ended.stdout, /⠋ waiting for you to approve · the code is good for (10m|9m 5\ds)/)
  assert.match(ended.stdout, /✔ Signed in at \S+ as Ada;/)
})
