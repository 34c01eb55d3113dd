import { givingWay, type Movable, type Moved, type Moving } from '../../base/archive.ts'
import type { Database, Sql } from '../../base/db.ts'
import { failpoint } from '../../base/failpoint.ts'
import { movementsIn, workOf } from './movements.ts'

const sealedTo = `coalesce((select to_xid from ledger_seal order by number desc limit 1), 0)`

const lock = `select moved_to, (app_now() - make_interval(days => $1))::text as before,
    ${sealedTo} as sealed, exists (select from ledger_freeze) as frozen
  from ledger_archive for update skip locked`

// In the order in which they were written, up to the first that must stay.
const reach = `with next as materialized (
    select position, xid, created_at from transfer where position > $1 order by position limit $2
  )
  select max(position) as until, (select count(*) from next) as many from next where position < coalesce(
    (select min(position) from next where xid >= $3 or created_at >= $4::timestamptz), 9223372036854775807)`

const divided = `select min(t.position) - 1 as until from transfer t where t.position > $1 and t.position <= $2
  and exists (select from transfer o where o.kind = t.kind and o.source = t.source and o.position > $2)`

const range = `position > $1 and position <= $2`

const months = `select archive_month('transfer_old', month) from (select distinct date_trunc('month', created_at, 'UTC') as month from transfer where ${range}) as m`

const copy = `insert into transfer_old select * from transfer where ${range}`

const carry = `insert into ledger_carried as c (account, unit, balance, card_part)
  select account, unit, sum(amount), sum(card) from (${movementsIn('transfer', range)}) as m group by account, unit
  having sum(amount) <> 0 or sum(card) <> 0
  on conflict (account, unit) do update set balance = c.balance + excluded.balance, card_part = c.card_part + excluded.card_part`

const settled = `delete from ledger_carried where balance = 0 and card_part = 0`

const columns = ['funded', 'paid', 'fee', 'arbitration', 'refunded', 'taken_back']
const carryWork = `insert into ledger_work_carried as c (ref, ${columns.join(', ')})
  select ref, ${columns.join(', ')} from (${workOf('transfer', range)}) as w
  on conflict (ref) do update set ${columns.map((name) => `${name} = c.${name} + excluded.${name}`).join(', ')}`

const remove = `delete from transfer where ${range} returning 1`

const note = `update ledger_archive set moved_to = $2, moved_at = app_now(),
    newest_at = greatest(newest_at, (select max(created_at) from transfer where ${range}))`

/** What of the transfers may move now. Nothing while the ledger is frozen: whoever looks into it finds it as it was. */
async function findReach(sql: Sql, { days, most }: Moving): Promise<{ from: number; until: number } | null | 'busy'> {
  const [state] = await sql.rows<{ moved_to: number; before: string; sealed: number; frozen: boolean }>(lock, [days])
  if (!state) return 'busy'
  if (state.frozen) return null
  const { moved_to: from, sealed, before } = state
  for (let many = most; ; many *= 4) {
    const [found] = await sql.rows<{ until: number | null; many: number }>(reach, [from, many, sealed, before])
    let until = found!.until
    // A posting stays in one place: what would be torn apart waits for the next time.
    while (until !== null && until > from) {
      const [cut] = await sql.rows<{ until: number | null }>(divided, [from, until])
      if (cut!.until === null) return { from, until }
      until = cut!.until
    }
    if (until === null || found!.many < many) return null
  }
}

/**
 * Moves the oldest transfers to the archive: those under a seal, older than so many days, at most about `most`, in one transaction. What
 * they come to is carried forward for each account. Answers how many; null while another process is at it.
 */
export async function moveTransfers(db: Database, moving: Moving): Promise<Moved> {
  const moved = await givingWay(db, async (sql) => {
    const found = await findReach(sql, moving)
    if (found === 'busy') return null
    if (!found) return 0
    const bounds = [found.from, found.until]
    await sql.rows(months, bounds)
    await sql.rows(copy, bounds)
    failpoint('moving transfers', 'before_booking')
    await sql.rows(carry, bounds)
    await sql.rows(settled)
    await sql.rows(carryWork, bounds)
    await sql.rows(note, bounds)
    const gone = await sql.rows(remove, bounds)
    return gone.length
  })
  if (moved) failpoint('moving transfers', 'after_booking')
  return moved
}

export const movableTransfers: Movable = {
  name: 'transfers',
  tables: ['transfer'],
  archives: ['transfer_old'],
  due: `select count(*) as n from transfer, ledger_archive
    where position > moved_to and created_at < app_now() - make_interval(days => $1) and xid < ${sealedTo}`,
  behind: (days) => `(select extract(epoch from app_now() - make_interval(days => ${days}) - created_at) from transfer
    where position > (select moved_to from ledger_archive) order by position limit 1)`,
  kept: `select 'The ledger is frozen: ' || reason as what from ledger_freeze where $1::integer is not null`,
  state: `select moved_at from ledger_archive`,
  move: moveTransfers,
}
