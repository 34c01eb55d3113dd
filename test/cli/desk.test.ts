import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Person, sealAll, startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell, type Shell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket()
})
after(() => market.close())

async function arrives(name: string): Promise<{ person: Person; shell: Shell }> {
  const person = await market.person(name)
  return { person, shell: openShell({ CLAWRK_API_KEY: person.key, CLAWRK_API_URL: market.url }) }
}

const work = 'Unix was born at Bell Labs in 1969; the history of the operating system goes on with C and BSD.'
const prompt = 'Research the history of the Unix operating system'

test('files and variables go with a job, work is handed in with a file, and its verification is followed', async () => {
  const { person, shell: ada } = await arrives('Ada')
  const { shell: bob } = await arrives('Bob')
  await person.topUp(2_000)
  const brief = join(ada.home, 'brief.txt')
  writeFileSync(brief, 'the brief')
  const missing = await ada('run', prompt, '-y', '--attach', join(ada.home, 'nothing.txt'))
  assert.deepEqual([missing.code, missing.stdout], [2, ''])
  assert.equal((await ada('run', prompt, '-y', '--env', 'NOT_HERE')).code, 2)
  const posted = await ada.with({ env: { TOKEN: 's3cret' } })(
    ...['run', prompt, '--price', '500', '--check', 'contains:Bell Labs', '--attach', brief],
    ...['--env', 'TOKEN', '--env', 'PLACE=a=b', '-y', '--json'],
  )
  assert.equal(posted.code, 0, posted.stdout)
  const job = posted.json<Job>()
  assert.equal(job.attachments![0]!.name, 'brief.txt')
  assert.doesNotMatch(posted.stdout, /s3cret/)

  assert.match((await ada('logs', job.id)).stdout, /^Nothing has been verified yet\.\n$/)
  const following = ada('logs', job.id, '-f')
  assert.equal((await bob('claim', job.id)).code, 0)
  const accepted = (await bob('accept', '--json')).json<Job>()
  assert.deepEqual(accepted.env_vars, { TOKEN: 's3cret', PLACE: 'a=b' })

  const to = join(bob.home, 'got.txt')
  const got = await bob('download', job.attachments![0]!.id, '-o', to)
  assert.match(got.stdout, /got\.txt, 9 bytes\.\n$/)
  assert.equal(readFileSync(to, 'utf8'), 'the brief')
  assert.equal((await bob('download', job.attachments![0]!.id, '-o', '-')).stdout, 'the brief')

  assert.equal((await bob('submit')).code, 2)
  const notes = join(bob.home, 'notes.md')
  writeFileSync(notes, '# notes')
  assert.equal((await bob('submit', '-t', work, '--attach', notes)).code, 0)
  const followed = await following
  assert.equal(followed.code, 0, followed.stderr)
  assert.match(followed.stdout, /check 1 of 1, .*passed[\s\S]*Verdict {2}✔ passed[\s\S]*\nThe job is verified\.\n$/)
  const lines = (await ada('logs', job.id, '--json')).stdout.trim().split('\n')
  assert.deepEqual(Object.keys(JSON.parse(lines[0]!)), ['id', 'event', 'data'])
  assert.equal(JSON.parse(lines.at(-1)!).event, 'end')
  const byApi = await ada('api', 'jobs.logs', '--id', job.id)
  assert.equal(byApi.stdout.trim(), lines.join('\n'))
  const { shell: eve } = await arrives('Eve')
  assert.equal((await eve('logs', job.id)).code, 1)
})

test('pull waits for a job that comes', async () => {
  const { person, shell: cy } = await arrives('Cy')
  const { shell: dora } = await arrives('Dora')
  await person.topUp(500)
  const nothing = await dora('pull', '--wait', '1')
  assert.match(nothing.stdout, /^There is no job for this agent right now\. Try again in a while\.\n$/)
  const waiting = dora('pull', '--wait', '--json')
  const posted = await cy('run', 'Write a poem about the harbour', '--price', '200', '-y', '--json')
  assert.equal((await waiting).json<Job>().id, posted.json<Job>().id)
  assert.equal((await dora('reject')).code, 0)
})

test('anybody sees the board, the numbers of the market and its agents', async () => {
  const { person, shell: fay } = await arrives('Fay')
  await person.topUp(1_000)
  await fay('run', 'Paint the lighthouse', '--price', '300', '-y')
  await fay('agents', 'create', 'painter', '--personality', 'Paints lighthouses', '--listed')
  const anybody = openShell({ CLAWRK_API_URL: market.url })
  const board = await anybody('board', '-q', 'lighthouse', '--min-price', '300', '--sort', 'price')
  assert.match(board.stdout, /^ID +PRICE +TIME +AGE +SKILL +TITLE\n[0-9a-f-]{36} +\$3\.00 .*Paint the lighthouse\n/)
  assert.match((await anybody('board', '-q', 'submarine')).stdout, /^No open job is like that\.\n$/)
  assert.match((await anybody('stats')).stdout, /^ {2}open jobs {7}\d+, worth \$/)
  assert.match((await anybody('directory', '-q', 'lighthouses')).stdout, /^NAME .*\npainter .*Paints lighthouses\n/)
  for (const [args, path] of [
    [['board', '-n', '2'], '/api/board?limit=2'],
    [['stats'], '/api/board/stats'],
    [['directory', '--sort', 'newest', '-n', '1'], '/api/agents/directory?limit=1&sort=newest'],
  ] as const) {
    const said = JSON.parse((await person.ask('GET', path)).text)
    const printed = (await anybody(...args, '--json')).json()
    // A job grows older between the two.
    const still = (value: unknown): string => JSON.stringify(value).replaceAll(/"age_seconds":\d+/g, '')
    assert.equal(still(printed), still(said))
  }
  assert.equal((await anybody('board', '--sort', 'age')).code, 2)
})

test('work is verified without a job: 0 when it would pass, 5 when it would not', async () => {
  const { shell: gil } = await arrives('Gil')
  const passed = await gil('verify', '-c', 'It names Bell Labs.', '-t', work)
  assert.equal(passed.code, 0, passed.stdout)
  assert.match(passed.stdout, /✔ passed[\s\S]*✔ It names Bell Labs\.\n$/)
  const file = join(gil.home, 'work.md')
  writeFileSync(file, work)
  const failed = await gil('verify', '-c', 'It is long.', '--check', 'min_words:500', '-f', file)
  assert.equal(failed.code, 5)
  assert.match(failed.stdout, /✖ not passed/)
  const json = await gil('verify', '-c', 'It is long.', '--check', 'min_words:500', '-f', file, '--json')
  assert.deepEqual([json.code, json.json<{ pass: boolean }>().pass], [5, false])
  assert.equal((await gil('verify', '-c', 'x')).code, 2)
  assert.equal((await gil('verify', '-t', work)).code, 1, 'nothing to measure it by')
})

test('keys are listed and rotated; making and revoking them is sent to the browser', async () => {
  const person = await market.person('Hal')
  const hal = openShell()
  await hal('login', '--api-url', market.url, '--key', person.key)
  const listed = await hal('keys')
  assert.match(listed.stdout, /^ +KEY +NAME +STATE .*\n● .*test +live /)
  assert.match((await hal('keys', 'list')).stdout, /^ +KEY +NAME +STATE /)
  for (const verb of ['create', 'revoke']) {
    const sent = await hal('keys', verb)
    assert.equal(sent.code, 1)
    assert.match(sent.stderr, new RegExp(`sign in with a browser\\.\\n  → ${market.url}/wallet\\n`))
  }
  const rotated = await hal('keys', 'rotate')
  assert.match(rotated.stdout, /^✔ Your key is \w+_…\w{4} now, and it is in ~\/\.clawrk\/credentials\.json\./)
  assert.doesNotMatch(rotated.stdout, new RegExp(person.key))
  assert.equal((await hal('whoami')).code, 0)
  assert.equal((await person.ask('POST', '/api/whoami')).status, 401)

  const { shell: ina } = await arrives('Ina')
  const shown = await ina('keys', 'rotate')
  const key = /export CLAWRK_API_KEY=(\S+)/.exec(shown.stdout)![1]!
  assert.equal((await ina('whoami')).code, 3)
  assert.equal((await ina.with({ env: { CLAWRK_API_KEY: key } })('whoami')).code, 0)
})

test('on the machine the chain is verified, a fault is found, and a frozen ledger is let go again', async () => {
  const { person } = await arrives('Joe')
  await person.topUp(500)
  await sealAll(market.db)
  const machine = openShell({ DATABASE_URL: market.databaseUrl })
  const whole = await machine('ledger', 'verify')
  assert.equal(whole.code, 0, whole.stdout)
  assert.match(whole.stdout, / {2}seals +\d+\n {2}transfers +\d+ sealed\n {2}unsealed +\d+\n {2}head +[0-9a-f]{64}\n/)
  assert.match((await machine('ledger', 'unfreeze')).stdout, /^✔ The ledger was not frozen\.\n$/)
  await market.db.rows(`insert into ledger_freeze (reason, since) values ('a test', app_now())`)
  assert.match((await machine('ledger', 'verify')).stdout, / {2}frozen +now|\d+s ago: a test\n/)
  const unfrozen = await machine('ledger', 'unfreeze', '--json')
  assert.equal(unfrozen.json<{ unfrozen: boolean }>().unfrozen, true)

  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  await client.query(`set session_replication_role = replica`)
  await client.query(`update ledger_seal set hash = set_byte(hash, 5, 255 - get_byte(hash, 5)) where number = 1`)
  await client.end()
  const broken = await machine('ledger', 'verify')
  assert.equal(broken.code, 1)
  assert.match(broken.stdout, /✖ seal 1 does not fit its transfers or the seal before it\n/)
  const json = await machine('ledger', 'verify', '--json')
  assert.deepEqual([json.code, json.json<{ faults: string[] }>().faults.length > 0], [1, true])
})
