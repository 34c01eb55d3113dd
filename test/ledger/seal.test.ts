import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import pg from 'pg'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { auditLedger, checkLaws, platformBalance, readFreeze, unfreezeLedger } from '../../src/core/ledger/laws.ts'
import { sealTransfers, verifyChain } from '../../src/core/ledger/seal.ts'
import { cloneDatabase } from '../support/database.ts'
import { sealAll } from '../support/market.ts'

async function ledger(story: TestContext): Promise<{ db: Database; url: string }> {
  const { url } = await cloneDatabase()
  const db = openDatabase({ url, poolSize: 4 })
  story.after(() => db.close())
  return { db, url }
}

/** Posts fees of a cent, `count` of them, from Ada's wallet. */
async function post(db: Database, count: number, from = 0): Promise<void> {
  const ada = '01a20226-00b5-7bc1-9461-989abfd9ed53'
  await db.rows(`select ledger_open($1)`, [ada])
  await db.rows(
    `select ledger_post('topup', 'topup:' || n, 'topup:' || n, 'USD', array['platform:stripe'], array['wallet:' || $1::text], array[3])
     from generate_series($2::integer, $3::integer) as n`,
    [ada, from + 1, from + count],
  )
}

/** As somebody with the database's own password might: past every trigger. */
async function tamper(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`set session_replication_role = replica`)
  await client.query(statement)
  await client.end()
}

test('seals cover what has committed, and platform balances are the same with and without them', async (story) => {
  const { db } = await ledger(story)
  await post(db, 30)
  const before = await platformBalance(db, 'platform:stripe')
  assert.equal(await sealAll(db), 30)
  assert.equal(await sealTransfers(db), 0)
  assert.equal(await platformBalance(db, 'platform:stripe'), before)
  await post(db, 5, 30)
  assert.equal(await platformBalance(db, 'platform:stripe'), before - 15)
  const report = await verifyChain(db)
  assert.deepEqual([report.seals, report.transfers, report.unsealed, report.faults], [1, 30, 5, []])
  assert.deepEqual(await checkLaws(db), [])
})

test('a transfer of a transaction that is still open is not passed over', async (story) => {
  const { db, url } = await ledger(story)
  await post(db, 1)
  const slow = new pg.Client({ connectionString: url })
  await slow.connect()
  await slow.query('begin')
  await slow.query(
    `select ledger_post('topup', 'topup:slow', 'topup:slow', 'USD', array['platform:stripe'], array['wallet:01a20226-00b5-7bc1-9461-989abfd9ed53'], array[7])`,
  )
  await sealTransfers(db)
  await slow.query('commit')
  await slow.end()
  await post(db, 1, 1)
  await sealAll(db)
  const report = await verifyChain(db)
  assert.deepEqual([report.transfers, report.unsealed, report.faults], [3, 0, []])
})

for (const [what, statement] of [
  [
    'an amount',
    `update transfer set amount = 4 where position = (select position from transfer order by position offset 7 limit 1)`,
  ],
  ['one letter of a reference', `update transfer set ref = 'topuq:8' where ref = 'topup:8'`],
  ['a moment', `update transfer set created_at = created_at + interval '1 microsecond' where ref = 'topup:8'`],
  ['a transfer taken away', `delete from transfer where ref = 'topup:8'`],
  ['a byte of a seal', `update ledger_seal set hash = set_byte(hash, 5, 255 - get_byte(hash, 5)) where number = 1`],
  ['a seal taken away', `delete from ledger_seal where number = 1`],
]) {
  test(`the chain finds ${what}`, async (story) => {
    const { db, url } = await ledger(story)
    for (const round of [0, 1, 2]) {
      await post(db, 10, round * 10)
      await sealAll(db)
    }
    assert.deepEqual((await verifyChain(db)).faults, [])
    await tamper(url, statement!)
    assert.notDeepEqual((await verifyChain(db)).faults, [])
  })
}

test('a broken law freezes withdrawals and payouts until somebody unfreezes', async (story) => {
  const { db, url } = await ledger(story)
  await post(db, 3)
  assert.deepEqual(await auditLedger(db), [])
  assert.equal(await readFreeze(db), null)
  await tamper(url, `update ledger_account set balance = balance + 1 where id like 'wallet:%'`)
  const breaches = await auditLedger(db)
  assert.ok(breaches.some(({ law }) => law === 'every balance equals its transfers'))
  assert.match((await readFreeze(db))!.reason, /every balance|sum to zero/)
  assert.equal(await unfreezeLedger(db), true)
  assert.equal(await readFreeze(db), null)
})

test('100,000 transfers are verified', async (story) => {
  const { db } = await ledger(story)
  await db.rows(`select ledger_open('01a20226-00b5-7bc1-9461-989abfd9ed53')`)
  for (let from = 0; from < 100_000; from += 5_000)
    await db.rows(
      `insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
     select 'topup', 'topup:' || n, 'topup:' || n, 1, 'platform:stripe', 'wallet:01a20226-00b5-7bc1-9461-989abfd9ed53', 'USD', 1, app_now()
     from generate_series($1::integer, $2::integer) as n`,
      [from + 1, from + 5_000],
    )
  await sealAll(db)
  const start = performance.now()
  const report = await verifyChain(db)
  story.diagnostic(`verified in ${Math.round(performance.now() - start)} ms`)
  assert.deepEqual([report.transfers, report.unsealed, report.faults], [100_000, 0, []])
})
