import { givingWay, type Movable, type Moved, type Moving } from '../../base/archive.ts'
import type { Database } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'

const lock = `select moved_to from event_archive for update skip locked`

// In the order in which they were written, up to the first that is too young, or that the feed still tells, or a reader has not read.
const reach = `with next as materialized (
    select position, xid, created_at from event
    where position > $1 and position <= (
      select max(high) from event_day where day < (app_now() - make_interval(days => $3))::date and seq <= (select forgotten from event_sequence))
    order by position limit $2
  ), reader as materialized (
    select xid, position from event_reader order by xid, position limit 1
  )
  select max(position) as until from next where position < coalesce((
    select min(next.position) from next left join reader on true
    where next.created_at >= app_now() - make_interval(days => $3) or (next.xid, next.position) > (reader.xid, reader.position)
  ), 9223372036854775807)`

const range = `position > $1 and position <= $2`

const months = `select archive_month('event_old', month) from (select distinct date_trunc('month', created_at, 'UTC') as month from event where ${range}) as m`

// What somebody who leaves has taken out of an event meanwhile is out of what moves, too: a row is moved as it is once it can be locked.
const move = `with gone as (delete from event where ${range} returning *), moved as (insert into event_old select * from gone returning xid)
  select count(*) as many, max(xid) as newest from moved`

const note = `update event_archive set moved_to = $1, newest_xid = greatest(newest_xid, $2::bigint), moved_at = app_now()`

/**
 * Moves the oldest events to the archive: those that the feed tells no more and every reader has read, older than so many days, at most
 * `most`, in one transaction. Answers how many; null while another process is at it.
 */
export async function moveEvents(db: Database, { days, most }: Moving): Promise<Moved> {
  const moved = await givingWay(db, async (sql) => {
    const [state] = await sql.rows<{ moved_to: number }>(lock)
    if (!state) return null
    const [found] = await sql.rows<{ until: number | null }>(reach, [state.moved_to, most, days])
    if (found!.until === null) return 0
    await sql.rows(months, [state.moved_to, found!.until])
    const [gone] = await sql.rows<{ many: number; newest: number }>(move, [state.moved_to, found!.until])
    failpoint('moving events', 'before_booking')
    await sql.rows(note, [found!.until, gone!.newest])
    return gone!.many
  })
  if (moved) failpoint('moving events', 'after_booking')
  return moved
}

/** Throws away the months of the archive whose events are all older than so many days. Answers which. */
export async function dropEvents(db: Database, days: number): Promise<string[]> {
  const dropped = await givingWay(db, async (sql) => {
    const rows = await sql.rows<{ month: string }>(
      `select month from event_drop_months((app_now() - make_interval(days => $1))) as month`,
      [days],
    )
    return rows.map(({ month }) => month)
  })
  return dropped ?? []
}

export const movableEvents: Movable = {
  name: 'events',
  tables: ['event'],
  archives: ['event_old'],
  due: `select count(*) as n from event, event_archive where position > moved_to and created_at < app_now() - make_interval(days => $1)
    and position <= (select max(high) from event_day where day < (app_now() - make_interval(days => $1))::date and seq <= (select forgotten from event_sequence))`,
  // It goes with the day on which it got its number, when that day is over.
  behind: (
    days,
  ) => `(select extract(epoch from app_now() - make_interval(days => ${days}) - (d.day + 1)) from event_archive a
    cross join lateral (select position, created_at from event where position > a.moved_to order by position limit 1) as e
    cross join lateral (select day from event_day where day >= e.created_at::date and high >= e.position order by day limit 1) as d)`,
  kept: `select format('The reader %s has not read them all: see that a worker process is running', r.name) as what
    from event_archive a cross join lateral (
      select xid, position, created_at from event where position > a.moved_to order by position limit 1) as e
    join event_reader r on (r.xid, r.position) < (e.xid, e.position)
    where e.created_at < app_now() - make_interval(days => $1)`,
  state: `select moved_at from event_archive`,
  move: moveEvents,
}
