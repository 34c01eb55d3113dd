import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDatabase } from '../../src/base/db.ts'
import { launchPostgres } from '../../src/base/postgres/launch.ts'
import { leave } from '../accounts/leaving-stage.ts'
import { people, post, seeIn, submit, take, walletOf, went } from '../journeys/desk.ts'
import { beginnings, fetched, uploadResume } from '../profiles/upload.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { openBackupStage, restored } from './stage.ts'

const stage = await openBackupStage({ ownSecret: true })
const { clawrk, backups, db } = stage
const market = await startTestMarket({
  databaseUrl: stage.postgres.url,
  env: { ...stage.env, CLAWRK_SECRET: stage.secret },
})
after(async () => {
  await market.close()
  await stage.close()
})
const atItsProvider = clawrk.with({ env: { STRIPE_API_BASE: market.twinUrl } })
const count = async (table: string): Promise<number> =>
  (await db.rows<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n

test('a bad statement is undone to the second before it, and what must not come back does not', async () => {
  const [ada, bob] = [await market.person('Ada'), await market.person('Bob')]
  const [carol] = await people(market, 'Carol')
  await ada.topUp(2_000)
  const first = await post(ada)
  await take(bob, first)
  await submit(bob, first)
  await seeIn(ada, first, 'verified')

  const taken = await clawrk('backup', '--json')
  assert.equal(taken.code, 0, taken.stdout + taken.stderr)
  assert.ok(taken.json<{ line: string }>().line)

  // All this is in the archived log alone.
  const second = await post(ada, { price_cents: 700 })
  const { resume_url: resume } = went(await uploadResume(market, ada, beginnings.pdf), 200)
  const wallets = [(await walletOf(ada)).balance_cents, (await walletOf(bob)).balance_cents]
  assert.deepEqual(wallets, [800, 350])
  const transfers = await count('transfer')
  const numbers = await db.rows<{ seq: number }>(`select max(seq) as seq from event_day`)
  const moment = await stage.now()

  // An operator, at night, in psql.
  await db.transaction(async (sql) => {
    await sql.rows(`set local session_replication_role = replica`)
    await sql.rows(`delete from transfer where ref = $1`, [`job:${first.id}`])
    await sql.rows(`update job set price_cents = 300 where id = $1`, [second.id])
    await sql.rows(`drop table reconciliation`)
  })
  // And life goes on: Carol leaves for good, and Ada pays once more.
  went(await leave(market, carol))
  await ada.topUp(1_000)
  await until('it is written down that Carol left', () => {
    const file = join(backups, 'erasures.log')
    return existsSync(file) && readFileSync(file, 'utf8').includes(carol.userId)
  })
  assert.match(readFileSync(join(backups, 'erasures.log'), 'utf8').trim(), /^\S+Z?\S* [0-9a-f-]{36}$/)
  assert.equal((await clawrk('ledger', 'verify')).code, 1, 'the damage is real')

  const into = stage.elsewhere('restored')
  const outcome = await restored(atItsProvider, '--at', moment, '--into', into)
  assert.deepEqual(outcome.breaches, [])
  assert.deepEqual(outcome.chain.faults, [])
  assert.equal(outcome.chain.transfers + outcome.chain.unsealed, transfers)
  assert.match(outcome.stopped_before ?? '', /^transaction \d+ of 20/)
  assert.ok(Date.parse(outcome.last_commit!) <= Date.parse(moment))
  assert.deepEqual(outcome.missing_attachments, [])
  assert.deepEqual(outcome.erased, [{ user_id: carol.userId, affairs: [] }])
  assert.ok(outcome.events_from > numbers[0]!.seq + 1_000_000)
  // The ten dollars came after that moment: the provider has them, the books do not, and nothing leaves until somebody has looked.
  const said = outcome.provider.differences!.map(({ sentence }) => sentence).join('\n')
  assert.match(
    said,
    /^Stripe has \$10\.00 in for charge \S+, and the ledger knows nothing of it\.\nStripe kept [^\n]+$/,
  )
  assert.match(outcome.frozen ?? '', /2 lines differ from the payment provider/)
  assert.equal(statSync(join(into, 'pg/cluster')).mode & 0o777, 0o700)
  assert.ok(!existsSync(join(into, 'restore.unfinished')))
  // What test mode made and nobody else has is in the backup, and closed to others.
  assert.equal(readFileSync(join(into, 'secret'), 'utf8'), stage.secret)
  assert.equal(statSync(join(into, 'secret')).mode & 0o777, 0o600)

  const server = await launchPostgres({ dataDir: join(into, 'pg'), durable: false })
  const again = await startTestMarket({
    databaseUrl: server.url,
    env: { CLAWRK_DATA_DIR: into, CLAWRK_SECRET: stage.secret },
  })
  const restoredDb = openDatabase({ url: server.url, poolSize: 1 })
  try {
    const asAda = { authorization: `Bearer ${ada.key}` }
    assert.equal(
      (await ask<{ balance_cents: number }>(again.url, 'GET', '/api/wallet/balance', undefined, asAda)).body
        .balance_cents,
      800,
    )
    const job = await ask<{ price_cents: number }>(again.url, 'GET', `/api/jobs/${second.id}`, undefined, asAda)
    assert.equal(job.body.price_cents, 700)
    assert.deepEqual(
      (await fetched(new URL(new URL(resume, market.url).pathname, again.url).href)).bytes,
      beginnings.pdf,
    )
    // Carol's key was alive at that moment, and her name was in the books.
    const asCarol = await ask(again.url, 'GET', '/api/wallet/balance', undefined, {
      authorization: `Bearer ${carol.key}`,
    })
    assert.equal(asCarol.status, 401)
    const names = await restoredDb.rows<{ name: string; email: string }>(
      `select name, email from app_user where id = $1`,
      [carol.userId],
    )
    assert.deepEqual(names, [{ name: 'Deleted user', email: `${carol.userId}@deleted.invalid` }])
    // It works: a job goes its way to the end.
    const third = went(
      await ask<{ id: string }>(
        again.url,
        'POST',
        '/api/jobs/run',
        {
          prompt: 'Summarise the history of Unix in a page.',
          price_cents: 500,
          time_limit_seconds: 3600,
          confirmed: true,
        },
        asAda,
      ),
      201,
    )
    assert.ok(third.id)
  } finally {
    await restoredDb.close()
    await again.close()
    await server.stop()
  }
})
