import { sqlList } from '../../base/states.ts'
import type { Law } from '../../core/ledger/laws.ts'
import { contractLife } from './contract/contract.ts'
import { holdsMoney, milestoneLife } from './contract/milestone.ts'
import { disputeLife } from './dispute/dispute.ts'

const held = sqlList(holdsMoney)

/** What must hold of the money of gigs; the ledger knows no milestone, so the desk says it. */
export const gigLaws: readonly Law[] = [
  {
    name: 'a dispute is undecided while its milestone is disputed, and no longer',
    query: `select m.id::text as place, format('%s, yet its dispute is %s', m.status, coalesce(d.status, 'nowhere')) as detail
      from milestone m left join dispute d on d.milestone_id = m.id
      where (m.status = ${milestoneLife.to('dispute')}) <> (d.status is not null and d.status not in (${sqlList(disputeLife.ended)}))`,
  },
  {
    name: 'a milestone holds its amount in escrow while it is funded, delivered or disputed, less what a bank has taken back, and nothing otherwise',
    query: `select id::text as place, format('%s at %s, yet %s held', status, amount_cents, held) as detail
      from (select *, ledger_held('milestone:' || id) as held, case when status in (${held}) then amount_cents else 0 end as due from milestone) as m
      where held <> due and (due = 0 or held <> due - ledger_taken_back('milestone:' || id))`,
  },
  {
    name: 'for every milestone funded = released + fee + arbitration + refunded + charged back + held, and funded is its amount, or nothing',
    query: `select id::text as place, format('%s over %s: funded %s = released %s + fee %s + arbitration %s + refunded %s + charged back %s + held %s',
        status, amount_cents, funded, paid, fee, arbitration, refunded, charged_back, held) as detail
      from milestone, ledger_work('milestone:' || id)
      where funded <> paid + fee + arbitration + refunded + charged_back + held
        or funded <> case when funded_at is null then 0 else amount_cents end`,
  },
  {
    name: 'a milestone that has ended says where its money went',
    query: `select id::text as place, format('%s: released %s, fee %s, arbitration %s, refunded %s, yet the ledger says %s, %s, %s, %s', status,
        released_cents, fee_cents, arbitration_cents, refunded_cents, paid, fee, arbitration, refunded) as detail
      from milestone, ledger_work('milestone:' || id)
      where status in (${sqlList([milestoneLife.moves.release.to, milestoneLife.moves.give_back.to])})
        and (released_cents, fee_cents, arbitration_cents, refunded_cents) is distinct from (paid, fee, arbitration, refunded)`,
  },
  {
    name: 'what the worker got of a milestone is paid out to them, once',
    query: `select m.id::text as place, format('released %s, paid out %s', released_cents, p.amount_cents) as detail
      from milestone m join contract c on c.id = m.contract_id left join payout p on p.ref = 'milestone:' || m.id and p.user_id = c.worker_id
      where case when released_cents > 0 then p.amount_cents is null or p.amount_cents > released_cents else p.id is not null end`,
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
