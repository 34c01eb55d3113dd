import type { Kinds } from '../events/feed.ts'
import type { Taker } from '../events/sequence.ts'
import { type ChannelType, digestWaits } from './channel.ts'

// The first event of a digest sets the time, and those that come before it go with it. One that is urgent waits for nothing.
const due = `case when c.digest = 'off' or affair.name = any ($6) then app_now() else least(
    (select d.due_at from channel_delivery d where d.channel_id = c.id and d.due_at > app_now() order by d.due_at limit 1),
    app_now() + case c.digest when 'hourly' then interval '${digestWaits.hourly}' else interval '${digestWaits.daily}' end) end`

const queue = `insert into channel_delivery (channel_id, seq, name, due_at, created_at)
  select c.id, affair.seq, affair.name, ${due}, app_now()
  from channel c cross join lateral events_of(c.user_id, $2, $3, 100000) as affair
  where c.user_id = any ($1::uuid[]) and c.enabled and c.confirmed_at is not null and c.channel_type = any ($4)
    and case when c.enabled_events is null then affair.name <> all ($5) else affair.name = any (c.enabled_events) end
  on conflict (channel_id, seq) do nothing returning id`

/** Queues what has just been numbered for the channels of those whose affair it is, as far as this market can write there. */
export function queueForChannels(kinds: Kinds, available: readonly ChannelType[]): Taker {
  const names = (which: 'quiet' | 'urgent'): string[] =>
    [...kinds.values()].filter(({ words }) => words[which]).map(({ name }) => name)
  const [quiet, urgent] = [names('quiet'), names('urgent')]
  return async (sql, { people, before, last }) => {
    if (available.length === 0) return null
    const queued = await sql.rows(queue, [people, before, last, available, quiet, urgent])
    return queued.length > 0 ? 'channels' : null
  }
}
