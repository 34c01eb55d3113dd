import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { refuseFile } from './api.ts'
import { type Attachment, fileLimits } from './attachment.ts'
import type { Storage } from './storage.ts'
import { leftToday, takeIn } from './take-in.ts'

/** Takes one file in, to be attached to a piece of work later. */
export async function upload(
  { sql, actor, upload: next, remember }: Call,
  storage: Storage,
): Promise<Reply<Attachment>> {
  const left = await leftToday(sql, actor.userId)
  const file = await next?.()
  if (file?.field !== 'file') throw refuseFile('file_missing')
  const id = remember?.effectId ?? newId()
  const name = safeName(file.name)
  const contentType = safeType(file.contentType)
  const { size, sha256 } = await takeIn(
    sql,
    storage,
    {
      id,
      owner: actor.userId,
      name,
      contentType,
      bytes: file.bytes,
      bytesMax: fileLimits.bytesMax,
      tooLarge: () => refuseFile('file_too_large'),
    },
    left,
  )
  return reply(201, { id, name, size, sha256, content_type: contentType })
}

/** The last part of a name, without what a file system or a header could misread; never a path. */
export function safeName(given: string): string {
  const last = given.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  // Controls, and the marks that turn the reading direction: "exe.txt" must not read as "txt.exe".
  const plain = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"<>:|?*]/gu, '')
    .replace(/^[.\s]+/, '')
    .trim()
    .toWellFormed()
  return [...plain].slice(0, 200).join('') || 'file'
}

/** A media type as declared, if it is one; it is shown, and never makes a browser run something. */
const safeType = (given: string): string =>
  /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(given) ? given.toLowerCase() : 'application/octet-stream'
