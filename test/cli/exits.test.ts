import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { settings } from '../../src/base/settings.ts'

import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { inTerminal, openShell } from './clawrk.ts'

let market: TestMarket
let ada: Person
before(async () => {
  market = await startTestMarket({ worker: false })
  ada = await market.person('Ada')
})
after(() => market.close())

const nobody = (): string => '01a20226-00b5-7bc1-9461-989abfd9ed53'

test('the key is kept in a private file, goes to its own market only, and is forgotten by logout', async () => {
  const shell = openShell()
  const file = join(shell.home, '.clawrk/credentials.json')
  const login = await shell.with({ input: `${ada.key}\n` })('login', '--api-url', market.url, '--key', '-')
  assert.equal(login.code, 0)
  assert.equal(login.stdout, `✔ Signed in at ${market.url} as Ada; the key is in ~/.clawrk/credentials.json.\n`)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { url: market.url, key: ada.key })
  assert.equal((await shell('whoami')).code, 0)
  assert.equal((await shell('whoami', '--api-url', market.url.replace('127.0.0.1', 'localhost'))).code, 0)

  const heard: (string | undefined)[] = []
  const stranger = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const elsewhere = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
  const astray = await shell.with({ env: { API_URL: elsewhere } })('whoami')
  assert.equal(astray.code, 3)
  assert.match(astray.stderr, /^✖ You are not signed in at \S+ \(you are at \S+\)\./)
  assert.equal((await shell.with({ env: { API_URL: elsewhere } })('whoami', '--api-url', market.url)).code, 0)
  assert.equal((await shell.with({ env: { API_URL: elsewhere, CLAWRK_API_URL: market.url } })('whoami')).code, 0)
  stranger.close()
  assert.deepEqual(heard, [])

  const logout = await shell.with({ env: { CLAWRK_API_KEY: ada.key } })('logout')
  assert.match(logout.stdout, /unset CLAWRK_API_KEY\n$/)
  assert.ok(!existsSync(file))
  assert.equal((await shell('whoami', '--api-url', market.url)).code, 3)
})

test('CLAWRK_API_KEY wins over the saved key', async () => {
  const bob = await market.person('Bob')
  const shell = openShell({ CLAWRK_API_URL: market.url })
  await shell('login', '--key', ada.key)
  const answer = await shell.with({ env: { CLAWRK_API_KEY: bob.key } })('whoami', '--json')
  assert.equal(answer.json<{ user: { id: string } }>().user.id, bob.userId)
})

test('3: not signed in, with a dead key, or with none', async () => {
  const shell = openShell({ CLAWRK_API_URL: market.url })
  for (const args of [['balance'], ['jobs'], ['run', 'x', '-y'], ['pull'], ['api', 'jobs.jobs'], ['wait', nobody()]]) {
    const answer = await shell(...args)
    assert.equal(answer.code, 3, args.join(' '))
    assert.equal(answer.stdout, '')
    assert.equal(
      answer.stderr,
      `✖ You are not signed in at ${market.url}.\n  → clawrk login --api-url ${market.url}  (or set CLAWRK_API_KEY)\n`,
    )
  }
  const dead = await shell.with({ env: { CLAWRK_API_KEY: 'clk_dead' } })('balance', '--json')
  assert.equal(dead.code, 3)
  assert.equal(dead.json().code, 'credential_dead')
  assert.equal((await shell('login', '--key', 'clk_dead')).code, 3)
  assert.ok(!existsSync(join(shell.home, '.clawrk')))
})

test('4: nobody listens, or something that is no market', async () => {
  const shell = openShell({ CLAWRK_API_KEY: ada.key })
  const away = `http://127.0.0.1:${await takePort()}`
  const answer = await shell('balance', '--api-url', away)
  assert.equal(answer.code, 4)
  assert.match(answer.stderr, /^✖ No market answers at http:\S+\.\n {2}→ start a market with {2}clawrk serve /)
  const json = await shell('jobs', '--api-url', away, '--json')
  assert.equal(json.code, 4)
  assert.equal(json.json().code, 'unreachable')
  const proxy = createServer((_, response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
  )
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const behind = await shell('balance', '--api-url', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  proxy.close()
  assert.equal(behind.code, 4)
})

test('2: wrong use, before anything is asked of the market', async () => {
  const shell = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: 'http://127.0.0.1:1' })
  const wrong: [args: string[], said: RegExp][] = [
    [['jbos'], /unknown command 'jbos'\n\(Did you mean jobs\?\)/],
    [['jobs', '--staus', 'queued'], /unknown option '--staus'/],
    [['jobs', '-s', 'nonsense'], /Allowed choices are pending_payment/],
    [['job'], /missing required argument 'id'/],
    [['job', 'abc'], /whole id/],
    [['run', '  ', '-y'], /The prompt is empty/],
    [['run', 'x', '-y', '--price', '5.00'], /whole number of cents/],
    [['run', 'x', '-y', '--time-limit', 'soon'], /number of seconds/],
    [['run', 'x', '-y', '--check', 'smells:good'], /type:value/],
    [['run', 'x', '-y', '--check', 'json_schema:{'], /JSON object/],
    [['topup'], /Say how much/],
    [['topup', 'lots'], /amount in dollars/],
    [['submit'], /Hand in the work once/],
    [['submit', '-t', 'x', '-f', 'y'], /Hand in the work once/],
    [['submit', '-f', '/nowhere/at/all'], /there is no such file/],
    [['api', 'jobs.nope'], /no endpoint called jobs\.nope/],
    [['api', 'jobs.accept'], /needs --id/],
    [['balance', '--api-url', 'http://'], /not the address of a market/],
  ]
  for (const [args, said] of wrong) {
    const answer = await shell(...args)
    assert.equal(answer.code, 2, `${args.join(' ')}: ${answer.stderr}`)
    assert.match(answer.stderr, said)
    assert.equal(answer.stdout, '')
  }
})

test('1: refused by the market, in one line with what to do next', async () => {
  const shell = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  const missing = await shell('job', nobody())
  assert.deepEqual([missing.code, missing.stderr], [1, '✖ There is no such job, or it is not yours to see.\n'])
  const low = await shell('run', 'x', '-y', '--price', '1')
  assert.equal(low.code, 1)
  assert.match(low.stderr, /^✖ price_cents: .*100/)
  assert.equal((await shell('topup', '1', '--json')).json().code, 'invalid_input')
})

test('without a terminal nothing prompts', async () => {
  const shell = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  const run = await shell('run', 'Write a poem')
  assert.equal(run.code, 2)
  assert.equal(run.stdout, '')
  assert.equal(
    run.stderr,
    '✖ There is nobody to ask whether the price is right.\n  → add -y to post the job at once, or --quote to see the estimate only\n',
  )
  assert.equal((await shell('login', '--key')).code, 2)
  assert.deepEqual((await shell('jobs', '--json')).json(), [])
})

const hasTerminal = spawnSync('script', ['--version']).status === 0

test('in a terminal it asks first, and colours unless NO_COLOR is set', {
  skip: !hasTerminal && 'no `script` command',
}, async () => {
  const shell = openShell()
  const env = { CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url }
  const declined = await inTerminal(shell, ['run', 'Write a poem about the sea', '--price', '$3'], env, 'n\r')
  assert.match(declined.stdout, /Post this job for \$3\.00\?/)
  assert.match(declined.stdout, /Not posted; nothing was paid\./)
  assert.equal(declined.code, 1)
  assert.deepEqual((await ada.ask('GET', '/api/jobs')).body, [])
  const coloured = await inTerminal(shell, ['whoami'], env)
  assert.ok(coloured.stdout.includes('\u001b['))
  const plain = await inTerminal(shell, ['whoami'], { ...env, NO_COLOR: '1' })
  assert.ok(!plain.stdout.includes('\u001b'))
  assert.match(plain.stdout, /balance {2}\$0\.00 {2}TEST MODE: play money\r\n/)
})

test('help names every command and every setting', async () => {
  const shell = openShell()
  const help = await shell()
  assert.equal(help.code, 0)
  for (const name of [
    'login',
    'topup',
    'run',
    'jobs',
    'wait',
    'agents',
    'use',
    'pull',
    'submit',
    'serve',
    'doctor',
    'stripe-twin',
    'api',
  ]) {
    assert.match(help.stdout, new RegExp(`^  ${name}\\b`, 'm'))
  }
  const serve = await shell('serve', '--help')
  for (const { name } of settings) assert.ok(serve.stdout.includes(`  ${name} `), name)
})

test('doctor finds a cent that came from nowhere, and leaves nothing behind where there is no market', async () => {
  await ada.ask('POST', '/api/whoami')
  await market.db.rows(`update ledger_account set balance = balance + 1 where id = $1`, [`wallet:${ada.userId}`])
  const shell = openShell({ DATABASE_URL: market.databaseUrl })
  const sick = await shell('doctor')
  assert.equal(sick.code, 1)
  assert.match(
    sick.stdout,
    new RegExp(`✖ every balance equals its transfers\\n +wallet:${ada.userId}: balance 1, transfers`),
  )
  assert.equal(
    (await shell('doctor', '--json')).json<{ laws: { holds: boolean }[] }>().laws.filter(({ holds }) => !holds).length,
    2,
  )
  await market.db.rows(`update ledger_account set balance = balance - 1 where id = $1`, [`wallet:${ada.userId}`])
  assert.equal((await shell('doctor')).code, 0)

  const nowhere = openShell({ CLAWRK_DATA_DIR: '/tmp/no-market-here' })
  const none = await nowhere('doctor')
  assert.equal(none.code, 1)
  assert.match(none.stderr, /^✖ There is no market in \/tmp\/no-market-here\./)
  assert.ok(!existsSync('/tmp/no-market-here'))
})
