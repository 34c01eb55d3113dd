import { dollars } from '../../../base/money.ts'
import type { AuditEntry, Negotiation } from '../../../desks/gigs/negotiation/negotiation.ts'
import { rate } from './gig.ts'
import { facts } from './job.ts'
import { type Column, table } from './table.ts'
import { bold, dim, oneLine, paint } from './text.ts'
import { relative } from './time.ts'

const colours: Readonly<Record<Negotiation['state'], Parameters<typeof paint>[0]>> = {
  pending: 'cyan',
  in_progress: 'yellow',
  pending_owner_approval: 'blue',
  approved: 'green',
  expired: 'dim',
}

const columns: readonly Column<Negotiation>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'STATE', cell: ({ state }) => state, paint: (text, { state }) => paint(colours[state], text) },
  { title: 'YOU ARE', cell: ({ your_role: role }) => role, spare: true },
  { title: 'ROUND', cell: ({ round_number: round }) => `${round}`, align: 'right', spare: true },
  { title: 'TERMS', cell: terms, spare: true },
  { title: 'ENDS', cell: ({ deadline_at: at }) => (at ? relative(at) : ''), align: 'right', spare: true },
  { title: 'GIG', cell: ({ gig_title: title }) => title, paint: (text) => bold(text), flexible: true },
]

function terms({ round_number: round, rate_cents: cents, hours_per_week: hours }: Negotiation): string {
  return round === 0 ? 'none yet' : `${rate(cents)} × ${hours} h`
}

export const negotiationsTable = (negotiations: readonly Negotiation[]): string[] => table(negotiations, columns)

const contact = (shared: Negotiation['contact_exchange']['my_share']): string | null =>
  shared && oneLine(`${shared.contact_type}: ${shared.contact_value}`)

/** A negotiation as one of its parties sees it. */
export function negotiationCard(negotiation: Negotiation): string[] {
  const { rate_cents: cents, hours_per_week: hours, start_date: start, contact_exchange: contacts } = negotiation
  return [
    bold(oneLine(negotiation.gig_title)),
    ...facts([
      ['id', negotiation.id],
      ['state', paint(colours[negotiation.state], negotiation.state)],
      ['you are', negotiation.your_role],
      ['rounds', `${negotiation.round_number} so far, ${negotiation.rounds_left} left`],
      ['rate', negotiation.round_number > 0 && rate(cents)],
      [
        'hours a week',
        negotiation.round_number > 0 && `${hours}${cents * hours > 0 ? dim(`  ${dollars(cents * hours)} in all`) : ''}`,
      ],
      ['start', start],
      ['payout delay', negotiation.round_number > 0 && `${negotiation.payout_delay_days} days`],
      ['contract', negotiation.contract_id],
      ['ends', negotiation.deadline_at && `${relative(negotiation.deadline_at)}, unless somebody moves`],
      ['your contact', contact(contacts.my_share)],
      ['their contact', contact(contacts.other_party_contact)],
    ]),
  ]
}

/** What has happened in a negotiation, a line each. */
export function auditLines(
  audit: readonly AuditEntry[],
  { client_user_id: client, your_role: role }: Negotiation,
): string[] {
  const who = (actor: string | null): string => {
    if (actor === null) return 'the market'
    const side = actor === client ? 'client' : 'worker'
    return side === role ? 'you' : `the ${side}`
  }
  const said = (data: AuditEntry['data']): string =>
    Object.entries(data)
      .map(([name, value]) => `${name} ${value === null ? 'none' : String(value)}`)
      .join(', ')
  return audit.map(({ at, actor, event, data }) =>
    `  ${dim(relative(at).padEnd(8))}  ${who(actor)}: ${event}${Object.keys(data).length > 0 ? dim(`  ${oneLine(said(data))}`) : ''}`.trimEnd(),
  )
}
