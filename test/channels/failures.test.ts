import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { Channel } from '../../src/core/channels/channel.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'
import { channel, discordHook, messages, open, settingsFor, slackHook, state, topUp } from './stage.ts'
import { json, startDiscord, startPost, startSlack, startTelegram } from './stand-ins.ts'

test('who asks for a pause gets it, as long as they say, for everything, and it is no failure', async (context) => {
  const { market, telegram, discord, slack, ada } = await open(context)
  const only = { enabled_events: ['wallet.topped_up'] }
  const pauses = [
    {
      stand: telegram,
      pause: 40,
      no: json(429, { ok: false, description: 'Too Many Requests: retry after 40', parameters: { retry_after: 40 } }),
    },
    {
      stand: discord,
      pause: 31,
      no: json(429, { message: 'You are being rate limited.', retry_after: 30.2, global: false }),
    },
    { stand: slack, pause: 25, no: json(429, {}, { 'retry-after': '25' }) },
  ]
  const channels = [
    await channel(ada, 'telegram', { chat_id: 5 }, only),
    await channel(ada, 'discord', { webhook_url: discordHook(discord) }, only),
    await channel(ada, 'slack', { webhook_url: slackHook(slack) }, only),
  ]
  for (const { stand, no } of pauses) stand.answer = no
  await topUp(market, ada, 100)
  for (const [at, { pause }] of pauses.entries()) {
    const log = await until('it is booked', async () => {
      const found = await messages(ada, channels[at]!)
      return found.length === 1 && found
    })
    const tried = log[0]!.at
    const { failing_since, hold_until, enabled } = await state(ada, channels[at]!)
    assert.deepEqual([failing_since, enabled], [null, true])
    assert.equal(Math.round((Date.parse(hold_until!) - Date.parse(tried)) / 1000), pause)
  }
  for (const { stand } of pauses) stand.answer = (_got, answer) => void answer.writeHead(200).end('{"ok": true}')
  await topUp(market, ada, 200)
  await market.advance(20)
  await new Promise((resolve) => setTimeout(resolve, 800))
  assert.deepEqual(
    pauses.map(({ stand }) => stand.got.length),
    [1, 1, 1],
  )
  await market.advance(21)
  await until('all come, in one message each', () => pauses.every(({ stand }) => stand.got.length === 2))
  for (const { stand } of pauses) assert.match(JSON.stringify(stand.got[1]!.body), /\$1\.00 came.*\$2\.00 came/)
})

test('what fails is tried again on schedule; after the tenth time it is told nothing more, and its owner of that', async (context) => {
  const { market, discord, slack, ada } = await open(context)
  const chat = await channel(
    ada,
    'discord',
    { webhook_url: discordHook(discord) },
    { enabled_events: ['wallet.topped_up'] },
  )
  await channel(ada, 'slack', { webhook_url: slackHook(slack) }, { enabled_events: ['channel.disabled'] })
  discord.answer = json(500, {})
  await topUp(market, ada, 100)
  const gaps = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
  for (const [at, gap] of gaps.entries()) {
    const log = await until(`try ${at + 1}`, async () => {
      const found = await messages(ada, chat)
      return found.length === at + 1 && found
    })
    const { hold_until, failing_since } = await state(ada, chat)
    const left = (Date.parse(hold_until!) - Date.parse(log[0]!.at)) / 1000
    assert.ok(
      left >= gap - 0.1 && left <= gap * 1.1 + 0.1,
      `after try ${at + 1} it waits ${left} s instead of ${gap} s`,
    )
    assert.deepEqual(
      [log[0]!.outcome, log[0]!.error, failing_since],
      ['failed', 'Discord answered 500.', log.at(-1)!.at],
    )
    await market.advance(Math.ceil(left) + 1)
  }
  const off = await until('it is off', async () => {
    const now = await state(ada, chat)
    return !now.enabled && now
  })
  assert.deepEqual([discord.got.length, off.disabled_reason], [10, 'failing'])
  await until('its owner is told where they read', () => slack.got.length === 1)
  assert.match(slack.got[0]!.body.text, /Your discord channel has failed again and again: Discord answered 500\./)
  assert.equal((await messages(ada, chat))[0]!.outcome, 'given_up')
  await topUp(market, ada, 200)
  await until('what it misses is numbered', async () =>
    (await ada.ask<{ data: { amount_cents?: number } }[]>('GET', '/api/events')).body.some(
      ({ data }) => data.amount_cents === 200,
    ),
  )
  discord.answer = json(200, null)
  const on = await ada.ask<Channel>('PATCH', `/api/notifications/${chat.id}`, { enabled: true })
  assert.deepEqual([on.body.disabled_reason, on.body.failing_since, on.body.hold_until], [null, null, null])
  await topUp(market, ada, 300)
  await until('what happens from then on comes', () => discord.got.length === 11)
  assert.doesNotMatch(discord.got[10]!.body.content, /\$[12]\.00/)
})

test('a definite no ends a channel at once: each provider says it in its own way', async (context) => {
  const { market, telegram, discord, slack, post, ada } = await open(context)
  const blocked = json(403, { ok: false, error_code: 403, description: 'Forbidden: bot was blocked by the user' })
  const only = { enabled_events: ['wallet.topped_up'] }
  post.refuse = (to) => (to.startsWith('nobody') ? 550 : null)
  const made: [Channel, () => number][] = [
    [await channel(ada, 'telegram', { chat_id: 5 }, only), () => telegram.got.length],
    [await channel(ada, 'discord', { webhook_url: discordHook(discord) }, only), () => discord.got.length],
    [await channel(ada, 'slack', { webhook_url: slackHook(slack) }, only), () => slack.got.length],
  ]
  telegram.answer = blocked
  discord.answer = json(404, { message: 'Unknown Webhook', code: 10015 })
  slack.answer = (_got, answer) => void answer.writeHead(410).end('channel_is_archived')
  await topUp(market, ada, 100)
  for (const [one] of made) await until('it is off', async () => (await state(ada, one)).disabled_reason === 'gone')
  assert.equal((await state(ada, made[0]![0])).last_error, 'Forbidden: bot was blocked by the user')
  assert.equal((await ada.ask('POST', `/api/notifications/${made[0]![0].id}/test`)).body.code, 'channel_disabled')
  await topUp(market, ada, 200)
  const mail = await channel(ada, 'email', { address: 'nobody@people.test' })
  await until('nobody lives there', async () => (await state(ada, mail)).disabled_reason === 'gone')
  assert.deepEqual(
    made.map(([, count]) => count()),
    [1, 1, 1],
  )
  const told = await until('all are told of', async () => {
    const { body } = await ada.ask<{ event: string; data: { reason: string } }[]>('GET', '/api/events')
    const found = body.filter(({ event }) => event === 'channel.disabled')
    return found.length === 4 && found
  })
  assert.ok(told.every(({ data }) => data.reason === 'gone'))

  // A group that has become another one is followed; a message that nobody takes does not keep the next from coming.
  const group = await channel(ada, 'telegram', { chat_id: -77 }, only)
  telegram.answer = (got, answer, nth) =>
    (got.body.chat_id === '-77'
      ? json(400, {
          ok: false,
          description: 'Bad Request: group chat was upgraded',
          parameters: { migrate_to_chat_id: -100_77 },
        })
      : got.body.text.includes('$3.00')
        ? json(400, { ok: false, description: 'Bad Request: message is too strange' })
        : json(200, { ok: true }))(got, answer, nth)
  await topUp(market, ada, 300)
  await until('it is refused', async () => (await messages(ada, group))[0]?.outcome === 'refused')
  assert.equal(telegram.got.at(-1)!.body.chat_id, '-10077')
  await topUp(market, ada, 400)
  await market.advance(6)
  await until('the next one comes', async () => (await messages(ada, group))[0]?.outcome === 'delivered')
  assert.deepEqual([(await state(ada, group)).failing_since, (await state(ada, group)).last_error], [null, null])
})

test('whoever reads there can end it without an account, for all who write there, and take that back', async (context) => {
  const { market, telegram, post, ada, bob } = await open(context)
  const only = { enabled_events: ['wallet.topped_up'] }
  const hers = await channel(ada, 'telegram', { chat_id: 5 }, only)
  const his = await channel(bob, 'telegram', { chat_id: 5 }, only)
  await topUp(market, ada, 100)
  await until('it comes', () => telegram.got.length === 1)
  const [, token] = /stop=([\w.-]+)/.exec(telegram.got[0]!.body.text as string)!
  const stop = (body: object) => ask(market.url, 'POST', '/api/notifications/stop', body)
  assert.equal((await stop({ token: `${token!.slice(0, -1)}x` })).status, 404)
  assert.deepEqual((await stop({ token })).body, { stopped: true })
  for (const [who, one] of [
    [ada, hers],
    [bob, his],
  ] as const) {
    assert.equal((await state(who, one)).disabled_reason, 'stopped')
    const on = await who.ask('PATCH', `/api/notifications/${one.id}`, { enabled: true })
    assert.equal(on.body.code, 'receiver_stopped')
  }
  const again = await bob.ask('POST', '/api/notifications', { channel_type: 'telegram', config: { chat_id: '5' } })
  assert.equal(again.body.code, 'receiver_stopped')
  assert.deepEqual((await stop({ token, stop: false })).body, { stopped: false })
  assert.equal((await ada.ask('PATCH', `/api/notifications/${hers.id}`, { enabled: true })).status, 200)

  // A stranger’s mailbox is asked three times a day, by however many accounts.
  const address = { address: 'Stranger@people.test' }
  const first = await channel(ada, 'email', address)
  await channel(bob, 'email', { address: 'stranger@people.test' })
  assert.equal((await bob.ask('POST', `/api/notifications/${first.id}/resend`)).status, 404)
  assert.equal((await ada.ask('POST', `/api/notifications/${first.id}/resend`)).status, 200)
  const eve = await market.person('Eve')
  const fourth = await eve.ask('POST', '/api/notifications', { channel_type: 'email', config: address })
  assert.deepEqual([fourth.status, fourth.body.code], [429, 'too_many_questions'])
  for (let nth = 1; nth <= 10; nth++)
    await eve.ask('POST', '/api/notifications', { channel_type: 'email', config: { address: `${nth}@people.test` } })
  const eleventh = await eve.ask('POST', '/api/notifications', {
    channel_type: 'email',
    config: { address: '11@people.test' },
  })
  assert.equal(eleventh.body.code, 'too_many_questions')
  await until('they are sent', () => post.letters.length >= 12)
  assert.ok(post.letters.filter(({ to }) => /stranger/i.test(to[0]!)).length <= 3)
  await topUp(market, ada, 100)
  await market.advance(61)
  await until('her own chat is told', () => telegram.got.length >= 2)
  assert.ok(
    post.letters.every(({ text }) => !text.includes('wallet')),
    'none of them is told anything before',
  )
})

test('a worker that dies between sending and booking sends again; nothing is lost', async (context) => {
  const stands = {
    telegram: await startTelegram(context),
    discord: await startDiscord(context),
    slack: await startSlack(context),
    post: await startPost(context),
  }
  const env = { ...settingsFor(stands), CLAWRK_SECRET: 'a secret of the tests, long enough for any mode' }
  const market = await startTestMarket({ worker: false, env })
  context.after(() => market.close())
  const ada = await market.person('Ada')
  const chat = await channel(
    ada,
    'slack',
    { webhook_url: slackHook(stands.slack) },
    { enabled_events: ['wallet.topped_up'] },
  )
  const options = {
    databaseUrl: market.databaseUrl,
    dataDir: mkdtempSync(join(tmpdir(), 'clawrk-worker-')),
    env: { ...env, APP_URL: market.url },
  }
  const sums: number[] = []
  for (const point of ['channel:before_call', 'channel:before_booking', 'channel:after_booking']) {
    const dying = startRole('worker', { ...options, env: { ...options.env, CLAWRK_FAILPOINT: point } }).then(
      (worker) => worker.ended,
      () => null,
    )
    sums.push(sums.length + 1)
    await topUp(market, ada, sums.length * 100)
    const ended = await dying
    assert.ok(ended === null || ended.signal === 'SIGKILL', `at ${point} it ended by itself`)
    await market.advance(30)
  }
  const worker = await startRole('worker', options)
  sums.push(4)
  await topUp(market, ada, 400)
  const told = (): string => JSON.stringify(stands.slack.got.map(({ body }) => body.blocks))
  await until('everything has come', () => sums.every((sum) => told().includes(`$${sum}.00 came`)), 20_000)
  await until('it is booked', async () => (await market.db.rows(`select 1 from channel_delivery`)).length === 0)
  await worker.end('SIGTERM')
  const times = (sum: number): number => told().split(`$${sum}.00 came`).length - 1
  assert.ok(
    sums.some((sum) => times(sum) === 2),
    'what was sent and not booked comes twice',
  )
  assert.equal(
    (await messages(ada, chat)).every(({ outcome }) => outcome === 'delivered'),
    true,
  )
})
