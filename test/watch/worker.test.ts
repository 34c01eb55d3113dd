import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cloneDatabase } from '../support/database.ts'
import { ask } from '../support/market.ts'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { sampleOf, scrape } from './scrape.ts'

/** Where a worker says that it can be watched. */
const doorOf = (said: string): string => `http://127.0.0.1:${/"metrics_port":(\d+)/.exec(said)![1]}`

test('workers of one machine are watched each at a port of its own: health, readiness, every task', async () => {
  const { url: databaseUrl } = await cloneDatabase()
  const dataDir = mkdtempSync(join(tmpdir(), 'watched-'))
  const env = { METRICS_PORT: `${await takePort()}` }
  const first = await startRole('worker', { databaseUrl, dataDir, env })
  const second = await startRole('worker', { databaseUrl, dataDir, env })
  const [one, other] = [doorOf(first.said()), doorOf(second.said())]
  assert.notEqual(one, other)
  assert.equal(new URL(one).port, env.METRICS_PORT)
  for (const url of [one, other]) {
    const health = await ask(url, 'GET', '/api/health')
    assert.deepEqual(health.body, { ok: true, service: 'clawconnected', name: 'clawrk', mode: 'test' })
    assert.ok(health.headers.get('x-request-id'))
    assert.equal((await ask(url, 'GET', '/api/ready')).status, 200)
    assert.equal((await ask(url, 'GET', '/api/jobs')).status, 404, 'it is no API')
    assert.equal((await ask(url, 'GET', '/metrics', undefined, { 'x-forwarded-for': '203.0.113.9' })).status, 401)
  }
  const seen = await until('every task has had a turn', async () => {
    const samples = await scrape(one)
    const tasks = new Set(samples.map(({ labels }) => labels.task).filter((task) => task !== undefined))
    const turns = (task: string): number => sampleOf(samples, 'clawrk_task_seconds_count', { task }) ?? 0
    return tasks.size > 25 && [...tasks].every((task) => turns(task) > 0) && samples
  })
  assert.ok(sampleOf(seen, 'clawrk_task_turns_total', { task: 'audit', outcome: 'done' })! > 0)
  assert.equal(sampleOf(seen, 'clawrk_task_turns_total', { task: 'audit', outcome: 'failed' }), 0)
  assert.equal(sampleOf(seen, 'clawrk_task_every_seconds', { task: 'audit' }), 600)
  assert.ok(sampleOf(seen, 'clawrk_task_since_success_seconds', { task: 'number' })! < 10)
  assert.ok(sampleOf(seen, 'clawrk_task_seconds_count', { task: 'number' })! > 0)
  assert.equal(sampleOf(seen, 'clawrk_ledger_breaches'), 0)

  // The provider of these processes is nowhere: whoever asks it first fails, and is seen to.
  const failures = async (url: string): Promise<number> =>
    sampleOf(await scrape(url), 'clawrk_task_turns_total', { task: 'missed', outcome: 'failed' })!
  await until('a task has failed', async () => (await failures(one)) + (await failures(other)) > 0)
  const line = `${first.said()}${second.said()}`.split('\n').find((text) => text.includes('"task":"missed"'))
  assert.match(line ?? '', /"turn":\d+.*it is tried again/)
  for (const worker of [first, second]) {
    const { code, afterMs } = await worker.end('SIGTERM')
    assert.equal(code, 0)
    assert.ok(afterMs < 9_000, `${afterMs} ms`)
  }
})
