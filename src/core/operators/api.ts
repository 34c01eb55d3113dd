import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Cursor, Limit } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { Stuck } from './stuck.ts'

export const operatorRefusals = {
  user_not_found: ['not_found', 'There is no such user; look them up with GET /api/operator/users?q=.'],
  user_is_operator: [
    'wrong_state',
    'Operators cannot be suspended: end that role on the machine first (clawrk operator revoke, or OPERATOR_EMAILS).',
  ],
  suspended_already: ['wrong_state', 'This user is suspended already; see GET /api/operator/audit for when and why.'],
  not_suspended: ['wrong_state', 'This user is not suspended.'],
} as const

export const refuseOperator = refusing({ ...edgeRefusals, ...operatorRefusals })

/** What an operator says about an act, for those who read the audit. */
export const Note = z.string().trim().min(1, 'must say why').max(10_000)

const Count = z.record(z.string(), z.int())
const Cents = z.int()
const Freeze = z.strictObject({ reason: z.string(), since: z.string() }).nullable()
const Audited = z.strictObject({ at: z.string(), breaches: z.int().describe('Places where a law does not hold.') })

export const OperatorUser = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    user_type: z.enum(['client', 'freelancer']),
    operator: z.boolean(),
    balance_cents: Cents,
    debt_cents: Cents,
    stripe_account_status: z.enum(['not_connected', 'pending', 'active']),
    suspended_at: z.string().nullable(),
    created_at: z.string(),
    can: z.array(z.enum(['suspend', 'restore'])),
  })
  .meta({ id: 'OperatorUser' })
export type OperatorUser = z.infer<typeof OperatorUser>

const Overview = z.strictObject({
  at: z.string(),
  counted_at: z
    .string()
    .nullable()
    .describe('When users, agents, ended work and money were counted; open work and all else is as of now.'),
  users: z.strictObject({ all: z.int(), suspended: z.int(), operators: z.int() }),
  agents: z.int(),
  work: z.record(z.string(), Count).describe('Jobs, gigs, negotiations, contracts, milestones, disputes by state.'),
  money: z.strictObject({
    wallets_cents: Cents,
    escrow_cents: Cents,
    pending_cents: Cents,
    clearing_cents: Cents,
    debt_cents: Cents,
    credits: z.int(),
    platform: z.record(z.string(), z.int()).describe('The market’s own accounts.'),
  }),
  inbox: z.strictObject({ waiting: z.int(), failing: z.int(), given_up: z.int() }),
  intents: z.strictObject({ open: z.int(), amount_cents: Cents, oldest_at: z.string().nullable() }),
  freeze: Freeze,
  audit: Audited.nullable().describe('The newest check of every law.'),
  stuck: z.int().describe('See GET /api/operator/stuck; 200 is the most.'),
  stuck_longest: Stuck.nullable().describe('The first of them: what has been stuck longest.'),
})
export type Overview = z.infer<typeof Overview>

const Transfer = z.strictObject({
  id: z.uuid(),
  kind: z.string(),
  ref: z.string(),
  source: z.string(),
  from_account: z.string(),
  to_account: z.string(),
  unit: z.string(),
  amount: z.int().describe('Cents, or whole credits.'),
  card_part: z.int(),
  created_at: z.string(),
})

const operators = { access: 'operator', scope: 'account' } as const
const UserId = { id: z.uuid().describe('Of the user.') }

export const operatorsApi = contract('operator', operatorRefusals, {
  overview: endpoint({
    route: 'GET /api/operator/overview',
    summary: 'The market on one page: people, work by state, money, the provider, the laws.',
    kind: 'read',
    ...operators,
    input: z.strictObject({}),
    answers: { 200: Overview },
    refusals: [],
  }),
  stuck: endpoint({
    route: 'GET /api/operator/stuck',
    summary: 'Whatever should have moved on by itself and has not, the longest stuck first, with what to do about it.',
    kind: 'read',
    ...operators,
    input: z.strictObject({ limit: Limit }),
    answers: { 200: z.array(Stuck) },
    refusals: [],
  }),
  users: endpoint({
    route: 'GET /api/operator/users',
    summary: 'The people of this market, newest first.',
    kind: 'read',
    ...operators,
    input: z.strictObject({
      q: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .optional()
        .describe('A user id, or the beginning of an e-mail address or a name.'),
      suspended: z.enum(['true', 'false']).optional().describe('true: only who is suspended; false: only who is not.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(OperatorUser) },
    refusals: ['invalid_input'],
  }),
  ledger: endpoint({
    route: 'GET /api/operator/ledger',
    summary:
      'The books: freeze, seals, the market’s own accounts, what the last check found, and the transfers of a ref.',
    kind: 'read',
    ...operators,
    input: z.strictObject({
      ref: z
        .string()
        .min(1)
        .max(300)
        .optional()
        .describe('What transfers are about, or their source: job:<id>, milestone:<id>, topup:cs_….'),
      limit: Limit,
    }),
    answers: {
      200: z.strictObject({
        freeze: Freeze,
        seal: z.strictObject({
          number: z.int(),
          sealed_at: z.string().nullable(),
          unsealed: z.int().describe('Transfers that no seal covers yet.'),
        }),
        platform: z.record(z.string(), z.int()),
        audit: z
          .strictObject({
            at: z.string(),
            breaches: z.array(z.strictObject({ law: z.string(), where: z.string(), detail: z.string() })),
          })
          .nullable()
          .describe('The newest check of every law.'),
        transfers: z.array(Transfer).describe('Of the ref, newest first; none without one.'),
      }),
    },
    refusals: [],
  }),
  suspend: endpoint({
    route: 'POST /api/operator/users/:id/suspend',
    summary: 'Let somebody start nothing new and move no money; what is under way goes on.',
    description:
      'Within 5 seconds, for every key and session of theirs. Timers go on, and so does what others owe them: it comes into their wallet. Withdrawals wait.',
    kind: 'transaction',
    ...operators,
    input: z.strictObject({ ...UserId, note: Note.describe('Why; it stands in the audit.') }),
    answers: { 200: OperatorUser },
    refusals: ['user_not_found', 'user_is_operator', 'suspended_already'],
    example: { input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', note: 'Paid with stolen cards, ticket 112.' } },
  }),
  restore: endpoint({
    route: 'POST /api/operator/users/:id/restore',
    summary: 'End a suspension; withdrawals that waited go on.',
    kind: 'transaction',
    ...operators,
    input: z.strictObject({ ...UserId, note: Note.describe('Why; it stands in the audit.') }),
    answers: { 200: OperatorUser },
    refusals: ['user_not_found', 'not_suspended'],
    example: { input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', note: 'The bank has cleared it.' } },
  }),
  audit: endpoint({
    route: 'GET /api/operator/audit',
    summary: 'Every act of an operator, newest first.',
    kind: 'read',
    ...operators,
    input: z.strictObject({
      ref: z.string().min(1).max(300).optional().describe('Only acts on this: user:<id>, dispute:<id>, review:<id>.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: {
      200: z.array(
        z.strictObject({
          id: z.int(),
          at: z.string(),
          operator_id: z.uuid().nullable().describe('null: the owner of the machine, on the command line.'),
          operator_email: z.string().nullable(),
          act: z.string(),
          ref: z.string(),
          data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
        }),
      ),
    },
    refusals: ['invalid_input'],
  }),
})
