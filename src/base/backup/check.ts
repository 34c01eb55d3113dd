import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { attachmentPath } from './attachments.ts'
import type { Manifest } from './manifest.ts'
import { packed, sumOf, unpack } from './packing.ts'
import { eachOf } from './take.ts'
import { type Chain, faultOfSegment, readChain } from './wal.ts'

export type OnProgress = (what: string, share?: number) => void

/** Reads every file of a backup again; answers what is wrong, in words. */
export async function faultsOfBackup(root: string, manifest: Manifest, onProgress: OnProgress): Promise<string[]> {
  const faults: string[] = []
  const cluster = join(root, 'base', manifest.id, 'cluster')
  let read = 0
  await eachOf(manifest.files, 4, async (file) => {
    if (!(await unpack(join(cluster, `${file.path}${packed}`), null, file)))
      faults.push(
        `${file.path} of the backup ${manifest.id} ${existsSync(join(cluster, `${file.path}${packed}`)) ? 'is not what was written' : 'is missing'}`,
      )
    read += file.bytes
    onProgress(`reading ${manifest.id}`, read / manifest.bytes)
  })
  if (manifest.secret.included && !existsSync(join(root, 'base', manifest.id, 'secret')))
    faults.push(`the secret of the backup ${manifest.id} is missing`)
  return faults
}

/** Reads the attachments that a backup counts on; answers what is wrong with them. */
export async function faultsOfAttachments(root: string, manifest: Manifest, onProgress: OnProgress): Promise<string[]> {
  const faults: string[] = []
  for (const [index, { path, bytes, sha256 }] of manifest.attachments.entries()) {
    const file = attachmentPath(join(root, 'files'), path)
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size === undefined) faults.push(`the attachment ${path} is missing`)
    else if (size !== bytes || (await sumOf(file)).sha256 !== sha256)
      faults.push(`the attachment ${path} is not what was written`)
    onProgress('reading attachments', (index + 1) / manifest.attachments.length)
  }
  return faults
}

export const walFolder = (root: string, manifest: Manifest): string | null =>
  manifest.line === null ? null : join(root, 'wal', manifest.line)

/** The archived log behind a backup; null when it goes on into none. */
export function chainOf(root: string, manifest: Manifest): Chain | null {
  const folder = walFolder(root, manifest)
  return folder === null ? null : readChain(folder, manifest.start_segment)
}

/** Reads archived segments again; answers what is wrong with them. */
export async function faultsOfSegments(
  root: string,
  manifest: Manifest,
  segments: readonly string[],
  onProgress: OnProgress,
): Promise<string[]> {
  const faults: string[] = []
  let read = 0
  await eachOf(segments, 2, async (segment) => {
    const fault = await faultOfSegment(walFolder(root, manifest)!, segment, manifest.system_identifier)
    if (fault) faults.push(`the archived log ${fault}`)
    onProgress('reading the log', ++read / segments.length)
  })
  return faults.sort()
}
