import { sqlList } from '../../base/states.ts'
import type { Law } from '../../core/ledger/laws.ts'
import { contractLife } from './contract/contract.ts'
import { holdsMoney } from './contract/milestone.ts'

const held = sqlList(holdsMoney)

/** What must hold of the money of gigs; the ledger knows no milestone, so the desk says it. */
export const gigLaws: readonly Law[] = [
  {
    name: 'a milestone holds its amount in escrow while it is funded, delivered or disputed, less what a bank has taken back, and nothing otherwise',
    query: `select id::text as place, format('%s at %s, yet %s held', status, amount_cents, held) as detail
      from (select *, ledger_held('milestone:' || id) as held, case when status in (${held}) then amount_cents else 0 end as due from milestone) as m
      where held <> due and (due = 0 or held <> due - ledger_taken_back('milestone:' || id))`,
  },
  {
    name: 'a contract that has ended has no milestone that is open or holds money',
    query: `select c.id::text as place, format('%s, yet milestone %s is %s', c.status, m.id, m.status) as detail
      from contract c join milestone m on m.contract_id = c.id
      where c.status in (${sqlList(contractLife.ended)}) and m.ended_at is null`,
  },
  {
    name: 'a contract that is not agreed on has no milestone that holds money',
    query: `select c.id::text as place, format('%s, yet milestone %s is %s', c.status, m.id, m.status) as detail
      from contract c join milestone m on m.contract_id = c.id
      where c.status in (${contractLife.from('approve')}, ${contractLife.from('agree_again')}) and m.status in (${held})`,
  },
  {
    name: 'a milestone that was funded from a wallet has taken exactly its amount out of it',
    query: `select m.id::text as place, format('%s from %s, yet %s came in', m.status, m.source, funded) as detail
      from (select *, ledger_posted('milestone_funded', 'milestone:' || id) as funded from milestone) as m
      where m.source = 'wallet' and funded <> m.amount_cents`,
  },
]
