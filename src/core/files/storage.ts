import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Where the bytes of attachments lie. Names are ids of ours, never a name that somebody gave. */
export interface Storage {
  /** Keeps the bytes; whole or not at all. */
  put(id: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** The bytes; null when there are none. */
  get(id: string): Promise<Readable | null>
  /** Throws the bytes away; none is fine. */
  remove(id: string): Promise<void>
}

/** Files in a folder, spread over subfolders by the end of their id. */
export function diskStorage(folder: string): Storage {
  const pathOf = (id: string): string => {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`not an id of ours: ${id}`)
    return join(folder, id.slice(-2), id)
  }
  return {
    async put(id, bytes) {
      const path = pathOf(id)
      await mkdir(dirname(path), { recursive: true })
      const partial = `${path}.partial`
      try {
        await pipeline(bytes, createWriteStream(partial, { mode: 0o600, flush: true }))
        await rename(partial, path)
      } catch (error) {
        await rm(partial, { force: true })
        throw error
      }
    },
    async get(id) {
      try {
        return (await open(pathOf(id))).createReadStream()
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      }
    },
    async remove(id) {
      await rm(pathOf(id), { force: true })
      await rm(`${pathOf(id)}.partial`, { force: true })
    },
  }
}
