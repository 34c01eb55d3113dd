import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { Sealer } from '../../base/seal.ts'
import { type channelsApi, refuseChannel } from './api.ts'
import { turnOff } from './book.ts'
import { placeOfStop } from './token.ts'

/** Whoever reads at a place ends what comes there, from all accounts at once, or takes that back; the owners are told. */
export async function stop(
  { sql }: Call,
  { token, stop: wanted }: Input<(typeof channelsApi)['endpoints']['stop']>,
  sealer: Sealer,
): Promise<Reply<{ stopped: boolean }>> {
  const place = placeOfStop(sealer, token)
  if (!place) throw refuseChannel('stop_unknown')
  if (wanted) {
    await sql.rows(`insert into channel_stop (place, at) values ($1, app_now()) on conflict do nothing`, [place])
    // One order for all who lock several.
    const channels = await sql.rows<{ id: string }>(
      `select id from channel where place = $1 order by id for no key update`,
      [place],
    )
    for (const { id: channel } of channels) await turnOff(sql, channel, 'stopped', null)
  } else {
    await sql.rows(`delete from channel_stop where place = $1`, [place])
    await sql.rows(
      `update channel set disabled_reason = 'owner', updated_at = app_now() where place = $1 and disabled_reason = 'stopped'`,
      [place],
    )
  }
  return reply(200, { stopped: wanted })
}
