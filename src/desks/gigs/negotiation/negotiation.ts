import { z } from 'zod'
import { iso } from '../../../base/page.ts'
import { life } from '../../../base/states.ts'

export const negotiationStates = ['pending', 'in_progress', 'pending_owner_approval', 'approved', 'expired'] as const
export type NegotiationState = (typeof negotiationStates)[number]

/** `client` owns the gig, `worker` was shortlisted on it, `market` is the clock and what happens to the contract. */
export type NegotiationParty = 'client' | 'worker' | 'market'

/** Rounds there are before terms must be agreed on, and revisions after it, each with one fresh round a side. */
export const roundsMax = 3
export const revisionsMax = 3

/** The life of a negotiation. Nobody can be kept waiting: silence ends it. */
export const negotiationLife = life(negotiationStates, {
  propose: {
    from: ['pending', 'in_progress'],
    to: 'in_progress',
    by: ['client', 'worker'],
    verb: 'round',
    note: 'a proposal or counter, three in all',
  },
  agree: {
    from: ['in_progress'],
    to: 'pending_owner_approval',
    by: ['client', 'worker'],
    note: 'on the terms as they stand; makes the contract',
  },
  overrun: {
    from: ['in_progress'],
    to: 'expired',
    by: ['client', 'worker'],
    verb: 'round',
    quiet: true,
    note: 'a round after the last one; a contract under revision with it',
  },
  decline: {
    from: ['pending', 'in_progress'],
    to: 'expired',
    by: ['client', 'worker'],
    note: 'counts as answered; a contract under revision with it',
  },
  lapse: {
    from: ['pending', 'in_progress'],
    to: 'expired',
    by: ['market'],
    note: '7 days of silence; a contract under revision with it',
  },
  settle: {
    from: ['pending_owner_approval'],
    to: 'approved',
    by: ['market'],
    note: 'both sides have approved the contract',
  },
  reopen: {
    from: ['pending_owner_approval', 'approved'],
    to: 'in_progress',
    by: ['market'],
    note: 'a side revises the contract: one fresh round each',
  },
  fall: {
    from: ['pending_owner_approval', 'in_progress'],
    to: 'expired',
    by: ['market'],
    note: 'its contract was cancelled, or not approved for 7 days',
  },
} satisfies Record<
  string,
  {
    from: NegotiationState[]
    to: NegotiationState | 'same'
    by: NegotiationParty[]
    verb?: string
    quiet?: boolean
    note?: string
  }
>)

/** Negotiations that somebody still works on, or whose contract waits for approval: one for each gig and worker. */
export const liveStates = [
  'pending',
  'in_progress',
  'pending_owner_approval',
] as const satisfies readonly NegotiationState[]

const Contact = z.strictObject({ contact_type: z.string(), contact_value: z.string(), shared_at: z.string() })

export const Negotiation = z
  .strictObject({
    id: z.uuid(),
    gig_id: z.uuid(),
    gig_title: z.string(),
    client_user_id: z.uuid(),
    worker_user_id: z.uuid(),
    your_role: z.enum(['client', 'worker']),
    state: z.enum(negotiationStates),
    round_number: z.int().describe('How many rounds there have been.'),
    rounds_left: z.int().describe('How many you may still propose; before a revision both sides share three.'),
    rate_cents: z.int().describe('For an hour.'),
    hours_per_week: z.int(),
    start_date: z.string().nullable(),
    payout_delay_days: z.int().describe('How long released money waits before it is paid out.'),
    contract_id: z.uuid().nullable().describe('Null before both have agreed.'),
    deadline_at: z.string().nullable().describe('When the market ends it if nobody moves.'),
    contact_exchange: z
      .strictObject({ my_share: Contact.nullable(), other_party_contact: Contact.nullable() })
      .describe('Contacts that the two have shared, for the two alone.'),
    created_at: z.string(),
    updated_at: z.string(),
    can: z.array(z.string()).describe('The verbs you may use now.'),
  })
  .meta({ id: 'Negotiation' })
export type Negotiation = z.infer<typeof Negotiation>

export const AuditEntry = z.strictObject({
  at: z.string(),
  actor: z.uuid().nullable().describe('Null: the market itself.'),
  event: z.string(),
  data: z.record(z.string(), z.unknown()),
})
export type AuditEntry = z.infer<typeof AuditEntry>

/** A negotiation as SQL writes it into JSON. */
export interface NegotiationRow
  extends Omit<
    Negotiation,
    'client_user_id' | 'worker_user_id' | 'your_role' | 'rounds_left' | 'deadline_at' | 'contact_exchange' | 'can'
  > {
  readonly client_id: string
  readonly worker_id: string
  readonly client_rounds: number | null
  readonly worker_rounds: number | null
  readonly due_at: string | null
  readonly shares: readonly (z.infer<typeof Contact> & { readonly user_id: string })[]
}

export const roleOf = ({ client_id: client }: Pick<NegotiationRow, 'client_id'>, user: string): 'client' | 'worker' =>
  client === user ? 'client' : 'worker'

/** The rounds a side may still propose. */
export function roundsLeft(
  row: Pick<NegotiationRow, 'round_number' | 'client_rounds' | 'worker_rounds'>,
  side: 'client' | 'worker',
): number {
  const own = side === 'client' ? row.client_rounds : row.worker_rounds
  return own ?? roundsMax - row.round_number
}

/** A negotiation as one of its two parties sees it. */
export function viewNegotiation(row: NegotiationRow, viewer: string): Negotiation {
  const { client_id, worker_id, client_rounds: _, worker_rounds: __, due_at, shares, ...rest } = row
  const role = roleOf(row, viewer)
  const left = roundsLeft(row, role)
  const contactOf = (isViewer: boolean): z.infer<typeof Contact> | null => {
    const share = shares.find(({ user_id: sharer }) => (sharer === viewer) === isViewer)
    return share
      ? { contact_type: share.contact_type, contact_value: share.contact_value, shared_at: iso(share.shared_at) }
      : null
  }
  return {
    ...rest,
    client_user_id: client_id,
    worker_user_id: worker_id,
    your_role: role,
    rounds_left: left,
    deadline_at: iso(due_at),
    contact_exchange: { my_share: contactOf(true), other_party_contact: contactOf(false) },
    created_at: iso(rest.created_at),
    updated_at: iso(rest.updated_at),
    can: negotiationLife.can(rest.state, [role]).filter((verb) => verb !== 'round' || left > 0),
  }
}
