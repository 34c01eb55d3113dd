import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Canary } from '../laws/canaries.ts'
import {
  canaries,
  closeScanned,
  everythingKept,
  log,
  nobody,
  own,
  personal,
  post,
  type Somebody,
  secret,
  settings,
  somebody,
  start,
  upload,
  url,
} from '../laws/scanned-market.ts'
import { ask, type Fields } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { contractIn, negotiationIn } from './leaving-stage.ts'

after(closeScanned)

/** What is the other party's record, and stays; everything else of hers must go. */
const kept = new Set<string>()
const record = (field: string): string => {
  const text = personal(field)
  kept.add(text)
  return text
}
const ok = <B>(answer: { status: number; body: B; text: string }): B => {
  assert.ok(answer.status < 300, answer.text)
  return answer.body
}
const pay = (page: string): Promise<unknown> => ask(settings.STRIPE_API_BASE, 'POST', new URL(page).pathname)
const userOf = async ({ bearer }: Somebody): Promise<string> =>
  ok(await post<{ user: { id: string } }>('/api/whoami', {}, bearer)).user.id
const junk = 'lorem ipsum dolor sit amet, nothing of this is about anything'
const unix = (also: string): string =>
  `Unix was born at Bell Labs in 1969; its history since then is one of research at Berkeley and of Linux. ${also}`

test('whoever leaves leaves nothing personal: no table, no file, no log has it, but for what is the others’ record', async (story) => {
  start('twin', { STRIPE_SECRET_KEY: '' })
  start('api')
  start('worker')
  await until('the market answers', () => ask(url, 'GET', '/api/ready').then(({ status }) => status === 200, nobody))
  const [ada, bob] = [await somebody('Ada'), await somebody('Bob')]
  const before = canaries.all.length
  const user = await userOf(ada)
  await aLife(ada, bob, user, await userOf(bob))
  const all = canaries.all.filter(
    ({ field }) => !field.includes('Bob') && !['CLAWRK_SECRET', 'CRON_SECRET'].includes(field),
  )
  const hers = all.filter(
    ({ text, field }) => !kept.has(text) && !/^(secret|key|password|client secret|device code) of|session/.test(field),
  )
  const found = new Set([...(await everyPlace()).values()].flatMap((those) => [...those]))
  const unseen = hers.filter((canary) => !found.has(canary)).map(({ field }) => field)
  assert.deepEqual(unseen, [], 'these are kept nowhere before she leaves: the search would prove nothing')

  const [told] = await own.rows<{ seq: number }>(`select max(last_seq) as seq from event_page where person = $1`, [
    user,
  ])
  assert.ok(told!.seq > 0)
  const left = await post(
    '/api/account/delete',
    { reason: personal('reason of Ada'), forfeit_balance: true },
    { ...ada.page, 'idempotency-key': 'leave' },
  )
  assert.equal(left.status, 200, left.text)
  assert.match(left.headers.get('set-cookie') ?? '', /clawrk_session=; .*Max-Age=0/)
  for (const headers of [ada.page, ada.bearer])
    assert.equal((await post('/api/whoami', {}, headers)).status, 401, 'key and session are dead at once')

  // What had begun elsewhere on a credential that was still believed there: a straggler of every kind.
  await own.rows(`update job set prompt = $2 where id = (select id from job where sender = $1 order by id limit 1)`, [
    user,
    personal('prompt of a straggler'),
  ])
  await own.rows(`update agent set personality = $2 where owner_id = $1`, [user, personal('words of a straggler')])
  await own.rows(`update deleted_accounts set left_at = left_at - interval '2 minutes' where user_id = $1`, [user])
  await until('all of it has been seen to', async () => {
    const [open] = await own.rows<{ n: number }>(
      `select (select count(*) from deleted_accounts where swept_at is null) + (select count(*) from farewell where done_at is null)
         + (select count(*) from attachment where created_at = '-infinity') + (select count(*) from topup where status = 'open') as n`,
    )
    return open!.n === 0
  })
  const still = new Set(
    all
      .filter(({ text }) => !kept.has(text))
      .concat(canaries.all.slice(before).filter(({ field }) => /straggler|reason/.test(field))),
  )
  assert.deepEqual(
    await own.rows(
      `select id from webhook union all select id from webhook_delivery union all select id from channel union all select user_id from channel_question`,
    ),
    [],
    'nothing is told to her receivers any more',
  )
  assert.deepEqual(
    await own.rows(`select seqs from event_page where person = $1 and last_seq <= $2`, [user, told!.seq]),
    [],
    'nobody knows any more which events were hers',
  )
  const places = await everyPlace()
  const leaks = [...places].flatMap(([place, those]) =>
    [...those].filter((canary) => still.has(canary)).map(({ field }) => `${place} holds the ${field}`),
  )
  assert.deepEqual(leaks, [])
  const stays = new Set([...places.values()].flatMap((those) => [...those]))
  for (const canary of canaries.all.filter(({ text }) => kept.has(text)))
    assert.ok(stays.has(canary), `the ${canary.field} is the others' record, and is gone`)
  await atTheProvider(user)
  await toOthers(bob, user)
  story.diagnostic(`${still.size} canaries over ${places.size} places, 0 leaks; ${kept.size} kept as others' record`)
})

/** Everything somebody can leave behind. */
async function aLife(ada: Somebody, bob: Somebody, user: string, other: string): Promise<void> {
  ok(
    await ask(
      url,
      'PATCH',
      '/api/profile/me',
      {
        bio: personal('bio'),
        skills: [personal('skill')],
        portfolio_website_url: `https://${personal('portfolio')}.example/`,
        user_type: 'freelancer',
      },
      ada.bearer,
    ),
  )
  const resume = new FormData()
  resume.append(
    'resume',
    new Blob([`%PDF-1.4\n% ${personal('bytes of a résumé')}\n%%EOF\n`], { type: 'application/pdf' }),
    'resume.pdf',
  )
  const uploaded = await fetch(`${url}/api/profile/me/resume`, { method: 'POST', headers: ada.bearer, body: resume })
  assert.ok(uploaded.status < 300, await uploaded.text())
  ok(
    await post(
      '/api/agents',
      {
        name: personal('name of an agent'),
        personality: `Good at ${personal('personality')}`,
        avatar_url: `https://${personal('avatar')}.example/`,
        listed: true,
      },
      ada.bearer,
    ),
  )
  await own.rows(`insert into github_login (github_id, user_id, created_at, login) values (4711, $1, app_now(), $2)`, [
    user,
    personal('name at GitHub'),
  ])
  await own.rows(`update app_user set avatar_url = $2, email_verified_at = app_now() where id = $1`, [
    user,
    `https://${personal('picture')}.example/`,
  ])
  const device = ok(
    await post<Record<string, string>>('/api/auth/device', { client_name: personal('name of a device') }),
  )
  secret('device code of the test', device.device_code!)
  ok(await post('/api/auth/device/approve', { user_code: device.user_code, approve: true }, ada.page))
  await money(ada)
  await jobs(ada, bob)
  await upload(ada.bearer, `${personal('name of a loose file')}.txt`, personal('bytes of a loose file'))
  // The gigs desk.
  const [client, worker] = [{ userId: user }, { userId: other }] as never as Parameters<typeof negotiationIn>[1]
  const market = { db: own }
  const mine = await negotiationIn(market, [client, worker], 'in_progress', {
    title: personal('title of a gig'),
    description: personal('words of a gig'),
  })
  await negotiationIn(market, [worker, client], 'pending', { message: personal('message of an application') })
  await own.rows(
    `insert into contact_share (negotiation_id, user_id, contact_type, contact_value, shared_at) values ($1, $2, $3, $4, app_now())`,
    [mine.negotiation, user, personal('kind of a contact'), personal('contact')],
  )
  await contractIn(market, [client, worker], 'completed', 'released', {
    title: record('title of a contract'),
    description: record('terms of a contract'),
  })
  await webhooks(ada, user)
  await channels(ada)
  const answered = await post(
    '/api/keys',
    { name: personal('name of a second key') },
    { ...ada.page, 'idempotency-key': 'second' },
  )
  assert.equal(answered.status, 201)
}

/** A chat that is told things, and an address that has been asked. */
async function channels(ada: Somebody): Promise<void> {
  // Where they lead is sealed, so that no search finds it; that the rows are gone is asked for at the end.
  const body = { channel_type: 'slack', config: { webhook_url: 'https://hooks.slack.com/services/T0/B0/X' } }
  const { id } = ok(await post<{ id: string }>('/api/notifications', body, ada.page))
  ok(await post(`/api/notifications/${id}/test`, {}, ada.page))
  ok(await post('/api/notifications', { channel_type: 'email', config: { address: 'asked@people.test' } }, ada.page))
}

/** A webhook that is told things and fails, one that was disabled for it, and pages of what was told. */
async function webhooks(ada: Somebody, user: string): Promise<void> {
  const address = (field: string): string => `https://${personal(field)}.example/hooks`
  const made = async (field: string): Promise<string> => {
    const { id, secret: signs } = ok(
      await post<{ id: string; secret: string }>('/api/webhooks', { url: address(field) }, ada.page),
    )
    secret('secret of a webhook of Ada', signs)
    return id
  }
  const [failing, gone] = [await made('address of a webhook'), await made('address of a webhook that is gone')]
  ok(await post(`/api/webhooks/${failing}/test`, {}, ada.page))
  await until('it has been tried', async () => (await own.rows(`select from webhook_attempt`)).length > 0)
  // What its receiver answered, and what the market said when it gave it up.
  await own.rows(`update webhook_attempt set response = $1`, [personal('answer of a receiver')])
  await own.rows(
    `with gone as (update webhook set enabled = false, disabled_reason = 'gone' where id = $1 returning id, user_id, url)
     select event_write('webhook.disabled', 'webhook:' || id, array[user_id], json_build_object('webhook_id', id, 'url', url, 'reason', 'gone')) from gone`,
    [gone],
  )
  await until(
    'her events have their pages, and wait for her webhook',
    async () =>
      (await own.rows(`select from event_page where person = $1`, [user])).length > 0 &&
      (await own.rows(`select from webhook_delivery where due_at is not null and seq is not null`)).length > 0,
  )
}

/** Top-ups, a saved card, a plan, an account to be paid on, and a checkout that stays open. */
async function money(ada: Somebody): Promise<void> {
  const topUp = ok(await post<{ url: string }>('/api/wallet/topup', { amount_cents: 5_000 }, ada.bearer))
  await pay(topUp.url)
  await until('the money has come', async () => {
    const { body } = await ask<{ balance_cents: number }>(url, 'GET', '/api/wallet/balance', undefined, ada.bearer)
    return body.balance_cents === 5_000
  })
  const { client_secret: setup } = ok(
    await post<{ client_secret: string }>('/api/wallet/setup-payment-method', {}, ada.page),
  )
  await pay(`${url}/twin/setup/${setup}`)
  await until('the card is saved', async () => (await own.rows(`select from saved_card`)).length > 0)
  ok(await post('/api/wallet/auto-topup', { enabled: true, amount_cents: 500, threshold_cents: 1 }, ada.page))
  const plan = ok(await post<{ url: string }>('/api/stripe/checkout', { tier: 'pro' }, ada.bearer))
  await pay(plan.url)
  await until('the plan runs', async () => (await own.rows(`select from plan_subscription where live`)).length > 0)
  ok(await post('/api/stripe/connect', {}, ada.page))
  ok(await post('/api/wallet/topup', { amount_cents: 700 }, ada.bearer))
  ok(
    await post(
      '/api/credits',
      { amount: 1, reason: 'match_deduction', reference_id: personal('reference') },
      ada.bearer,
    ),
  )
}

/** Jobs that nobody worked on, work that came to nothing, and two that are others' record. */
async function jobs(ada: Somebody, bob: Somebody): Promise<void> {
  const order = async (by: Somebody, prompt: string, more: Fields = {}): Promise<string> =>
    ok(
      await post<{ id: string }>(
        '/api/jobs/run',
        {
          prompt: `Research the history of Unix. The report must mention Bell Labs. ${prompt}`,
          price_cents: 500,
          confirmed: true,
          ...more,
        },
        by.bearer,
      ),
    ).id
  ok(await post('/api/jobs/run', { prompt: `Research ${personal('prompt of a quote')}.` }, ada.bearer))
  const unpaid = await post<{ job: { id: string } }>(
    '/api/jobs/run',
    { prompt: `Research ${personal('prompt of an unpaid job')}.`, price_cents: 90_000, confirmed: true },
    ada.bearer,
  )
  assert.equal(unpaid.status, 402)
  const alone = await order(ada, personal('prompt of a job'), {
    envVars: { [personal('name of a variable').toUpperCase()]: 'x' },
    attachments: [await upload(ada.bearer, `${personal('name of a file')}.txt`, personal('bytes of a file'))],
  })
  ok(await post(`/api/jobs/${alone}/cancel`, {}, ada.bearer))
  // Done by somebody else: what was asked for is their record.
  const done = await order(ada, record('prompt of a job that was done'))
  ok(await post(`/api/jobs/${done}/claim`, {}, bob.bearer))
  ok(await post(`/api/jobs/${done}/accept`, {}, bob.bearer))
  ok(await post(`/api/jobs/${done}/submit`, { output: unix('') }, bob.bearer))
  await ended(done, ada)
  await own.rows(
    `select ledger_post('topup', 'test', 'topup-of-bob', 'USD', array['platform:stripe'], array['wallet:' || $1::text], array[3000])`,
    [await userOf(bob)],
  )
  const work = async (job: string, output: string): Promise<void> => {
    ok(await post(`/api/jobs/${job}/claim`, {}, ada.bearer))
    ok(await post(`/api/jobs/${job}/accept`, {}, ada.bearer))
    const attachments = [
      await upload(
        ada.bearer,
        output.includes('Bell') ? 'report.txt' : `${personal('name of work in vain')}.txt`,
        'bytes',
      ),
    ]
    ok(await post(`/api/jobs/${job}/submit`, { output, attachments }, ada.bearer))
  }
  const given = await order(bob, 'For Bob.')
  ok(await post(`/api/jobs/${given}/claim`, {}, ada.bearer))
  ok(await post(`/api/jobs/${given}/accept`, {}, ada.bearer))
  ok(await post(`/api/jobs/${given}/fail`, { reason: personal('reason for giving up') }, ada.bearer))
  const failing = await order(bob, 'For Bob, once more.')
  await work(failing, junk)
  await until(
    'the work is judged',
    async () => (await own.rows(`select from job where id = $1 and status = 'queued'`, [failing])).length > 0,
  )
  const passed = await order(bob, 'For Bob, at last.')
  await work(passed, unix(record('work that passed')))
  await ended(passed, bob)
  // Nothing of Bob's keeps her.
  for (const job of [given, failing]) ok(await post(`/api/jobs/${job}/cancel`, {}, bob.bearer))
}

const ended = (job: string, by: Somebody): Promise<unknown> =>
  until('the work is verified', async () => {
    const { body } = await ask<{ status: string }>(url, 'GET', `/api/jobs/${job}`, undefined, by.bearer)
    return body.status === 'verified'
  })

/** Every canary by where it is: the market's tables, its files, its logs. The twin is the provider's house, not ours. */
async function everyPlace(): Promise<Map<string, Set<Canary>>> {
  const places = new Map([...(await everythingKept())].filter(([table]) => table.startsWith('public.')))
  const files = join(settings.CLAWRK_DATA_DIR, 'files')
  for (const name of readdirSync(files, { recursive: true, withFileTypes: true }))
    if (name.isFile()) {
      const path = join(name.parentPath, name.name)
      places.set(`file ${name.name}`, canaries.in(readFileSync(path, 'latin1')))
    }
  places.set('a log', canaries.in(log()))
  return places
}

/** Plan, checkouts, cards, name and address have ended at the provider too. */
async function atTheProvider(user: string): Promise<void> {
  const rows = await own.rows<{ kind: string; state: string }>(
    `select kind, coalesce(body ->> 'status', case when body ->> 'customer' is null then 'detached' else 'attached' end) as state from stripe_twin.object
     where kind in ('checkout.session', 'subscription', 'payment_method') order by kind, seq`,
  )
  const states = (kind: string): string[] => [
    ...new Set(rows.filter((row) => row.kind === kind).map(({ state }) => state)),
  ]
  assert.deepEqual(states('subscription'), ['canceled'])
  assert.ok(!states('checkout.session').includes('open'))
  const customers = await own.rows<{ name: string | null; email: string | null }>(
    `select body ->> 'name' as name, body ->> 'email' as email from stripe_twin.object where kind = 'customer' and body -> 'metadata' ->> 'user_id' = $1`,
    [user],
  )
  assert.deepEqual(customers, [{ name: null, email: null }])
  const [account] = await own.rows(
    `select name, subscription_tier, deleted_at is not null as gone from app_user where id = $1`,
    [user],
  )
  assert.deepEqual(account, { name: 'Deleted user', subscription_tier: 'free', gone: true })
}

/** Others meet nobody of that number any more. */
async function toOthers(bob: Somebody, user: string): Promise<void> {
  for (const path of [`/api/profile/${user}`, `/api/users/${user}`, `/api/profile/${user}/resume`]) {
    const answer = await ask(url, 'GET', path, undefined, bob.bearer)
    assert.ok([403, 404].includes(answer.status), `${path}: ${answer.text}`)
  }
  const directory = await ask(url, 'GET', '/api/agents/directory', undefined, bob.bearer)
  assert.ok(!directory.text.includes(user))
  const vouched = await post('/api/vouches', { vouched_user_id: user }, bob.bearer)
  assert.ok([400, 404].includes(vouched.status), vouched.text)
}
