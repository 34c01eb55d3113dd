import type { Database, Sql } from '../../base/db.ts'
import { type Call, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { asDownload } from '../files/download.ts'
import { readStored } from '../files/queries.ts'
import type { Storage } from '../files/storage.ts'
import { leftToday, takeIn } from '../files/take-in.ts'
import { refuseProfile } from './api.ts'
import { keepAccount } from './keep-account.ts'
import { type Profile, profileLimits } from './profile.ts'
import { type ProfileReading, readProfile } from './queries.ts'
import { endingOf, headBytes } from './resume-kind.ts'

export interface ResumeNeeds extends ProfileReading {
  readonly db: Database
  readonly storage: Storage
}

/** Takes the caller's résumé in place of whatever they had: judged by its first bytes, never by its name or what is said of it. */
export async function uploadResume(
  { sql, actor, upload: next, wake }: Call,
  needs: ResumeNeeds,
): Promise<Reply<{ resume_url: string; profile: Profile }>> {
  const me = actor.userId
  const left = await leftToday(sql, me)
  const file = await next?.()
  if (file?.field !== 'resume') throw refuseProfile('resume_missing')
  const { head, whole } = await peek(file.bytes)
  const ending = endingOf(head)
  if (!ending) throw refuseProfile('resume_type')
  // A repeated request takes a new id: what a broken one left behind is loose, and the tidying has it.
  const id = newId()
  const incoming = {
    id,
    owner: me,
    // The name it had could say it is something else.
    name: `resume.${ending}`,
    contentType: 'application/octet-stream',
    bytes: whole,
    bytesMax: profileLimits.resumeBytesMax,
    tooLarge: () => refuseProfile('resume_too_large'),
  }
  await takeIn(sql, needs.storage, incoming, left)
  const profile = await needs.db.transaction(async (tx) => {
    await setResume(tx, me, { id, url: null })
    return readProfile(tx, me, needs)
  })
  wake('tidy')
  return reply(200, { resume_url: profile.resume_url!, profile })
}

/** Takes the caller's résumé off their profile; an uploaded one is deleted. Without one nothing happens. */
export async function removeResume({ sql, actor, wake }: Call): Promise<Reply<{ ok: true; resume_url: null }>> {
  await setResume(sql, actor.userId, null)
  wake('tidy')
  return reply(200, { ok: true, resume_url: null })
}

/** Somebody's uploaded résumé, for anybody: always a download. */
export async function downloadResume(
  { sql }: Call,
  { id: user }: { id: string },
  storage: Storage,
): Promise<Reply<AsyncIterable<Uint8Array>>> {
  const [profile] = await sql.rows<{ resume_id: string }>(
    `select resume_id from profile p join app_user u on u.id = p.user_id
     where p.user_id = $1 and p.resume_id is not null and u.deleted_at is null`,
    [user],
  )
  const file = profile && (await readStored(sql, profile.resume_id))
  const bytes = file && (await storage.get(profile.resume_id))
  if (!file || !bytes) throw refuseProfile('resume_not_found')
  return asDownload(bytes, file)
}

/** Sets where somebody's résumé is, in the caller's transaction; one that was uploaded before is thrown away. */
export async function setResume(
  sql: Sql,
  user: string,
  resume: { readonly id: string; readonly url: null } | { readonly id: null; readonly url: string } | null,
): Promise<void> {
  await keepAccount(sql, user)
  await sql.rows(`insert into profile (user_id, updated_at) values ($1, app_now()) on conflict do nothing`, [user])
  // Of two that set it at once, the second sees and discards what the first has set.
  const [before] = await sql.rows<{ resume_id: string | null }>(
    `select resume_id from profile where user_id = $1 for update`,
    [user],
  )
  if (resume?.id)
    await sql.rows(`select files_attach($1::uuid, 'profile:' || $1::uuid, 'resume', array[$2::uuid])`, [
      user,
      resume.id,
    ])
  await sql.rows(`update profile set resume_id = $2, resume_url = $3, updated_at = app_now() where user_id = $1`, [
    user,
    resume?.id,
    resume?.url,
  ])
  if (before?.resume_id) await sql.rows(`select files_discard($1)`, [before.resume_id])
}

/** The first bytes of a stream, and the stream with them. */
async function peek(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly whole: AsyncIterable<Uint8Array> }> {
  const rest = bytes[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array()
  let isOver = false
  while (head.length < headBytes && !isOver) {
    const { value, done = false } = await rest.next()
    isOver = done
    if (!done) head = Buffer.concat([head, value])
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield head
    if (!isOver) yield* { [Symbol.asyncIterator]: () => rest }
  }
  return { head, whole: whole() }
}
