import { constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { copyFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest, StoredFile } from './manifest.ts'
import { sumOf } from './packing.ts'

/** Ids of attachments below a folder, as the storage spreads them. */
export function listAttachments(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((shelf) => readdirSync(join(folder, shelf)).filter((id) => /^[0-9a-f-]{36}$/.test(id)))
}

export const attachmentPath = (folder: string, id: string): string => join(folder, id.slice(-2), id)

/**
 * Copies attachments that `to` has not yet; answers how many. An attachment never changes, so one copy is enough for all backups.
 * With `seen`, shelves on which nothing has come or gone since the last time are passed by.
 */
export async function followAttachments(from: string, to: string, seen = new Map<string, number>()): Promise<number> {
  let copied = 0
  for (const shelf of existsSync(from) ? readdirSync(from) : []) {
    if (!/^[0-9a-f]{2}$/.test(shelf)) continue
    const changed = statSync(join(from, shelf)).mtimeMs
    if (seen.get(shelf) === changed) continue
    mkdirSync(join(to, shelf), { recursive: true, mode: 0o700 })
    const there = new Set(readdirSync(join(to, shelf)))
    for (const id of readdirSync(join(from, shelf)))
      if (/^[0-9a-f-]{36}$/.test(id) && !there.has(id) && (await copyWhole(join(from, shelf, id), join(to, shelf, id))))
        copied++
    seen.set(shelf, changed)
  }
  return copied
}

/** Copies a file that appears whole or not at all; false when it is gone meanwhile. */
export async function copyWhole(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, `${to}.partial`, constants.COPYFILE_FICLONE)
    await rename(`${to}.partial`, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** The attachments that lie in the data folder now, with their sums; those that an earlier backup has summed are not read again. */
export async function sumAttachments(live: string, kept: string, before: Manifest | null): Promise<StoredFile[]> {
  const known = new Map((before?.attachments ?? []).map((file) => [file.path, file]))
  const found: StoredFile[] = []
  for (const id of listAttachments(live)) {
    const copy = attachmentPath(kept, id)
    if (!existsSync(copy)) continue
    found.push(known.get(id) ?? { path: id, ...(await sumOf(copy)) })
  }
  return found
}
