import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** The ids of accounts that were deleted, outside of the database: after it went back in time, they are deleted again. */
const fileOf = (folder: string): string => join(folder, 'erasures.log')

const line = /^(\S+) ([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})$/

/** When which account was deleted; an entry that broke off is none, and is written again by whoever wrote it. */
export function readErasures(folder: string): Map<string, string> {
  const file = fileOf(folder)
  const found = new Map<string, string>()
  for (const text of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const [, at, id] = line.exec(text) ?? []
    if (at && id) found.set(id, at)
  }
  return found
}

/** Notes accounts that are not noted yet; on the disk when this resolves. Nothing but their ids is written. */
export async function noteErasures(
  folder: string,
  accounts: readonly { readonly id: string; readonly at: string }[],
): Promise<void> {
  const known = readErasures(folder)
  const fresh = accounts.filter(({ id }) => !known.has(id))
  if (fresh.length === 0) return
  const file = await open(fileOf(folder), 'a', 0o600)
  try {
    // A line of its own even behind one that broke off.
    await file.appendFile(`\n${fresh.map(({ id, at }) => `${at} ${id}\n`).join('')}`)
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Forgets accounts deleted before `moment`, which no backup has any more. Whoever notes one in this very instant looks again before
 * it is done with that account, a minute later.
 */
export function forgetErasures(folder: string, moment: string): void {
  const all = [...readErasures(folder)]
  const kept = all.filter(([, at]) => at >= moment)
  if (kept.length === all.length) return
  const making = `${fileOf(folder)}.${process.pid}`
  writeFileSync(making, kept.map(([id, at]) => `${at} ${id}\n`).join(''), { mode: 0o600 })
  renameSync(making, fileOf(folder))
}
