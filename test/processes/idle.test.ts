import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { openDatabase } from '../../src/base/db.ts'
import { readFeed } from '../events/reader.ts'
import { people } from '../journeys/desk.ts'
import { cloneDatabase } from '../support/database.ts'
import { until } from '../support/processes.ts'
import { startRole } from '../support/roles.ts'

const streamsEach = 20

test('an idle API process takes less than 200 MB; its streams share one listening connection, live, and miss nothing that was told in vain', async (context) => {
  const { url: databaseUrl } = await cloneDatabase()
  const db = openDatabase({ url: databaseUrl, poolSize: 2 })
  context.after(() => db.close())
  const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-idle-'))
  const api = await startRole('api', { databaseUrl, dataDir, patienceMs: 60_000 })
  await (await fetch(`${api.url}/api/ready`)).text()
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))![1]) / 1024
  context.diagnostic(`${peak.toFixed(0)} MB at most since its start`)
  assert.ok(peak < 200, `${peak} MB: what is loaded that most processes never need?`)

  const [ada, bob, cyd] = await people({ db, url: api.url }, 'Ada', 'Bob', 'Cyd')
  const number = () => db.rows(`select event_number(100, '{}')`)
  await number()
  let following = 0
  const readers = [ada, bob, cyd].flatMap((person) =>
    Array.from({ length: streamsEach }, async () => {
      let caughtUp = false
      const { blocks } = await readFeed(api.url, person.key, {
        patienceMs: 40_000,
        stop(seen, text) {
          const signs = text.split(': nothing new').length - 1
          if (!caughtUp && signs > 0) {
            caughtUp = true
            following++
          }
          // Whoever has no news waits for the second sign, which comes of living and not of catching up.
          return person === ada ? seen.length > 0 : signs > 1
        },
      })
      return { person, caughtUp, told: blocks.map(({ event }) => event), at: performance.now() }
    }),
  )
  await until('every stream has caught up', () => following === readers.length)
  const [sessions] = await db.rows<{ all: number; listening: number }>(
    `select count(*) as all, count(*) filter (where query like 'listen %') as listening from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  assert.equal(sessions!.listening, 1)
  assert.ok(sessions!.all <= 16 + 1 + 2, `${sessions!.all} connections for ${3 * streamsEach} streams`)
  // As a process leaves it that is killed between its commit and its word to the others.
  const since = performance.now()
  await db.transaction(async (sql) => {
    await sql.rows(
      `insert into event (name, ref, parties, data, created_at) values ('account.restored', 'user:' || $1::uuid, array[$1::uuid], '{}', app_now())`,
      [ada.userId],
    )
  })
  await number()
  const read = await Promise.all(readers)
  for (const { person, told, caughtUp } of read)
    assert.deepEqual([told, caughtUp], [person === ada ? ['account.restored'] : [], true])
  const took = Math.max(...read.map(({ at }) => at - since)) / 1_000
  context.diagnostic(`${read.length} streams had news or a sign of life within ${took.toFixed(1)} s`)
  // Promised are 10; the machine may have others to serve.
  assert.ok(took < 14, `${took} s`)
  assert.equal((await api.end('SIGTERM')).code, 0)
})
