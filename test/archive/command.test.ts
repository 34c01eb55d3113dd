import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { Registry } from 'prom-client'
import { readConfig } from '../../src/base/config.ts'
import { showFigures } from '../../src/base/figures.ts'
import type { Retention } from '../../src/base/retention.ts'
import { movableEvents } from '../../src/core/events/archive.ts'
import { numberEvents, tidyPages } from '../../src/core/events/sequence.ts'
import { movableTransfers } from '../../src/core/ledger/archive.ts'
import { freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { type Lying, retentionFigures } from '../../src/core/operators/retention.ts'
import { movableJobs } from '../../src/desks/jobs/archive.ts'
import { widthOf } from '../../src/edges/cli/render/text.ts'
import { movables } from '../../src/edges/worker/retention.ts'
import { inTerminal, openShell } from '../cli/clawrk.ts'
import { fund, moveClock, people, post, submit, take, verifyAll } from '../journeys/desk.ts'
import { sealAll, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { samplesOf } from '../watch/scrape.ts'
import { assertWhole, keysLast, tallyAll } from './stage.ts'

const day = 86_400
const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')
await keysLast(market)
const machine = openShell({ DATABASE_URL: market.databaseUrl })

/** Some jobs of a hundred days ago, settled in every way. */
async function ofLongAgo(): Promise<void> {
  await fund(market, ada, 1_500)
  for (let n = 0; n < 3; n++) await submit(bob, await take(bob, await post(ada)))
  while ((await verifyAll(market)) > 0);
  await numberEvents(market.db, [], [])
  await sealAll(market.db)
  await moveClock(market, 100 * day)
  await tidyPages(market.db)
  await tallyAll(market)
}

const counts = async (): Promise<Record<string, number>> =>
  (
    await market.db.rows<Record<string, number>>(
      `select (select count(*) from job) as jobs, (select count(*) from job_old) as old_jobs, (select count(*) from transfer) as transfers,
         (select count(*) from transfer_old) as old_transfers, (select count(*) from event) as events, (select count(*) from event_old) as old_events`,
    )
  )[0]!

/** How many whole days the movers are behind, by kind. */
async function behind(days: Retention['days'] = readConfig({}).retention.days): Promise<Record<string, number>> {
  const registry = new Registry()
  showFigures(registry, market.db, retentionFigures(movables, days))
  const seen = samplesOf(await registry.metrics()).filter(({ name }) => name === 'clawrk_retention_behind_seconds')
  return Object.fromEntries(seen.map(({ labels, value }) => [labels.kind!, Math.floor(value / day)]))
}

test('clawrk retention says what lies where; run moves it; a dry run moves nothing', async () => {
  await ofLongAgo()
  const before = await counts()
  // An event goes when the day on which it was numbered is over.
  const { events: eventsBehind, ...othersBehind } = await behind()
  assert.deepEqual(othersBehind, { jobs: 10, transfers: 10 })
  assert.ok(eventsBehind === 9 || eventsBehind === 10)
  assert.deepEqual(await behind({ jobs: null, transfers: 102, events: 102 }), { transfers: 0, events: 0 })
  const dry = await machine('retention', 'run', '--dry-run', '--json')
  assert.equal(dry.code, 0, dry.stderr)
  const { due } = dry.json<{ due: Record<string, number> }>()
  assert.deepEqual(due, { jobs: 3, transfers: before.transfers!, events: before.events! })
  assert.deepEqual(await counts(), before)
  const kept = await machine.with({ env: { RETENTION_JOBS_DAYS: '0', RETENTION_TRANSFERS_DAYS: '365' } })(
    'retention',
    'run',
    '--json',
  )
  assert.deepEqual(kept.json<{ moved: unknown }>().moved, { transfers: 0, events: before.events })
  const ran = await machine('retention', 'run')
  assert.match(ran.stdout, /Moved to the archive[\s\S]*jobs +3/)
  const after = await counts()
  assert.deepEqual([after.jobs, after.transfers, after.events], [0, 0, 0])
  assert.deepEqual([after.old_jobs, after.old_transfers, after.old_events], [3, before.transfers, before.events])
  assert.deepEqual(await behind(), { jobs: 0, transfers: 0, events: 0 })
  const shown = (await machine('retention', '--json')).json<{ lying: Lying[]; drop: unknown }>()
  assert.deepEqual(shown.drop, { events_days: null, texts_days: null })
  assert.deepEqual(
    shown.lying.map(({ name, here, archive, due: rest }) => [name, here.rows, archive.rows, rest]),
    [
      ['jobs', 0, 3, 0],
      ['transfers', 0, before.transfers, 0],
      ['events', 0, before.events, 0],
    ],
  )
  const { stdout } = await inTerminal(machine, ['retention'], { DATABASE_URL: market.databaseUrl }, '', 60)
  assert.match(stdout, /█[\s\S]*Nothing is thrown away/)
  for (const line of stdout.split(/\r?\n/).filter((text) => text.includes('█')))
    assert.ok(widthOf(stripVTControlCharacters(line)) <= 60, line)
  assert.match((await machine('doctor')).stdout, /✔ what is carried forward equals[\s\S]*Every law holds/)
  await assertWhole(market)
})

test('what keeps something from moving is said; a setting that would hurt is refused', async () => {
  await freezeLedger(market.db, 'a test')
  assert.match((await machine('retention')).stdout, /! The ledger is frozen: a test/)
  await unfreezeLedger(market.db)
  const refusal = await machine.with({ env: { RETENTION_TRANSFERS_DAYS: '3' } })('retention', 'run')
  assert.equal(refusal.code, 1)
  assert.match(refusal.stderr, /RETENTION_TRANSFERS_DAYS must be 0, for never, or at least 60/)
})

test('killed at any point it goes on where it was, by hand or in a worker', async (story) => {
  await ofLongAgo()
  const before = await counts()
  const points = [...movables.map(({ name }) => `moving ${name}:before_booking`), 'moving jobs:after_booking']
  assert.deepEqual(movables, [movableJobs, movableTransfers, movableEvents])
  for (const point of points) {
    const killed = await machine.with({ env: { CLAWRK_FAILPOINT: point } })('retention', 'run')
    assert.equal(killed.code, -1, `${point}: ${killed.stdout} ${killed.stderr}`)
    await assertWhole(market)
    await ofLongAgo()
  }
  const made = await counts()
  assert.ok(made.old_transfers! > before.old_transfers! && made.old_jobs! > before.old_jobs!)
  const worker = await startRole('worker', {
    databaseUrl: market.databaseUrl,
    dataDir: mkdtempSync(join(tmpdir(), 'clawrk-worker-')),
    env: { RETENTION_ROWS_PER_SECOND: '50' },
  })
  await until('the worker has moved the rest', async () => {
    const { jobs, transfers } = await counts()
    return jobs === 0 && transfers === 0
  })
  await worker.end('SIGTERM')
  await assertWhole(market)
  story.diagnostic(`${points.length} kills, ${JSON.stringify(await counts())}`)
})
