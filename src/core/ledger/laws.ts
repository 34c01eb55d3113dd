import type { Database, Sql } from '../../base/db.ts'
import { heldByTransfers } from './movements.ts'

/** One broken law of the ledger: which, where, and by how much. */
export interface Breach {
  readonly law: string
  readonly where: string
  readonly detail: string
}

/** A law of money, as a query. */
export interface Law {
  readonly name: string
  /** Selects every place where the law does not hold, as `place` and `detail`. */
  readonly query: string
}

const movements = heldByTransfers()

/**
 * What must hold of the money at any moment, whoever moved it. The archive counts with what is carried forward from it; that this is
 * right is for `archiveLaws` to say.
 */
export const laws: readonly Law[] = [
  {
    name: 'every snapshot of a platform account equals the sealed transfers',
    query: `select p.account as place, format('snapshot %s, transfers %s', p.balance, coalesce(m.balance, 0)) as detail
      from platform_snapshot p left join (${heldByTransfers('xid < coalesce((select max(to_xid) from ledger_seal), 0)')}) as m
        using (account, unit) where p.balance <> coalesce(m.balance, 0)`,
  },
  {
    name: 'every balance equals its transfers',
    query: `select coalesce(a.id, m.account) as place, format('balance %s, transfers %s', a.balance, m.balance) as detail
      from ledger_account a full join (${movements}) as m on m.account = a.id and m.unit = a.unit
      where not starts_with(coalesce(a.id, m.account), 'platform:') and coalesce(a.balance, 0) <> coalesce(m.balance, 0)`,
  },
  {
    name: 'the card part of every account equals its transfers',
    query: `select a.id as place, format('card part %s, transfers %s', a.card_part, coalesce(m.card, 0)) as detail
      from ledger_account a left join (${movements}) as m on m.account = a.id and m.unit = a.unit
      where a.card_part <> coalesce(m.card, 0)`,
  },
  {
    name: 'no account with a floor is overdrawn',
    query: `select id as place, format('balance %s', balance) as detail from ledger_account where balance < 0 and not starts_with(id, 'debt:')`,
  },
  {
    name: 'all accounts of a unit sum to zero',
    query: `select unit as place, format('sum %s', sum(balance)) as detail from (
        select unit, balance from ledger_account
        union all select m.unit, m.balance from (${movements}) as m where starts_with(m.account, 'platform:')
      ) as everything group by unit having sum(balance) <> 0`,
  },
  {
    name: 'funded = paid (debt repaid included) + fee + arbitration + refunded + charged back + held, for every piece of work',
    // Added up with what is held and not joined to it: of every piece of work there has ever been, that is one pass.
    query: `select ref as place, format('funded %s, gone %s, held %s', funded, gone, held) as detail from (
        select ref, unit, coalesce(sum(funded), 0) as funded, coalesce(sum(gone), 0) as gone, coalesce(sum(held), 0) as held from (
          select ref, unit, case to_account when 'escrow:' || ref then amount end as funded,
            case when from_account = 'escrow:' || ref and to_account ~ '^(wallet:|pending:|clearing:|credits:|platform:(fees|arbitration|stripe|credits)$)' then amount end as gone,
            null::bigint as held
          from transfer where 'escrow:' || ref in (from_account, to_account)
          union all select substr(account, 8), unit, balance, null, null from ledger_carried where starts_with(account, 'escrow:')
          union all select substr(id, 8), unit, null, null, balance from ledger_account where starts_with(id, 'escrow:')
        ) as moved group by ref, unit
      ) as work where funded <> gone + held`,
  },
  {
    name: 'debt is repaid before anything else: whoever owes has nothing in the wallet, and the wallet knows that they owe',
    query: `select w.id as place, format('balance %s, owes %s, debt %s', w.balance, w.owes, coalesce(-d.balance, 0)) as detail
      from ledger_account w left join ledger_account d on d.id = replace(w.id, 'wallet:', 'debt:')
      where starts_with(w.id, 'wallet:') and (w.owes <> (coalesce(d.balance, 0) < 0) or (w.owes and w.balance > 0))`,
  },
  {
    name: 'charged back = taken from the wallet + debt, and won back = the same again',
    query: `select source as place, format('taken %s, given back %s', taken, back) as detail from (
        select source, coalesce(sum(amount) filter (where kind = 'chargeback'), 0) as taken,
          sum(amount) filter (where kind = 'chargeback_won' and from_account = 'platform:stripe') as back
        from transfer_all where kind in ('chargeback', 'chargeback_won') group by source
      ) as dispute where back <> taken`,
  },
  {
    name: 'what was reserved for the provider has left for it, come back, or is still reserved, and as the same kind of money',
    query: `select account as place, format('in %s of which card %s, out %s of which card %s, held %s', came, came_card, gone, gone_card, a.balance) as detail from (
        select account, coalesce(sum(amount) filter (where way = 'in'), 0) as came, coalesce(sum(card_part) filter (where way = 'in'), 0) as came_card,
          coalesce(sum(amount) filter (where way = 'out'), 0) as gone, coalesce(sum(card_part) filter (where way = 'out'), 0) as gone_card
        from (select to_account as account, 'in' as way, amount, card_part from transfer where starts_with(to_account, 'clearing:')
          union all select from_account, 'out', amount, card_part from transfer where starts_with(from_account, 'clearing:')
          union all select account, 'in', balance, card_part from ledger_carried where starts_with(account, 'clearing:')) as moved group by account
      ) as clearing left join ledger_account a on a.id = account
      where came <> gone + coalesce(a.balance, 0) or came_card <> gone_card + coalesce(a.card_part, 0)`,
  },
]

/** Checks every law over the whole ledger as it is at one moment, and what a desk adds to them; an empty list means that all hold. */
export async function checkLaws(db: Pick<Database, 'overview'>, further: readonly Law[] = []): Promise<Breach[]> {
  const breaches: Breach[] = []
  await db.overview(async (sql) => {
    for (const law of [...laws, ...further]) {
      const rows = await sql.rows<{ place: string; detail: string }>(
        `select place, detail from (${law.query}) as broken limit 50`,
      )
      breaches.push(...rows.map(({ place, detail }) => ({ law: law.name, where: place, detail })))
    }
  })
  return breaches
}

/** The balance of a platform account: its snapshot at the newest seal and what has been posted since. */
export async function platformBalance(sql: Sql, account: `platform:${string}`, unit = 'USD'): Promise<number> {
  const [row] = await sql.rows<{ balance: number }>(
    `select (coalesce((select balance from platform_snapshot where account = $1 and unit = $2), 0)
       + coalesce((select sum(case when to_account = $1 then amount else -amount end) from transfer
           where xid >= coalesce((select max(to_xid) from ledger_seal), 0) and unit = $2 and $1 in (from_account, to_account)), 0))::bigint as balance`,
    [account, unit],
  )
  return row!.balance
}

/** Stops money from leaving (withdrawals and payouts, nothing else) until an operator has looked. Already frozen: stays as it is. */
export async function freezeLedger(sql: Sql, reason: string): Promise<void> {
  await sql.rows(`insert into ledger_freeze (reason, since) values ($1, app_now()) on conflict (one) do nothing`, [
    reason,
  ])
}

/** Lets money leave again; answers whether it was frozen. */
export async function unfreezeLedger(sql: Sql): Promise<boolean> {
  return (await sql.rows(`delete from ledger_freeze returning 1`)).length > 0
}

/** Why and since when money may not leave; null when it may. */
export async function readFreeze(sql: Sql): Promise<{ reason: string; since: string } | null> {
  const [row] = await sql.rows<{ row: { reason: string; since: string } }>(
    `select row_to_json(frozen) as row from (select reason, since from ledger_freeze) as frozen`,
  )
  return row?.row ?? null
}

/** Checks every law, keeps what it found, and freezes the ledger when one is broken. */
export async function auditLedger(db: Database, further: readonly Law[] = []): Promise<Breach[]> {
  const breaches = await checkLaws(db, further)
  await db.rows(
    `insert into ledger_audit (at, breaches) values (app_now(), $1::json)
     on conflict (one) do update set at = excluded.at, breaches = excluded.breaches`,
    [JSON.stringify(breaches)],
  )
  const [first] = breaches
  if (first) await freezeLedger(db, `${first.law}: ${first.where}, ${first.detail}`)
  return breaches
}
