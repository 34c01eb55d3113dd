import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { fund, people, post, unixReport, went } from '../journeys/desk.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { openShell, type Ran, type Running, type Shell } from './clawrk.ts'
import { type LossyProxy, startLossyProxy } from './lossy-proxy.ts'

let market: TestMarket
let proxy: LossyProxy
let ada: Person
before(async () => {
  market = await startTestMarket()
  proxy = await startLossyProxy(market.url)
  ;[ada] = await people(market, 'Ada')
  await fund(market, ada, 100_000)
})
after(async () => {
  proxy.close()
  await market.close()
})

const begun: Running[] = []
afterEach(async () => {
  // A test that failed must not leave its worker or its jobs to the next.
  for (const { signal } of begun.splice(0)) signal('SIGKILL')
  for (const { id } of went(await ada.ask<Job[]>('GET', '/api/jobs?status=queued')))
    went(await ada.ask('POST', `/api/jobs/${id}/cancel`))
})

/** Starts a worker that the test goes on beside. */
function begin(shell: Shell, ...args: string[]): Running {
  const running = shell.start('work', ...args)
  begun.push(running)
  return running
}

/** Waits until a worker says something; a busy machine takes its time to start one. */
async function hasSaid(running: Running, text: string): Promise<void> {
  await until(`a worker says "${text}"`, () => running.stderr.includes(text), 45_000).catch((error: unknown) => {
    throw new Error(`it said: ${running.stdout}${running.stderr}`, { cause: error })
  })
}

/** A new worker at a shell of their own. */
async function worker(name: string, url = market.url): Promise<Shell> {
  const [person] = await people(market, name)
  return openShell({ CLAWRK_API_KEY: person!.key, CLAWRK_API_URL: url, REPORT: unixReport })
}

const print = 'printf "%s\\n" "$REPORT"'
const look = async (id: string): Promise<Job> => went(await ada.ask<Job>('GET', `/api/jobs/${id}`))
/** Whether a process has ended; one that nobody has asked after yet is a zombie. */
function isGone(pid: string): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}

interface Line {
  readonly job_id: string
  readonly outcome: string
  readonly earned_cents: number
  readonly totals: Readonly<Record<string, number>>
}
const linesOf = ({ stdout }: Ran): Line[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

test('each job is done by the command in a folder of its own, with all it needs and no more; verdicts and totals are told', async () => {
  const bob = await worker('Bob')
  const canary = `canary-${randomBytes(8).toString('hex')}`
  const pwned = join(bob.home, 'pwned')
  const brief = join(bob.home, 'brief.txt')
  writeFileSync(brief, 'the brief')
  const asAda = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  const prompt = `Research the history of the Unix operating system, naming Bell Labs "; touch ${pwned}; $(touch ${pwned}) \`touch ${pwned}\` '`
  const posted = await asAda(
    'run',
    prompt,
    '-y',
    '--json',
    '--price',
    '500',
    '--attach',
    brief,
    '--env',
    `TOKEN=${canary}`,
    '--env',
    `PATH=${canary}`,
  )
  const first = posted.json<Job>().id
  const second = (await post(ada)).id
  const script = join(bob.home, 'agent.mjs')
  writeFileSync(
    script,
    `import { readFileSync, writeFileSync, existsSync } from 'node:fs'
     const input = readFileSync(0, 'utf8')
     const { CLAWRK_JOB_ID: id, CLAWRK_PROMPT, PATH, TOKEN, CLAWRK_VAR_TOKEN, CLAWRK_VAR_PATH, CLAWRK_ATTACHMENT_IDS } = process.env
     const seen = { folder: process.cwd(), input: JSON.parse(input), json: readFileSync('JOB.json', 'utf8'), prompt: readFileSync('PROMPT.md', 'utf8'),
       file: existsSync('attachments/brief.txt') ? readFileSync('attachments/brief.txt', 'utf8') : null,
       id, CLAWRK_PROMPT, PATH, TOKEN, CLAWRK_VAR_TOKEN, CLAWRK_VAR_PATH, CLAWRK_ATTACHMENT_IDS, key: process.env.CLAWRK_API_KEY ?? null }
     writeFileSync(process.env.CLAWRK_FROM + '/' + id + '.seen', JSON.stringify(seen))
     console.error('working \\u001b[2J on it')
     console.log(process.env.REPORT)`,
  )
  const from = process.cwd()
  process.chdir(bob.home)
  const ran = await bob(
    'work',
    '--max',
    '2',
    '--json',
    '--env',
    'TOKEN',
    '--exec',
    `"${process.execPath}" "${script}"`,
  ).finally(() => process.chdir(from))
  assert.equal(ran.code, 0, ran.stderr)
  const lines = linesOf(ran)
  assert.deepEqual(lines.map(({ job_id: id }) => id).sort(), [first, second].sort())
  assert.deepEqual(
    lines.map(({ outcome, earned_cents: earned }) => [outcome, earned]),
    [
      ['verified', 350],
      ['verified', 350],
    ],
  )
  const all = { jobs: 2, verified: 2, not_passed: 0, given_up: 0, lost: 0, pending: 0, earned_cents: 700 }
  assert.deepEqual(lines[1]!.totals, all)
  assert.equal(ran.stderr, '│ working  on it\n'.repeat(2), 'only what the command says')

  const seen = JSON.parse(readFileSync(join(bob.home, `${first}.seen`), 'utf8'))
  assert.deepEqual(
    [seen.id, seen.input.id, seen.CLAWRK_PROMPT, seen.file, seen.key],
    [first, first, prompt, 'the brief', null],
  )
  assert.equal(seen.CLAWRK_ATTACHMENT_IDS, seen.input.attachments[0].id)
  assert.deepEqual([seen.TOKEN, seen.CLAWRK_VAR_TOKEN, seen.CLAWRK_VAR_PATH], [canary, canary, canary])
  assert.notEqual(seen.PATH, canary, 'not let in')
  assert.ok(
    !`${seen.json}${JSON.stringify(seen.input)}${seen.prompt}`.includes(canary),
    'values stand in the environment only',
  )
  assert.ok(seen.prompt.includes(prompt) && seen.prompt.includes('TOKEN, in the environment as CLAWRK_VAR_TOKEN'))
  assert.ok(!existsSync(seen.folder), 'the folder is thrown away')
  assert.ok(!existsSync(pwned), 'nothing of a job is run')
})

test('a command that fails gives the job up, and nothing it said leaves the machine', async () => {
  const cleo = await worker('Cleo')
  const canary = `canary-${randomBytes(8).toString('hex')}`
  const { id } = await post(ada, { retry_same: true })
  const ran = await cleo('work', '--once', '--idle-exit', '20', '--exec', `echo ${canary}; echo ${canary} >&2; exit 3`)
  assert.equal(ran.code, 1)
  assert.match(ran.stdout, /^✖ given up {2}.*: the command ended with exit code 3 {2}\(1 given up, \$0\.00 earned\)\n$/)
  assert.deepEqual([(await look(id)).status, (await look(id)).attempt_count], ['queued', 1])
  for (const { name } of await market.db.rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )) {
    const rows = await market.db.rows(`select 1 from ${name} as t where t::text like '%${canary}%'`)
    assert.equal(rows.length, 0, `${name} holds what the command said`)
  }
  const silent = await cleo('work', '--once', '--idle-exit', '20', '--json', '--exec', 'true', '--idle-exit', '1')
  assert.match(silent.stdout, /"why":"the command printed nothing"/)
})

test('5: work that does not pass; 1: a command that cannot be run, which takes no further job', async () => {
  const dora = await worker('Dora')
  const bad = await post(ada)
  const ran = await dora(
    'work',
    '--once',
    '--exec',
    'echo lorem ipsum dolor sit amet, nothing of this is about anything',
  )
  assert.equal(ran.code, 5, ran.stderr)
  assert.match(ran.stdout, /^✖ not passed {2}.*\(1 not passed, \$0\.00 earned\)\n$/)
  went(await ada.ask('POST', `/api/jobs/${bad.id}/cancel`))

  const [one, two] = [await post(ada), await post(ada)]
  const missing = await dora('work', '--exec', './no-such-command')
  assert.equal(missing.code, 1)
  assert.match(
    missing.stderr,
    /✖ The command cannot be run: the command ended with exit code 127\.\n {2}→ it runs in a folder of its own/,
  )
  assert.equal((await look(one.id)).attempt_count + (await look(two.id)).attempt_count, 1)
})

test('near the deadline the command is ended with all it has started, and the job given up', async () => {
  const eve = await worker('Eve')
  const { id } = await post(ada, { time_limit_seconds: 62 })
  const pids = join(eve.home, 'pids')
  const stubborn = `trap '' TERM; sleep 300 & echo $$ $! > '${pids}'; sleep 300`
  const startedAt = Date.now()
  const ran = await eve('work', '--once', '--idle-exit', '20', '--stop-before', '58', '--exec', stubborn)
  assert.equal(ran.code, 1)
  assert.match(ran.stdout, /: the time limit was near {2}\(/)
  assert.ok(Date.now() - startedAt < 20_000)
  for (const pid of readFileSync(pids, 'utf8').trim().split(' ')) assert.ok(isGone(pid), `${pid} lives on`)
  assert.deepEqual([(await look(id)).status, (await look(id)).attempt_count], ['queued', 1])
})

test('Ctrl-C lets the job in hand be finished; a second one gives it up; with none in hand it leaves at once', async () => {
  const fay = await worker('Fay')
  const idle = begin(fay, '--exec', print)
  await hasSaid(idle, 'Working as default')
  idle.signal('SIGINT')
  const left = await idle.ended
  assert.deepEqual([left.code, left.stdout], [0, ''])
  assert.match(left.stderr, /Stopping after the job in hand; Ctrl-C again gives it up\.\nno job, \$0\.00 earned\.\n$/)

  const finished = await post(ada)
  const working = begin(fay, '--exec', `echo begun >&2; sleep 2; ${print}`)
  await hasSaid(working, 'begun')
  working.signal('SIGINT')
  const ended = await working.ended
  assert.deepEqual([ended.code, (await look(finished.id)).status], [0, 'verified'])
  assert.match(ended.stdout, /^✔ \+\$3\.50 {2}.*\(1 verified, \$3\.50 earned\)\n$/)

  const dropped = await post(ada)
  const pid = join(fay.home, 'pid')
  const stopped = begin(fay, '--json', '--exec', `echo $$ > '${pid}'; sleep 300`)
  await until('it works', () => existsSync(pid) && readFileSync(pid, 'utf8').trim())
  stopped.signal('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 200))
  stopped.signal('SIGINT')
  const gone = await stopped.ended
  assert.deepEqual([gone.code, linesOf(gone)[0]!.outcome], [1, 'given_up'])
  assert.ok(isGone(readFileSync(pid, 'utf8').trim()))
  assert.equal((await look(dropped.id)).status, 'queued')

  const graced = await worker('Gil')
  const slow = begin(graced, '--grace', '1', '--exec', 'echo begun >&2; sleep 300')
  await hasSaid(slow, 'begun')
  slow.signal('SIGINT')
  assert.equal((await slow.ended).code, 1)
  assert.equal((await look(dropped.id)).attempt_count, 2)
})

test('a hold whose answer had not come yet when Ctrl-C did is put back', async () => {
  const hal = await worker('Hal', proxy.url)
  const { id } = await post(ada)
  proxy.befall(/pull/, 3_000)
  const running = begin(hal, '--exec', print)
  await until('it is held', async () => (await look(id)).status === 'held')
  running.signal('SIGINT')
  const ended = await running.ended
  assert.equal(ended.code, 0)
  assert.match(ended.stderr, /The job that was held is put back\.\n/)
  const job = await look(id)
  assert.deepEqual([job.status, job.attempt_count, job.hold_expires_at], ['queued', 0, null])
})

test('lost answers and a market that is away do no harm: every step happens once, under the key it was first asked with', async () => {
  const ina = await worker('Ina', proxy.url)
  const { id } = await post(ada)
  proxy.befall(/pull/, 'refused', 'refused', 'refused', 'refused', 'lost')
  proxy.befall(/accept/, 'lost', 'lost', 'refused', 'refused', 'lost')
  proxy.befall(/submit/, 'lost', 'refused', 'lost', 'refused')
  proxy.befall(/GET \/api\/jobs\//, 'refused', 'refused', 'refused', 'refused')
  const ran = await ina('work', '--once', '--idle-exit', '20', '--exec', print)
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /^✔ \+\$3\.50/)
  assert.match(ran.stderr, /No market answers at http:\S+\. Trying again in 1s\.\n/)
  assert.deepEqual([(await look(id)).status, (await look(id)).attempt_count], ['verified', 1])
  for (const verb of ['accept', 'submit']) {
    const keys = proxy.heard.filter((line) => line.includes(`/${id}/${verb} `)).map((line) => line.split(' ')[2])
    assert.ok(keys.length >= 5, `${keys.length} tries to ${verb}`)
    assert.equal(new Set(keys).size, 1)
  }
})

test('4: a market that was never there; 3: without a key; 2: without a command, and what to say instead', async () => {
  const jo = await worker('Jo', `http://127.0.0.1:${await takePort()}`)
  assert.equal((await jo('work', '--exec', 'true')).code, 4)
  assert.equal((await openShell({ CLAWRK_API_URL: market.url })('work', '--exec', 'true')).code, 3)
  const without = await jo('work')
  assert.equal(without.code, 2)
  assert.match(without.stderr, /^✖ Say what does the work: .*\n {2}→ clawrk work --exec 'my-agent < PROMPT\.md'\n/)
  for (const args of [
    ['--once', '--max', '2'],
    ['--max', '0'],
    ['--env', 'CLAWRK_JOB_ID'],
    ['--env', 'a-b'],
  ])
    assert.equal((await jo('work', '--exec', 'true', ...args)).code, 2, args.join(' '))
})

test('it takes only the jobs it is told to, as the agent it is told to be, and leaves when none comes', async () => {
  const kim = await worker('Kim')
  const { id } = await post(ada, { price_cents: 300 })
  const agent = (await kim('agents', 'create', 'historian', '--personality', 'Knows Unix', '--json')).json<{
    id: string
  }>()
  const dear = await kim('work', '--min-price', '$4', '--idle-exit', '1', '--exec', print)
  assert.deepEqual([dear.code, dear.stdout], [0, ''])
  const other = await kim('work', '--skills', 'plumbing,masonry', '--idle-exit', '1', '--exec', print)
  assert.deepEqual([other.code, other.stdout], [0, ''])
  const { skill } = await look(id)
  const ran = await kim(
    'work',
    '--agent',
    'historian',
    '--skills',
    `plumbing,${skill}`,
    '--once',
    '--idle-exit',
    '20',
    '--json',
    '--exec',
    print,
  )
  assert.deepEqual(
    linesOf(ran).map(({ job_id: done, outcome }) => [done, outcome]),
    [[id, 'verified']],
  )
  assert.equal((await look(id)).receiver_agent_id, agent.id)
})
