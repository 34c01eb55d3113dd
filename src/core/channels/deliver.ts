import { createHash } from 'node:crypto'
import type { Database } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'
import type { Sealer } from '../../base/seal.ts'
import { type Deliverer, openRuns, type Queue, type RunsNeeds, type Went } from '../deliveries/runs.ts'
import { nextTry } from '../deliveries/schedule.ts'
import { bookDelivered, bookFailed, bookGone, bookPostponed, bookRefused, type Tried } from './book.ts'
import { type ChannelType, triesMax } from './channel.ts'
import { type Composer, composeEvents, composeQuestion, composeTest, type Note } from './compose.ts'
import { openPlace, placePrint, sealPlace } from './place.ts'
import { type Bundle, putBack, readBundle, renew, type Taken, takeDue } from './take.ts'
import { codeOf, stopToken } from './token.ts'
import type { Sent, Ways } from './way.ts'

/** Whoever takes longer than this is slow. */
const slowMs = 3_000

/** How long what goes wrong by our own settings waits before it is tried again, in seconds. */
const oursSeconds = 300

export interface ChannelNeeds extends Composer, Omit<RunsNeeds<Taken>, 'queue'> {
  readonly db: Database
  readonly ways: Ways
  /** Of what channels keep. */
  readonly sealer: Sealer
}

/** Tells channels what there is to tell: one message at a time to each, with everything that is due by then. */
export const openChannelDeliverer = (needs: ChannelNeeds): Deliverer =>
  openRuns({ log: needs.log, onRoom: needs.onRoom, queue: queueOf(needs) })

function queueOf(needs: ChannelNeeds): Queue<Taken> {
  const { db, ways } = needs
  const available = Object.keys(ways) as ChannelType[]
  return {
    take: (token, room) => takeDue(db, token, room, available),
    renew: (held) => renew(db, held),
    putBack: (token, ids) => putBack(db, token, ids),
    send: (one, token, signal) => send(needs, one, token, signal),
  }
}

async function send(needs: ChannelNeeds, one: Taken, token: string, signal: AbortSignal): Promise<Went> {
  const { db, sealer, ways } = needs
  const bundle = await readBundle(db, one)
  // Somebody has removed or disabled it since.
  if (!bundle) return { isDelivered: null, isSlow: false }
  const begun = performance.now()
  failpoint('channel', 'before_call')
  const place = openPlace(sealer, one.id, one.type, one.config)
  const note = compose(needs, one, bundle, stopToken(sealer, placePrint(sealer, place)))
  const sent = await ways[one.type]!(place.to, note, signal)
  if (!sent) return { isDelivered: null, isSlow: false }
  failpoint('channel', 'before_booking')
  const durationMs = Math.round(performance.now() - begun)
  await book(needs, one, { ...sent, channel: one.id, token, bundle, durationMs })
  failpoint('channel', 'after_booking')
  return { isDelivered: sent.outcome === 'delivered', isSlow: durationMs > slowMs }
}

/** The same rows make the same message, so that one that is sent twice can be known. */
const idOf = ({ ids }: Bundle): string => createHash('sha256').update(ids.join()).digest('hex').slice(0, 32)

function compose(needs: ChannelNeeds, { id: channel, isFirst }: Taken, bundle: Bundle, token: string): Note {
  const id = idOf(bundle)
  if (bundle.kind === 'test') return composeTest(needs, id, token, isFirst)
  if (bundle.kind === 'confirmation')
    return composeQuestion(needs, { id, channel, code: codeOf(needs.sealer, channel), token })
  return composeEvents(needs, { id, events: bundle.events, many: bundle.ids.length, token, isFirst })
}

async function book({ db, sealer, log }: ChannelNeeds, one: Taken, tried: Tried & Sent): Promise<void> {
  const again = nextTry(Math.min(one.tries + 1, triesMax - 1), tried.holdSeconds, Math.random()) ?? 0
  switch (tried.outcome) {
    case 'delivered':
      return void (await bookDelivered(db, tried, one.type, tried.holdSeconds))
    case 'postponed':
      return void (await bookPostponed(db, tried, tried.holdSeconds, moved(sealer, one, tried.movedTo)))
    case 'ours':
      log.error({ channel_type: one.type, error: tried.error }, 'messages to channels go nowhere: see the settings')
      return void (await bookPostponed(db, tried, oursSeconds))
    case 'refused':
      return bookRefused(db, tried, again)
    case 'failed':
      return bookFailed(db, tried, again)
    case 'gone':
      return bookGone(db, tried)
  }
}

function moved(sealer: Sealer, { id, type }: Taken, to: string | undefined): { config: Buffer; place: Buffer } | null {
  if (to === undefined) return null
  const place = { type, to }
  return { config: sealPlace(sealer, id, place), place: placePrint(sealer, place) }
}
