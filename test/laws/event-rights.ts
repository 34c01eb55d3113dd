import { numberEvents } from '../../src/core/events/sequence.ts'
import { eventKinds } from '../../src/market.ts'
import type { Party, PersonRole } from './parties.ts'
import type { Prepared, Right } from './rights.ts'
import { type Thing, type World, webhookOf } from './world.ts'

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

/** The rights at the feed and at webhooks: everybody's own affairs, and nobody else's. */
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
}
