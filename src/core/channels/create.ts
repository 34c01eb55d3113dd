import type { Sql } from '../../base/db.ts'
import type { Egress } from '../../base/egress/egress.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import { chooseEvents } from '../events/choice.ts'
import type { Kinds } from '../events/feed.ts'
import { type channelsApi, refuseChannel } from './api.ts'
import { askPlace, isStopped } from './ask-place.ts'
import { type Channel, type ChannelRow, channelColumns, channelsMax } from './channel.ts'
import { faultOf, fieldOf, type Hosts, type Place, placePrint, sealPlace } from './place.ts'
import { type Showing, show } from './queries.ts'

export interface ChannelsNeeds extends Showing {
  readonly kinds: Kinds
  readonly egress: Pick<Egress, 'judge'>
  readonly hosts: Hosts
}

type NewChannel = Input<(typeof channelsApi)['endpoints']['create']>

/** Makes a channel. A mailbox that is not known to be the caller's is asked first, and told nothing before it has said yes. */
export async function create(
  { sql, actor, wake }: Call,
  { channel_type: type, config, enabled_events = null, digest = 'off' }: NewChannel,
  needs: ChannelsNeeds,
): Promise<Reply<Channel>> {
  const place = placeOf(type, config)
  const fault = faultOf(place, needs.hosts, needs.egress)
  if (fault !== null) throw refuseChannel('address_refused', { issues: [issue(place, fault)] }, fault)
  const names = known(needs.kinds, enabled_events)
  const print = placePrint(needs.sealer, place)
  if (await isStopped(sql, print)) throw refuseChannel('receiver_stopped')
  // Two at once would both find room for the last one.
  await sql.rows(`select account_lock($1)`, [actor.userId])
  const id = newId()
  const isConfirmed = type !== 'email' || (await isOwnAddress(sql, actor.userId, place.to))
  const [made] = await sql.rows<{ row: ChannelRow }>(
    `with made as (
       insert into channel (id, user_id, channel_type, config, place, enabled_events, digest, confirmed_at, created_at, updated_at)
       select $1, $2, $3, $4, $5, $6, $7, case when $8 then app_now() end, app_now(), app_now()
       where (select count(*) from channel where user_id = $2) < ${channelsMax} returning ${channelColumns}
     ) select row_to_json(made) as row from made`,
    [id, actor.userId, type, sealPlace(needs.sealer, id, place), print, names, digest, isConfirmed],
  )
  if (!made) throw refuseChannel('too_many_channels')
  if (!isConfirmed) {
    await askPlace(sql, id, actor.userId, print)
    wake('channels')
  }
  return reply(201, show(made.row, needs))
}

/** The one place that `config` names for this type; refuses a missing field, and one that belongs to another type. */
function placeOf(type: NewChannel['channel_type'], config: NewChannel['config']): Place {
  const field = fieldOf[type]
  const given = config[field]
  const issues = Object.keys(config)
    .filter((name) => name !== field)
    .map((name) => ({ path: `config.${name}`, message: `does not belong to a channel of type ${type}` }))
  if (given === undefined) issues.push({ path: `config.${field}`, message: `is needed for a channel of type ${type}` })
  if (issues.length > 0 || given === undefined)
    throw refuseChannel(
      'invalid_input',
      { issues },
      `A channel of type ${type} takes config.${field}, and nothing else.`,
    )
  return { type, to: String(given) }
}

const issue = ({ type }: Place, message: string): { path: string; message: string } => ({
  path: `config.${fieldOf[type]}`,
  message,
})

/** Whether it is the caller's own address, which somebody we trust has seen to be theirs. */
async function isOwnAddress(sql: Sql, user: string, address: string): Promise<boolean> {
  const [own] = await sql.rows<{ is_own: boolean }>(`select account_owns_address($1, $2) as is_own`, [user, address])
  return own!.is_own
}

/** The names that are asked for, each once; refuses one that nothing is ever told under. */
export function known(kinds: Kinds, names: readonly string[] | null): string[] | null {
  const chosen = chooseEvents(kinds, names)
  if ('names' in chosen) return chosen.names
  throw refuseChannel('unknown_event', { known: chosen.known }, chosen.sentence)
}
