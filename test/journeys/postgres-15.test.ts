import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { migrate } from '../../src/base/migrate.ts'
import { checkLaws, platformBalance } from '../../src/core/ledger/laws.ts'
import { verifyChain } from '../../src/core/ledger/seal.ts'
import { jobLaws } from '../../src/desks/jobs/laws.ts'
import { openShell } from '../cli/clawrk.ts'
import { read } from '../streams/reader.ts'
import { startTestMarket } from '../support/market.ts'
import { launchPostgres15 } from '../support/postgres-15.ts'
import { until } from '../support/processes.ts'
import { sampleOf, scrape } from '../watch/scrape.ts'
import {
  act,
  assertLawful,
  type Held,
  junk,
  movementsOf,
  post,
  refused,
  see,
  seeIn,
  submit,
  take,
  unixReport,
  walletOf,
  went,
} from './desk.ts'

test('the whole journey on PostgreSQL 15: paid, tried again, given back, missed, and every law holds', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-15-'))
  const old = await launchPostgres15(folder)
  if (!old) return context.skip('PostgreSQL 15 is not installed (apt-get install postgresql-15)')
  context.after(async () => {
    await old.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await migrate(old.url, { mode: 'test' })
  const market = await startTestMarket({ databaseUrl: old.url })
  context.after(() => market.close())
  const [version] = await market.db.rows<{ n: number }>(`select current_setting('server_version_num')::integer as n`)
  assert.equal(Math.floor(version!.n / 10_000), 15)

  // People sign up with a password, and money comes in over the twin's page and its webhook.
  const [ada, bob, eve] = [await market.person('Ada'), await market.person('Bob'), await market.person('Eve')]
  await ada.topUp(2_000)
  assert.equal((await walletOf(ada)).balance_cents, 2_000)

  // A job goes the straight way: pull, accept, submit, verified and paid.
  const first = await post(ada)
  assert.equal(went(await bob.ask<Held>('POST', '/api/jobs/pull')).id, first.id)
  went(await act(bob, 'accept', first))
  const key = { 'idempotency-key': 'once-on-15' }
  const handIn = () => bob.ask('POST', `/api/jobs/${first.id}/submit`, { output: unixReport }, key)
  const [once, again] = [await handIn(), await handIn()]
  assert.equal(went(once).status, 'submitted')
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed'), again.text], [200, 'true', once.text])
  assert.equal((await seeIn(ada, first, 'verified')).output, unixReport)
  assert.equal((await walletOf(bob)).balance_cents, 350)
  const lines = (await read(market.url, ada, first.id)).events.map(({ event }) => event)
  assert.deepEqual([...new Set(lines)], ['log', 'verdict', 'end'])

  // Another fails its check at first, is queued again for somebody else, whose work passes.
  const second = await post(ada, { checks: [{ type: 'contains', value: 'Bell Labs' }] })
  await take(bob, second)
  await submit(bob, second, junk)
  assert.equal((await seeIn(ada, second, 'queued')).attempt_count, 1)
  refused(await act(bob, 'claim', second), 403, 'job_shown_before')
  await take(eve, second)
  await submit(eve, second)
  await seeIn(ada, second, 'verified')
  assert.equal((await walletOf(eve)).balance_cents, 350)

  // A third misses its deadline by the market's clock; then its sender has had enough and gets the money back.
  const third = await post(ada)
  await take(eve, third)
  await market.advance(3_601)
  assert.equal((await seeIn(ada, third, 'queued')).attempt_count, 1)
  assert.equal(went(await act(ada, 'cancel', third)).status, 'cancelled')
  assert.equal((await walletOf(ada)).balance_cents, 1_000)
  assert.deepEqual(await movementsOf(market, third), { job_paid: 1, refund: 1 })

  // A fourth is rejected by whom it was offered to, and never taken: it runs out, and the money comes back.
  const fourth = await post(ada)
  assert.equal(went(await bob.ask<Held>('POST', '/api/jobs/pull')).id, fourth.id)
  went(await act(bob, 'reject', fourth))
  await market.advance(31 * 86_400)
  assert.equal((await see(ada, fourth)).status, 'cancelled')
  assert.equal((await walletOf(ada)).balance_cents, 1_000)

  await assertLawful(market)
  assert.deepEqual(await checkLaws(market.db, jobLaws), [])
  // The provider's own fee is booked by a task of its own, some time after the money.
  const ours = () =>
    Promise.all([
      platformBalance(market.db, 'platform:stripe'),
      platformBalance(market.db, 'platform:processing'),
      platformBalance(market.db, 'platform:fees'),
    ])
  await until('the provider’s fee is booked', async () => (await ours())[1] !== 0)
  assert.deepEqual(await ours(), [-2_088, 88, 300])
  const chain = await until('every transfer is sealed', async () => {
    const report = await verifyChain(market.db)
    return report.unsealed === 0 && report
  })
  assert.deepEqual([chain.faults, chain.seals > 0], [[], true])
  const shell = openShell({ DATABASE_URL: market.databaseUrl })
  const doctor = await shell('doctor')
  assert.deepEqual([doctor.code, doctor.stderr], [0, ''], doctor.stdout)
  assert.match(
    doctor.stdout,
    / {2}fees +\$3\.00\n {2}stripe +-\$20\.88\n {2}processing +\$0\.88\n[\s\S]*✔ Every law holds\.\n$/,
  )
  const figures = await scrape(market.url)
  assert.equal(sampleOf(figures, 'clawrk_log_archive_failing_seconds'), 0)
  assert.equal(sampleOf(figures, 'clawrk_retention_behind_seconds', { kind: 'jobs' }), 0)
  const ledger = await shell('ledger', 'verify')
  assert.equal(ledger.code, 0, ledger.stdout + ledger.stderr)
})
