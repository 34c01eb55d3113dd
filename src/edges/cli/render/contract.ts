import { dollars } from '../../../base/money.ts'
import type { ContractStatus } from '../../../desks/gigs/contract/contract.ts'
import type { Milestone } from '../../../desks/gigs/contract/milestone.ts'
import type { Contract } from '../../../desks/gigs/contract/show-contract.ts'
import { facts, isSameText, section } from './job.ts'
import { milestoneColours, moneyBar } from './milestone.ts'
import { type Column, table } from './table.ts'
import { bold, dim, oneLine, paint } from './text.ts'
import { relative } from './time.ts'

type Colour = Parameters<typeof paint>[0]

const colours: Readonly<Record<ContractStatus, Colour>> = {
  pending_owner_approval: 'magenta',
  in_negotiation: 'cyan',
  pending_freelancer_kyc: 'yellow',
  pending_client_funding: 'yellow',
  pending_both: 'yellow',
  active: 'blue',
  completed: 'green',
  cancelled: 'dim',
  expired: 'red',
}

const listColumns: readonly Column<Contract>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint(colours[status], text) },
  { title: 'AMOUNT', spare: true, cell: ({ amount_cents: cents }) => dollars(cents), align: 'right' },
  { title: 'YOU', spare: true, cell: ({ your_role: role }) => role },
  { title: 'UNTIL', spare: true, cell: ({ deadline_at: at }) => (at ? relative(at) : ''), align: 'right' },
  { title: 'TITLE', cell: ({ title }) => title, flexible: true },
]

export const contractsTable = (contracts: readonly Contract[]): string[] => table(contracts, listColumns)

const milestoneColumns: readonly Column<Milestone>[] = [
  { title: '', cell: () => '' },
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint(milestoneColours[status], text) },
  { title: 'AMOUNT', cell: ({ amount_cents: cents }) => dollars(cents), align: 'right' },
  { title: 'DUE', spare: true, cell: ({ due_at: at }) => (at ? relative(at) : ''), align: 'right' },
  { title: 'TITLE', cell: ({ title }) => title, flexible: true },
]

const approvals = ({ client_approved_at: client, worker_approved_at: worker }: Contract): string => {
  if (client && worker) return 'by both'
  return client ? 'by the client' : worker ? 'by the worker' : 'by nobody yet'
}

/** Everything of a contract: its terms, where it stands, its milestones. */
export function contractCard(contract: Contract): string[] {
  const { deadline_at: deadline, ended_at: ended } = contract
  const clock = deadline ? `ends ${relative(deadline)} unless it goes on` : ended ? `ended ${relative(ended)}` : null
  const pay = `${dollars(contract.rate_cents)} an hour, ${contract.hours_per_week} hours a week`
  return [
    bold(oneLine(contract.title)),
    ...facts([
      ['id', contract.id],
      ['status', [paint(colours[contract.status], contract.status), clock].filter(Boolean).join(', ')],
      ['you are', `the ${contract.your_role}`],
      ['pays', pay],
      ['paid out', `${contract.payout_delay_days} days after release`],
      ['starts', contract.start_date],
      ['approved', approvals(contract)],
      ['revised', contract.revisions > 0 && `${contract.revisions} of 3 times`],
      ['cancelled', contract.cancel_reason && oneLine(contract.cancel_reason)],
      ['created', relative(contract.created_at)],
    ]),
    ...section('Description', isSameText(contract.title, contract.description) ? null : contract.description),
    ...section('Scope', contract.scope),
    ...section('What should be different', contract.revise_notes),
    '',
    `  ${bold('Milestones')}`,
    ...table(contract.milestones, milestoneColumns),
    ...moneyBar(contract.milestones),
  ]
}
