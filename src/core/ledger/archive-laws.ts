import type { Law } from './laws.ts'
import { movementsIn, workOf } from './movements.ts'

/** What must hold of the archive: with it, the ledger's own laws, which go by what is carried forward, hold over every transfer there is. */
export const archiveLaws: readonly Law[] = [
  {
    name: 'what is carried forward equals the transfers in the archive, for every account',
    query: `select coalesce(c.account, m.account) as place,
        format('carried %s of which card %s, transfers %s of which card %s', c.balance, c.card_part, m.balance, m.card) as detail
      from ledger_carried c full join (
        select account, unit, sum(amount) as balance, sum(card) as card from (${movementsIn('transfer_old')}) as old group by account, unit
      ) as m using (account, unit)
      where coalesce(c.balance, 0) <> coalesce(m.balance, 0) or coalesce(c.card_part, 0) <> coalesce(m.card, 0)`,
  },
  {
    name: 'no transfer is there twice, here or in the archive',
    query: `select format('%s %s %s', kind, source, leg) as place, format('%s times', count(*)) as detail
      from transfer_all group by kind, source, leg having count(*) > 1`,
  },
  {
    name: 'a posting is here or in the archive, never in both',
    query: `select distinct o.kind || ' ' || o.source as place, 'divided' as detail
      from transfer_old o join transfer t on t.kind = o.kind and t.source = o.source`,
  },
  {
    name: 'what came from work in the archive went to somebody',
    query: `select ref as place, format('funded %s, gone %s', funded, gone) as detail from (
        select ref, unit, coalesce(sum(amount) filter (where to_account = 'escrow:' || ref), 0) as funded,
          coalesce(sum(amount) filter (where from_account = 'escrow:' || ref
            and to_account ~ '^(wallet:|pending:|clearing:|credits:|platform:(fees|arbitration|stripe|credits)$)'), 0) as gone
        from transfer_old where 'escrow:' || ref in (from_account, to_account) group by ref, unit
      ) as work left join ledger_carried c on c.account = 'escrow:' || ref and c.unit = work.unit
      where funded <> gone + coalesce(c.balance, 0)`,
  },
  {
    name: 'what is carried forward of work equals its transfers in the archive',
    query: `select coalesce(c.ref, w.ref) as place, format('carried %s, transfers %s', row_to_json(c), row_to_json(w)) as detail
      from ledger_work_carried c full join (${workOf('transfer_old')}) as w using (ref)
      where (c.funded, c.paid, c.fee, c.arbitration, c.refunded, c.taken_back) is distinct from
        (w.funded, w.paid, w.fee, w.arbitration, w.refunded, w.taken_back)`,
  },
]
