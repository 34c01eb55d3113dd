import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/** As PostgreSQL has it unless it is told otherwise, which our clusters are not. */
export const segmentBytes = 16 * 1024 * 1024
const segmentsInFile = 0x1_0000_0000 / segmentBytes

const hex = (n: number): string => n.toString(16).toUpperCase().padStart(8, '0')
export const timelineOf = (segment: string): number => Number.parseInt(segment.slice(0, 8), 16)
export const isSegment = (name: string): boolean => /^[0-9A-F]{24}$/.test(name)

/** Which segment of its timeline a name is, counted from the beginning. */
export const numberOf = (segment: string): number =>
  Number.parseInt(segment.slice(8, 16), 16) * segmentsInFile + Number.parseInt(segment.slice(16), 16)

/** The name of the segment with this number. */
export const segmentAt = (timeline: number, number: number): string =>
  hex(timeline) + hex(Math.floor(number / segmentsInFile)) + hex(number % segmentsInFile)

/** Archived log behind a backup. */
export interface Chain {
  /** Without a gap, oldest first. */
  readonly segments: readonly string[]
  /** When the last of them was written to for the last time: up to then one can restore. Null: there is none yet. */
  readonly reaches: Date | null
  /** The first that is missing although later ones are there; null when none is. */
  readonly missing: string | null
  /** Behind the gap, and of no use. */
  readonly lost: number
}

export const archivedFile = (folder: string, segment: string): string => join(folder, `${segment}.gz`)

/** The archived segments from `first` on. */
export function readChain(folder: string, first: string): Chain {
  const timeline = timelineOf(first)
  const there = new Set(
    (existsSync(folder) ? readdirSync(folder) : [])
      .filter((name) => name.endsWith('.gz') && isSegment(name.slice(0, -3)))
      .map((name) => name.slice(0, -3))
      .filter((name) => timelineOf(name) === timeline && name >= first),
  )
  const segments: string[] = []
  for (let number = numberOf(first); there.delete(segmentAt(timeline, number)); number++)
    segments.push(segmentAt(timeline, number))
  const last = segments.at(-1)
  return {
    segments,
    reaches: last === undefined ? null : statSync(archivedFile(folder, last)).mtime,
    missing: there.size > 0 ? segmentAt(timeline, numberOf(first) + segments.length) : null,
    lost: there.size,
  }
}

/** What is wrong with an archived segment, in words; null when it is whole and the one its name says. */
export async function faultOfSegment(folder: string, segment: string, system: string): Promise<string | null> {
  let bytes = 0
  let head = Buffer.alloc(0)
  try {
    await pipeline(
      createReadStream(archivedFile(folder, segment), { highWaterMark: 1 << 20 }),
      createGunzip({ chunkSize: 1 << 20 }),
      new Writable({
        write(chunk: Buffer, _, done) {
          if (head.length < 40) head = Buffer.concat([head, chunk.subarray(0, 40)])
          bytes += chunk.length
          done()
        },
      }),
    )
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT') return `${segment} is missing`
    if (code.startsWith('Z_')) return `${segment} is damaged`
    throw error
  }
  if (bytes !== segmentBytes) return `${segment} is cut off: ${bytes} of ${segmentBytes} bytes are there`
  // The first page of a segment names its cluster, its timeline and where in the log it belongs.
  const isLong = (head.readUInt16LE(2) & 2) !== 0
  const belongs =
    head.readUInt32LE(4) === timelineOf(segment) &&
    head.readBigUInt64LE(8) === BigInt(numberOf(segment)) * BigInt(segmentBytes)
  if (!isLong || !belongs) return `${segment} holds another part of the log than its name says`
  if (head.readBigUInt64LE(24) !== BigInt(system)) return `${segment} is of another database`
  return null
}
