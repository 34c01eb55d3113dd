import type { Database } from '../../base/db.ts'
import type { Storage } from './storage.ts'

/** Throws away files that were attached to nothing within a day, what broke off while it came in, and what was discarded. */
export async function tidyFiles(db: Database, storage: Storage): Promise<number> {
  const [loose, discarded] = await Promise.allSettled([tidyLoose(db, storage), tidyDiscarded(db, storage)])
  if (loose.status === 'rejected') throw loose.reason
  if (discarded.status === 'rejected') throw discarded.reason
  return loose.value + discarded.value
}

/** The bytes go at once; the row stays for the day in which it counts towards what its owner may upload. */
async function tidyDiscarded(db: Database, storage: Storage): Promise<number> {
  const unwanted = await db.rows<{ id: string }>(
    `select id from attachment where discarded_at is not null and removed_at is null order by discarded_at limit 200`,
  )
  let failure: unknown
  for (const { id } of unwanted) {
    try {
      await storage.remove(id)
      await db.rows(`update attachment set removed_at = app_now() where id = $1 and discarded_at is not null`, [id])
    } catch (error) {
      failure ??= error
    }
  }
  await db.rows(`delete from attachment where removed_at is not null and created_at < app_now() - interval '24 hours'`)
  if (failure) throw failure
  return unwanted.length
}

async function tidyLoose(db: Database, storage: Storage): Promise<number> {
  const loose = await db.rows<{ id: string }>(
    `select id from attachment where work is null and discarded_at is null and created_at < app_now() - interval '24 hours' order by created_at limit 200`,
  )
  let gone = 0
  let failure: unknown
  for (const { id } of loose) {
    // First nobody can attach it any more. The row goes last: where the bytes cannot be removed now, the next round finds it again.
    const [mine] = await db.rows(
      `update attachment set stored_at = null, size = null where id = $1 and work is null returning 1`,
      [id],
    )
    if (!mine) continue
    try {
      await storage.remove(id)
      await db.rows(`delete from attachment where id = $1`, [id])
      gone++
    } catch (error) {
      // One that cannot be removed must not keep all the younger ones.
      failure ??= error
    }
  }
  if (failure) throw failure
  return gone
}
