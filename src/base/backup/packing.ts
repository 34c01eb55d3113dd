import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Duplex, PassThrough, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { StoredFile } from './manifest.ts'

/** What packed files end with: any `zstd` unpacks them. */
export const packed = '.zst'
/** Files up to here are read at once, which is what most are. */
const small = 1_000_000
const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 }

interface Meter {
  readonly through: Transform
  sum(): { bytes: number; sha256: string }
}

/** Counts and hashes what flows through. */
function openMeter(): Meter {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    through: new Transform({
      transform(chunk: Buffer, _, done) {
        hash.update(chunk)
        bytes += chunk.length
        done(null, chunk)
      },
    }),
    sum: () => ({ bytes, sha256: hash.digest('hex') }),
  }
}

/**
 * Packs a file as it is while it is read; null when it is gone, which files of a running PostgreSQL may be. What is torn because it
 * is being written is mended by the log.
 */
export async function pack(from: string, to: string, path: string): Promise<(StoredFile & { stored: number }) | null> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  try {
    if ((await stat(from)).size <= small) {
      const content = await readFile(from)
      const box = zstdCompressSync(content, { params })
      await writeFile(to, box, { mode: 0o600 })
      return {
        path,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
        stored: box.length,
      }
    }
    const meter = openMeter()
    await pipeline(
      createReadStream(from, { highWaterMark: 1 << 20 }),
      meter.through,
      createZstdCompress({ params }),
      createWriteStream(to, { mode: 0o600 }),
    )
    return { path, ...meter.sum(), stored: (await stat(to)).size }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Unpacks a file, or only reads it when `to` is null; answers whether it is what was packed. */
export async function unpack(from: string, to: string | null, wanted: StoredFile): Promise<boolean> {
  try {
    if (wanted.bytes <= small) {
      const content = zstdDecompressSync(await readFile(from), { maxOutputLength: small + 1 })
      if (createHash('sha256').update(content).digest('hex') !== wanted.sha256) return false
      if (to !== null) await writeFile(to, content, { mode: 0o600 })
      return true
    }
    return (await drain(from, createZstdDecompress(), to)).sha256 === wanted.sha256
  } catch (error) {
    // A box that does not open is as damaged as one that holds something else; one that is not there, too.
    if (isDamage(error)) return false
    throw error
  }
}

/** The sum of a file that lies there as it is. */
export const sumOf = (file: string): Promise<{ bytes: number; sha256: string }> => drain(file, new PassThrough(), null)

async function drain(from: string, unpacking: Duplex, to: string | null): Promise<{ bytes: number; sha256: string }> {
  const meter = openMeter()
  const sink =
    to === null ? new Writable({ write: (_chunk, _, done) => done() }) : createWriteStream(to, { mode: 0o600 })
  await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), unpacking, meter.through, sink)
  return meter.sum()
}

function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('ZSTD') || code.startsWith('Z_') || code === 'ENOENT' || code === 'ERR_BUFFER_TOO_LARGE'
}
