import assert from 'node:assert/strict'
import test from 'node:test'
import type { WireEvent } from '../../src/core/events/kind.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { receive } from '../webhooks/receiver.ts'
import { openShell } from './clawrk.ts'

test('somebody follows their affairs, and registers, tries, mends and removes a webhook, all from a shell', async (context) => {
  const market = await startTestMarket({ env: { ALLOW_PRIVATE_WEBHOOKS: '1' } })
  context.after(() => market.close())
  const ada = await market.person('Ada')
  const clawrk = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  const happen = (nth: number): Promise<unknown> =>
    market.db.rows(
      `select event_write('job.verified', 'thing:1', array[$1::uuid], json_build_object('nth', $2::int))`,
      [ada.userId, nth],
    )
  await until('she has a past', async () => (await ada.ask<unknown[]>('GET', '/api/events')).body.length >= 2)
  const following = clawrk.start('events', '-f', '--after', '0', '--json')
  await until('it is shown', () => following.stdout.includes('key.created'))
  const receiver = await receive(context, (got, answer) =>
    answer.writeHead(got.event.data.nth === 2 ? 410 : 200).end('seen'),
  )
  const made = await clawrk('webhooks', 'create', receiver.url, '-e', 'job.verified', '--json')
  const { id, secret } = made.json<{ id: string; secret: string }>()
  assert.match(secret, /^whsec_/)
  assert.match((await clawrk('webhooks', 'test', id)).stdout, /on its way/)
  await happen(1)
  await until('both arrive', () => receiver.got.length === 2)
  await until('they are followed', () => following.stdout.includes('"nth":1'))
  following.signal('SIGINT')
  const { stdout } = await following.ended
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as WireEvent)
  assert.deepEqual(Object.keys(events[0]!), ['id', 'seq', 'event', 'data', 'timestamp'])
  const shown = await clawrk('events', '-n', '1')
  assert.match(shown.stdout, /^\d\d:\d\d:\d\d {2}\d+ {2}job\.verified {2}nth=1\n/)

  await happen(2)
  await until('it is off', async () => (await clawrk('webhooks')).stdout.includes('off (gone)'))
  const log = await clawrk('webhooks', 'deliveries', id)
  assert.match(log.stdout, /failed.*It answered 410/)
  const [failed] = (await clawrk('webhooks', 'deliveries', id, '-s', 'failed', '--json')).json<
    { id: string; seq: number }[]
  >()
  assert.equal((await clawrk('webhooks', 'redeliver', id, failed!.id)).code, 1, 'it is disabled')
  assert.equal((await clawrk('webhooks', 'enable', id)).code, 0)
  assert.match((await clawrk('webhooks', 'redeliver', id, '--after', `${failed!.seq - 1}`)).stdout, /1 on their way/)
  assert.equal((await clawrk('webhooks', 'redeliver', id)).code, 2)
  const rotated = (await clawrk('webhooks', 'rotate', id, '--json')).json()
  assert.notEqual(rotated.secret, secret)
  assert.equal((await clawrk('webhooks', 'delete', id)).code, 0)
  assert.match((await clawrk('webhooks')).stdout, /You have none/)
})
