import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Attachment } from '../../src/core/files/attachment.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { startS3StandIn } from './s3-stand-in.ts'

/** Where a market keeps its files; what holds for them holds in every place. */
const places: Readonly<Record<string, (context: TestContext) => Promise<Readonly<Record<string, string>>>>> = {
  'on disk': async () => ({ CLAWRK_DATA_DIR: mkdtempSync(join(tmpdir(), 'clawrk-data-')) }),
  'in S3': async (context) => {
    const store = await startS3StandIn()
    context.after(() => store.close())
    return store.env
  },
}

async function story(
  context: TestContext,
  names: readonly string[],
  place = 'on disk',
): Promise<{ market: TestMarket; people: Person[] }> {
  const env = await places[place]!(context)
  const market = await startTestMarket({ env })
  context.after(() => market.close())
  const people: Person[] = []
  for (const name of names) people.push(await market.person(name))
  await people[0]!.topUp(5_000)
  return { market, people }
}

async function upload(
  market: TestMarket,
  person: Person,
  name: string,
  bytes: Buffer | string,
  type = 'text/plain',
  field = 'file',
) {
  const form = new FormData()
  form.append(field, new Blob([bytes as BlobPart], { type }), name)
  const answer = await fetch(`${market.url}/api/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.key}` },
    body: form,
  })
  return { status: answer.status, body: (await answer.json()) as Attachment & { code: string } }
}

const download = (market: TestMarket, person: Person, id: string): Promise<Response> =>
  fetch(`${market.url}/api/attachments/${id}`, { headers: { authorization: `Bearer ${person.key}` } })

/** The status alone; an unread body would keep its connection. */
const statusOf = async (market: TestMarket, person: Person, id: string): Promise<number> => {
  const answer = await download(market, person, id)
  await answer.arrayBuffer()
  return answer.status
}

const post = async (ada: Person, more: object): Promise<Job> => {
  const { status, body } = await ada.ask<Job>('POST', '/api/jobs/run', {
    prompt: 'Count the words of the file.',
    price_cents: 500,
    confirmed: true,
    ...more,
  })
  assert.equal(status, 201)
  return body
}

const work = async (bob: Person, id: string): Promise<Job> => {
  assert.equal((await bob.ask('POST', `/api/jobs/${id}/claim`)).status, 200)
  const { status, body } = await bob.ask<Job>('POST', `/api/jobs/${id}/accept`)
  assert.equal(status, 200)
  return body
}

const hostileNames = [
  '../../etc/passwd',
  '..\\..\\windows\\system32\\cmd.exe',
  '/etc/shadow',
  'C:\\boot.ini',
  '....//....//x',
  '.htaccess',
  '..',
  '.',
  '',
  ' ',
  'a\u0000b.txt',
  'a\r\nSet-Cookie: x=1',
  'a"; filename="b.html',
  "a'b.html",
  'x.html',
  'x.svg',
  'x.js',
  'x.php',
  'x.exe',
  'x.xml',
  'x.htm;.txt',
  '\u202Etxt.exe',
  'ﬁle\u200B.txt',
  '名前.pdf',
  '😀'.repeat(300),
  'a'.repeat(5_000),
  '%2e%2e%2fetc',
  '%00.txt',
  '<script>alert(1)</script>.txt',
  '$' + '{7*7}.txt',
  '$(id).txt',
  '`id`.txt',
  ';rm -rf.txt',
  '|cat.txt',
  '&&x.txt',
  'CON',
  'nul.txt',
  '-rf',
  '~root',
  'a/b/c.txt',
  '\uD800.txt',
  'x.pdf/../../y',
]

for (const place of Object.keys(places)) {
  test(`${place}: a file goes with a job to whoever accepts it, and the work comes back with one`, async (context) => {
    const { market, people } = await story(context, ['Ada', 'Bob', 'Eve'], place)
    const [ada, bob, eve] = people as [Person, Person, Person]
    const bytes = randomBytes(300_000)
    const { status, body: file } = await upload(market, ada, 'words.bin', bytes, 'application/pdf')
    assert.equal(status, 201)
    assert.equal(file.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.deepEqual([file.name, file.size, file.content_type], ['words.bin', 300_000, 'application/pdf'])
    assert.equal(await statusOf(market, bob, file.id), 404, 'loose files are their owner’s')

    const job = await post(ada, { attachments: [file.id] })
    assert.deepEqual(job.attachments, [file])
    assert.equal((await bob.ask<Job>('GET', `/api/jobs/${job.id}`)).body.attachments, null)
    const held = await bob.ask<Job>('POST', `/api/jobs/${job.id}/claim`)
    assert.equal(held.body.attachments, null, 'only from accept on')
    assert.equal(await statusOf(market, bob, file.id), 404)
    const accepted = await bob.ask<Job>('POST', `/api/jobs/${job.id}/accept`)
    assert.deepEqual(accepted.body.attachments, [file])
    const got = await download(market, bob, file.id)
    assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes))
    assert.equal(got.headers.get('content-type'), 'application/octet-stream')
    assert.match(got.headers.get('content-disposition')!, /^attachment; /)
    assert.equal(got.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(await statusOf(market, eve, file.id), 404)

    const { body: result } = await upload(market, bob, 'count.txt', 'there are 42 words')
    const submitted = await bob.ask<Job>('POST', `/api/jobs/${job.id}/submit`, {
      output:
        '42. A count by splitting at white space and a second one by regular expression agree; numbers and hyphenated words in the file were taken as one each.',
      attachments: [{ id: result.id }],
    })
    assert.equal(submitted.status, 200)
    assert.deepEqual(submitted.body.output_attachments, [result])
    await until('verified', async () => (await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).body.status === 'verified')
    assert.deepEqual((await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).body.output_attachments, [result])
    assert.equal(await (await download(market, ada, result.id)).text(), 'there are 42 words')
    assert.equal(await statusOf(market, eve, result.id), 404)
  })

  test(`${place}: work that did not pass is not the sender’s to read, files included`, async (context) => {
    const { market, people } = await story(context, ['Ada', 'Bob'], place)
    const [ada, bob] = people as [Person, Person]
    const job = await post(ada, { checks: [{ type: 'contains', value: 'nobody would write this' }] })
    await work(bob, job.id)
    const { body: result } = await upload(market, bob, 'count.txt', 'secret work')
    await bob.ask('POST', `/api/jobs/${job.id}/submit`, {
      output: 'There are 42 words in this file, says the worker.',
      attachments: [result.id],
    })
    await until('requeued', async () => (await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).body.status === 'queued')
    const seen = (await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).body
    assert.deepEqual([seen.output_text, seen.output_attachments, seen.verification?.pass], [null, null, false])
    assert.equal(await statusOf(market, ada, result.id), 404)
    assert.equal(await statusOf(market, bob, result.id), 200, 'it stays the worker’s own')
  })

  test(`${place}: a file is attached once, by its owner, and all of a list or none`, async (context) => {
    const { market, people } = await story(context, ['Ada', 'Bob'], place)
    const [ada, bob] = people as [Person, Person]
    const { body: mine } = await upload(market, ada, 'a.txt', 'a')
    const { body: his } = await upload(market, bob, 'b.txt', 'b')
    const before = (await ada.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')).body.balance_cents
    for (const attachments of [[mine.id, his.id], ['01a20226-00b5-7bc1-9461-989abfd9ed53'], [mine.id, mine.id]]) {
      const refused = await ada.ask('POST', '/api/jobs/run', {
        prompt: 'x',
        price_cents: 500,
        confirmed: true,
        attachments,
      })
      assert.equal(refused.status, 400)
    }
    assert.equal(
      (await ada.ask<{ balance_cents: number }>('GET', '/api/wallet/balance')).body.balance_cents,
      before,
      'nothing was paid',
    )
    await post(ada, { attachments: [mine.id] })
    const again = await ada.ask('POST', '/api/jobs/run', {
      prompt: 'x',
      price_cents: 500,
      confirmed: true,
      attachments: [mine.id],
    })
    assert.deepEqual([again.status, again.body.code], [400, 'attachment_unusable'])
  })

  test(`${place}: too large, missing, misnamed, unfinished: refused, and loose files go after a day`, async (context) => {
    const { market, people } = await story(context, ['Ada'], place)
    const [ada] = people as [Person]
    const big = await upload(market, ada, 'big.bin', Buffer.alloc(25 * 1024 * 1024 + 1))
    assert.deepEqual([big.status, big.body.code], [413, 'file_too_large'])
    const exact = await upload(market, ada, 'exact.bin', Buffer.alloc(25 * 1024 * 1024))
    assert.equal(exact.status, 201)
    const misnamed = await upload(market, ada, 'a.txt', 'a', 'text/plain', 'other')
    assert.deepEqual([misnamed.status, misnamed.body.code], [400, 'file_missing'])
    const json = await ada.ask('POST', '/api/attachments', { file: 'x' })
    assert.equal(json.status, 400)
    const multipart = new FormData()
    multipart.append('prompt', 'x')
    const elsewhere = await fetch(`${market.url}/api/jobs/run`, {
      method: 'POST',
      headers: { 'x-api-key': ada.key },
      body: multipart,
    })
    assert.equal(elsewhere.status, 415)
    await elsewhere.arrayBuffer()
    await market.advance(25 * 3600)
    await until('loose file gone', async () => (await statusOf(market, ada, exact.body.id)) === 404, 70_000)
  })

  test(`${place}: ${hostileNames.length} hostile file names and contents are stored under ids and served inert`, async (context) => {
    const { market, people } = await story(context, ['Ada'], place)
    const [ada] = people as [Person]
    const contents = [
      '<html><script>alert(document.cookie)</script>',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
      '%PDF-1.4 /JavaScript',
      'MZ\u0090',
      '#!/bin/sh\nid',
    ]
    for (const [index, name] of hostileNames.entries()) {
      const type = [
        'text/html',
        'image/svg+xml',
        'application/javascript',
        'text/html; charset=utf-7',
        'application/xhtml+xml',
      ][index % 5]!
      const { status, body } = await upload(market, ada, name, contents[index % contents.length]!, type)
      if (name === '') assert.equal(status, 400, 'a file without a name is a form field')
      if (name === '') continue
      assert.equal(status, 201, name)
      assert.doesNotMatch(body.name, /[/\\\p{Cc}"<>]/u, name)
      assert.doesNotMatch(body.name, /^\.|^$/, name)
      const got = await download(market, ada, body.id)
      assert.equal(got.headers.get('content-type'), 'application/octet-stream')
      assert.match(
        got.headers.get('content-disposition')!,
        /^attachment; filename="[\w. -]+"; filename\*=UTF-8''[\w.!~%-]+$/,
        name,
      )
      assert.match(got.headers.get('content-security-policy')!, /sandbox/)
      assert.equal(got.headers.get('set-cookie'), null)
      assert.equal(await got.text(), contents[index % contents.length])
    }
  })
}

test('variables reach the worker who accepted and nobody else, and are gone when the job ends', async (context) => {
  const { market, people } = await story(context, ['Ada', 'Bob', 'Eve'])
  const [ada, bob, eve] = people as [Person, Person, Person]
  const canary = `canary-${randomBytes(12).toString('hex')}`
  const key = { 'idempotency-key': 'secrets' }
  const { body: job, text } = await ada.ask<Job>(
    'POST',
    '/api/jobs/run',
    {
      prompt: 'Use the token to count words of the file.',
      price_cents: 500,
      confirmed: true,
      envVars: { API_TOKEN: canary },
    },
    key,
  )
  assert.deepEqual(job.env_vars, { API_TOKEN: null })
  assert.ok(!text.includes(canary))
  assert.equal((await eve.ask<Job>('GET', `/api/jobs/${job.id}`)).body.env_vars, null)
  const held = await bob.ask<Job>('POST', `/api/jobs/${job.id}/claim`)
  assert.ok(!held.text.includes(canary), 'a hold is not enough')
  const accepted = await bob.ask<Job>('POST', `/api/jobs/${job.id}/accept`, undefined, { 'idempotency-key': 'take' })
  assert.deepEqual(accepted.body.env_vars, { API_TOKEN: canary })
  assert.deepEqual(
    (await bob.ask<Job>('POST', `/api/jobs/${job.id}/accept`, undefined, { 'idempotency-key': 'take' })).body,
    accepted.body,
  )
  assert.deepEqual((await bob.ask<Job>('GET', `/api/jobs/${job.id}`)).body.env_vars, { API_TOKEN: canary })
  assert.ok(!(await ada.ask('GET', `/api/jobs/${job.id}`)).text.includes(canary), 'not even the sender reads it back')
  for (const path of ['/api/jobs', '/api/board', '/api/users/status']) {
    for (const person of [ada, bob, eve]) assert.ok(!(await person.ask('GET', path)).text.includes(canary), path)
  }
  const everywhere = await market.db.rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  for (const { name } of everywhere) {
    const rows = await market.db.rows<{ row: string }>(`select row_to_json(t)::text as row from ${name} as t`)
    const hex = Buffer.from(canary).toString('hex')
    for (const { row } of rows)
      assert.ok(!row.includes(canary) && !row.includes(hex), `${name} holds the secret in clear`)
  }
  await bob.ask('POST', `/api/jobs/${job.id}/submit`, {
    output:
      '42. With the token the service answered twice and both totals agree; hyphenated words in the file were taken as one each, numbers included in the count.',
  })
  await until('verified', async () => (await ada.ask<Job>('GET', `/api/jobs/${job.id}`)).body.status === 'verified')
  assert.deepEqual(await market.db.rows(`select * from job_secret`), [], 'key and box are destroyed with the job')
  assert.ok(!(await bob.ask('GET', `/api/jobs/${job.id}`)).text.includes(canary))
})
