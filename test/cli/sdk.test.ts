import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Client, createClient } from '../../src/edges/sdk/client.ts'
import { contracts } from '../../src/edges/sdk/contracts.ts'
import { ClawrkError } from '../../src/edges/sdk/error.ts'
import { contracts as ofMarket } from '../../src/market.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

let market: TestMarket
let ada: Person
before(async () => {
  market = await startTestMarket()
  ada = await market.person('Ada')
})
after(() => market.close())

const at = 'http://market.test'

/** A `fetch` that answers from a list and keeps what it was asked; an Error in the list is thrown, as for a lost connection. */
function fakeFetch(answers: (Response | Error)[]) {
  const asked: { url: string; method: string; headers: Record<string, string>; body: unknown; credentials: unknown }[] =
    []
  const fake = async (url: URL | RequestInfo, init: RequestInit = {}): Promise<Response> => {
    const { method = 'GET', headers, body, credentials } = init
    asked.push({ url: String(url), method, headers: headers as Record<string, string>, body, credentials })
    const answer = answers.shift()
    if (!answer) throw new Error('asked more often than the test expects')
    if (answer instanceof Error) throw answer
    return answer
  }
  return { fetch: fake as typeof fetch, asked }
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

const refusal = (status: number, code: string, more: object = {}): Response =>
  json(status, { error: 'A sentence.', code, request_id: 'r1', ...more })

test('every contract of the market is on the client, under its own name', () => {
  for (const contract of ofMarket) assert.ok(Object.values(contracts).includes(contract as never), contract.name)
  for (const [name, contract] of Object.entries(contracts)) assert.equal(name, contract.name)
})

// Never called: that it compiles, with exactly these errors, is the test.
export async function typesOfTheClient({ jobs, files }: Client): Promise<void> {
  const answer = await jobs.run({ prompt: 'x' })
  if (answer.status === 402) answer.body.topup_url satisfies string
  if (answer.status === 201) answer.body.can satisfies string[]
  ;(await jobs.jobs({ limit: 5 })).next satisfies string | null
  ;(await files.download({ id: 'x' })) satisfies Blob
  // @ts-expect-error an id is needed
  await jobs.job()
  // @ts-expect-error there is no such field
  await jobs.job({ id: 'x', name: 'y' })
  // @ts-expect-error a limit is a number
  await jobs.jobs({ limit: true })
  // @ts-expect-error an upload needs its file
  await files.upload()
  // @ts-expect-error there is no such verb
  await jobs.rum({ prompt: 'x' })
}

test('path, query and body are told apart by the route', async () => {
  const { fetch, asked } = fakeFetch([json(200, {}), json(200, []), json(200, {}), json(200, { ok: true })])
  const client = createClient({ url: `${at}/`, key: 'clk_x', fetch })
  await client.jobs.submit({ id: 'a/b', output: 'done' })
  await client.jobs.jobs({ status: 'queued', limit: 5 })
  await client.accounts.whoami()
  await client.accounts.delete_agent({ id: 'x' })
  assert.deepEqual(
    asked.map(({ method, url, body }) => [method, url, body ?? null]),
    [
      ['POST', `${at}/api/jobs/a%2Fb/submit`, '{"output":"done"}'],
      ['GET', `${at}/api/jobs?status=queued&limit=5`, null],
      ['POST', `${at}/api/whoami`, null],
      ['DELETE', `${at}/api/agents/x`, null],
    ],
  )
  assert.equal(asked[0]!.headers.authorization, 'Bearer clk_x')
  assert.equal(asked[0]!.credentials, 'omit')
  assert.equal(asked[1]!.headers['idempotency-key'], undefined)
  const session = fakeFetch([json(200, [])])
  await createClient({ url: at, fetch: session.fetch }).jobs.jobs()
  assert.equal(session.asked[0]!.credentials, 'include')
  assert.equal(session.asked[0]!.headers.authorization, undefined)
  await assert.rejects(client.jobs.job({ id: '' }), /needs id/)
})

test('a lost or delayed change is sent again under the same Idempotency-Key; the next change has its own', async () => {
  const { fetch, asked } = fakeFetch([
    new TypeError('fetch failed'),
    refusal(503, 'busy', { retry_after_seconds: 0 }),
    refusal(409, 'idempotency_twin_running', { retry_after_seconds: 0 }),
    json(200, { url: 'u' }),
    json(200, { url: 'v' }),
  ])
  const client = createClient({ url: at, key: 'k', fetch })
  assert.deepEqual(await client.wallet.topup({ amount_cents: 500 }), { url: 'u' })
  await client.wallet.topup({ amount_cents: 500 })
  const keys = asked.map(({ headers }) => headers['idempotency-key'])
  assert.match(keys[0]!, /^[0-9a-f]{32}$/)
  assert.equal(new Set(keys.slice(0, 4)).size, 1)
  assert.notEqual(keys[4], keys[0])
})

test('it waits as long as it is told to, and not where that is too long or would not help', async () => {
  const told = fakeFetch([refusal(429, 'rate_limited', { retry_after_seconds: 1 }), json(200, [])])
  const start = performance.now()
  await createClient({ url: at, fetch: told.fetch }).jobs.jobs()
  assert.ok(performance.now() - start >= 1_000)
  for (const answer of [
    refusal(429, 'rate_limited', { retry_after_seconds: 600 }),
    refusal(429, 'too_much'),
    refusal(409, 'job_taken'),
    refusal(500, 'internal_error'),
  ]) {
    const { fetch, asked } = fakeFetch([answer])
    await assert.rejects(createClient({ url: at, fetch }).jobs.claim({ id: 'x' }), ClawrkError)
    assert.equal(asked.length, 1)
  }
  const gone = fakeFetch([new TypeError('fetch failed'), new TypeError('fetch failed')])
  await assert.rejects(createClient({ url: at, fetch: gone.fetch, retries: 1 }).jobs.jobs(), {
    status: 0,
    code: 'unreachable',
  })
  const header = fakeFetch([new Response('slow down', { status: 429, headers: { 'retry-after': '0' } }), json(200, [])])
  assert.deepEqual([...(await createClient({ url: at, fetch: header.fetch }).jobs.jobs())], [])
})

test('a caller who gives up is heard at once', async () => {
  const controller = new AbortController()
  const { fetch } = fakeFetch([refusal(503, 'busy', { retry_after_seconds: 15 })])
  setTimeout(() => controller.abort(new Error('enough')), 50)
  await assert.rejects(createClient({ url: at, fetch }).jobs.jobs({}, { signal: controller.signal }), /enough/)
})

test('a refusal has status, code, sentence, request id and detail', async () => {
  const client = createClient({ url: market.url, key: ada.key })
  const error = await client.jobs.run({ prompt: 'x', price_cents: 5 }).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof ClawrkError)
  assert.deepEqual([error.status, error.code], [400, 'invalid_input'])
  assert.match(error.message, /^price_cents: /)
  assert.ok(error.requestId)
  assert.equal(error.detail.issues?.[0]?.path, 'price_cents')
})

test('several answers are told apart by status; lists know their next page', async () => {
  const client = createClient({ url: market.url, key: ada.key })
  const quote = await client.jobs.run({ prompt: 'Write about the sea' })
  assert.equal(quote.status, 200)
  const unpaid = await client.jobs.run({ prompt: 'Write about the sea', price_cents: 100, confirmed: true })
  assert.ok(unpaid.status === 402)
  assert.equal(unpaid.body.job.status, 'pending_payment')
  await ada.topUp(500)
  for (const prompt of ['Write about one', 'Write about two']) {
    const posted = await client.jobs.run({ prompt, price_cents: 100, confirmed: true })
    assert.ok(posted.status === 201)
    assert.deepEqual(posted.body.can, ['cancel'])
  }
  const first = await client.jobs.jobs({ limit: 2 })
  assert.equal(first.length, 2)
  const second = await client.jobs.jobs({ limit: 2, cursor: first.next! })
  assert.deepEqual([second.map(({ status }) => status), second.next], [['pending_payment'], null])
  assert.equal(JSON.stringify(second), JSON.stringify([...second]))
  assert.deepEqual(
    await createClient({ url: market.url, key: (await market.person('Bob')).key }).jobs.pull({
      min_price_cents: 50_000,
    }),
    {
      status: 204,
      body: null,
    },
  )
})

test('a file goes up and comes down as it was, by the client and by the command line', async () => {
  const bytes = new Uint8Array([0, 255, 10, 128, 65])
  const { files } = createClient({ url: market.url, key: ada.key })
  const attached = await files.upload({ file: new File([bytes], 'raw.bin') })
  assert.deepEqual([attached.name, attached.size], ['raw.bin', 5])
  assert.deepEqual(await (await files.download({ id: attached.id })).bytes(), bytes)

  const shell = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  const notes = join(shell.home, 'notes.txt')
  writeFileSync(notes, 'Bell Labs\n')
  const uploaded = await shell('api', 'files.upload', '--file', notes, '--json')
  assert.equal(uploaded.code, 0, uploaded.stdout)
  assert.equal((await shell('api', 'files.download', '--id', uploaded.json<{ id: string }>().id)).stdout, 'Bell Labs\n')
})
