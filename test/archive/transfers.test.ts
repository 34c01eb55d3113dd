import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { movableTransfers, moveTransfers } from '../../src/core/ledger/archive.ts'
import { archiveLaws } from '../../src/core/ledger/archive-laws.ts'
import { auditLedger, checkLaws, freezeLedger, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { platformBalances, readTransfers } from '../../src/core/ledger/look.ts'
import { readWallet } from '../../src/core/ledger/queries.ts'
import { verifyChain } from '../../src/core/ledger/seal.ts'
import { readStripePostings } from '../../src/core/ledger/stripe-lines.ts'
import { readRetention } from '../../src/core/operators/retention.ts'
import { cardPartOf, fund, moveClock, people, post, submit, take, verifyAll, walletOf } from '../journeys/desk.ts'
import { type Person, sealAll, startTestMarket, type TestMarket } from '../support/market.ts'
import { assertWhole, keysLast, moveAll } from './stage.ts'

const day = 86_400
const moving = { days: 90, most: 7 }

let market: TestMarket
let ada: Person
let bob: Person
before(async () => {
  market = await startTestMarket({ worker: false })
  ;[ada, bob] = await people(market, 'Ada', 'Bob')
  await keysLast(market)
})
after(() => market.close())

const milestone = 'milestone:01a20226-00b5-7bc1-9461-989abfd9ed53'
const payment = 'dispute:of-the-old-card'

const step = (
  from: string,
  to: string,
  amount: number,
  kind: string,
  source: string,
  ref = milestone,
): Promise<unknown> =>
  market.db.rows(`select ledger_post($1, $2, $3, 'USD', array[$4], array[$5], array[$6::bigint])`, [
    kind,
    ref,
    source,
    from,
    to,
    amount,
  ])

/** Work paid, a milestone in parts, a chargeback that leaves a debt, and what repays it. */
async function aMonth(nth: number): Promise<void> {
  await fund(market, ada, 3_000)
  for (let n = 0; n < 2; n++) await submit(bob, await take(bob, await post(ada)))
  while ((await verifyAll(market)) > 0);
  const [payer, escrow] = [`wallet:${ada.userId}`, `escrow:${milestone}`]
  await step(payer, escrow, 300, 'milestone_funded', `${milestone}:${nth}`)
  await step(escrow, `pending:${bob.userId}`, 200, 'milestone_released', `${milestone}:${nth}`)
  if (nth === 0) {
    await market.db.rows(`select ledger_chargeback($1, $2, 2500, $3, $4, 50)`, [
      ada.userId,
      payment,
      milestone,
      bob.userId,
    ])
    assert.ok((await walletOf(ada)).debt_cents > 0)
  }
  await sealAll(market.db)
}

const everything = async (): Promise<unknown> => ({
  wallets: [await walletOf(ada), await walletOf(bob)],
  cards: [await cardPartOf(market, ada), await cardPartOf(market, bob)],
  pages: await Promise.all([1, 2, 3, 5, 8, 100].map((limit) => readWallet(market.db, ada.userId, 7, limit))),
  earned: await market.db.rows(
    `select days, ledger_earned($1, days) as earned from unnest(array[0, 1, 30, 89, 100, 150, 365]) as days`,
    [bob.userId],
  ),
  work: await market.db.rows(`select *, ledger_taken_back($1) as taken from ledger_work($1)`, [milestone]),
  posted: await market.db.rows(
    `select ledger_posted('milestone_funded', $1 || ':0') as funded, ledger_posted('chargeback', $2) as taken, ledger_taken_of_pending($2) as pending`,
    [milestone, payment],
  ),
  platform: await platformBalances(market.db),
  about: [await readTransfers(market.db, milestone, 200), await readTransfers(market.db, payment, 200)],
  jobs: await Promise.all(
    (await market.db.rows<{ id: string }>(`select id from job order by id`)).map(({ id }) =>
      readTransfers(market.db, `job:${id}`, 200),
    ),
  ),
  stripe: (await readStripePostings(market.db, null)).map((line) => ({ ...line, age_seconds: 0 })),
  chain: await verifyChain(market.db),
})

test('transfers that moved are where they were for everybody who asks', async () => {
  for (let nth = 0; nth < 3; nth++) {
    await aMonth(nth)
    await moveClock(market, 50 * day)
  }
  await assertWhole(market)
  const seen = await everything()
  const [all] = await market.db.rows<{ n: number }>(`select count(*) as n from transfer`)
  const moved = await moveAll(() => moveTransfers(market.db, moving))
  const [rest] = await market.db.rows<{ here: number; old: number; young: number }>(
    `select (select count(*) from transfer) as here, (select count(*) from transfer_old) as old,
       (select count(*) from transfer where created_at < app_now() - interval '90 days') as young`,
  )
  assert.ok(moved > 20 && rest!.here > 5, `${moved} moved, ${rest!.here} stayed`)
  assert.deepEqual([rest!.old, rest!.here + rest!.old, rest!.young], [moved, all!.n, 0])
  assert.deepEqual(await everything(), seen)
  await assertWhole(market)
  assert.deepEqual(await auditLedger(market.db), [])
  const [lying] = await readRetention(market.db, [movableTransfers], { jobs: null, transfers: 90, events: null })
  assert.equal(lying!.archive.rows, moved)
  assert.ok(
    lying!.archive.months.length > 1 && lying!.archive.months.every(({ rows, bytes }) => rows > 0 && bytes! > 0),
  )
  assert.deepEqual([lying!.due, lying!.kept], [0, []])
})

test('a chargeback is won and a debt is written off when all its transfers have moved', async () => {
  await moveClock(market, 200 * day)
  await sealAll(market.db)
  await moveAll(() => moveTransfers(market.db, moving))
  const [here] = await market.db.rows<{ n: number }>(`select count(*) as n from transfer`)
  assert.equal(here!.n, 0)
  await assertWhole(market)
  const before = await walletOf(ada)
  const [off] = await market.db.rows<{ amount: number }>(
    `select amount from ledger_write_off(app_now() - interval '180 days')`,
  )
  assert.deepEqual(off?.amount ?? 0, before.debt_cents)
  await market.db.rows(`select ledger_chargeback_won($1, $2)`, [ada.userId, payment])
  const [back] = await market.db.rows<{ taken: number; pending: number; held: number }>(
    `select ledger_taken_back($1) as taken, ledger_taken_of_pending($2) as pending, ledger_held($1) as held`,
    [milestone, payment],
  )
  assert.equal(back!.taken, 0)
  await assertWhole(market)
})

test('what has moved cannot be posted again, changed or thrown away', async () => {
  const refusedBy = (pattern: RegExp, statement: string, params: unknown[] = []): Promise<void> =>
    assert.rejects(market.db.rows(statement, params), pattern)
  const [old] = await market.db.rows<{ kind: string; source: string; leg: number }>(
    `select kind, source, leg from transfer_old where kind = 'milestone_funded' limit 1`,
  )
  await fund(market, ada, 1_000)
  await refusedBy(/transfer_once/, `select ledger_post($1, 'x', $2, 'USD', array[$3], array['escrow:x'], array[5])`, [
    old!.kind,
    old!.source,
    `wallet:${ada.userId}`,
  ])
  // A job of last year, by its id; one of today is not looked up.
  const lastYear = 'job:018a0000-0000-7000-8000-000000000000'
  await step(`wallet:${ada.userId}`, 'escrow:x', 1, 'job_paid', lastYear, 'x')
  await step('escrow:x', `wallet:${bob.userId}`, 1, 'job_settled', lastYear, 'x')
  await moveClock(market, 100 * day)
  await sealAll(market.db)
  await moveAll(() => moveTransfers(market.db, moving))
  await fund(market, ada, 1_000)
  await refusedBy(
    /transfer_once/,
    `select ledger_post('job_paid', 'x', $1, 'USD', array[$2], array['escrow:x'], array[1])`,
    [lastYear, `wallet:${ada.userId}`],
  )
  const [month] = await market.db.rows<{ name: string }>(
    `select min(inhrelid)::regclass::text as name from pg_inherits where inhparent = 'transfer_old'::regclass`,
  )
  for (const table of ['transfer_old', month!.name]) {
    await refusedBy(/immutable/, `update ${table} set amount = 1`)
    await refusedBy(/immutable/, `delete from ${table}`)
    await refusedBy(/immutable/, `truncate ${table}`)
  }
  await refusedBy(/immutable/, `delete from transfer`)
  await refusedBy(/immutable/, `update transfer set amount = 1`)
})

test('nothing moves while the ledger is frozen, or what no seal covers; the laws see a cent that is carried wrongly', async () => {
  await fund(market, ada, 100)
  await moveClock(market, 100 * day)
  assert.equal(await moveTransfers(market.db, moving), 0, 'what was posted after the last seal stays')
  await sealAll(market.db)
  await freezeLedger(market.db, 'a test')
  assert.equal(await moveTransfers(market.db, moving), 0)
  await unfreezeLedger(market.db)
  assert.ok((await moveAll(() => moveTransfers(market.db, moving))) > 0)
  await market.db.rows(`update ledger_carried set balance = balance + 1 where account = 'wallet:' || $1`, [ada.userId])
  const broken = (await checkLaws(market.db, archiveLaws)).map(({ law }) => law)
  assert.ok(
    broken.includes(archiveLaws[0]!.name) && broken.includes('every balance equals its transfers'),
    broken.join(),
  )
  await market.db.rows(`update ledger_carried set balance = balance - 1 where account = 'wallet:' || $1`, [ada.userId])
  await assertWhole(market)
})

test('a transfer that stands otherwise in the archive does not leave its place', async () => {
  await fund(market, ada, 100)
  await sealAll(market.db)
  await market.db.rows(`select archive_month('transfer_old', app_now())`)
  const forged = `insert into transfer_old select * from transfer order by position desc limit 1`
  await assert.rejects(
    market.db.transaction(async (sql) => {
      await sql.rows(
        forged.replace(
          '*',
          `position, id, kind, ref, source, leg, from_account, to_account, unit, amount + 1, card_part, xid, created_at`,
        ),
      )
      await sql.rows(`delete from transfer where position = (select max(position) from transfer)`)
    }),
    /immutable/,
  )
})

test('the tables of the archive are made like those of every day', async () => {
  const columns = await market.db.rows<{ name: string; same: boolean }>(
    `select a.table_name as name, array_agg((a.column_name, a.data_type, a.is_nullable)::text order by a.ordinal_position)
       = array(select (b.column_name, b.data_type, b.is_nullable)::text from information_schema.columns b
               where b.table_name = a.table_name || '_old' order by b.ordinal_position) as same
     from information_schema.columns a where table_name in ('transfer', 'event', 'job', 'job_log', 'job_presentation')
       and to_regclass(a.table_name || '_old') is not null group by 1`,
  )
  assert.ok(columns.length > 0)
  for (const { name, same } of columns)
    assert.ok(same, `${name}_old has not the columns of ${name}: a migration forgot it`)
})
