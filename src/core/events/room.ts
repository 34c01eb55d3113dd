import { type Call, type Input, type Reply, type Room, reply, room } from '../../base/endpoint.ts'
import { block, type Look, type Streams, streamHeaders } from '../../base/stream.ts'
import { eventsApi, refuseEvents } from './api.ts'
import { hasLost, type Kinds, readNewest, readOwn, readPublic, readReach, thePublic, whoHasNews } from './feed.ts'
import type { WireEvent } from './kind.ts'
import { asText, say } from './words.ts'

type Endpoints = (typeof eventsApi)['endpoints']

/** What is told when events of somebody have got their numbers: those whose ids end alike share a topic. */
export const feedTopic = (person: string): string => `feed:${person.slice(-3)}`

export const eventsRoom = (kinds: Kinds, streams: Streams): Room<typeof eventsApi> =>
  room(eventsApi, {
    list: (call, input) => list(call, input, kinds),
    stream: (call, input) => stream(call, input, kinds, streams),
  })

/** Somebody's own affairs or what is public; refuses a place that is not kept, so that nobody misses anything unawares. */
async function list(
  { sql, actor }: Call,
  { after, limit, public: isPublic, words }: Input<Endpoints['list']>,
  kinds: Kinds,
): Promise<Reply<(WireEvent & { text?: string })[]>> {
  const inWords = (found: WireEvent[]): (WireEvent & { text?: string })[] =>
    words ? found.map((event) => wordedBy(kinds, event)) : found
  const reach = await readReach(sql)
  if (after && hasLost(reach, after))
    throw refuseEvents('resync', { oldest_seq: reach.forgotten, newest_seq: reach.newest })
  if (isPublic) {
    const from = after ?? Math.max(reach.forgotten, ((await readNewest(sql, thePublic, limit))[0]?.seq ?? 1) - 1)
    return reply(200, inWords(await readPublic(sql, kinds, from, limit)))
  }
  const events =
    after === undefined
      ? await readNewest(sql, actor.userId, limit)
      : await readOwn(sql, actor.userId, Math.max(after, reach.forgotten), limit)
  return reply(200, inWords(events))
}

function wordedBy(kinds: Kinds, event: WireEvent): WireEvent & { text?: string } {
  const kind = kinds.get(event.event)
  return kind ? { ...event, text: asText(say(kind, event.data)) } : event
}

const batch = 200

/** The feed as it grows, from the reader's place on. */
async function stream(
  call: Call,
  { after, public: isPublic }: Input<Endpoints['stream']>,
  kinds: Kinds,
  streams: Streams,
): Promise<Reply<AsyncIterable<string>>> {
  const { sql, actor, lastEventId } = call
  const person = isPublic ? thePublic : actor.userId
  const reach = await readReach(sql)
  const given = placeOf(lastEventId, after)
  const isLost = given !== null && given !== 0 && !(given <= reach.newest && given >= reach.forgotten)
  let last = given === null || !(given <= reach.newest) ? reach.newest : Math.max(given, reach.forgotten)
  // The reader has a place from the first moment, so that one who goes before anything has come misses nothing either.
  const first = isLost
    ? block('resync', { oldest_seq: reach.forgotten, newest_seq: reach.newest, goes_on_behind: last }, last)
    : `id: ${last}\n\n`
  let opening: string | null = first
  const look = async (): Promise<Look> => {
    const blocks = opening === null ? [] : [opening]
    opening = null
    // What is nobody else's affair is passed over, and the reader's place with it.
    const events = isPublic ? await readPublic(sql, kinds, last, batch) : await readOwn(sql, person, last, batch)
    last = events.at(-1)?.seq ?? last
    return { blocks: [...blocks, ...events.map((event) => block(event.event, event, event.seq!))] }
  }
  const source = { sql, topic: feedTopic(person), look, news: whoHasNews, of: person, after: () => last }
  const opened = await streams.follow(call, source)
  if (!opened) throw refuseEvents('too_many_streams', { retryable: true, retry_after_seconds: 5 })
  return reply(200, opened, streamHeaders)
}

/** Where the reader wants to go on: null is now, NaN a place that nobody was ever given. */
function placeOf(lastEventId: string | undefined, after: number | undefined): number | null {
  if (lastEventId === undefined || lastEventId === '') return after ?? null
  return /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN
}
