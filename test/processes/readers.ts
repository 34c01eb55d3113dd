import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '../../src/base/db.ts'
import { kindsOf, thePublic } from '../../src/core/events/feed.ts'
import { eventKinds } from '../../src/market.ts'
import { type Block, readFeed } from '../events/reader.ts'
import { type Event, read } from '../streams/reader.ts'
import type { Person } from '../support/market.ts'

/** How often streams broke, and how much came over them. */
export interface Heard {
  events: number
  lines: number
  breaks: number
}

/** Somebody's feed, or the public one, read over whatever happens to the processes, on each of them in turn. */
export interface FeedReader {
  readonly person: Person
  readonly isPublic: boolean
  /** Reads what is left and goes away; answers all that came, in the order in which it came. */
  finish(): Promise<readonly Block[]>
}

export function readOn(
  urls: readonly string[],
  person: Person,
  isPublic: boolean,
  heard: Heard,
  gone: AbortSignal,
): FeedReader {
  const seen: Block[] = []
  let last = ''
  let over = false
  const path = `/api/events/stream?after=0${isPublic ? '&public=1' : ''}`
  /** Reads for a while on one process; answers whether that had nothing more to tell. */
  const once = async (turn: number, patienceMs: number): Promise<boolean> => {
    let caughtUp = false
    const stop = (_: unknown, text: string): boolean => {
      caughtUp = text.includes(': nothing new')
      return over && caughtUp
    }
    const url = urls[turn % urls.length]!
    const reading = await readFeed(url, person.key, { path, lastEventId: last, stop, patienceMs })
    seen.push(...reading.blocks)
    heard.events += reading.blocks.length
    last = reading.lastEventId
    if (reading.endedBy !== 'reader') {
      heard.breaks++
      await sleep(100)
    }
    return caughtUp
  }
  const reading = (async () => {
    // Soon on another process, so that places are handed on again and again.
    for (let turn = isPublic ? 1 : 0; !over && !gone.aborted; turn++) await once(turn, 2_000)
  })()
  return {
    person,
    isPublic,
    async finish() {
      over = true
      await reading
      for (let turn = 0; !(await once(turn, 20_000)); turn++)
        assert.ok(turn < 20, 'the stream cannot be read to its end')
      return seen
    },
  }
}

const kinds = kindsOf(eventKinds)

/** What of a feed was lost, doubled or out of order, held against the table of events itself. */
export async function compareFeed(sql: Sql, reader: FeedReader, seen: readonly Block[]): Promise<string[]> {
  const { person, isPublic } = reader
  const rows = await sql.rows<{ id: string; name: string; data: Record<string, unknown> }>(
    isPublic
      ? `select id, name, data from event where name = any ($1)`
      : `select id, name, data from event where $1 = any (parties)`,
    [isPublic ? [...kinds.values()].filter(({ open }) => open).map(({ name }) => name) : person.userId],
  )
  const due = rows.filter(({ name, data }) => !isPublic || kinds.get(name)!.open!(data))
  const ids = new Set(due.map(({ id }) => id))
  const came = new Map<string, number>()
  for (const { data } of seen) came.set(data.id, (came.get(data.id) ?? 0) + 1)
  const whose = isPublic ? thePublic : person.email
  return [
    ...due.filter(({ id }) => !came.has(id)).map(({ id, name }) => `lost: ${name} ${id} of ${whose}`),
    ...[...came].filter(([, n]) => n > 1).map(([id, n]) => `${n} times: ${id} of ${whose}`),
    ...[...came.keys()].filter((id) => !ids.has(id)).map((id) => `nobody told of: ${id} of ${whose}`),
    ...seen
      .slice(1)
      .flatMap(({ id }, n) => (Number(id) > Number(seen[n]!.id) ? [] : [`out of order: ${id} of ${whose}`])),
  ]
}

/** Follows the log of one job to its end, over whatever happens to the processes; answers what it read. */
export async function followLog(
  urls: readonly string[],
  person: Person,
  job: string,
  heard: Heard,
  gone: AbortSignal,
): Promise<readonly Event[]> {
  const seen: Event[] = []
  for (let turn = 0; seen.at(-1)?.event !== 'end'; turn++) {
    const reading = await read(urls[turn % urls.length]!, person, job, seen.at(-1)?.id, () => gone.aborted).catch(
      () => null,
    )
    seen.push(...(reading?.events ?? []))
    heard.lines += reading?.events.length ?? 0
    if (gone.aborted) break
    if (reading?.status === 200 && reading.endedBy === 'server') continue
    heard.breaks++
    assert.ok(reading === null || [200, 429, 503].includes(reading.status), `${reading?.status} for ${job}`)
    await sleep(100)
  }
  return seen
}

/** What of a job's log was lost, doubled or out of order. */
export async function compareLog(sql: Sql, job: string, seen: readonly Event[]): Promise<string[]> {
  const rows = await sql.rows<{ id: number; kind: string }>(
    'select id, kind from job_log where job_id = $1 order by id',
    [job],
  )
  const [due, came] = [rows.map(({ id, kind }) => `${id} ${kind}`), seen.map(({ id, event }) => `${id} ${event}`)]
  return due.join() === came.join() ? [] : [`the log of ${job} is ${due.join(', ')}; read was ${came.join(', ')}`]
}
