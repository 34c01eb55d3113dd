import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { openDatabase } from '../../src/base/db.ts'
import { newId } from '../../src/base/ids.ts'
import { diskStorage } from '../../src/core/files/storage.ts'
import { tidyFiles } from '../../src/core/files/tidy.ts'
import { cloneDatabase } from '../support/database.ts'

test('a file that cannot be removed is reported, and keeps no younger one', async (story) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidy-'))
  const db = openDatabase({ url: (await cloneDatabase()).url, poolSize: 2 })
  story.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const storage = diskStorage(folder)
  const [owner, stuck, loose] = [newId(), newId(), newId()]
  await db.rows(`insert into app_user (id, name, email, created_at) values ($1, 'Ada', 'ada@people.test', app_now())`, [
    owner,
  ])
  for (const [id, days] of [
    [stuck, 3],
    [loose, 2],
  ] as const) {
    await db.rows(
      `insert into attachment (id, owner_id, name, content_type, size, sha256, stored_at, created_at)
       values ($1, $2, 'a.txt', 'text/plain', 1, 'x', app_now(), app_now() - make_interval(days => $3))`,
      [id, owner, days],
    )
  }
  // A folder in its place is what rm refuses.
  mkdirSync(join(folder, stuck.slice(-2), stuck), { recursive: true })
  await storage.put(loose, Readable.from([Buffer.from('x')]))
  await assert.rejects(tidyFiles(db, storage))
  assert.equal(await storage.get(loose), null)
  assert.deepEqual(await db.rows('select id, stored_at from attachment'), [{ id: stuck, stored_at: null }])
})
