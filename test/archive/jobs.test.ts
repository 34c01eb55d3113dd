import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { startSession } from '../../src/core/accounts/session.ts'
import { moveEvents } from '../../src/core/events/archive.ts'
import { numberEvents, tidyPages } from '../../src/core/events/sequence.ts'
import { moveTransfers } from '../../src/core/ledger/archive.ts'
import { sealTransfers } from '../../src/core/ledger/seal.ts'
import { dropTexts, moveJobs } from '../../src/desks/jobs/archive.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { sweepJobs } from '../../src/desks/jobs/sweep.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { leave } from '../accounts/leaving-stage.ts'
import {
  act,
  claim,
  fund,
  junk,
  moveClock,
  people,
  post,
  postUnpaid,
  submit,
  take,
  unixReport,
  verifyAll,
  went,
} from '../journeys/desk.ts'
import { postForCredits } from '../journeys/first-api-desk.ts'
import { read } from '../streams/reader.ts'
import {
  type Answer,
  ask,
  type Fields,
  type Person,
  sealAll,
  startTestMarket,
  type TestMarket,
} from '../support/market.ts'
import { answersTo, assertWhole, keysLast, moveAll, pagesOf, tallyAll } from './stage.ts'

const day = 86_400
const moving = { days: 80, most: 2 }

let market: TestMarket
let ada: Person
let bob: Person
let cem: Person
before(async () => {
  market = await startTestMarket({ worker: false })
  ;[ada, bob, cem] = await people(market, 'Ada', 'Bob', 'Cem')
  await keysLast(market)
  await fund(market, ada, 50_000)
})
after(() => market.close())

async function judged(): Promise<void> {
  while ((await verifyAll(market)) > 0);
}

async function attach(person: Person, name: string, text: string): Promise<string> {
  const form = new FormData()
  form.append('file', new File([text], name, { type: 'text/plain' }))
  const answer = await fetch(`${market.url}/api/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.key}` },
    body: form,
  })
  assert.equal(answer.status, 201)
  return ((await answer.json()) as { id: string }).id
}

async function verifiedJob(fields: Fields = {}): Promise<string> {
  const job = await post(ada, fields)
  await submit(bob, await take(bob, job))
  await judged()
  return job.id
}

/** Somebody with a session of today. */
const signedIn = async (person: Person): Promise<Person> => {
  const [cookie] = (await startSession(market.db, person.userId, false)).split(';')
  return { ...person, cookie: cookie! }
}

const files: string[] = []
let late: string

/** Jobs of every end, one that stays open long, and two of today. */
async function aHistory(): Promise<void> {
  files.push(await attach(ada, 'input.txt', 'what Ada wants'), await attach(bob, 'work.txt', 'what Bob made'))
  const withFiles = await post(ada, { attachments: [files[0]] })
  await take(bob, withFiles)
  went(await act(bob, 'submit', withFiles, { output: unixReport, attachments: [files[1]] }))
  await judged()
  const twice = await post(ada, { retry_same: true })
  await submit(bob, await take(bob, twice), junk)
  await judged()
  await submit(cem, await take(cem, twice))
  await judged()
  const inVain = await post(ada)
  await take(bob, inVain)
  went(await act(bob, 'fail', inVain))
  went(await act(ada, 'cancel', inVain))
  went(await act(cem, 'cancel', await postUnpaid(cem)))
  const credits = await postForCredits(ada)
  went(await act(bob, 'accept', credits))
  went(await act(bob, 'submit', credits, { output: unixReport }))
  went(await act(ada, 'verify', credits))
  late = (await post(ada)).id
  await verifiedJob()
  await claim(cem, await post(ada))
  await moveClock(market, 20 * day)
  await submit(bob, await take(bob, { id: late }))
  await judged()
  await verifiedJob({ price_cents: 700 })
  await moveClock(market, 75 * day)
  await sweepJobs(market.db)
  await verifiedJob()
  await take(bob, await post(ada))
}

/** What everybody can see of everything, and what they hear when they try something with it. */
async function everything(ids: readonly string[]): Promise<Map<string, unknown>> {
  const seen = new Map<string, unknown>()
  const agents = went(await bob.ask<{ id: string }[]>('GET', '/api/agents'))
  const paths = [
    ...ids.map((id) => `/api/jobs/${id}`),
    ...files.map((id) => `/api/attachments/${id}`),
    '/api/wallet/balance',
    '/api/credits',
    '/api/board/stats',
    '/api/board',
    '/api/agents/directory',
    '/api/events?after=0',
    `/api/users/${bob.userId}`,
  ]
  const answers = await answersTo({ ada, bob, cem }, { ada: paths, bob: paths, cem: paths })
  for (const [what, answer] of answers) seen.set(what, answer)
  for (const [name, person] of Object.entries({ ada, bob, cem })) {
    for (const limit of [1, 2, 3, 5, 200]) {
      seen.set(`${name} sent by ${limit}`, await pagesOf(person, `/api/jobs?limit=${limit}`))
      seen.set(`${name} worked by ${limit}`, await pagesOf(person, `/api/users/status?limit=${limit}`))
    }
    for (const status of ['verified', 'cancelled'])
      seen.set(`${name} ${status}`, await pagesOf(person, `/api/jobs?limit=2&status=${status}`))
    for (const id of ids) {
      seen.set(`${name} log of ${id}`, await read(market.url, person, id))
      for (const verb of ['accept', 'reject', 'fail', 'cancel', 'pay', 'claim', 'submit', 'verify']) {
        const answer: Answer<unknown> = await act<unknown>(
          person,
          verb,
          { id },
          verb === 'submit' ? { output: 'x' } : {},
        )
        seen.set(
          `${name} ${verb} ${id}`,
          `${answer.status} ${answer.text.replaceAll(/"(request_id|retry_after_seconds)":("[^"]*"|\d+)/g, '')}`,
        )
      }
    }
  }
  for (const { id } of agents) seen.set(`agent ${id}`, await pagesOf(bob, `/api/agents/${id}/jobs?limit=2`))
  seen.set(
    'rates',
    await market.db.rows(`select job_pass_rate(id) as rate, job_has_verified(id) as ever from agent order by id`),
  )
  seen.set('census', await market.db.rows(`${jobCounts[0]!.all} order by 1`))
  return seen
}

test('jobs that have moved are as they were for everybody: alone, in lists, their logs, files and refusals', async () => {
  await aHistory()
  await tallyAll(market)
  // What is still in hand would answer each try otherwise.
  const ended = await market.db.rows<{ id: string }>(`select id from job where ended_at is not null order by id`)
  const ids = ended.map(({ id }) => id)
  assert.ok(ids.length >= 10)
  const seen = await everything(ids)
  const moved = await moveAll(() => moveJobs(market.db, moving))
  const [rest] = await market.db.rows<{ here: string[]; old: number; lines: number; tries: number }>(
    `select array(select id from job where ended_at is not null order by id) as here, (select count(*) from job_old) as old,
       (select count(*) from job_log_old) as lines, (select count(*) from job_presentation_old) as tries`,
  )
  assert.ok(moved >= 5 && rest!.old === moved && rest!.lines > 5 && rest!.tries > 3, JSON.stringify(rest))
  assert.ok(
    rest!.here.includes(late) && rest!.here.length >= 3,
    'what ended lately stays, and what was made after it, too',
  )
  const after = await everything(ids)
  for (const [what, before] of seen) assert.deepEqual(after.get(what), before, what)
  await assertWhole(market)
})

test('while nobody can read the archive, everything of every day goes on', async () => {
  await market.db.rows(`select archive_month(t, app_now()) from unnest(array['transfer_old', 'event_old']) as t`)
  const keeper = new pg.Client({ connectionString: market.databaseUrl })
  await keeper.connect()
  try {
    await keeper.query('begin')
    const { rows } = await keeper.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class where relkind in ('r', 'p') and relname ~ '^(job|job_log|job_presentation|transfer|event)_old'`,
    )
    assert.ok(rows.length >= 8)
    await keeper.query(`lock table ${rows.map(({ name }) => name).join(', ')} in access exclusive mode`)
    const begun = performance.now()
    const done = await verifiedJob({ price_cents: 600 })
    const other = await post(ada, { min_pass_rate: 0.1 })
    const pulled = await bob.ask<{ id: string }>('POST', '/api/jobs/pull', { wait_seconds: 0 })
    assert.equal(pulled.status, 200, pulled.text)
    await act(bob, 'reject', pulled.body)
    went(await act(ada, 'cancel', other))
    await sweepJobs(market.db)
    await sealTransfers(market.db)
    await numberEvents(market.db, [], [])
    await tidyPages(market.db)
    await tallyJobs(market.db)
    for (const path of [
      `/api/jobs/${done}`,
      '/api/jobs?limit=2',
      '/api/wallet/balance?limit=2',
      '/api/events',
      '/api/board',
    ])
      assert.equal((await ada.ask('GET', path)).status, 200, path)
    assert.equal((await bob.ask('GET', '/api/users/status?limit=2')).status, 200)
    assert.ok(performance.now() - begun < 9_000, 'nothing waited for the lock')
    await keeper.query('rollback')
  } finally {
    await keeper.end()
  }
  await assertWhole(market)
})

test('two movers of each kind at once, and connections that break: everything moves once', async () => {
  await moveClock(market, 30 * day)
  await sweepJobs(market.db)
  await tallyAll(market)
  await moveClock(market, 200 * day)
  await tidyPages(market.db)
  await sealAll(market.db)
  const counts = `select (select count(*) from job) + (select count(*) from job_old) as jobs, (select count(*) from job_log) + (select count(*) from job_log_old) as lines,
    (select count(*) from job_presentation) + (select count(*) from job_presentation_old) as tries,
    (select count(*) from transfer_all) as transfers, (select count(*) from event_all) as events`
  const before = await market.db.rows(counts)
  let [passedBy, broken] = [0, 0]
  const ended = { jobs: 0, transfers: 0, events: 0 }
  const movers = { jobs: moveJobs, transfers: moveTransfers, events: moveEvents }
  const moveOn = async (kind: keyof typeof movers): Promise<void> => {
    for (let idle = 0; idle < 3; ) {
      try {
        const moved = await movers[kind](market.db, { days: 90, most: 3 })
        if (moved === null) passedBy++
        if (moved === 0) idle++
        ended[kind] += moved ?? 0
      } catch {
        broken++
      }
    }
  }
  let isOver = false
  const breaking = (async () => {
    while (!isOver) {
      await market.db
        .rows(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and query ~ '_old|_archive' limit 1`,
        )
        .catch(() => broken++)
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
  })()
  await Promise.all((['jobs', 'transfers', 'events'] as const).flatMap((kind) => [moveOn(kind), moveOn(kind)]))
  isOver = true
  await breaking
  assert.ok(passedBy > 0, 'they met')
  assert.ok(broken > 0, 'some broke')
  assert.ok(ended.transfers > 0 && ended.jobs > 0)
  assert.deepEqual(await market.db.rows(counts), before)
  const [rest] = await market.db.rows<{ jobs: number; transfers: number }>(
    `select (select count(*) from job) as jobs, (select count(*) from transfer) as transfers`,
  )
  assert.deepEqual(rest, { jobs: 0, transfers: 0 })
  await assertWhole(market)
})

test('whoever leaves is forgotten in the archive as they would be here', async () => {
  const texts = async (): Promise<Fields> =>
    (
      await market.db.rows<Fields>(
        `select count(*) filter (where prompt <> '') as prompts, count(*) filter (where prompt = '' and title = 'Deleted job') as blank,
           (select count(*) from job_presentation_old where verdict is not null and owner_id = $1) as bobs,
           (select count(*) from job_log_old where worker = $1) as lines from job_old where sender = $2`,
        [bob.userId, ada.userId],
      )
    )[0]!
  const before = await texts()
  assert.ok(Number(before.bobs) > 0 && Number(before.lines) > 0)
  const left = await leave(market, await signedIn(bob), { forfeit_balance: true })
  assert.equal(left.status, 200, left.text)
  const after = await texts()
  assert.equal(after.prompts, before.prompts, 'what Ada asked for is hers')
  assert.ok(Number(after.bobs) < Number(before.bobs) && Number(after.lines) < Number(before.lines))
  const gone = await leave(market, await signedIn(ada), { forfeit_balance: true })
  assert.equal(gone.status, 200, gone.text)
  const last = await texts()
  assert.ok(Number(last.blank) > 0, 'what nobody else worked on is blank')
  assert.ok(Number(last.prompts) > 0, 'what somebody else worked on is their record, too')
})

test('texts are thrown away when the operator says so; what it was, whose, for how much and how it ended stays', async () => {
  const [dan] = await people(market, 'Dan')
  await keysLast(market)
  await fund(market, dan, 1_000)
  const file = await attach(dan, 'input.txt', 'what Dan wants')
  const job = await post(dan, { attachments: [file] })
  await submit(cem, await take(cem, job))
  await judged()
  await tallyAll(market)
  await moveClock(market, 85 * day)
  await moveAll(() => moveJobs(market.db, moving))
  assert.equal(await dropTexts(market.db, { days: 3_650, most: 100 }), 0)
  assert.ok((await moveAll(() => dropTexts(market.db, { days: 82, most: 3 }))) > 5)
  const seen = went(await dan.ask<Fields>('GET', `/api/jobs/${job.id}`))
  assert.deepEqual(
    [seen.prompt, seen.output, seen.verification, seen.attachments, seen.status, seen.price_cents, seen.title],
    ['', null, null, [], 'verified', 500, job.title],
  )
  assert.match(String(seen.description), /not kept any more/)
  assert.equal(
    (await ask(market.url, 'GET', `/api/attachments/${file}`, undefined, { authorization: `Bearer ${dan.key}` }))
      .status,
    404,
  )
  const log = await read(market.url, dan, job.id)
  assert.deepEqual(
    log.events.map(({ event }) => event),
    ['end'],
  )
  await assertWhole(market)
})
