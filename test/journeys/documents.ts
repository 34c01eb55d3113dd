import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { z } from 'zod'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { edgeRefusalsOf } from '../../src/base/refusals.ts'
import type { Agent } from '../../src/core/accounts/agent.ts'
import type { Job } from '../../src/desks/jobs/job.ts'
import { allContracts } from '../../src/market.ts'
import { type Answer, ask, type Fields, type Person, type TestMarket } from '../support/market.ts'
import type { Deal } from './deal.ts'
import { people, refused, verifyAll, went } from './desk.ts'

/** Who is there when a row of a document is tried; what a row is given comes into `job`, `agent`, `deal`, `id` and `ids`. */
export interface Scene {
  readonly market: TestMarket
  readonly sender: Person
  readonly worker: Person
  readonly stranger: Person
  readonly job: Job
  readonly agent: Agent
  readonly deal: Deal
  /** Stands for `:id` in the path. */
  readonly id: string
  /** Where a path names more than one thing: all of them, in its order. */
  readonly ids?: readonly string[]
}

export type Prepared = Partial<Pick<Scene, 'job' | 'agent' | 'deal' | 'id' | 'ids'>>
export type Given = (scene: Scene) => Promise<Prepared>

/** What a field holds: its kind (`?`: or null), or exactly this text (`=queued`), number, truth or null; objects and lists of one. */
export type Holds = string | number | boolean | null | { readonly [field: string]: Holds } | readonly [Holds]

/** One promise of a document: what it says, and the call that shows it. */
export interface Row {
  /** In the words of the document. */
  readonly says: string
  readonly given?: Given
  /** `nobody` has no credential; the sender asks where nobody is named. */
  readonly by?: 'sender' | 'worker' | 'stranger' | 'nobody'
  readonly query?: string
  readonly send?: unknown | ((scene: Scene) => unknown)
  readonly headers?: Readonly<Record<string, string>> | ((scene: Scene) => Readonly<Record<string, string>>)
  readonly answers: number
  /** Documented fields of the answer. It may have more, if the contract names them. */
  readonly with?: Holds
  /** The stable code of a refusal, and what its sentence has to say. */
  readonly code?: string
  readonly saying?: RegExp
  /** What else is true afterwards. */
  readonly also?: (scene: Scene, answer: Answer) => Promise<void> | void
}

export interface Document {
  readonly name: string
  readonly market: TestMarket
  /** Every endpoint the document names, as it names it. */
  readonly endpoints: readonly string[]
  /** Those of them that are still to come. The list may only shrink: one that exists must stand in the table. */
  readonly later?: readonly string[]
  readonly rows: Readonly<Record<string, readonly Row[]>>
}

/** Routes that no contract has: the market answers the provider, not a caller. */
const handWritten = ['POST /api/stripe/webhook']

const inContracts = new Map(
  allContracts
    .flatMap(({ endpoints }) => Object.values(endpoints))
    .map((endpoint) => [unnamed(endpoint.route as string), endpoint]),
)

/** A route without what its parts are called: contract and document may name them differently. */
function unnamed(route: string): string {
  return route.replaceAll(/:\w+/g, ':')
}

/** Tries a document line by line: one test a row, and one that no endpoint is without. */
export function tell({ name, market, endpoints, later = [], rows }: Document): void {
  test(`${name}: every endpoint is served, and stands in the table`, () => {
    assert.deepEqual([...Object.keys(rows), ...later].toSorted(), endpoints.toSorted())
    for (const route of Object.keys(rows)) {
      assert.ok(inContracts.has(unnamed(route)) || handWritten.includes(route), `${route} is in no contract`)
      assert.ok(rows[route]!.length > 0, `${route} has no row`)
    }
    for (const route of later)
      assert.ok(!inContracts.has(unnamed(route)), `${route} is in a contract now: give it rows instead of "later"`)
  })
  for (const [route, promises] of Object.entries(rows)) {
    for (const row of promises)
      test(`${route} → ${row.answers}: ${row.says}`, async () => {
        const [sender, worker, stranger] = await people(market, 'Ada', 'Bob', 'Eve')
        const nothing = { market, sender, worker, stranger } as Scene
        const prepared = (await row.given?.(nothing)) ?? {}
        const scene = { ...nothing, id: prepared.job?.id ?? prepared.agent?.id ?? '', ...prepared }
        await tryRow(route, row, scene)
        // The next row finds an empty board, and nothing to verify.
        await verifyAll(market)
        const jobs = await sender.ask<Job[]>('GET', '/api/jobs')
        for (const { id, status } of jobs.status === 401 ? [] : went(jobs))
          if (['queued', 'held', 'accepted'].includes(status)) went(await sender.ask('POST', `/api/jobs/${id}/cancel`))
      })
  }
}

async function tryRow(route: string, row: Row, scene: Scene): Promise<void> {
  const [method, path] = route.split(' ') as [string, string]
  const send: unknown = typeof row.send === 'function' ? row.send(scene) : row.send
  const by = row.by ?? 'sender'
  const ids = [...(scene.ids ?? [scene.id])]
  const answer = await (send instanceof FormData ? upload : ask<Fields>)(
    scene.market.url,
    method,
    path.replaceAll(/:\w+/g, () => ids.shift()!) + (row.query ? `?${row.query}` : ''),
    send as FormData,
    {
      ...(by === 'nobody' ? {} : { authorization: `Bearer ${scene[by].key}` }),
      ...(typeof row.headers === 'function' ? row.headers(scene) : row.headers),
    },
  )
  assert.equal(answer.status, row.answers, answer.text.slice(0, 500))
  if (answer.text !== '' && row.with !== undefined)
    assert.match(answer.headers.get('content-type')!, /^application\/json/)
  if (row.code !== undefined) {
    const { error } = refused(answer, row.answers, row.code)
    if (row.saying) assert.match(error, row.saying)
  }
  if (row.with !== undefined) assertHolds(answer.body, row.with, 'the answer')
  const endpoint = inContracts.get(unnamed(route))
  if (endpoint) assertInContract(endpoint, row, answer)
  await row.also?.(scene, answer)
}

/** A file as a browser's form sends it. */
export async function upload(
  url: string,
  method: string,
  path: string,
  body: FormData,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await fetch(new URL(path, url), { method, headers: { ...headers }, body })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') && text !== ''
  return { status: answer.status, body: isJson ? JSON.parse(text) : null, text, headers: answer.headers }
}

/** An answer is what its contract says, to the last field; a refusal is one that its contract declares. */
function assertInContract(endpoint: AnyEndpoint, row: Row, answer: Answer): void {
  // A fault of ours: no endpoint promises one.
  if (row.answers === 500) return
  const schema = (endpoint.answers as Readonly<Record<number, z.ZodType | string>>)[row.answers]
  if (row.answers >= 400 && schema === undefined) {
    const declared: readonly string[] = [...endpoint.refusals, ...edgeRefusalsOf(endpoint)]
    const { code } = refused(answer, row.answers, row.code ?? String(answer.body.code))
    assert.ok(declared.includes(code), `${endpoint.route} does not declare ${code}`)
    return
  }
  assert.ok(schema !== undefined, `${endpoint.route} does not declare ${row.answers}`)
  if (schema === 'nothing') assert.equal(answer.text, '')
  else if (typeof schema !== 'string') assert.deepEqual(schema.safeParse(answer.body).error?.issues ?? [], [])
}

const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: (value) => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value),
  text: (value) => typeof value === 'string' && value !== '',
  cents: (value) => Number.isSafeInteger(value),
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  number: (value) => typeof value === 'number',
  truth: (value) => typeof value === 'boolean',
  time: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
  address: (value) => typeof value === 'string' && URL.canParse(value),
  list: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

function assertHolds(value: unknown, holds: Holds, where: string): void {
  if (typeof holds === 'string' && !holds.startsWith('=')) {
    const kind = kinds[holds.replace('?', '')]
    assert.ok(kind, `there is no kind ${holds}`)
    if (holds.endsWith('?') && value === null) return
    assert.ok(kind(value), `${where} should be ${holds}, and is ${JSON.stringify(value)}`)
  } else if (holds === null || typeof holds !== 'object') {
    assert.equal(value, typeof holds === 'string' ? holds.slice(1) : holds, where)
  } else if (isListOf(holds)) {
    assert.ok(Array.isArray(value) && value.length > 0, `${where} should be a list with something in it`)
    for (const [index, item] of value.entries()) assertHolds(item, holds[0], `${where}[${index}]`)
  } else {
    assert.ok(kinds.object!(value), `${where} should be an object`)
    for (const [field, inner] of Object.entries(holds)) {
      assert.ok(Object.hasOwn(value as object, field), `${where} has no ${field}`)
      assertHolds((value as Fields)[field], inner, `${where}.${field}`)
    }
  }
}

const isListOf = (holds: Holds): holds is readonly [Holds] => Array.isArray(holds)
