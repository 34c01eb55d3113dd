import { numberEvents } from '../../src/core/events/sequence.ts'
import { eventKinds } from '../../src/market.ts'
import type { Party, PersonRole } from './parties.ts'
import type { Prepared, Right } from './rights.ts'
import { channelOf, type Thing, type World, webhookOf } from './world.ts'

const openNames = eventKinds.filter(({ open }) => open).map(({ name }) => name)

/** Everything that has happened so far, so that the feeds show whatever they would. */
const everything = async ({ market }: World, fields: Readonly<Record<string, unknown>>): Promise<Prepared> => {
  await numberEvents(market.db, openNames, [])
  return { body: { after: 0, ...fields } }
}

const ofTheirs: Right = { ids: { id: 'webhook' }, may: ({ role }, { owner }) => role === owner, refusals: [404] }

/** Another webhook of the same owner, for what ends or changes one. */
const onFresh = async (
  { canaries, people, market }: World,
  { role }: Party,
): Promise<Prepared & { readonly fresh: Thing }> => {
  const fresh = await webhookOf(canaries, people, role as PersonRole)
  return {
    id: fresh.id,
    fresh,
    tidy: () => market.db.rows(`delete from webhook where id = $1`, [fresh.id]),
  }
}

const ofTheirChannel: Right = { ...ofTheirs, ids: { id: 'channel' } }

/** Another channel of the same owner, for what ends or changes one. */
const onFreshChannel = async ({ canaries, people, market }: World, { role }: Party): Promise<Prepared> => {
  const fresh = await channelOf(canaries, people, role as PersonRole)
  return { id: fresh.id, tidy: () => market.db.rows(`delete from channel where id = $1`, [fresh.id]) }
}

/** One whose address has not been confirmed, with the code that was never sent. */
const onUnconfirmed = async (world: World, party: Party): Promise<Prepared> => {
  const fresh = await onFreshChannel(world, party)
  await world.market.db.rows(`update channel set confirmed_at = null where id = $1`, [fresh.id])
  return fresh
}

/** The rights at the feed, at webhooks and at channels: everybody's own affairs, and nobody else's. */
export const eventRights: Readonly<Record<string, Right>> = {
  'events.list': {
    prepare: (world, { how }) => everything(world, how === 'session' ? { limit: 200, public: '1' } : { limit: 200 }),
  },
  'events.stream': {
    prepare: (world, { how }) => everything(world, how === 'session' ? { public: '1' } : {}),
  },
  'webhooks.list': {},
  'webhooks.create': {
    answers: [201],
    fields: () => ({ url: 'https://example.com/hook' }),
  },
  'webhooks.update': { ...ofTheirs, fields: () => ({ events: ['webhook.disabled'] }) },
  'webhooks.delete': { ...ofTheirs, prepare: onFresh },
  'webhooks.test': { ...ofTheirs, answers: [201], prepare: onFresh },
  'webhooks.rotate': { ...ofTheirs, prepare: onFresh },
  'webhooks.deliveries': ofTheirs,
  'webhooks.redeliver': {
    ...ofTheirs,
    ids: { id: 'webhook', did: 'delivery' },
    path: ({ delivery }) => ({ did: delivery! }),
  },
  'webhooks.redeliver_range': { ...ofTheirs, fields: () => ({ after: 0 }) },
  'channels.list': {},
  'channels.create': {
    answers: [201],
    prepare: async ({ market, people, things }, { role }) => ({
      body: { channel_type: 'telegram', config: { chat_id: 1 } },
      // Twenty are the most.
      tidy: () =>
        market.db.rows(`delete from channel where user_id = $1 and id <> all ($2)`, [
          people[role as PersonRole].userId,
          things.channel.map(({ id }) => id),
        ]),
    }),
  },
  'channels.update': { ...ofTheirChannel, fields: () => ({ digest: 'daily' }) },
  'channels.delete': { ...ofTheirChannel, prepare: onFreshChannel },
  'channels.test': ofTheirChannel,
  // Nobody guesses a code; whoever has it is tried where letters are read.
  'channels.confirm': { ...ofTheirChannel, answers: [400], fields: () => ({ code: 'AAAAA-AAAAA' }) },
  'channels.resend': { ...ofTheirChannel, prepare: onUnconfirmed },
  'channels.messages': ofTheirChannel,
  'channels.stop': { answers: [404], fields: () => ({ token: 'none' }) },
}
