import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pg from 'pg'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { act, assertLawful, fund, people, post, see, submit, take, verifyAll, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'

// What must never be is refused by PostgreSQL itself, whatever a mistake in the code or a hand at the console may try.
const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')
await fund(market, ada, 5_000)
const [done, open] = [await post(ada), await post(ada)]
await submit(bob, await take(bob, done))
await verifyAll(market)

/** Tries a statement that must be refused, in a transaction of its own, and checks by what. */
async function refusedBy(what: RegExp, statement: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: market.databaseUrl })
  await client.connect()
  try {
    await client.query('begin')
    await assert.rejects(
      async () => {
        await client.query(statement, values)
        await client.query('set constraints all immediate')
      },
      (error: unknown) => {
        assert.ok(error instanceof pg.DatabaseError, `${statement}: ${error}`)
        const said = `${error.constraint ?? ''} ${error.message}`
        assert.match(said, what, statement)
        return true
      },
      `PostgreSQL let it through: ${statement}`,
    )
  } finally {
    await client.query('rollback').catch(() => {})
    await client.end()
  }
}

test('transfers are for ever: no update, no delete, no truncate, not even of nothing that matters', async () => {
  const immutable = /immutable/
  await refusedBy(immutable, `update transfer set amount = amount + 1`)
  await refusedBy(immutable, `update transfer set ref = 'job:other' where kind = 'job_settled'`)
  await refusedBy(immutable, `delete from transfer`)
  await refusedBy(immutable, `delete from transfer where position = (select max(position) from transfer)`)
  await refusedBy(immutable, `truncate transfer`)
  await refusedBy(immutable, `truncate transfer cascade`)
  await refusedBy(/./, `merge into transfer t using (select 1) s on true when matched then delete`)
  await refusedBy(
    immutable,
    `insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
     select kind, ref, source, leg, from_account, to_account, unit, amount, now() from transfer limit 1
     on conflict (kind, source, leg) do update set amount = 1`,
  )
})

test('no wallet below zero, no card part above the balance, none below zero', async () => {
  const wallet = `wallet:${ada.userId}`
  const [{ balance }] = (await market.db.rows<{ balance: number }>(`select balance from ledger_account where id = $1`, [
    wallet,
  ])) as [{ balance: number }]
  await refusedBy(
    /account_floor|account_card_part/,
    `update ledger_account set balance = -1, card_part = 0 where id = $1`,
    [wallet],
  )
  await refusedBy(/account_card_part/, `update ledger_account set card_part = $2 where id = $1`, [wallet, balance + 1])
  await refusedBy(/account_card_part/, `update ledger_account set card_part = -1 where id = $1`, [wallet])
  await refusedBy(
    /account_floor|account_card_part/,
    `update ledger_account set balance = -1, card_part = 0 where id = 'escrow:job:' || $1::text`,
    [open.id],
  )
  await refusedBy(/check/, `insert into ledger_account (id, unit, balance) values ('platform:fees', 'USD', 0)`)
  await refusedBy(/check/, `insert into ledger_account (id, unit, balance) values ('wallet:x', 'EUR', 0)`)
  await refusedBy(/pkey/, `insert into ledger_account (id, unit, balance) values ($1, 'USD', 0)`, [wallet])
})

test('ledger_post moves nothing it may not: overdrafts, mixed units, nothing, less than nothing, twice', async () => {
  const wallet = `wallet:${ada.userId}`
  const post3 = (
    kind: string,
    source: string,
    from: string[],
    to: string[],
    amount: number[],
    unit = 'USD',
  ): unknown[] => [kind, source, unit, from, to, amount]
  const call = `select ledger_post($1, 'test:x', $2, $3, $4::text[], $5::text[], $6::bigint[])`
  const [short] = await market.db.rows<{ outcome: string }>(
    `${call} as outcome`,
    post3('test', 's1', [wallet], ['escrow:x'], [1_000_000]),
  )
  assert.equal(short!.outcome, 'short')
  await refusedBy(/short/, call, post3('test', 's2', [wallet, wallet], ['escrow:x', 'escrow:y'], [10, 1_000_000]))
  await refusedBy(
    /not in CREDIT|no account|unit/i,
    call,
    post3('test', 's3', ['platform:credits'], [wallet], [5], 'CREDIT'),
  )
  await refusedBy(/check/, call, post3('test', 's4', ['platform:stripe'], [wallet], [-5]))
  await refusedBy(/check/, call, post3('test', 's5', [wallet], [wallet], [5]))
  await refusedBy(
    /no account/,
    call,
    post3('test', 's6', ['platform:stripe'], ['wallet:00000000-0000-7000-8000-000000000000'], [5]),
  )
  await refusedBy(
    /transfer_once/,
    `select ledger_post('job_settled', 'job:' || $1, 'job:' || $1, 'USD', array['platform:stripe'], array[$2], array[350])`,
    [done.id, `wallet:${bob.userId}`],
  )
  await refusedBy(
    /transfer_once/,
    `select ledger_post('job_paid', 'x', 'job:' || $1, 'USD', array[$2], array['escrow:x'], array[1])`,
    [done.id, wallet],
  )
  await assertLawful(market)
})

test('a job never has a fourth attempt, an end without its time, a hold without its token, a state that is none', async () => {
  const on = (set: string): string => `update job set ${set} where id = $1`
  await refusedBy(/job_three_attempts/, on('attempt_count = 4'), [open.id])
  await refusedBy(/job_three_attempts/, on('attempt_count = -1'), [open.id])
  await refusedBy(/job_end/, on(`status = 'failed', due_at = null`), [open.id])
  await refusedBy(/job_end/, on(`status = 'verified'`), [open.id])
  await refusedBy(/job_end|job_timer/, on(`ended_at = now()`), [open.id])
  await refusedBy(/job_end|job_timer/, on(`status = 'queued'`), [done.id])
  await refusedBy(/job_timer/, on('due_at = null'), [open.id])
  await refusedBy(/job_held/, on(`status = 'held'`), [open.id])
  await refusedBy(/job_accepted/, on(`status = 'accepted'`), [open.id])
  await refusedBy(/job_paid/, on('paid_at = null'), [open.id])
  await refusedBy(/job_status/, on(`status = 'open'`), [open.id])
  for (const price of [99, 100_001, -500, 0]) await refusedBy(/job_/, on('price_cents = $2'), [open.id, price])
  for (const limit of [59, 86_401]) await refusedBy(/job_/, on('time_limit_seconds = $2'), [open.id, limit])
  await refusedBy(/job_/, on('fee_cents = price_cents + 1'), [open.id])
  await refusedBy(/sender/, on(`sender = uuid7()`), [open.id])
  assert.equal((await see(ada, open)).status, 'queued')
})

test('a job on its third attempt cannot be accepted again, whoever holds it', async () => {
  await market.db.rows(`update job set attempt_count = 3 where id = $1`, [open.id])
  went(await act(bob, 'claim', open))
  assert.ok([400, 403, 404, 410].includes((await act(bob, 'accept', open)).status))
  assert.equal((await see(ada, open)).attempt_count, 3)
  await market.db.rows(`update job set attempt_count = 0 where id = $1`, [open.id])
})

test('people, agents and keys: one default agent, one address, one name, one live key of a lineage', async () => {
  await refusedBy(
    /agent_default/,
    `insert into agent (id, owner_id, name, is_default, created_at) values (uuid7(), $1, 'second default', true, now())`,
    [ada.userId],
  )
  await refusedBy(
    /agent_name/,
    `insert into agent (id, owner_id, name, created_at) values (uuid7(), $1, 'default', now())`,
    [ada.userId],
  )
  await refusedBy(
    /app_user_email/,
    `insert into app_user (id, name, email, created_at) select uuid7(), name, email, now() from app_user where id = $1`,
    [ada.userId],
  )
  await refusedBy(/email/, `update app_user set email = upper(email) where id = $1`, [ada.userId])
  await refusedBy(
    /api_key/,
    `update api_key set spend_limit_cents = 5, scopes = array['wallet:manage'] where user_id = $1`,
    [ada.userId],
  )
  await refusedBy(
    /lineage/,
    `insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, scopes, created_at, expires_at)
     select uuid7(), user_id, lineage, prefix, 'other', secret_hash, last_four, scopes, now(), expires_at from api_key where user_id = $1`,
    [ada.userId],
  )
  for (const amount of [499, 1_000_001])
    await refusedBy(
      /amount_cents/,
      `insert into topup (id, user_id, amount_cents, created_at) values (uuid7(), $1, $2, now())`,
      [ada.userId, amount],
    )
})

test('what PostgreSQL cannot see, the laws do: a balance changed by hand, a transfer too many', async () => {
  const wallet = `wallet:${bob.userId}`
  const broken = async (statement: string, undo: string): Promise<string[]> => {
    await market.db.rows(statement, [wallet])
    const laws = (await checkLaws(market.db)).map(({ law }) => law)
    await market.db.rows(undo, [wallet])
    return laws
  }
  const more = await broken(
    `update ledger_account set balance = balance + 1 where id = $1`,
    `update ledger_account set balance = balance - 1 where id = $1`,
  )
  assert.ok(more.includes('every balance equals its transfers'), more.join())
  assert.ok(more.includes('all accounts of a unit sum to zero'), more.join())
  const card = await broken(
    `update ledger_account set card_part = card_part + 1 where id = $1`,
    `update ledger_account set card_part = card_part - 1 where id = $1`,
  )
  assert.ok(card.includes('the card part of every account equals its transfers'), card.join())
  await assertLawful(market)
})
