import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { grantOperator } from '../../src/core/operators/grant.ts'
import { pursueDue } from '../../src/core/payments/pursue.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import {
  act,
  assertLawful,
  claim,
  fund,
  people,
  post,
  refused,
  unixReport,
  verifyAll,
  walletOf,
  went,
} from '../journeys/desk.ts'
import { type Answer, ask, type Person, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { connected, earn, needsOf, owners } from '../wallet/stage.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [olga] = await people(market, 'Olga')
before(() => grantOperator(market.db, olga.userId))

const turn = (who: Person, verb: 'suspend' | 'restore', note = 'Paid with stolen cards.'): Promise<Answer> =>
  olga.ask('POST', `/api/operator/users/${who.userId}/${verb}`, { note })

/** Both processes have looked the person up just before, so that each believes its own answer as long as it may. */
async function knownEverywhere(who: Person): Promise<void> {
  for (const url of market.urls)
    for (const headers of credentialsOf(who)) went(await ask(url, 'POST', '/api/whoami', {}, headers))
}
const credentialsOf = ({ key, cookie }: Person): Record<string, string>[] => [
  { authorization: `Bearer ${key}` },
  { cookie, origin: market.url },
]
const topUps = (who: Person): Promise<Answer>[] =>
  market.urls.flatMap((url) =>
    credentialsOf(who).map((headers) => ask(url, 'POST', '/api/wallet/topup', { amount_cents: 500 }, headers)),
  )

test('a suspension holds within 5 seconds, in both processes, for keys and sessions; so does its end; both are in the audit', async () => {
  const [mallory] = await people(market, 'Mallory')
  await knownEverywhere(mallory)
  const suspended = went(await turn(mallory, 'suspend'))
  assert.deepEqual([typeof suspended.suspended_at, suspended.can], ['string', ['restore']])
  const begun = Date.now()
  // What counts is when the last was asked that went well; the answer may take as long as the machine does.
  let lastLetIn = begun
  await until('nobody lets her top up', async () => {
    const asked = Date.now()
    const isShut = (await Promise.all(topUps(mallory))).every(({ status }) => status === 403)
    if (!isShut) lastLetIn = asked
    return isShut
  })
  assert.ok(lastLetIn - begun < 5_000, `${lastLetIn - begun} ms`)
  for (const answer of await Promise.all(topUps(mallory))) refused(answer, 403, 'suspended')
  // Reading goes on, and so does signing in.
  for (const url of market.urls)
    for (const headers of credentialsOf(mallory)) went(await ask(url, 'POST', '/api/whoami', {}, headers))

  refused(await turn(mallory, 'suspend'), 400, 'suspended_already')
  const restored = went(await turn(mallory, 'restore', 'The bank has cleared it.'))
  assert.deepEqual([restored.suspended_at, restored.can], [null, ['suspend']])
  const ended = Date.now()
  let lastRefused = ended
  await until('she may top up again', async () => {
    const asked = Date.now()
    const isOpen = (await Promise.all(topUps(mallory))).every(({ status }) => status === 200)
    if (!isOpen) lastRefused = asked
    return isOpen
  })
  assert.ok(lastRefused - ended < 5_000, `${lastRefused - ended} ms`)
  refused(await turn(mallory, 'restore'), 400, 'not_suspended')

  const acts = went(
    await olga.ask<{ id: number; data: object }[]>('GET', `/api/operator/audit?ref=user:${mallory.userId}`),
  )
  assert.deepEqual(
    acts.map(({ id: _, at: __, ...act }: Record<string, unknown>) => act),
    [
      ['user.restore', 'The bank has cleared it.'],
      ['user.suspend', 'Paid with stolen cards.'],
    ].map(([act, note]) => ({
      operator_id: olga.userId,
      operator_email: olga.email,
      act,
      ref: `user:${mallory.userId}`,
      data: { note },
    })),
    'what was refused is no act',
  )
  const told = await market.db.rows(
    `select name, parties from event where ref = 'user:' || $1 and name <> 'user.created' order by position`,
    [mallory.userId],
  )
  assert.deepEqual(told, [
    { name: 'user.suspended', parties: [mallory.userId] },
    { name: 'user.restored', parties: [mallory.userId] },
  ])
})

test('repeated with its Idempotency-Key a suspension is one act and the same answer', async () => {
  const [mallory] = await people(market, 'Mallory')
  const again = (): Promise<Answer> =>
    olga.ask('POST', `/api/operator/users/${mallory.userId}/suspend`, { note: 'Twice.' }, { 'idempotency-key': 'once' })
  const [one, other] = await Promise.all([again(), again()])
  assert.equal(went(one) && one.text, went(other) && other.text)
  const acts = await market.db.rows(`select 1 from operator_audit where ref = 'user:' || $1`, [mallory.userId])
  assert.equal(acts.length, 1)
})

test('of two operators one suspends, and the other is told', async () => {
  const [mallory] = await people(market, 'Mallory')
  const answers = await Promise.all([turn(mallory, 'suspend'), turn(mallory, 'suspend'), turn(mallory, 'suspend')])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400, 400])
  const acts = await market.db.rows(`select 1 from operator_audit where ref = 'user:' || $1`, [mallory.userId])
  assert.equal(acts.length, 1)
})

test('an operator is never suspended, not even by another; nor is somebody who is not there', async () => {
  const [otto] = await people(market, 'Otto')
  await grantOperator(market.db, otto.userId)
  refused(await turn(otto, 'suspend'), 400, 'user_is_operator')
  refused(await turn(olga, 'suspend'), 400, 'user_is_operator')
  refused(await turn({ ...otto, userId: '01a20226-00b5-7bc1-9461-989abfd9ed53' }, 'suspend'), 404, 'user_not_found')
  const [mallory] = await people(market, 'Mallory')
  went(await turn(mallory, 'suspend'))
  assert.equal((await grantOperator(market.db, mallory.userId)).outcome, 'suspended')
})

test('who is suspended starts nothing new, finishes what is under way, and is paid; timers go on', async () => {
  const [ada, mallory] = await people(market, 'Ada', 'Mallory')
  await fund(market, ada, 2_000)
  await fund(market, mallory, 2_000)
  const [working, waiting] = [await post(ada), await post(ada)]
  await claim(mallory, working)
  went(await act(mallory, 'accept', working))
  const sent = await post(mallory)
  const queued = await post(mallory)
  await market.db.rows(`update app_user set suspended_at = app_now() where id = $1`, [mallory.userId])
  await until('it holds', async () => (await mallory.ask('POST', '/api/jobs/pull', {})).status === 403)

  const money: [string, object][] = [
    ['/api/wallet/topup', { amount_cents: 500 }],
    ['/api/wallet/refund', {}],
    ['/api/stripe/checkout', { tier: 'pro' }],
    ['/api/credits', { amount: 1, reason: 'match_deduction' }],
    ['/api/jobs/run', { prompt: 'Research the history of Unix.', price_cents: 500, confirmed: true }],
    ['/api/jobs', { prompt: 'Research the history of Unix.' }],
    ['/api/jobs/pull', {}],
    [`/api/jobs/${waiting.id}/claim`, {}],
    [`/api/jobs/${waiting.id}/accept`, {}],
    [`/api/jobs/${queued.id}/pay`, {}],
  ]
  for (const [path, body] of money) refused(await mallory.ask('POST', path, body), 403, 'suspended')

  // What is under way: handed in, judged, paid into the wallet.
  const before = (await walletOf(mallory)).balance_cents
  went(await act(mallory, 'submit', working, { output: unixReport }))
  went(await act(mallory, 'cancel', sent))
  await verifyAll(market)
  assert.equal(went(await ada.ask<Job>('GET', `/api/jobs/${working.id}`)).status, 'verified')
  assert.equal((await walletOf(mallory)).balance_cents, before + 350 + 500)

  // The clock ends what nobody does; the money comes back all the same.
  await market.advance(31 * 86_400)
  assert.equal(went(await mallory.ask<Job>('GET', `/api/jobs/${queued.id}`)).status, 'cancelled')
  assert.equal((await walletOf(mallory)).balance_cents, before + 350 + 1_000)
  await assertLawful(market)
})

test('who is suspended while they wait for work gets none', async () => {
  const [ada, mallory] = await people(market, 'Ada', 'Mallory')
  await fund(market, ada, 500)
  const waiting = mallory.ask('POST', '/api/jobs/pull', { wait_seconds: 20 })
  went(await turn(mallory, 'suspend'))
  await new Promise((done) => setTimeout(done, 4_500))
  const job = await post(ada)
  assert.equal((await waiting).status, 204)
  assert.equal(went(await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).status, 'queued')
})

test('a withdrawal that was under way waits, and goes on when its owner is restored', async () => {
  const [wanda] = await owners(market, 'Wanda')
  await connected(market, wanda)
  await until('her account is active', async () => {
    const { status } = went(await wanda.ask<{ status: string }>('GET', '/api/stripe/connect/status'))
    return status === 'active'
  })
  await earn(market, wanda, 3_000)
  // Written just before the suspension, and not yet asked for.
  await market.db.rows(
    `with posted as (select uuid7() as id), moved as (
       select id, ledger_post('withdrawal', 'withdrawal:' || id, 'withdrawal:' || id, 'USD', array['wallet:' || $1], array['clearing:' || id], array[1000::bigint]) from posted)
     insert into provider_intent (id, kind, user_id, amount_cents, target, created_at, due_at)
     select id, 'withdrawal', $1::uuid, 1000, (select stripe_account_id from app_user where id = $1::uuid), app_now(), app_now() from moved`,
    [wanda.userId],
  )
  went(await turn(wanda, 'suspend'))
  const status = async (): Promise<string> => {
    const [row] = await market.db.rows<{ status: string }>(
      `select status from provider_intent where user_id = $1 and kind = 'withdrawal'`,
      [wanda.userId],
    )
    return row!.status
  }
  await pursueDue(needsOf(market))
  assert.equal(await status(), 'asked')
  await until(
    'no new one is let through',
    async () => (await wanda.ask('POST', '/api/wallet/withdraw', { amount_cents: 500 })).status === 403,
  )

  await market.advance(2 * 3_600)
  await pursueDue(needsOf(market))
  assert.equal(await status(), 'asked')
  const stuck = went(await olga.ask<{ kind: string; what: string }[]>('GET', '/api/operator/stuck'))
  assert.match(stuck.find(({ kind }) => kind === 'intent')!.what, /its owner is suspended: restore them/)

  went(await turn(wanda, 'restore', 'All is well.'))
  await market.advance(120)
  await pursueDue(needsOf(market))
  assert.equal(await status(), 'done')
  await assertLawful(market)
})
