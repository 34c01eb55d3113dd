import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Profile } from '../../src/core/profiles/profile.ts'
import { startS3StandIn } from '../files/s3-stand-in.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { beginnings, fetched, uploadResume } from './upload.ts'

const folder = mkdtempSync(join(tmpdir(), 'clawrk-resumes-'))
const market = await startTestMarket({ env: { CLAWRK_DATA_DIR: folder } })
after(async () => {
  await market.close()
  rmSync(folder, { recursive: true, force: true })
})
const megabyte = 1024 * 1024

const fileOf = (id: string): string => join(folder, 'files', id.slice(-2), id)
const resumeOf = async (user: string): Promise<string> => {
  const [row] = await market.db.rows<{ resume_id: string }>(`select resume_id from profile where user_id = $1`, [user])
  return row!.resume_id
}

test('a résumé is uploaded, seen by everybody, replaced and removed; what it replaces is deleted', async () => {
  const [ada] = await people(market, 'Ada')
  const bytes = Buffer.concat([beginnings.pdf, randomBytes(3 * megabyte)])
  const { resume_url: url, profile } = went(await uploadResume(market, ada, bytes, { name: '../../Ada "cv".html' }))
  assert.equal(url, `${market.url}/api/profile/${ada.userId}/resume`)
  assert.equal(profile.resume_url, url)
  assert.equal(went(await ada.ask<Profile>('GET', '/api/profile/me')).resume_url, url)
  assert.equal(went(await ask<Profile>(market.url, 'GET', `/api/profile/${ada.userId}`)).resume_url, url)
  const got = await fetched(url)
  assert.equal(got.status, 200)
  assert.ok(got.bytes.equals(bytes))
  assert.equal(got.headers.get('content-disposition'), `attachment; filename="resume.pdf"; filename*=UTF-8''resume.pdf`)
  assert.equal(got.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(got.headers.get('content-type'), 'application/octet-stream')
  assert.equal(got.headers.get('content-security-policy'), `default-src 'none'; sandbox`)

  const first = await resumeOf(ada.userId)
  assert.ok(existsSync(fileOf(first)))
  went(await uploadResume(market, ada, beginnings.png))
  const second = await resumeOf(ada.userId)
  assert.match((await fetched(url)).headers.get('content-disposition')!, /resume\.png/)
  await until('the bytes of the first are gone', async () => !existsSync(fileOf(first)))
  // What was thrown away is nobody's attachment, and nothing can be made of it.
  refused(await ada.ask('GET', `/api/attachments/${first}`), 404, 'attachment_not_found')

  // The profile as it was read may be sent back; the address is kept and so is the file.
  went(await ada.ask('PATCH', '/api/profile/me', { resume_url: url, bio: 'Here.' }))
  assert.equal(await resumeOf(ada.userId), second)
  assert.deepEqual(went(await ada.ask('DELETE', '/api/profile/me/resume')), { ok: true, resume_url: null })
  assert.equal(went(await ada.ask<Profile>('GET', '/api/profile/me')).resume_url, null)
  refused(await ask(market.url, 'GET', `/api/profile/${ada.userId}/resume`), 404, 'resume_not_found')
  await until('the bytes of the second are gone', async () => !existsSync(fileOf(second)))
  assert.deepEqual(went(await ada.ask('DELETE', '/api/profile/me/resume')), { ok: true, resume_url: null })
  refused(await ada.ask('PATCH', '/api/profile/me', { resume_url: url }), 400, 'invalid_input')
})

test('a résumé is no attachment: nobody else reads it as one, and no job takes it along', async () => {
  const [ira, jo] = await people(market, 'Ira', 'Jo')
  went(await uploadResume(market, ira, beginnings.pdf))
  const id = await resumeOf(ira.userId)
  refused(await jo.ask('GET', `/api/attachments/${id}`), 404, 'attachment_not_found')
  assert.equal((await ira.ask('GET', `/api/attachments/${id}`)).status, 200)
  const job = {
    prompt: 'Read my résumé and say what is missing.',
    price_cents: 500,
    confirmed: true,
    attachments: [id],
  }
  refused(await ira.ask('POST', '/api/jobs/run', job), 400, 'attachment_unusable')
})

test('an address elsewhere takes the place of an upload, and null clears either; both delete the file', async () => {
  const [ben] = await people(market, 'Ben')
  const elsewhere = 'https://ben.example/cv.pdf'
  for (const resume_url of [elsewhere, null]) {
    went(await uploadResume(market, ben, beginnings.webp))
    const id = await resumeOf(ben.userId)
    assert.equal(went(await ben.ask<Profile>('PATCH', '/api/profile/me', { resume_url })).resume_url, resume_url)
    await until('the bytes are gone', async () => !existsSync(fileOf(id)))
  }
  went(await ben.ask('PATCH', '/api/profile/me', { resume_url: elsewhere }))
  went(await uploadResume(market, ben, beginnings.jpg))
  assert.match(went(await ben.ask<Profile>('GET', '/api/profile/me')).resume_url!, /\/resume$/)
  went(await ben.ask('DELETE', '/api/profile/me/resume'))
  went(await ben.ask('PATCH', '/api/profile/me', { resume_url: elsewhere }))
  went(await ben.ask('DELETE', '/api/profile/me/resume'))
  assert.equal(went(await ben.ask<Profile>('GET', '/api/profile/me')).resume_url, null)
})

test('by cookie as by key; a page elsewhere and a stranger may not', async () => {
  const [cleo] = await people(market, 'Cleo')
  const { cookie } = cleo
  went(await uploadResume(market, cleo, beginnings.pdf, { headers: { cookie, origin: market.url } }))
  const foreign = { headers: { cookie, origin: 'https://evil.example' } }
  refused(await uploadResume(market, cleo, beginnings.pdf, foreign), 403, 'origin_mismatch')
  refused(await uploadResume(market, cleo, beginnings.pdf, { headers: {} }), 401, 'authentication_required')
  const headers = { cookie, origin: market.url, authorization: '' }
  went(await cleo.ask('DELETE', '/api/profile/me/resume', undefined, headers))
})

test('a repeated request is answered with the same bytes and uploads nothing again', async () => {
  const [dan] = await people(market, 'Dan')
  const headers = { authorization: `Bearer ${dan.key}`, 'idempotency-key': 'once' }
  const first = await uploadResume(market, dan, beginnings.pdf, { headers })
  const id = await resumeOf(dan.userId)
  const again = await uploadResume(market, dan, beginnings.pdf, { headers })
  assert.deepEqual([again.status, again.text], [200, first.text])
  assert.equal(again.headers.get('idempotency-replayed'), 'true')
  assert.equal(await resumeOf(dan.userId), id)
})

test('of many uploads at once one stays, and the others leave nothing behind', async () => {
  const [eve] = await people(market, 'Eve')
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, at) => uploadResume(market, eve, Buffer.concat([beginnings.pdf, Buffer.from([at])]))),
  )
  for (const answer of all) went(answer)
  const mine = await resumeOf(eve.userId)
  await until('seven are gone', async () => {
    const rows = await market.db.rows<{ id: string; gone: boolean }>(
      `select id, removed_at is not null as gone from attachment where owner_id = $1`,
      [eve.userId],
    )
    return rows.length === 8 && rows.every(({ id, gone }) => gone === (id !== mine) && existsSync(fileOf(id)) === !gone)
  })
  // Their rows count towards the day's quota, and go with it.
  await market.db.rows(`update attachment set created_at = created_at - interval '25 hours' where owner_id = $1`, [
    eve.userId,
  ])
  await until('their rows are gone too', async () => {
    const rows = await market.db.rows<{ id: string }>(`select id from attachment where owner_id = $1`, [eve.userId])
    return rows.length === 1 && rows[0]!.id === mine
  })
  assert.equal((await fetched(`${market.url}/api/profile/${eve.userId}/resume`)).status, 200)
})

test('no file, another field, no form, too many bytes: each is refused with what to do, and nothing stays', async () => {
  const [fay] = await people(market, 'Fay')
  const rest = (bytes: number): Buffer => Buffer.concat([beginnings.pdf, Buffer.alloc(bytes - beginnings.pdf.length)])
  refused(await uploadResume(market, fay, beginnings.pdf, { field: 'file' }), 400, 'resume_missing')
  refused(await fay.ask('POST', '/api/profile/me/resume'), 400, 'resume_missing')
  refused(await fay.ask('POST', '/api/profile/me/resume', { resume: 'text' }), 400, 'invalid_input')
  refused(await uploadResume(market, fay, rest(5 * megabyte + 1)), 413, 'resume_too_large')
  refused(await uploadResume(market, fay, rest(20 * megabyte)), 413, 'resume_too_large')
  const rows = await market.db.rows<{ id: string }>(`select id from attachment where owner_id = $1`, [fay.userId])
  for (const { id } of rows) assert.ok(!existsSync(fileOf(id)) && !existsSync(`${fileOf(id)}.partial`))
  assert.equal(went(await fay.ask<Profile>('GET', '/api/profile/me')).resume_url, null)
  went(await uploadResume(market, fay, rest(5 * megabyte)))

  await market.db.rows(
    `insert into attachment (id, owner_id, name, content_type, size, sha256, stored_at, work, role, created_at)
     select gen_random_uuid(), $1, 'a', 'a/b', 26214400, 'x', app_now(), 'job:x', 'input', app_now() from generate_series(1, 20)`,
    [fay.userId],
  )
  refused(await uploadResume(market, fay, beginnings.pdf), 413, 'quota_reached')
})

test('in S3 as on disk; a store that is away is a reason to try again, and leaves the former résumé', async (story) => {
  const store = await startS3StandIn()
  story.after(() => store.close())
  const inS3 = await startTestMarket({ env: store.env })
  story.after(() => inS3.close())
  const [gus] = await people(inS3, 'Gus')
  const { resume_url: url } = went(await uploadResume(inS3, gus, beginnings.pdf))
  assert.deepEqual([...store.objects.values()], [beginnings.pdf])
  assert.ok((await fetched(url)).bytes.equals(beginnings.pdf))
  store.fail('PUT', 'unavailable', 10)
  refused(await uploadResume(inS3, gus, beginnings.png), 503, 'storage_away')
  assert.ok((await fetched(url)).bytes.equals(beginnings.pdf))
})
