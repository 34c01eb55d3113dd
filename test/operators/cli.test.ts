import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { numberEvents } from '../../src/core/events/sequence.ts'
import { takeCensus } from '../../src/core/operators/census.ts'
import { gigCounts } from '../../src/desks/gigs/oversight.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { widthOf } from '../../src/edges/cli/render/text.ts'
import { inTerminal, openShell } from '../cli/clawrk.ts'
import { fund, moveClock, people, post, postUnpaid } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [olga, ada, mallory] = await people(market, 'Olga', 'Ada', 'Mallory')
const machine = openShell({ DATABASE_URL: market.databaseUrl })
const env = { CLAWRK_API_KEY: olga.key, CLAWRK_API_URL: market.url }
const clawrk = openShell(env)

test('who is no operator is told what to do; on the machine somebody is made one, listed, and no longer one', async () => {
  const before = await clawrk('operator')
  assert.equal(before.code, 1)
  assert.match(before.stderr, /does not know this key as an operator/)
  assert.match(before.stderr, /clawrk operator grant/)
  const asJson = await clawrk('operator', 'stuck', '--json')
  assert.equal(asJson.json().code, 'not_an_operator')

  const granted = await machine('operator', 'grant', olga.email.toUpperCase(), '--json')
  assert.deepEqual(granted.json(), { user_id: olga.userId, granted: true })
  assert.match((await machine('operator', 'grant', olga.userId)).stdout, /is an operator already/)
  const nobody = await machine('operator', 'grant', 'nobody@people.test')
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /Nobody at .* has the id or e-mail address/)
  assert.match((await machine('operator', 'list')).stdout, new RegExp(olga.email))

  assert.deepEqual((await machine('operator', 'grant', ada.userId, '--json')).json(), {
    user_id: ada.userId,
    granted: true,
  })
  assert.match((await machine('operator', 'revoke', ada.email)).stdout, /is no operator any more/)
  assert.deepEqual((await machine('operator', 'revoke', ada.email, '--json')).json(), {
    user_id: ada.userId,
    revoked: false,
  })
  const [list] = [(await machine('operator', 'list', '--json')).json<{ user_id: string }[]>()]
  assert.deepEqual(
    list.map(({ user_id: id }) => id),
    [olga.userId],
  )
  await new Promise((done) => setTimeout(done, 4_500))
})

test('the overview is a page: what needs somebody, people, money and work; with --json the answer of the API', async () => {
  await fund(market, ada, 1_200)
  await post(ada)
  await postUnpaid(ada, { price_cents: 900 })
  await takeCensus(market.db, [...jobCounts, ...gigCounts])
  const page = await clawrk('operator')
  assert.equal(page.code, 0, page.stderr)
  assert.match(page.stdout, /✔ Nothing needs you\./)
  assert.match(page.stdout, /people +3 people, 0 suspended, 1 operator/)
  assert.match(page.stdout, /wallets +\$7\.00 +█+/)
  assert.match(page.stdout, /escrow +\$5\.00 +█+/)
  assert.match(page.stdout, /Jobs\n +pending payment +1 +█+\n +queued +1 +█+/)
  assert.match(page.stdout, /None yet: gigs, negotiations, contracts, milestones, disputes, reviews\./)
  const body = (await clawrk('operator', '--json')).json<{ money: { escrow_cents: number } }>()
  assert.equal(body.money.escrow_cents, 500)

  // As if a worker had numbered what has happened, and then none had run for a month.
  await numberEvents(market.db, [], [])
  await moveClock(market, 31 * 86_400)
  assert.match(
    (await clawrk('operator')).stdout,
    /✖ 2 things are stuck; the longest for 24d: job [0-9a-f-]{36}\.\n {2}→ clawrk operator stuck/,
  )
  const stuck = await clawrk('operator', 'stuck')
  assert.match(stuck.stdout, /✖ job .*\n {2}This job is pending_payment and its timer fell due/)
  await market.advance(1)
  assert.match((await clawrk('operator', 'stuck')).stdout, /✔ Nothing is stuck\./)
})

test('people are found, suspended by address and restored by id; the audit and the books tell of it', async () => {
  const found = await clawrk('operator', 'users', 'mall')
  assert.match(found.stdout, new RegExp(`${mallory.userId} +${mallory.email}`))
  const withoutNote = await clawrk('operator', 'suspend', mallory.email)
  assert.equal(withoutNote.code, 2)
  const suspended = await clawrk(
    'operator',
    'suspend',
    mallory.email.toUpperCase(),
    '--note',
    'Paid with stolen cards.',
  )
  assert.equal(suspended.code, 0, suspended.stderr)
  assert.match(suspended.stdout, /is suspended, everywhere within 5 seconds/)
  assert.match((await clawrk('operator', 'users', '--suspended')).stdout, / suspended\n$/)
  const restored = await clawrk('operator', 'restore', mallory.userId, '--note', 'Cleared.', '--json')
  assert.equal(restored.json().suspended_at, null)
  const nobody = await clawrk('operator', 'suspend', 'nobody@people.test', '--note', 'x')
  assert.equal(nobody.code, 2)

  const audit = await clawrk('operator', 'audit', `user:${mallory.userId}`)
  assert.match(audit.stdout, /user\.restore .*Cleared\.\n.*user\.suspend .*Paid with stolen cards\./)
  assert.equal((await clawrk('operator', 'audit', '--json')).json<unknown[]>().length, 5)

  const books = await clawrk('operator', 'ledger')
  assert.match(books.stdout, /frozen +no/)
  assert.match(books.stdout, /stripe +-\$12\.00/)
  const [row] = await market.db.rows<{ id: string }>(`select id from job where paid_at is not null limit 1`)
  const lines = await clawrk('operator', 'ledger', `job:${row!.id}`)
  assert.match(lines.stdout, /job_paid +\$5\.00/)
  assert.match((await clawrk('operator', 'ledger', 'job:none')).stdout, /Nothing was ever posted/)
})

test('every page fits the terminal, and is plain with NO_COLOR', {
  skip: spawnSync('script', ['--version']).status !== 0 && 'no `script` command',
}, async () => {
  await market.db.rows(
    `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error) values ('evt_lost', 'charge.refunded', 'ch_1', 'given_up', clock_timestamp(), 'No such charge.')`,
  )
  for (const width of [60, 80])
    for (const args of [[], ['stuck'], ['users'], ['ledger'], ['audit']]) {
      const { stdout, code } = await inTerminal(clawrk, ['operator', ...args], { ...env, NO_COLOR: '1' }, '', width)
      assert.equal(code, 0, stdout)
      assert.ok(!stdout.includes('\u001b'), args.join(' '))
      for (const line of stdout.split('\r\n'))
        assert.ok(widthOf(line) <= width, `operator ${args.join(' ')} at ${width}: ${line}`)
    }
})
