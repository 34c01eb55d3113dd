import { dollars } from '../../../base/money.ts'
import type {
  Dispute,
  DisputeStatus,
  Evidence,
  OperatorDispute,
  Resolution,
} from '../../../desks/gigs/dispute/dispute.ts'
import { facts, section } from './job.ts'
import { type Column, table } from './table.ts'
import { bold, columns, dim, oneLine, paint, plain, wrap } from './text.ts'
import { relative } from './time.ts'

type Shown = Dispute | OperatorDispute

const colours: Readonly<Record<DisputeStatus, Parameters<typeof paint>[0]>> = {
  open: 'red',
  responded: 'yellow',
  resolved: 'green',
}

const listed: readonly Column<Shown>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint(colours[status], text) },
  { title: 'AMOUNT', cell: ({ amount_cents: cents }) => dollars(cents), align: 'right' },
  { title: 'BY', cell: ({ disputing_party: party }) => party, spare: true },
  { title: 'NEXT', cell: nextMoment, align: 'right', spare: true },
  { title: 'REASON', cell: ({ reason }) => oneLine(reason), flexible: true },
]

/** What the dispute waits for, and until when. */
function nextMoment({ status, response_deadline: answer, deadline_at: decision }: Shown): string {
  if (decision === null) return ''
  const isAwaited = status === 'open' && Date.parse(answer) > Date.now()
  return isAwaited ? `answer ${relative(answer)}` : `decided ${relative(decision)}`
}

export const disputesTable = (disputes: readonly Shown[]): string[] => table(disputes, listed)

const width = (): number => Math.min(100, columns()) - 4

/** One step of a dispute: when, who, what; and below it what was said. */
function step(at: string, who: string, what: string, words: readonly (string | null)[] = []): string[] {
  const said = words.filter((text): text is string => text !== null && text !== '')
  return [
    `  ${dim(relative(at).padEnd(8))}  ${bold(who)} ${what}`,
    ...said.flatMap((text) =>
      plain(text)
        .split('\n')
        .flatMap((line) => wrap(line, width()))
        .map((line) => `    ${line}`),
    ),
  ]
}

const evidenceWords = ({ type, url, description, attachment }: Evidence): string =>
  [
    `• ${type}${url === null ? '' : `  ${oneLine(url)}`}`,
    attachment === null ? '' : `  file ${oneLine(attachment.name)}, clawrk download ${attachment.id}`,
    description === null ? '' : `  ${plain(description)}`,
  ]
    .filter((line) => line !== '')
    .join('\n')

function decided({
  made_by: by,
  worker_share_percent: share,
  note,
  ...money
}: Resolution): [string, (string | null)[]] {
  if (share === null && by !== 'bank')
    return ['decided nothing: the milestone went on as if there had been no dispute', [note]]
  const sums = [
    `${dollars(money.worker_cents ?? 0)} to the worker`,
    `${dollars(money.refunded_cents ?? 0)} back to the client`,
    `${dollars(money.fee_cents ?? 0)} fees`,
    ...((money.arbitration_cents ?? 0) > 0 ? [`${dollars(money.arbitration_cents!)} for deciding it`] : []),
  ]
  const what = by === 'bank' ? 'decided it for the market' : `decided: ${share} % to the worker`
  return [what, [sums.join(', '), note]]
}

const deciders: Readonly<Record<Resolution['made_by'], string>> = {
  operator: 'An operator',
  recommendation: 'The market, by the recommendation,',
  rules: 'The market, by its rules,',
  bank: 'The bank of whoever paid',
}

/** A dispute from its opening to its end, in the order in which it happened. */
export function disputeTimeline(dispute: Shown): string[] {
  const { disputing_party: opener, evidence = [], recommendation, resolution, responded_at: answered } = dispute
  const other = opener === 'client' ? 'worker' : 'client'
  const who = (side: 'client' | 'worker'): string =>
    'your_role' in dispute && dispute.your_role === side ? 'You' : `The ${side}`
  const shown = (side: 'client' | 'worker'): string[] => evidence.filter(({ by }) => by === side).map(evidenceWords)
  const isMissed = answered === null && Date.parse(dispute.response_deadline) <= Date.now()
  return [
    ...step(dispute.created_at, who(opener), 'opened the dispute', [dispute.reason, ...shown(opener)]),
    ...(answered === null ? [] : step(answered, who(other), 'answered', shown(other))),
    ...(isMissed && !resolution ? step(dispute.response_deadline, who(other), 'did not answer in time') : []),
    ...(recommendation
      ? [
          `  ${dim(''.padEnd(8))}  ${bold('Recommended')} by ${oneLine(recommendation.made_by)}: ${recommendation.worker_share_percent} % to the worker`,
          ...wrap(oneLine(recommendation.reasoning), width()).map((line) => `    ${line}`),
        ]
      : []),
    ...(resolution ? step(resolution.resolved_at, deciders[resolution.made_by], ...decided(resolution)) : []),
  ]
}

/** A dispute with all that was said in it. */
export function disputeCard(dispute: Shown): string[] {
  const { status, deadline_at: decision, response_deadline: answer } = dispute
  const isParty = 'your_role' in dispute
  return [
    bold(`A dispute over ${dollars(dispute.amount_cents)}`),
    ...facts([
      ['id', dispute.id],
      ['status', paint(colours[status], status)],
      ['you are', isParty && `the ${dispute.your_role}`],
      ['contract', isParty ? dispute.contract_id : `${oneLine(dispute.contract_title)}  ${dim(dispute.contract_id)}`],
      [
        'milestone',
        isParty ? dispute.milestone_id : `${oneLine(dispute.milestone_title)}  ${dim(dispute.milestone_id)}`,
      ],
      ['client', !isParty && oneLine(dispute.client_name)],
      ['worker', !isParty && oneLine(dispute.worker_name)],
      ['answer', status === 'open' && `until ${relative(answer)}`],
      ['decided', decision && `${relative(decision)}, if no operator does before`],
      ['deciding costs', dispute.arbitration_fee_cents > 0 && dollars(dispute.arbitration_fee_cents)],
    ]),
    ...(isParty ? [] : section('Delivered', dispute.delivery?.note ?? null)),
    ...(isParty
      ? []
      : (dispute.delivery?.attachments ?? []).map(({ id, name }) => `  ${oneLine(name)}  clawrk download ${id}`)),
    '',
    ...disputeTimeline(dispute),
  ]
}
