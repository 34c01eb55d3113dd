import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { ask, startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell, type Shell } from './clawrk.ts'

let market: TestMarket
let ada: Shell
let bob: Shell
before(async () => {
  market = await startTestMarket()
  ada = await signedIn('Ada')
  bob = await signedIn('Bob')
})
after(() => market.close())

/** A new person at a shell of their own, signed in there. */
async function signedIn(name: string): Promise<Shell> {
  const person = await market.person(name)
  const shell = openShell()
  assert.equal((await shell('login', '--api-url', market.url, '--key', person.key)).code, 0)
  return shell
}

/** A new person whose shell has a key in its environment. */
async function withKey(name: string): Promise<Shell> {
  return openShell({ CLAWRK_API_KEY: (await market.person(name)).key, CLAWRK_API_URL: market.url })
}

async function topUp(shell: Shell, dollars: string): Promise<void> {
  const { url } = (await shell('topup', dollars, '--json')).json<{ url: string }>()
  assert.equal((await ask(url, 'POST', new URL(url).pathname)).status, 303)
}

const balanceOf = async (shell: Shell): Promise<number> =>
  (await shell('whoami', '--json')).json<{ user: { balance_cents: number } }>().user.balance_cents

const work =
  'Unix was born at Bell Labs in 1969, where Ken Thompson and Dennis Ritchie wrote the operating system; its history goes on with C and BSD.'

test('a job is paid for, pulled, accepted, handed in, verified and paid out, all by the command line', async () => {
  const topup = await ada('topup', '20')
  assert.match(topup.stdout, /^Pay \$20\.00 here \(TEST MODE: play money\):\n {2}http\S+\/twin\/checkout\/\S+\n$/)
  const waiting = ada('topup', '--cents', '2000', '--wait')
  await topUp(ada, '20')
  assert.match((await waiting).stdout, /✔ The money has come: your wallet holds \$20\.00\.\n$/)

  const quote = await ada('run', 'Research the history of the Unix operating system', '--quote', '--price', '500')
  assert.equal(quote.code, 0)
  assert.match(quote.stdout, /price {7}\$5\.00\n/)

  const posted = await ada(
    'run',
    'Research the history of the Unix operating system',
    '--price',
    '500',
    '--check',
    'contains:Bell Labs',
    '-y',
    '--json',
  )
  assert.equal(posted.code, 0)
  assert.equal(posted.stderr, '')
  const { id, status, price_cents: price } = posted.json<Job>()
  assert.deepEqual([status, price], ['queued', 500])

  const pulled = await bob('pull', '--json')
  assert.equal(pulled.json<Job>().id, id)
  const accepted = await bob('accept')
  assert.match(accepted.stdout, /^✔ Accepted: Research the history .*\n {2}→ due in 1h \(\d\d:\d\d\), attempt 1 of 3\n/)
  const file = join(bob.home, 'work.md')
  writeFileSync(file, work)
  const submitted = await bob('submit', '-f', file)
  assert.match(submitted.stdout, new RegExp(`^✔ Handed in; it is being verified\\.\\n {2}→ clawrk wait ${id}\\n$`))

  const [forBob, forAda] = await Promise.all([bob('wait', id), ada('wait', id, '--json')])
  assert.deepEqual([forBob.code, forAda.code], [0, 0])
  assert.match(forBob.stdout, /Your work passed; \$3\.50 is in your wallet\.\n$/)
  assert.equal(forAda.json<Job>().output, work)
  assert.equal(forAda.stderr, '')
  assert.equal(await balanceOf(ada), 1_500)
  assert.equal(await balanceOf(bob), 350)
  assert.match((await bob('balance')).stdout, /withdrawable {2}\$3\.50\n\nAMOUNT +WHEN {2}FOR\n\+\$3\.50 /)

  const doctor = await openShell({ DATABASE_URL: market.databaseUrl })('doctor')
  assert.equal(doctor.code, 0)
  assert.match(doctor.stdout, / {2}fees +\$1\.50\n {2}stripe +-\$20\.(00|88)\n[\s\S]*\n✔ Every law holds\.\n$/)
})

test('what --json prints is what the API answers, byte for byte', async () => {
  const person = await market.person('Cy')
  const shell = openShell({ CLAWRK_API_KEY: person.key, CLAWRK_API_URL: market.url })
  await person.topUp(500)
  const posted = await shell('run', 'Write about the sea — “waves”, 海', '--price', '100', '-y', '--json')
  const { id } = posted.json<Job>()
  for (const [args, method, path] of [
    [['job', id], 'GET', `/api/jobs/${id}`],
    [['jobs', '-n', '5'], 'GET', '/api/jobs?limit=5'],
    [['balance'], 'GET', '/api/wallet/balance'],
    [['whoami'], 'POST', '/api/whoami'],
    [['agents'], 'GET', '/api/agents'],
    [['api', 'jobs.worker_status'], 'GET', '/api/users/status'],
  ] as const) {
    const printed = await shell(...args, '--json')
    assert.equal(printed.stdout, `${(await person.ask(method, path)).text}\n`, args.join(' '))
    assert.equal(printed.stderr, '')
    assert.equal(printed.code, 0)
  }
  const { request_id: _, ...refused } = (await shell('pay', id, '--json')).json()
  const { request_id: __, ...said } = (await person.ask('POST', `/api/jobs/${id}/pay`)).body
  assert.deepEqual(refused, said)
  assert.equal((await shell('api', 'jobs.pull', '--min_price_cents', '100000', '--json')).stdout, '')
})

test('a job that is not paid for says what to do, and can be paid later', async () => {
  const poor = await withKey('Poor')
  const posted = await poor('run', 'Write a poem about rain', '--price', '700', '-y')
  assert.equal(posted.code, 1)
  assert.equal(posted.stdout, '')
  const { id } = (await poor('jobs', '--json')).json<Job[]>()[0]!
  assert.equal(
    posted.stderr,
    `✖ The job is saved, but not paid for.\n  → it takes $7.00, and your wallet holds $0.00\n  → clawrk topup 7  (or ${market.url}/wallet)\n  → clawrk pay ${id}\n`,
  )
  const unpaid = await poor('run', 'Write a poem about rain', '--price', '700', '-y', '--json')
  assert.equal(unpaid.code, 1)
  assert.equal(unpaid.json<{ code: string; job: Job }>().job.status, 'pending_payment')
  assert.equal((await poor('pay', id)).code, 1)

  await topUp(poor, '$7.00')
  const paid = await poor('pay', id)
  assert.match(paid.stdout, /^✔ Paid: \$7\.00 is in escrow and the job is queued\. {2}TEST MODE: play money\n/)
  const cancelled = await poor('cancel', id)
  assert.equal(cancelled.stdout, '✔ Cancelled; $7.00 is back in your wallet.\n')
  assert.equal((await poor('wait', id)).code, 1)
})

test('work that does not pass ends the worker’s wait with 5, and the sender’s after the third attempt', async () => {
  const sender = await market.person('Dora')
  const shell = openShell({ CLAWRK_API_KEY: sender.key, CLAWRK_API_URL: market.url })
  await sender.topUp(500)
  const posted = shell('run', 'Write about the moon', '--price', '200', '--check', 'contains:moonlight', '-y', '--wait')
  let id: string | undefined
  for (const name of ['Eve', 'Fay', 'Gil']) {
    const worker = await withKey(name)
    id ??= await firstJob(shell)
    assert.equal((await worker('claim', id, '--json')).json<Job>().status, 'held')
    assert.equal((await worker('accept', id)).code, 0)
    assert.equal((await worker('submit', '-t', 'The moon is far away and it shines at night.')).code, 0)
    const waited = await worker('wait', id)
    assert.equal(waited.code, 5, waited.stderr)
    assert.match(waited.stdout, /✖ not passed .*\n.*moonlight[\s\S]*Your work did not pass\.\n$/)
  }
  const ended = await posted
  assert.equal(ended.code, 5)
  assert.match(ended.stdout, /No attempt passed; \$2\.00 is back in your wallet\.\n$/)
  assert.equal(ended.stderr, 'TEST MODE: play money\n')
})

async function firstJob(shell: Shell): Promise<string> {
  for (;;) {
    const [job] = (await shell('jobs', '-s', 'queued', '--json')).json<Job[]>()
    if (job) return job.id
  }
}

test('agents are made, chosen, changed and deleted; pull and accept follow the chosen one', async () => {
  const hal = await withKey('Hal')
  assert.equal((await hal('agents', 'create', 'poet', '--personality', 'Writes poems about the sea')).code, 0)
  assert.match((await hal('agents', 'create', 'poet')).stderr, /^✖ You have an agent with this name already\.\n$/)
  assert.equal((await hal('use', 'poet')).code, 0)
  assert.match(
    (await hal('agents')).stdout,
    /^ {3}NAME {5}JOBS AT ONCE {2}PERSONALITY\n {3}default +10\n● {2}poet +10 {2}Writes poems about the sea\n$/,
  )
  const sender = await market.person('Ina')
  await sender.topUp(500)
  const made = await sender.ask<Job>('POST', '/api/jobs/run', {
    prompt: 'Write a poem about the sea',
    price_cents: 300,
    confirmed: true,
  })
  const agents = (await hal('agents', '--json')).json<{ id: string; name: string }[]>()
  const held = (await hal('claim', made.body.id, '--json')).json<Job>()
  assert.equal(held.held_by_agent_id, agents.find(({ name }) => name === 'poet')!.id)
  assert.equal((await hal('agents', 'delete', 'poet')).code, 1)
  assert.match((await hal('reject')).stdout, /^✔ Put back/)
  const nothing = await hal('accept')
  assert.equal(nothing.code, 1)
  assert.match(nothing.stderr, /^✖ Your agent poet has no job that is held\.\n {2}→ clawrk pull\n$/)
  assert.equal(
    (await hal('agents', 'update', 'poet', '--name', 'bard', '--max-active-jobs', '2', '--json')).json<{
      name: string
    }>().name,
    'bard',
  )
  assert.equal((await hal('agents', 'delete', 'bard')).code, 0)
})
