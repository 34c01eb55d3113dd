import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { Webhook } from '../../src/core/webhooks/webhook.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { receive } from './receiver.ts'

/** 200 at a campaign. */
const rounds = process.env.CAMPAIGN ? 40 : 1

const points = [
  'numbering:before_booking',
  'numbering:after_booking',
  'webhook:before_call',
  'webhook:before_booking',
  'webhook:after_booking',
]

const secret = 'a secret of the tests, long enough for any mode'

test('what was rolled back is never sent, what was committed always, wherever the process dies in between', async (context) => {
  const market = await startTestMarket({
    worker: false,
    env: { CLAWRK_SECRET: secret, ALLOW_PRIVATE_WEBHOOKS: '1' },
  })
  context.after(() => market.close())
  const ada = await market.person('Ada')
  const receiver = await receive(context)
  const made = await ada.ask<Webhook>('POST', '/api/webhooks', { url: receiver.url, events: ['job.verified'] })
  assert.equal(made.status, 201)
  let nth = 0
  const write = `select event_write('job.verified', 'thing:1', array[$1::uuid], json_build_object('nth', $2::int, 'kept', $3::bool))`
  const kept = new Set<number>()
  const happen = async (): Promise<void> => {
    kept.add(++nth)
    await market.db.rows(write, [ada.userId, nth, true])
    const lost = market.db.transaction(async (sql) => {
      await sql.rows(write, [ada.userId, ++nth, false])
      throw new RangeError('changed our mind')
    })
    await assert.rejects(lost, RangeError)
  }
  const options = {
    databaseUrl: market.databaseUrl,
    dataDir: mkdtempSync(join(tmpdir(), 'clawrk-worker-')),
    env: { CLAWRK_SECRET: secret, ALLOW_PRIVATE_WEBHOOKS: '1' },
  }
  let kills = 0
  for (let round = 0; round < rounds; round++) {
    for (const point of points) {
      // One that dies there at the first chance, which may be before it says that it works.
      const dying = startRole('worker', { ...options, env: { ...options.env, CLAWRK_FAILPOINT: point } }).then(
        (worker) => worker.ended,
        () => null,
      )
      await happen()
      const ended = await dying
      assert.ok(ended === null || ended.signal === 'SIGKILL', `at ${point} it ended by itself`)
      kills++
    }
  }
  const worker = await startRole('worker', options)
  await happen()
  const got = (): Set<unknown> => new Set(receiver.got.map(({ event }) => event.data.nth))
  await until('all that was committed has come', () => [...kept].every((number) => got().has(number)), 30_000)
  await worker.end('SIGTERM')
  assert.deepEqual(got(), kept, 'and nothing else')
  assert.ok(receiver.got.every(({ event }) => event.data.kept === true))
  assert.ok(receiver.got.length > kept.size, 'one that was answered and not booked comes twice')
  const feed = (await ada.ask<{ data: { kept?: boolean } }[]>('GET', '/api/events?limit=200')).body
  assert.ok(feed.every(({ data }) => data.kept !== false))
  context.diagnostic(`${kills} kills, ${kept.size} events, ${receiver.got.length} requests`)
})
