import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { Registry } from 'prom-client'
import { readConfig } from '../../src/base/config.ts'
import type { Sql } from '../../src/base/db.ts'
import { countedMost, showFigures, statementOf } from '../../src/base/figures.ts'
import { openLog } from '../../src/base/log.ts'
import { auditLedger, freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { takeCensus } from '../../src/core/operators/census.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { openApp } from '../../src/edges/http/app.ts'
import { answerMetrics } from '../../src/edges/http/watch-door.ts'
import { figuresOf } from '../../src/market.ts'
import { fund, moveClock, people, post, refused, take, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { sampleOf, samplesOf, scrape } from './scrape.ts'

const market = await startTestMarket({ worker: false, env: { METRICS_TOKEN: 'the-token-of-Prometheus' } })
after(() => market.close())
const token = { authorization: 'Bearer the-token-of-Prometheus' }
const { db } = market
const figures = figuresOf(readConfig({}))

/** A scrape with figures that are read now: those of the market are good for some seconds. */
async function figuresNow(sql: Sql = db) {
  const registry = new Registry()
  showFigures(registry, sql, figures)
  return samplesOf(await registry.metrics())
}

test('verbs are counted by how they ended, refusals by their code; streams, requests and connections are seen', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 2_000)
  await post(ada)
  const again = { 'idempotency-key': 'once' }
  const body = { prompt: 'Research the history of Unix.', price_cents: 500, time_limit_seconds: 3600, confirmed: true }
  for (const _ of [1, 2]) went(await ada.ask('POST', '/api/jobs/run', body, again), 201)
  refused(await bob.ask('GET', `/api/jobs/${randomUUID()}`), 404, 'job_not_found')
  refused(await bob.ask('POST', '/api/jobs/run', { prise: 1 }), 400, 'invalid_input')
  const reader = new AbortController()
  const stream = await fetch(`${market.url}/api/events/stream`, {
    headers: { authorization: `Bearer ${ada.key}` },
    signal: reader.signal,
  })
  assert.equal(stream.status, 200)
  const seen = await scrape(market.url, token)
  assert.equal(sampleOf(seen, 'clawrk_verb_calls_total', { verb: 'jobs.run', outcome: 'done' }), 2)
  assert.equal(sampleOf(seen, 'clawrk_verb_calls_total', { verb: 'jobs.run', outcome: 'replayed' }), 1)
  assert.equal(sampleOf(seen, 'clawrk_verb_calls_total', { verb: 'jobs.run', outcome: 'refused' }), 1)
  assert.equal(sampleOf(seen, 'clawrk_refusals_total', { verb: 'jobs.run', code: 'invalid_input' }), 1)
  assert.equal(sampleOf(seen, 'clawrk_refusals_total', { code: 'job_not_found' }), 1)
  assert.equal(
    sampleOf(seen, 'clawrk_verb_seconds_count', { verb: 'jobs.run' }),
    3,
    'what is refused before the verb is not timed',
  )
  assert.equal(sampleOf(seen, 'clawrk_request_seconds_count', { route: '/api/jobs/run', status: '400' }), 1)
  assert.equal(sampleOf(seen, 'clawrk_streams_open'), 1)
  assert.ok(sampleOf(seen, 'clawrk_requests_under_way')! >= 2, 'the stream and the scrape itself')
  assert.equal(sampleOf(seen, 'clawrk_database_answers'), 1)
  assert.equal(sampleOf(seen, 'clawrk_database_waiting'), 0)
  const [used, free] = ['used', 'free'].map((state) => sampleOf(seen, 'clawrk_database_connections', { state })!)
  assert.ok(used! + free! >= 1 && used! + free! <= sampleOf(seen, 'clawrk_database_connections_most')!)
  assert.ok(sampleOf(seen, 'nodejs_eventloop_lag_p99_seconds')! > 0)
  // Held on to until here: a stream nobody holds any more ends when it is collected.
  assert.equal(stream.bodyUsed, false)
  reader.abort()
  await until('the stream is gone', async () => sampleOf(await scrape(market.url, token), 'clawrk_streams_open') === 0)
})

test('figures of the market: leases and timers that are late, the last audit, a freeze, the census', async () => {
  const before = await figuresNow()
  assert.equal(sampleOf(before, 'clawrk_ledger_breaches'), undefined, 'nothing is said before the first audit')
  assert.equal(sampleOf(before, 'clawrk_ledger_frozen'), 0)
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 2_000)
  await take(bob, await post(ada))
  for (const { name, value } of await figuresNow()) if (name === 'clawrk_oldest_late_seconds') assert.equal(value, 0)
  await moveClock(market, 2 * 3_600)
  const late = await figuresNow()
  const attempt = sampleOf(late, 'clawrk_oldest_late_seconds', { life: 'job', state: 'accepted' })!
  assert.ok(attempt > 3_000 && attempt < 3_700, `an hour past its deadline, not ${attempt} s`)
  assert.equal(sampleOf(late, 'clawrk_oldest_late_seconds', { life: 'job', state: 'queued' }), 0)

  await auditLedger(db)
  await freezeLedger(db, 'as a test')
  await takeCensus(db, jobCounts)
  await moveClock(market, 60)
  const audited = await figuresNow()
  assert.equal(sampleOf(audited, 'clawrk_ledger_breaches'), 0)
  assert.ok(Math.abs(sampleOf(audited, 'clawrk_ledger_audit_age_seconds')! - 60) < 20)
  assert.equal(sampleOf(audited, 'clawrk_ledger_frozen'), 1)
  assert.ok(sampleOf(audited, 'clawrk_ledger_frozen_seconds')! >= 60)
  assert.equal(sampleOf(audited, 'clawrk_items', { kind: 'jobs', state: 'accepted' }), 1)
  assert.equal(sampleOf(audited, 'clawrk_users'), 4)
  assert.ok(sampleOf(audited, 'clawrk_money', { held: 'escrow_cents' })! > 0)
  assert.equal(await unfreezeLedger(db), true)
  await db.rows(`update ledger_audit set breaches = '[{"law":"a law","where":"here","detail":"by 1"}]'`)
  assert.equal(sampleOf(await figuresNow(), 'clawrk_ledger_breaches'), 1)
})

test('a scrape costs no more when more waits, and many scrapes ask one question', async (story) => {
  const webhook = randomUUID()
  const [ada] = await people(market, 'Ada')
  await db.rows(
    `insert into webhook (id, user_id, url, secret, created_at, updated_at) values ($1, $2, 'https://receiver.example/', '', app_now(), app_now())`,
    [webhook, ada.userId],
  )
  const pages = async (): Promise<number> => {
    const [row] = await db.rows<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      `explain (analyze, buffers, timing off, format json) ${statementOf(figures)}`,
    )
    const { Plan: plan } = row!['QUERY PLAN'][0]!
    return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!
  }
  const pile = async (n: number): Promise<number> => {
    await db.rows(
      `insert into webhook_delivery (webhook_id, event_id, seq, name, due_at, created_at)
       select $1, gen_random_uuid(), (select coalesce(max(seq), 0) from webhook_delivery) + k, 'job.queued', app_now() - interval '1 minute', app_now() from generate_series(1, $2::int) as k`,
      [webhook, n],
    )
    await db.rows(
      `insert into stripe_inbox (id, type, object_id) select 'evt_' || gen_random_uuid(), 'charge.refunded', 'ch_1' from generate_series(1, $1::int)`,
      [n],
    )
    await db.rows(
      `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error)
       select 'evt_' || gen_random_uuid(), 'charge.refunded', 'ch_1', 'given_up', clock_timestamp(), 'Gone.' from generate_series(1, $1::int)`,
      [n],
    )
    await db.rows(
      `insert into provider_intent (id, kind, user_id, amount_cents, created_at, due_at)
       select gen_random_uuid(), 'card_refund', $1, 700, app_now() - interval '1 hour', app_now() from generate_series(1, $2::int)`,
      [ada.userId, n],
    )
    await db.transaction(async (sql) => {
      await sql.rows(`set local session_replication_role = replica`)
      await sql.rows(
        `insert into job select (jsonb_populate_record(j, jsonb_build_object('id', lpad(k::text, 32, '0')::uuid, 'status', 'cancelled', 'due_at', null,
             'ended_at', app_now() - interval '200 days', 'created_at', app_now() - interval '200 days'))).*
           from job as j, generate_series((select count(*) from job), (select count(*) from job) + $1::int) as k
           where j.id = (select id from job order by id desc limit 1)`,
        [n / 4],
      )
      await sql.rows(
        `insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
           select kind, ref, 'pile:' || gen_random_uuid(), leg, from_account, to_account, unit, amount, app_now() - interval '200 days'
           from (select * from transfer limit 1) as t, generate_series(1, $1::int)`,
        [n / 4],
      )
      await sql.rows(
        `insert into event (name, ref, parties, data, created_at) select 'job.queued', 'job:x', '{}', '{}', app_now() - interval '200 days' from generate_series(1, $1::int)`,
        [n / 4],
      )
      await sql.rows(
        `insert into event_day (day, seq, high) select (app_now() - interval '200 days')::date, 0, max(position) from event
           on conflict (day) do update set high = excluded.high`,
      )
    })
    await db.rows('analyze')
    await pages()
    return pages()
  }
  await fund(market, ada, 1_000)
  await post(ada)
  const few = await pile(2 * countedMost)
  const many = await pile(8 * countedMost)
  story.diagnostic(`pages read for ${2 * countedMost} and ${10 * countedMost} things that wait: ${few}, ${many}`)
  assert.ok(many < few * 1.5, `${few} pages became ${many}`)
  const seen = await figuresNow()
  for (const name of [
    'clawrk_webhook_deliveries_due',
    'clawrk_provider_events_waiting',
    'clawrk_provider_intents_open',
  ])
    assert.equal(sampleOf(seen, name), countedMost)
  assert.ok(sampleOf(seen, 'clawrk_provider_intent_oldest_seconds')! >= 3_600)

  assert.ok(sampleOf(seen, 'clawrk_retention_behind_seconds', { kind: 'jobs' })! > 109 * 86_400)

  let asked = 0
  const registry = new Registry()
  const counting: Sql = {
    rows(text, params) {
      asked++
      return db.rows(text, params)
    },
  }
  showFigures(registry, counting, figures)
  await Promise.all(Array.from({ length: 20 }, () => registry.metrics()))
  assert.equal(asked, 1)
})

test('without the database a scrape says so and leaves out what it does not know', async () => {
  const seen = await figuresNow({ rows: () => Promise.reject(new Error('away')) })
  assert.deepEqual(
    seen.map(({ name, value }) => [name, value]),
    [['clawrk_database_answers', 0]],
  )
})

test('strangers see no metrics: the token decides, and without one only this machine where no proxy can stand', async () => {
  for (const headers of [
    {},
    { authorization: 'Bearer the-token-of-somebody-else' },
    { authorization: 'the-token-of-Prometheus' },
  ]) {
    const answer = await fetch(`${market.url}/metrics`, { headers })
    assert.equal(answer.status, 401)
    const body = (await answer.json()) as { code: string; error: string }
    assert.equal(body.code, 'metrics_closed')
    assert.match(body.error, /METRICS_TOKEN/)
  }
  const registry = new Registry()
  const log = openLog('silent', 'test')
  const status = async (
    mode: 'test' | 'live',
    {
      ownPort = false,
      from = '127.0.0.1',
      headers = {},
    }: { ownPort?: boolean; from?: string; headers?: Record<string, string> } = {},
  ): Promise<number> => {
    const app = openApp({ config: { mode, trustProxy: false }, log })
    answerMetrics(app, { config: { mode, metricsToken: null }, registry, ownPort })
    return (await app.inject({ url: '/metrics', remoteAddress: from, headers })).statusCode
  }
  assert.equal(await status('test'), 200)
  assert.equal(await status('test', { from: '::1' }), 200)
  assert.equal(await status('test', { from: '10.0.0.7' }), 401)
  assert.equal(await status('test', { headers: { 'x-forwarded-for': '203.0.113.9' } }), 401)
  assert.equal(await status('live'), 401, 'a proxy on this machine may stand before this port')
  assert.equal(await status('live', { ownPort: true }), 200)
  assert.equal(await status('live', { ownPort: true, from: '203.0.113.9' }), 401)
})
