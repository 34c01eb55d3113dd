import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Target } from '../../src/base/backup/choose.ts'
import { BackupFault } from '../../src/base/backup/fault.ts'
import { findBackups, type Manifest } from '../../src/base/backup/manifest.ts'
import { marketFolder } from '../../src/base/backup/market-folder.ts'
import { type Former, recover } from '../../src/base/backup/recover.ts'
import { archivedFile, isSegment, readChain } from '../../src/base/backup/wal.ts'
import { type Database, openDatabase } from '../../src/base/db.ts'
import { readArchiving, switchArchiving } from '../../src/base/postgres/archiving.ts'
import { openAccount } from '../../src/core/accounts/open-account.ts'
import type { Ran } from '../cli/clawrk.ts'
import { until } from '../support/processes.ts'
import { openBackupStage, restored } from './stage.ts'

// No market runs here: people and money are written by the rooms' own doors.
const stage = await openBackupStage()
const { backups, clawrk, db } = stage
after(() => stage.close())

const dave = await db.transaction((sql) => openAccount(sql, { name: 'Dave', email: `${randomUUID()}@people.test` }))
let gifts = 0
/** Money for Dave, in a transaction of its own; answers its number. */
async function give(cents: number): Promise<number> {
  const [row] = await db.rows<{ xid: number }>(
    `select pg_current_xact_id()::text::bigint as xid from ledger_post('topup', 'topup:test', $3, 'USD', array['platform:stripe'], array['wallet:' || $1], array[$2::bigint])`,
    [dave, cents, `topup:dave-${++gifts}`],
  )
  return row!.xid
}

async function daves(there: Database): Promise<number> {
  const [row] = await there.rows<{ cents: number }>(`select ledger_balance($1) as cents`, [dave])
  return row!.cents
}
const davesIn = (folder: string): Promise<number> => stage.on(folder, daves)

const newest = (): Manifest => findBackups(backups).findLast(({ manifest }) => manifest)!.manifest!
const walOf = (manifest: Manifest): string => join(backups, 'wal', manifest.line!)
const archived = (): readonly string[] => readChain(walOf(newest()), newest().start_segment).segments

/** Ends the segment that is being written, and waits until it is in the archive. */
async function closeSegment(): Promise<string> {
  const [row] = await db.rows<{ segment: string }>(
    `select pg_walfile_name(pg_current_wal_lsn()) as segment from pg_current_xact_id()`,
  )
  await db.rows(`select pg_switch_wal()`)
  await until(`${row!.segment} is archived`, () => archived().includes(row!.segment))
  return row!.segment
}

/** Changes one byte of a file while `work` runs: near its beginning, because where zeros are packed it may not matter which. */
async function withFlippedByte(file: string, work: () => Promise<void>): Promise<void> {
  const whole = readFileSync(file)
  const bad = Buffer.from(whole)
  bad[Math.min(200, Math.floor(bad.length / 2))]! ^= 1
  writeFileSync(file, bad)
  try {
    await work()
  } finally {
    writeFileSync(file, whole)
  }
}

async function withoutFile(file: string, work: () => Promise<void>): Promise<void> {
  renameSync(file, `${file}.away`)
  try {
    await work()
  } finally {
    renameSync(`${file}.away`, file)
  }
}

/** What `clawrk restore` does before it looks at what came of it; answers what Dave has there. */
async function recovered(
  name: string,
  target: Target,
  { backup, former = null }: { backup?: string; former?: Former | null } = {},
): Promise<number> {
  const into = stage.elsewhere(name)
  const { postgres } = await recover({
    root: backups,
    target,
    backup,
    into,
    former,
    durable: false,
    onProgress: () => {},
  })
  const there = openDatabase({ url: postgres.url, poolSize: 1 })
  try {
    return await daves(there)
  } finally {
    await there.close()
    await postgres.stop()
  }
}

async function refuses(work: Promise<unknown>, code: string, sentence: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof BackupFault, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, sentence)
    return true
  })
}

function refused(ran: Ran, code: string, sentence: RegExp): void {
  assert.equal(ran.code, 1, ran.stdout + ran.stderr)
  const said = ran.json<{ code: string; error: string }>()
  assert.equal(said.code, code, said.error)
  assert.match(said.error, sentence)
}

const latest: Target = { kind: 'latest' }

await give(100)

test('without a backup nothing is restored, and each refusal says what to do', async () => {
  await refuses(recovered('none', latest), 'no_backups', /There is no backup in .* yet/)
  const elsewhere = findBackups.bind(null, '/mnt/is-not-mounted')
  assert.throws(elsewhere, /is that one mounted/)
  const own = await clawrk.with({ env: { DATABASE_URL: 'postgres://ada:secret@db.example:5432/market' } })('backup')
  assert.equal(own.code, 1)
  assert.match(own.stderr, /PostgreSQL of your own \(db\.example:5432\/market\)/)
  assert.match(own.stderr, /pg_basebackup/)
  assert.match(own.stderr, /clawrk restore check --finish/)
  assert.doesNotMatch(own.stderr, /secret/)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const given = [
    ['--at', '2026-11-22T10:00:00'],
    ['--at', tomorrow],
    ['--latest', '--before-transaction', '5'],
  ]
  const said = await Promise.all(given.map((moment) => clawrk('restore', ...moment, '--into', stage.elsewhere('none'))))
  for (const [index, sentence] of [/with its zone/, /in the future/, /To which moment/].entries()) {
    assert.equal(said[index]!.code, 2)
    assert.match(said[index]!.stderr, sentence)
  }
  assert.ok(!existsSync(stage.elsewhere('none')))
})

test('a backup that was killed is none, keeps nobody from the next, and is swept by it', async () => {
  const killed = clawrk.start('backup')
  const half = await until('the copy has begun', () =>
    readdirSync(join(backups, 'base')).find((name) => name.includes('unfinished')),
  )
  killed.signal('SIGKILL')
  await killed.ended
  const interrupted = /was never finished: whoever took it was interrupted/
  await refuses(recovered('half', latest), 'no_backups', interrupted)
  await refuses(recovered('half', latest, { backup: half }), 'backup_unusable', interrupted)
  assert.match((await clawrk('backup', 'list')).stdout, /not usable/)
  const taken = await clawrk('backup')
  assert.equal(taken.code, 0, taken.stderr)
  assert.match(taken.stdout, /was read again/)
  assert.match(taken.stdout, /can be restored to any later moment/)
  assert.match(taken.stdout, /CLAWRK_SECRET is not in it/)
  assert.deepEqual(readdirSync(join(backups, 'base')), [newest().id])
})

test('before a transaction, and from a folder whose market was killed: to the cent', async () => {
  await give(10)
  const wrong = await give(1)
  const without = await restored(clawrk, '--before-transaction', `${wrong}`, '--into', stage.elsewhere('without'))
  assert.equal(await davesIn(without.folder), 110)
  assert.match(without.stopped_before ?? '', new RegExp(`transaction ${wrong} `))
  assert.match(without.provider.not_asked ?? '', /./)
  assert.match(without.frozen ?? '', /not yet compared with the payment provider/)
  // As it lies there after a power cut: its newest log was never archived.
  await give(1_000)
  const dead = marketFolder(stage.elsewhere('dead'))
  cpSync(stage.market.cluster, dead.cluster, { recursive: true })
  assert.equal(await recovered('archived', latest), 111)
  assert.equal(await recovered('saved', latest, { former: { market: dead, line: newest().line } }), 1_111)
})

test('one byte that has changed, in the backup or in the log, is found before it is used', async () => {
  await give(1)
  const segment = await closeSegment()
  const manifest = newest()
  const cluster = join(backups, 'base', manifest.id, 'cluster')
  const heap = manifest.files.toSorted((a, b) => b.bytes - a.bytes).find(({ path }) => path.startsWith('base/'))!
  const fault = `${heap.path} of the backup ${manifest.id} is not what was written`
  await withFlippedByte(join(cluster, `${heap.path}.zst`), async () => {
    refused(
      await clawrk('restore', '--latest', '--into', stage.elsewhere('flipped'), '--json'),
      'backup_damaged',
      new RegExp(`${fault}. Nothing was restored`),
    )
    const checked = await clawrk('backup', 'check', '--json')
    assert.equal(checked.code, 1)
    assert.deepEqual(checked.json<{ faults: string[] }>().faults, [fault])
  })
  await withFlippedByte(join(backups, 'base', manifest.id, 'backup.json'), () =>
    refuses(recovered('flipped', latest), 'no_backups', /damaged: its list of files is not what was written/),
  )
  await withFlippedByte(archivedFile(walOf(manifest), segment), () =>
    refuses(recovered('flipped', latest), 'backup_damaged', new RegExp(`the archived log ${segment} is damaged`)),
  )
  // A segment that is whole, but not the one that its name says.
  const file = archivedFile(walOf(manifest), segment)
  const whole = readFileSync(file)
  writeFileSync(file, readFileSync(archivedFile(walOf(manifest), archived()[0]!)))
  await refuses(recovered('flipped', latest), 'backup_damaged', /holds another part of the log than its name says/)
  writeFileSync(file, whole)
  assert.ok(!existsSync(stage.elsewhere('flipped')), 'a restore that is refused leaves nothing behind')
})

test('a missing segment is a gap that is named, with how far one still gets; before it one gets', async () => {
  const before = new Date(await stage.now())
  await closeSegment()
  await give(1)
  const gone = await closeSegment()
  const later = new Date(await stage.now())
  await give(1)
  const last = await closeSegment()
  await withoutFile(archivedFile(walOf(newest()), gone), async () => {
    const sentence = new RegExp(`${gone} is missing, and the .* after it cannot be used. It reaches up to 20`)
    await refuses(recovered('gap', latest), 'wal_missing', sentence)
    await refuses(recovered('gap', { kind: 'time', at: later }), 'wal_missing', sentence)
    assert.match((await clawrk('backup', 'list')).stdout, new RegExp(`where ${gone} is missing`))
    assert.equal(await recovered('early', { kind: 'time', at: before }), 1_112)
  })
  const future: Target = { kind: 'time', at: new Date(Date.now() + 60_000) }
  await refuses(recovered('gap', future), 'too_late', /reaches up to 20\S+ only/)
  // The newest of the archive: no later one shows that it is missing, but PostgreSQL knows that it was handed in.
  await withoutFile(archivedFile(walOf(newest()), last), async () => {
    const checked = await clawrk('backup', 'check', '--json')
    assert.equal(checked.code, 1)
    const faults = checked.json<{ faults: string[] }>().faults.join()
    assert.match(faults, new RegExp(`PostgreSQL has archived ${last}, but the log here ends with`))
  })
  const sound = await clawrk('backup', 'check')
  assert.equal(sound.code, 0, sound.stdout)
  assert.match(sound.stdout, /any moment from 20\S+ to 20\S+/)
  assert.match(sound.stdout, /without a gap/)
})

test('it is never written over a folder, nor under a running market, nor with another market’s secret', async () => {
  const taken = stage.elsewhere('taken')
  mkdirSync(taken)
  writeFileSync(join(taken, 'letters'), 'mine')
  await refuses(recovered('taken', latest), 'folder_taken', /is not empty. A restore makes a new folder/)
  assert.equal(readFileSync(join(taken, 'letters'), 'utf8'), 'mine')
  await refuses(
    recovered('x', { kind: 'time', at: new Date('2020-01-01') }),
    'too_far_back',
    /nothing here reaches further back/,
  )
  const asks = (env: Record<string, string>, ...args: string[]): Promise<Ran> => clawrk.with({ env })(...args, '--json')
  const into = ['restore', '--latest', '--into', stage.elsewhere('x')]
  const [running, other, none, inside] = await Promise.all([
    asks({}, 'restore', '--latest', '--switch'),
    asks({ CLAWRK_SECRET: 'of somebody else' }, ...into),
    asks({ CLAWRK_SECRET: '' }, ...into),
    asks({}, 'backup', '--to', join(stage.market.dataDir, 'backups')),
  ])
  refused(running, 'market_runs', /its folder cannot be changed for another under it/)
  refused(other, 'other_secret', /not the one of the market that was backed up/)
  refused(none, 'secret_missing', /not known here/)
  refused(inside, 'inside', /whatever ends that would end its backups/)
  assert.ok(!existsSync(stage.elsewhere('x')))
})

test('old backups go with what only they need; what is switched stands in the old place, and archives nothing by itself', async () => {
  const old = newest()
  const taken = await clawrk('backup', '--keep', '1', '--json')
  assert.deepEqual(taken.json<{ pruned: { backups: string[] } }>().pruned.backups, [old.id])
  const left = readdirSync(walOf(newest())).filter((name) => isSegment(name.slice(0, 24)))
  assert.ok(left.every((name) => name.slice(0, 24) >= newest().start_segment))
  await give(7)
  // The owner stops the market, and puts the restored one in its place.
  await db.close()
  await stage.postgres.stop()
  const ran = await restored(clawrk, '--latest', '--switch')
  assert.equal(ran.folder, stage.market.dataDir)
  assert.ok(existsSync(join(ran.before!, 'pg/cluster/PG_VERSION')))
  assert.equal(await davesIn(stage.market.dataDir), 1_121)
  assert.equal(readArchiving(stage.market.postgres), null)

  // It has a history of its own from here on, on a line of its own, and comes back from that, too.
  assert.ok(switchArchiving(stage.market.postgres, backups))
  const next = await clawrk('backup', '--json')
  assert.equal(next.code, 0, next.stdout)
  assert.match(newest().start_segment, /^00000002/)
  await stage.on(stage.market.dataDir, (there) =>
    there.rows(
      `select ledger_post('topup', 'topup:test', 'topup:dave-later', 'USD', array['platform:stripe'], array['wallet:' || $1], array[9::bigint])`,
      [dave],
    ),
  )
  assert.equal(await recovered('twice', latest), 1_130)
})
