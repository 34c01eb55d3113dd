/**
 * What the transfers of a table have done to each of their two accounts, as a query of `account, unit, amount, card, xid`. Card money
 * that somebody else has earned is none any more.
 */
export const movementsIn = (table: 'transfer' | 'transfer_old', where = 'true'): string =>
  `select to_account as account, unit, amount, xid,
     case when starts_with(to_account, 'wallet:') and not ledger_card_stays(kind) then 0 else card_part end as card from ${table} where ${where}
   union all select from_account, unit, -amount, xid, case when starts_with(from_account, 'platform:') then 0 else -card_part end
   from ${table} where ${where}`

/**
 * What each account should hold, from its transfers alone: those here, and what those in the archive come to. Only transfers under a seal
 * are in the archive.
 */
export const heldByTransfers = (where = 'true'): string =>
  `select account, unit, sum(amount) as balance, sum(card) as card from (
     select account, unit, amount, card from (${movementsIn('transfer')}) as here where ${where}
     union all select account, unit, balance, card_part from ledger_carried
   ) as movement group by account, unit`

/** What the transfers of a table say of each piece of work that is not a job, as `ledger_work` and `ledger_taken_back` count it. */
export const workOf = (table: 'transfer' | 'transfer_old', where = 'true'): string =>
  `select substr(escrow, 8) as ref,
      coalesce(sum(amount) filter (where own and to_account = escrow and kind <> 'chargeback_won'), 0)::bigint as funded,
      coalesce(sum(amount) filter (where own and starts_with(to_account, 'pending:')), 0)::bigint as paid,
      coalesce(sum(amount) filter (where own and to_account = 'platform:fees'), 0)::bigint as fee,
      coalesce(sum(amount) filter (where own and to_account = 'platform:arbitration'), 0)::bigint as arbitration,
      coalesce(sum(amount) filter (where own and (starts_with(to_account, 'wallet:') or starts_with(to_account, 'clearing:'))), 0)::bigint as refunded,
      coalesce(sum(case when kind = 'chargeback' and from_account = escrow then amount
        when kind = 'chargeback_won' and to_account = escrow then -amount end), 0)::bigint as taken_back
    from (
      select *, 'escrow:' || ref = escrow as own from (
        select *, case when starts_with(from_account, 'escrow:') then from_account else to_account end as escrow from ${table} where ${where}
      ) as t where starts_with(escrow, 'escrow:') and not starts_with(escrow, 'escrow:job:')
    ) as held group by escrow`
