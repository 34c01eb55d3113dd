import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { auditLedger, freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import type { OperatorUser, Overview } from '../../src/core/operators/api.ts'
import { takeCensus } from '../../src/core/operators/census.ts'
import { grantOperator } from '../../src/core/operators/grant.ts'
import { gigCounts } from '../../src/desks/gigs/oversight.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { fund, people, post, postUnpaid, refused, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { type Answer, sealAll, startTestMarket } from '../support/market.ts'
import { earn } from '../wallet/stage.ts'
import { negotiation } from './given.ts'

const market = await startTestMarket({ worker: false, env: { OPERATOR_EMAILS: 'olga@people.test' } })
after(() => market.close())
const { db } = market
const [olga] = await people(market, 'Olga')
before(() => grantOperator(db, olga.userId))

const look = async (): Promise<Overview> => went(await olga.ask<Overview>('GET', '/api/operator/overview'))
const count = (): Promise<void> => takeCensus(db, [...jobCounts, ...gigCounts])

test('the overview tells people, work by state and money; what is open as it is now, the rest as it was counted', async () => {
  const first = await look()
  assert.equal(first.counted_at, null)
  assert.deepEqual(Object.keys(first.work), [
    'jobs',
    'gigs',
    'negotiations',
    'contracts',
    'milestones',
    'disputes',
    'reviews',
  ])
  assert.ok(Object.values(first.work).every((states) => Object.values(states).every((n) => n === 0)))

  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 1_100)
  const [done] = [await post(ada), await post(ada)]
  await postUnpaid(ada)
  await take(bob, done)
  await submit(bob, done)
  await verifyAll(market)
  const uncounted = await look()
  assert.deepEqual([uncounted.work.jobs!.queued, uncounted.work.jobs!.pending_payment], [1, 1])
  assert.equal(uncounted.work.jobs!.verified, 0, 'ended work is as it was counted')

  await count()
  await sealAll(db)
  const now = await look()
  assert.deepEqual([now.users.all, now.users.operators, now.agents], [3, 1, 3])
  assert.deepEqual(
    Object.entries(now.work.jobs!).filter(([, n]) => n > 0),
    [
      ['pending_payment', 1],
      ['queued', 1],
      ['verified', 1],
    ],
  )
  const { platform, ...money } = now.money
  assert.deepEqual(money, {
    wallets_cents: 100 + 350,
    escrow_cents: 500,
    pending_cents: 0,
    clearing_cents: 0,
    debt_cents: 0,
    credits: 30,
  })
  assert.deepEqual(platform, { fees_cents: 150, stripe_cents: -1_100 })
  const people_ =
    money.wallets_cents + money.escrow_cents + money.pending_cents + money.clearing_cents - money.debt_cents
  assert.equal(people_ + platform.fees_cents! + platform.stripe_cents!, 0)
  // Snapshots and what came after the seal are added up.
  await fund(market, ada, 500)
  assert.equal((await look()).money.platform.stripe_cents, -1_600)
})

test('the contract desk is counted too, by every state of every life', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const gig = async (status: string): Promise<string> => {
    const [row] = await db.rows<{ id: string }>(
      `insert into gig (id, owner_id, title, status, created_at, updated_at) values (uuid7(), $1, 'A site', $2, app_now(), app_now()) returning id`,
      [ada.userId, status],
    )
    return row!.id
  }
  const id = await gig('active')
  await gig('closed')
  await negotiation(db, id, ada.userId, bob.userId, `app_now() + interval '7 days'`)
  await count()
  const { work } = await look()
  assert.deepEqual(work.gigs, { draft: 0, active: 1, closed: 1 })
  assert.equal(work.negotiations!.pending, 1)
})

test('a frozen ledger, a broken law, the inbox and open intents stand in the overview', async () => {
  assert.deepEqual(await auditLedger(db), [])
  const before = await look()
  assert.deepEqual([before.freeze, before.audit!.breaches], [null, 0])
  // Somebody writes past the door of the ledger room.
  await db.rows(`update ledger_account set balance = balance + 7 where id = 'wallet:' || $1`, [olga.userId])
  assert.ok((await auditLedger(db)).length > 0)
  const broken = await look()
  assert.match(broken.freeze!.reason, /every balance equals its transfers/)
  assert.ok(broken.audit!.breaches > 0)
  const books = went(
    await olga.ask<{ audit: { breaches: { law: string; where: string }[] } }>('GET', '/api/operator/ledger'),
  )
  assert.ok(books.audit.breaches.some(({ where }) => where === `wallet:${olga.userId}`))
  await db.rows(`update ledger_account set balance = balance - 7 where id = 'wallet:' || $1`, [olga.userId])
  await unfreezeLedger(db)

  await db.rows(
    `insert into stripe_inbox (id, type, object_id, status, processed_at, last_error) values ('evt_lost', 'charge.refunded', 'ch_1', 'given_up', clock_timestamp(), 'No such charge.')`,
  )
  await db.rows(
    `insert into provider_intent (id, kind, user_id, amount_cents, created_at, due_at) values (uuid7(), 'card_refund', $1, 700, app_now(), app_now())`,
    [olga.userId],
  )
  const now = await look()
  assert.equal(now.inbox.given_up, 1)
  assert.deepEqual([now.intents.open, now.intents.amount_cents], [1, 700])
  await db.rows(`delete from provider_intent`)
  await db.rows(`delete from stripe_inbox`)
})

test('people are found by id and by the beginning of an address or a name, suspended or not, page by page', async () => {
  const [zoe] = await people(market, 'Zoe Quinn')
  const [zora] = await people(market, 'zora ÉPÉE')
  const find = async (query: string): Promise<string[]> =>
    went(await olga.ask<OperatorUser[]>('GET', `/api/operator/users?${query}`)).map(({ id }) => id)
  assert.deepEqual(await find(`q=${zoe.userId}`), [zoe.userId])
  assert.deepEqual(await find('q=ZO'), [zora.userId, zoe.userId])
  assert.deepEqual(await find(`q=${encodeURIComponent('zora Épée')}`), [zora.userId])
  assert.deepEqual(await find(`q=${zoe.email.slice(0, 12).toUpperCase()}`), [zoe.userId])
  for (const nothing of ['quinn', '%', '_oe', 'zo%', '\\'])
    assert.deepEqual(await find(`q=${encodeURIComponent(nothing)}`), [])
  await db.rows(`update app_user set suspended_at = app_now() where id = $1`, [zoe.userId])
  assert.deepEqual(await find('q=zo&suspended=true'), [zoe.userId])
  assert.deepEqual(await find('q=zo&suspended=false'), [zora.userId])
  assert.deepEqual(await find('suspended=true'), [zoe.userId])
  await earn(market, zora, 700)
  const [shown] = went(await olga.ask<OperatorUser[]>('GET', `/api/operator/users?q=${zora.userId}`))
  assert.deepEqual(
    { ...shown, created_at: '' },
    {
      id: zora.userId,
      name: 'zora ÉPÉE',
      email: zora.email,
      email_verified: false,
      user_type: 'client',
      operator: false,
      balance_cents: 700,
      debt_cents: 0,
      stripe_account_status: 'not_connected',
      suspended_at: null,
      created_at: '',
      can: ['suspend'],
    },
  )
  const all = await find('')
  const paged: string[] = []
  let path: string | null = '/api/operator/users?limit=2'
  while (path) {
    const answer: Answer<OperatorUser[]> = await olga.ask<OperatorUser[]>('GET', path)
    paged.push(...went(answer).map(({ id }) => id))
    path = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
  }
  assert.ok(all.length > 4)
  assert.deepEqual(paged, all)
  refused(await olga.ask('GET', '/api/operator/users?cursor=made-up'), 400, 'invalid_input')
})

test('the transfers of a ref are found: a job’s with what repaid a debt on the way, others by ref or source', async () => {
  interface Line {
    readonly kind: string
    readonly ref: string
    readonly amount: number
  }
  const read = async (ref: string): Promise<Line[]> =>
    went(await olga.ask<{ transfers: Line[] }>('GET', `/api/operator/ledger?ref=${encodeURIComponent(ref)}`)).transfers
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const job = await post(ada)
  await take(bob, job)
  await db.rows(`select ledger_chargeback($1, 'dispute:dp_test', 100)`, [bob.userId])
  await submit(bob, job)
  await verifyAll(market)
  const lines = await read(`job:${job.id}`)
  const inAll = await db.rows<Line>(
    `select kind, ref, amount from transfer where ref = 'job:' || $1 order by position desc`,
    [job.id],
  )
  assert.deepEqual(
    lines.map(({ kind, ref, amount }) => ({ kind, ref, amount })),
    inAll,
  )
  assert.deepEqual(lines.map(({ kind }) => kind).sort(), ['debt_repaid', 'job_paid', 'job_settled', 'job_settled'])
  assert.deepEqual(
    (await read('dispute:dp_test')).map(({ amount }) => amount),
    [100],
  )
  await db.rows(
    `select ledger_post('topup', 'topup:ref-of-it', 'topup:cs_of_it', 'USD', array['platform:stripe'], array['wallet:' || $1], array[600::bigint])`,
    [ada.userId],
  )
  for (const name of ['topup:ref-of-it', 'topup:cs_of_it'])
    assert.deepEqual(
      (await read(name)).map(({ amount }) => amount),
      [600],
    )
  assert.deepEqual(await read('job:none'), [])
  assert.deepEqual(went(await olga.ask<{ transfers: Line[] }>('GET', '/api/operator/ledger')).transfers, [])
})

test('the ledger page tells how far the seals reach, and why money may not leave', async () => {
  await sealAll(db)
  await freezeLedger(db, 'for this test')
  interface Books {
    readonly freeze: { readonly reason: string } | null
    readonly seal: { readonly number: number; readonly sealed_at: string | null; readonly unsealed: number }
    readonly platform: Readonly<Record<string, number>>
  }
  const books = async (): Promise<Books> => went(await olga.ask<Books>('GET', '/api/operator/ledger'))
  const sealed = await books()
  assert.equal(sealed.freeze!.reason, 'for this test')
  assert.ok(sealed.seal.number > 0 && sealed.seal.sealed_at !== null)
  assert.equal(sealed.seal.unsealed, 0)
  await fund(market, olga, 500)
  const later = await books()
  assert.equal(later.seal.unsealed, 1)
  assert.equal(later.platform.stripe_cents, sealed.platform.stripe_cents! - 500)
  await unfreezeLedger(db)
  assert.equal((await books()).freeze, null)
})

test('the audit is read page by page, of one thing or of all', async () => {
  const [mallory] = await people(market, 'Mallory')
  for (const verb of ['suspend', 'restore', 'suspend', 'restore'])
    went(await olga.ask('POST', `/api/operator/users/${mallory.userId}/${verb}`, { note: verb }))
  const ids = async (path: string): Promise<[number[], string | null]> => {
    const answer = await olga.ask<{ id: number }[]>('GET', path)
    return [went(answer).map(({ id }) => id), /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? null]
  }
  const [all] = await ids('/api/operator/audit')
  assert.ok(all.length >= 5)
  assert.deepEqual(
    all,
    all.toSorted((one, other) => other - one),
  )
  const [first, next] = await ids('/api/operator/audit?limit=3')
  const [second] = await ids(next!)
  assert.deepEqual([...first, ...second], all)
  assert.equal((await ids(`/api/operator/audit?ref=user:${mallory.userId}`))[0].length, 4)
  refused(await olga.ask('GET', '/api/operator/audit?cursor=made-up'), 400, 'invalid_input')
})
