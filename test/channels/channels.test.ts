import assert from 'node:assert/strict'
import test from 'node:test'
import type { Channel } from '../../src/core/channels/channel.ts'
import { until } from '../support/processes.ts'
import { channel, discordHook, happen, messages, open, slackHook, state, topUp } from './stage.ts'
import { json, startResend, subjectOf } from './stand-ins.ts'

test('each kind of channel is told in words, with a link and a way to stop it; config is shown in part only', async (context) => {
  const { market, telegram, discord, slack, post, ada, bob } = await open(context)
  const only = { enabled_events: ['wallet.topped_up', 'contract.updated'] }
  const chats = [
    await channel(ada, 'telegram', { chat_id: 123456789 }, only),
    await channel(ada, 'discord', { webhook_url: discordHook(discord) }, only),
    await channel(ada, 'slack', { webhook_url: slackHook(slack) }, only),
  ]
  await channel(bob, 'telegram', { chat_id: '@bobs_news' }, only)
  assert.deepEqual(
    chats.map(({ config }) => config),
    [{ chat_id: '…789' }, { webhook_url: `${discord.url}/…En-1` }, { webhook_url: `${slack.url}/…cReT` }],
  )
  const mail = await channel(ada, 'email', { address: 'ada.reads@people.test' }, only)
  assert.deepEqual([mail.config, mail.confirmed], [{ address: 'a…@people.test' }, false])
  await topUp(market, ada, 1_250)
  await happen(market, ada, 'key.created', { key_id: '01a20226-00b5-7bc1-9461-989abfd9ed53' })
  await until('all three are told', () => [telegram, discord, slack].every(({ got }) => got.length === 1))

  const [toTelegram, toDiscord, toSlack] = [telegram.got[0]!, discord.got[0]!, slack.got[0]!]
  assert.equal(toTelegram.path, '/bot123456:a-bot-of-the-tests/sendMessage')
  assert.equal(toTelegram.body.chat_id, '123456789')
  assert.match(
    toTelegram.body.text,
    new RegExp(`^• \\$12\\.50 came into your wallet\\. <a href="${market.url}/wallet">Open</a>`),
  )
  assert.match(
    toDiscord.body.content,
    new RegExp(`^• \\$12\\.50 came into your wallet\\. \\[Open\\]\\(<${market.url}/wallet>\\)`),
  )
  assert.equal(toDiscord.path, '/api/webhooks/100001/sEcReT-tOkEn-1')
  assert.equal(toSlack.body.blocks[0].text.text, '$12.50 came into your wallet.')
  assert.equal(toSlack.body.blocks[1].elements[0].text, `<${market.url}/wallet|Open>`)
  for (const { body } of [toTelegram, toDiscord, toSlack]) {
    const text = JSON.stringify(body)
    assert.ok(!text.includes('API key'), 'only what it asked for')
    assert.match(text, /An account at http.*has this place told/, 'the first says why it comes')
    assert.match(text, /notifications\?stop=/)
  }

  // The mailbox is asked first, and has been sent nothing else.
  const question = await until('the question arrives', () => post.letters[0])
  assert.deepEqual([question.from, question.to], ['market@market.test', ['ada.reads@people.test']])
  assert.match(subjectOf(question), /Do you want messages/)
  const [, code] = /code (\w{5}-\w{5})/.exec(question.text)!
  assert.ok(question.text.includes(`/notifications?confirm=${mail.id}.${code}`))
  const path = `/api/notifications/${mail.id}`
  assert.deepEqual((await ada.ask('POST', `${path}/test`)).body.code, 'channel_unconfirmed')
  assert.equal((await ada.ask('POST', `${path}/confirm`, { code: 'AAAAA-AAAAA' })).body.code, 'wrong_code')
  assert.equal((await bob.ask('POST', `${path}/confirm`, { code })).status, 404)
  const confirmed = await ada.ask<Channel>('POST', `${path}/confirm`, { code: code!.toLowerCase().replace('-', ' ') })
  assert.equal(confirmed.body.confirmed, true)
  await happen(market, ada, 'contract.updated', {
    title: 'A site',
    status: 'active',
    reason: 'milestone_delivered',
    amount_cents: 45_000,
  })
  await market.advance(61)
  const letter = await until('the news arrives', () => post.letters[1])
  assert.equal(letter.headers['list-unsubscribe']!.startsWith(`<${market.url}/notifications?stop=`), true)
  const sentence =
    'Work was delivered in “A site”: the client releases the milestone of $450.00 or disputes it within 14 days, or it is paid.'
  assert.equal(subjectOf(letter), sentence)
  assert.match(
    letter.text,
    new RegExp(`^${sentence.replaceAll(/[.$]/g, '\\$&')}\r?\n${market.url}/notifications\\?event=\\d+`),
  )
  assert.match(letter.raw, /text\/html/)

  const listed = await ada.ask<Channel[]>('GET', '/api/notifications')
  assert.equal(listed.body.length, 4)
  for (const secret of ['123456789', 'sEcReT', 'ada.reads', code!]) assert.ok(!listed.text.includes(secret), secret)
  assert.deepEqual(Object.keys(listed.body[0]!).slice(0, 5), [
    'id',
    'channel_type',
    'config',
    'enabled_events',
    'created_at',
  ])
  const rows = await market.db.rows<{ config: Buffer; place: Buffer }>(`select config, place from channel`)
  for (const { config } of rows)
    for (const secret of ['123456789', 'sEcReT', 'ada.reads']) assert.ok(!config.includes(secret), 'sealed at rest')
  assert.ok(
    telegram.got.every(({ body }) => body.chat_id !== '@bobs_news'),
    'what is another’s is not told',
  )
  const [message] = await messages(ada, chats[0]!)
  assert.deepEqual([message!.outcome, message!.kind], ['delivered', 'events'])
})

test('without a choice a channel is told all that is documented, and nothing quiet; a trial is a button', async (context) => {
  const { market, slack, ada, bob } = await open(context)
  const mine = await channel(ada, 'slack', { webhook_url: slackHook(slack) })
  assert.equal(mine.enabled_events, null)
  await happen(market, ada, 'job.held', { job_id: '01a20226-00b5-7bc1-9461-989abfd9ed53' })
  await happen(market, ada, 'gig.created', {
    gig_id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
    title: 'A site',
    status: 'draft',
  })
  await until('it is told', () => slack.got.length === 1)
  assert.match(slack.got[0]!.body.text, /The gig “A site” was made; it is draft\./)
  assert.ok(!JSON.stringify(slack.got).includes('held for an agent'))
  assert.deepEqual((await ada.ask('POST', `/api/notifications/${mine.id}/test`)).body, { ok: true })
  await market.advance(10)
  await until('the trial arrives', () => slack.got.length === 2)
  assert.match(slack.got[1]!.body.text, /A trial message/)
  await until('it is in the log', async () => (await messages(ada, mine))[0]?.kind === 'test')
  for (const [method, path] of [
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/test'],
    ['POST', '/resend'],
    ['GET', '/messages'],
  ] as const)
    assert.equal((await bob.ask(method, `/api/notifications/${mine.id}${path}`)).status, 404, `${method} ${path}`)
  assert.deepEqual((await ada.ask('DELETE', `/api/notifications/${mine.id}`)).body, { ok: true })
  assert.deepEqual((await ada.ask('GET', '/api/notifications')).body, [])
})

test('20 are the most, names must be known, hooks are on their own hosts, config fits its type', async (context) => {
  const { ada, discord } = await open(context)
  const ask = (channel_type: string, config: object, more: object = {}) =>
    ada.ask('POST', '/api/notifications', { channel_type, config, ...more })
  const refusals: readonly [string, object, object, string, RegExp][] = [
    ['telegram', {}, {}, 'invalid_input', /takes config\.chat_id/],
    ['telegram', { address: 'ada@people.test' }, {}, 'invalid_input', /takes config\.chat_id/],
    ['telegram', { chat_id: 'ada' }, {}, 'address_refused', /number, or @/],
    ['telegram', { chat_id: '1/../2' }, {}, 'address_refused', /number, or @/],
    ['discord', { webhook_url: 'https://evil.example/api/webhooks/1/x' }, {}, 'address_refused', /discord\.com/],
    ['discord', { webhook_url: 'http://discord.com/api/webhooks/1/x' }, {}, 'address_refused', /https/],
    ['discord', { webhook_url: 'https://discord.com.evil.example/api/webhooks/1/x' }, {}, 'address_refused', /hosts/],
    ['discord', { webhook_url: 'https://discord.com@evil.example/api/webhooks/1/x' }, {}, 'address_refused', /hosts/],
    ['discord', { webhook_url: 'https://u:p@discord.com/api/webhooks/1/x' }, {}, 'address_refused', /password/],
    ['discord', { webhook_url: 'https://discord.com/api/v10/users/@me' }, {}, 'address_refused', /incoming webhook/],
    ['slack', { webhook_url: 'https://hooks.slack.com/' }, {}, 'address_refused', /services/],
    ['slack', { webhook_url: discordHook(discord) }, {}, 'address_refused', /hooks\.slack\.com/],
    ['email', { address: 'ada at home' }, {}, 'invalid_input', /an e-mail address/],
    ['email', { address: 'ada@people.test\r\nbcc: all@people.test' }, {}, 'invalid_input', /an e-mail address/],
    ['carrier_pigeon', {}, {}, 'invalid_input', /channel_type/],
    ['telegram', { chat_id: 1 }, { enabled_events: ['job.done'] }, 'unknown_event', /"job\.done".*job\.verified/],
  ]
  for (const [type, config, more, code, sentence] of refusals) {
    const refused = await ask(type, config, more)
    assert.deepEqual([refused.status, refused.body.code], [400, code], JSON.stringify(config))
    assert.match(String(refused.body.error), sentence)
  }
  const made = await Promise.all(Array.from({ length: 24 }, (_, nth) => ask('telegram', { chat_id: nth + 1 })))
  assert.equal(made.filter(({ status }) => status === 201).length, 20)
  assert.ok(made.filter(({ status }) => status !== 201).every(({ body }) => body.code === 'too_many_channels'))
})

test('a burst goes into few messages, and a digest into one; what is urgent waits for neither', async (context) => {
  const { market, telegram, discord, ada } = await open(context)
  const chat = await channel(ada, 'telegram', { chat_id: 7 }, { enabled_events: ['wallet.topped_up'] })
  await topUp(market, ada, 100)
  await until('the first is told', () => telegram.got.length === 1)
  for (let nth = 2; nth <= 41; nth++) await topUp(market, ada, nth * 100)
  await until('the others wait', async () => (await waiting()) === 40)
  assert.notEqual((await state(ada, chat)).hold_until, null, 'a place is not written to twice in a moment')
  await market.advance(4)
  await until('they come as one', () => telegram.got.length === 2)
  const { text } = telegram.got[1]!.body as { text: string }
  assert.equal([...text.matchAll(/came into your wallet/g)].length, 20)
  assert.match(text, /And 20 more\./)
  assert.ok(text.length < 4_096)
  await topUp(market, ada, 4_200)
  await market.advance(4)
  await until('it is numbered', async () => (await waiting()) === 1)
  assert.equal(telegram.got.length, 2, 'when much goes on, the pause grows')
  await market.advance(3)
  await until('then it comes', () => telegram.got.length === 3)

  const daily = await channel(ada, 'discord', { webhook_url: discordHook(discord) }, { digest: 'daily' })
  await topUp(market, ada, 100)
  await until('it waits', async () => (await waiting()) >= 1)
  await market.advance(3 * 3_600)
  await happen(market, ada, 'dispute.created', { disputing_party: 'client', status: 'open' })
  await until('what is urgent comes', () => discord.got.length === 1)
  assert.match(discord.got[0]!.body.content, /A dispute was opened by the client/)
  assert.doesNotMatch(discord.got[0]!.body.content, /wallet/)
  await topUp(market, ada, 200)
  await market.advance(20 * 3_600)
  await topUp(market, ada, 300)
  await until('all three wait', async () => (await waiting(daily)) === 3)
  assert.equal(discord.got.length, 1)
  await market.advance(3_601)
  await until('the digest comes', () => discord.got.length === 2)
  const sums = [...discord.got[1]!.body.content.matchAll(/\$(\d)\.00 came/g)].map(([, sum]) => sum)
  assert.deepEqual(sums, ['1', '2', '3'])
  const [last] = await until('it is in the log', async () => {
    const log = await messages(ada, daily)
    return log.length === 2 && log
  })
  assert.deepEqual([last!.events, last!.names], [3, ['wallet.topped_up']])

  // Whoever changes their mind about the digest does not wait for it.
  await topUp(market, ada, 500)
  await until('it waits', async () => (await waiting(daily)) === 1)
  assert.equal(
    (await ada.ask<Channel>('PATCH', `/api/notifications/${daily.id}`, { digest: 'off' })).body.digest,
    'off',
  )
  await market.advance(10)
  await until('it comes at once', () => discord.got.length === 3)

  async function waiting(of?: Channel): Promise<number> {
    const [row] = await market.db.rows<{ many: number }>(
      `select count(*)::int as many from channel_delivery where $1::uuid is null or channel_id = $1`,
      [of?.id ?? null],
    )
    return row!.many
  }
})

test('mail goes by Resend when there is no mail server; a fault of our own settings is nobody else’s', async (context) => {
  const resend = await startResend(context)
  const { market, ada } = await open(context, {
    SMTP_URL: '',
    RESEND_API_KEY: 're_of_the_tests',
    RESEND_API_URL: resend.url,
  })
  await market.db.rows(`update app_user set email_verified_at = app_now() where id = $1`, [ada.userId])
  const mine = await channel(ada, 'email', { address: ada.email.toUpperCase() })
  assert.equal(mine.confirmed, true, 'one’s own verified address needs no question')
  resend.answer = json(403, { message: 'The domain is not verified.' })
  await topUp(market, ada, 100)
  await until('it is tried', () => resend.got.length === 1)
  const tried = await until('it is booked', async () => {
    const now = await state(ada, mine)
    return now.last_error !== null && now
  })
  assert.deepEqual([tried.enabled, tried.failing_since, tried.last_error], [true, null, 'The domain is not verified.'])
  resend.answer = (_got, answer, nth) =>
    (nth === 2 ? json(429, {}, { 'retry-after': '20' }) : json(200, { id: 'x' }))(_got, answer, nth)
  await market.advance(301)
  await until('it is tried again', () => resend.got.length === 2)
  await until('it waits as long as it was asked to', async () => (await messages(ada, mine))[0]?.status === 429)
  await market.advance(10)
  await new Promise((resolve) => setTimeout(resolve, 700))
  assert.equal(resend.got.length, 2)
  await market.advance(11)
  await until('it arrives', () => resend.got.length === 3)
  const { path, headers, body } = resend.got[2]!
  assert.deepEqual([path, headers.authorization], ['/emails', 'Bearer re_of_the_tests'])
  assert.equal(
    headers['idempotency-key'],
    resend.got[0]!.headers['idempotency-key'],
    'one letter, whatever became of it',
  )
  assert.deepEqual(
    [body.from, body.to, body.subject],
    ['The market <market@market.test>', [ada.email.toUpperCase()], '$1.00 came into your wallet.'],
  )
})
