import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgetErasures, noteErasures, readErasures } from '../../src/base/backup/erasures.ts'
import { openBackupFolder } from '../../src/base/postgres/archiving.ts'
import { openShell } from '../cli/clawrk.ts'
import { assertLawful, fund, people, post, take, walletOf } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'

const backups = mkdtempSync(join(tmpdir(), 'clawrk-erasures-'))
openBackupFolder(backups)
const secret = 'the secret of a market on its own PostgreSQL'
const market = await startTestMarket({ worker: false, env: { CLAWRK_SECRET: secret } })
after(() => market.close())
const machine = openShell({
  DATABASE_URL: market.databaseUrl,
  CLAWRK_BACKUP_DIR: backups,
  CLAWRK_SECRET: secret,
  STRIPE_API_BASE: market.twinUrl,
})

interface Checked {
  readonly to_erase: readonly string[]
  readonly erased: readonly { readonly user_id: string; readonly affairs: readonly { readonly kind: string }[] }[]
  readonly breaches: readonly unknown[]
  readonly events_from: number | null
  readonly frozen: string | null
}

test('on a PostgreSQL of one’s own that went back in time, who had left is deleted again, whatever is in flight', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 2_000)
  const job = await post(ada)
  await take(bob, job)
  // Later, Ada had taken her money back and left; then the database went back to this moment.
  await noteErasures(backups, [{ id: ada.userId, at: new Date().toISOString() }])

  const looked = await machine('restore', 'check', '--json')
  assert.equal(looked.code, 1, looked.stderr)
  assert.deepEqual(looked.json<Checked & Record<string, unknown>>().to_erase, [ada.userId])
  assert.equal((await walletOf(ada)).balance_cents, 1_500, 'looking changes nothing')

  const finished = await machine('restore', 'check', '--finish', '--json')
  assert.equal(finished.code, 0, finished.stdout + finished.stderr)
  const { erased, breaches, events_from: events, frozen } = finished.json<Checked & Record<string, unknown>>()
  assert.deepEqual(breaches, [])
  assert.deepEqual(
    erased.map(({ user_id: user, affairs }) => [user, affairs.map(({ kind }) => kind)]),
    [[ada.userId, ['job']]],
  )
  assert.equal(events, 1_000_000_000)
  // Money came that the provider knows nothing of: the fund of this test.
  assert.match(frozen ?? '', /differs? from the payment provider/)
  const [row] = await market.db.rows<{ name: string; email: string; cents: number }>(
    `select name, email, ledger_balance(id) as cents from app_user where id = $1`,
    [ada.userId],
  )
  assert.deepEqual(row, { name: 'Deleted user', email: `${ada.userId}@deleted.invalid`, cents: 0 })
  await assertLawful(market)
  // Bob's work goes on: the price lies in escrow as before.
  const seen = await bob.ask<{ status: string }>('GET', `/api/jobs/${job.id}`)
  assert.equal(seen.body.status, 'accepted')
  // The key of whoever asks is believed for some seconds; another process would refuse it at once.
  const [keys] = await market.db.rows<{ n: number }>(
    `select count(*) as n from api_key where user_id = $1 and revoked_at is null`,
    [ada.userId],
  )
  assert.equal(keys!.n, 0)
  assert.equal((await ask(market.url, 'GET', '/api/health')).status, 200)

  const again = await machine('restore', 'check')
  assert.equal(again.code, 0, again.stdout)
  assert.match(again.stdout, /nobody is there who was deleted later/)
})

test('the log of erasures holds ids only, survives a line that broke off, and forgets what no backup has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-erasures-'))
  const [old, young] = ['01a20226-00b5-7bc1-9461-989abfd9ed53', '01a20226-00b5-7bc1-9461-989abfd9ed54']
  await noteErasures(folder, [{ id: old, at: '2026-11-01T00:00:00Z' }])
  const file = join(folder, 'erasures.log')
  // A power cut in the middle of a line.
  writeFileSync(file, `${readFileSync(file, 'utf8')}2026-11-02T00:00:00Z 01a20226-00b5`)
  await noteErasures(folder, [
    { id: old, at: '2026-11-01T00:00:00Z' },
    { id: young, at: '2026-11-03T00:00:00Z' },
  ])
  assert.deepEqual([...readErasures(folder).keys()], [old, young])
  forgetErasures(folder, '2026-11-02T12:00:00Z')
  assert.equal(readFileSync(file, 'utf8'), `2026-11-03T00:00:00Z ${young}\n`)
})
