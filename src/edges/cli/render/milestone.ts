import { dollars } from '../../../base/money.ts'
import type { Milestone, MilestoneStatus } from '../../../desks/gigs/contract/milestone.ts'
import { type Column, table } from './table.ts'
import { bold, dim, oneLine, paint } from './text.ts'
import { relative } from './time.ts'

type Colour = Parameters<typeof paint>[0]

export const milestoneColours: Readonly<Record<MilestoneStatus, Colour>> = {
  proposed: 'magenta',
  pending: 'yellow',
  funded: 'blue',
  delivered: 'cyan',
  released: 'green',
  disputed: 'red',
  refunded: 'dim',
  cancelled: 'dim',
}

const columns: readonly Column<Milestone>[] = [
  { title: '#', cell: ({ position }) => `${position}`, align: 'right' },
  { title: 'STATUS', cell: ({ status }) => status, paint: (text, { status }) => paint(milestoneColours[status], text) },
  { title: 'AMOUNT', cell: ({ amount_cents: cents }) => dollars(cents), align: 'right' },
  { title: 'DUE', spare: true, cell: ({ due_at: at }) => (at ? relative(at) : ''), align: 'right' },
  { title: 'UNTIL', spare: true, cell: ({ deadline_at: at }) => (at ? relative(at) : ''), align: 'right' },
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  { title: 'TITLE', cell: ({ title }) => oneLine(title), flexible: true },
]

/** Where money is, each with its sign in the bar: every sign can be told without colours. */
const places = [
  { name: 'the worker’s', sign: '█', colour: 'green' },
  { name: 'fees', sign: '▚', colour: 'magenta' },
  { name: 'held', sign: '▓', colour: 'blue' },
  { name: 'given back', sign: '░', colour: 'dim' },
  { name: 'not funded', sign: '·', colour: 'dim' },
] as const satisfies readonly { name: string; sign: string; colour: Colour }[]

/** The cents of these milestones by place, in the order of the places; what was cancelled is nowhere. */
function sums(milestones: readonly Milestone[]): number[] {
  const totals = places.map(() => 0)
  for (const { amount_cents: amount, funded_at: funded, ended_at: ended, ...one } of milestones) {
    if (funded === null) {
      if (ended === null) totals[4]! += amount
    } else if (ended === null) totals[2]! += amount
    else {
      totals[0]! += one.released_cents ?? 0
      totals[1]! += (one.fee_cents ?? 0) + (one.arbitration_cents ?? 0)
      totals[3]! += one.refunded_cents ?? 0
    }
  }
  return totals
}

const width = 40

/** How many of the bar's signs each sum has: whole ones that make up the bar, and none that is something is nothing. */
function shares(totals: readonly number[]): number[] {
  const all = totals.reduce((sum, cents) => sum + cents, 0)
  const signs = totals.map((cents) => (cents === 0 ? 0 : Math.max(1, Math.floor((cents / all) * width))))
  const widest = signs.indexOf(Math.max(...signs))
  signs[widest]! += width - signs.reduce((sum, n) => sum + n, 0)
  return signs
}

/** A bar of where the money of a contract's milestones is, and what its signs mean. */
export function moneyBar(milestones: readonly Milestone[]): string[] {
  const totals = sums(milestones)
  if (totals.every((cents) => cents === 0)) return []
  const signs = shares(totals)
  const bar = places.map(({ sign, colour }, n) => paint(colour, sign.repeat(signs[n]!))).join('')
  const legend = places.flatMap(({ name, sign, colour }, n) =>
    totals[n] ? [`${paint(colour, sign)} ${name} ${dollars(totals[n])}`] : [],
  )
  return [`  ${bar}`, `  ${legend.join('   ')}`]
}

/** The milestones of a contract, with where their money is. */
export const milestonesTable = (milestones: readonly Milestone[]): string[] => [
  ...table(milestones, columns),
  '',
  ...moneyBar(milestones),
]

/** One milestone in a line or two: where it stands, and what was delivered. */
export function milestoneLines({ position, title, status, amount_cents: cents, delivery }: Milestone): string[] {
  const note = delivery ? oneLine(delivery.note) : ''
  return [
    `  ${bold(`${position}. ${oneLine(title)}`)}  ${dollars(cents)}  ${paint(milestoneColours[status], status)}`,
    ...(note ? [`     ${note}`] : []),
    ...(delivery?.attachments ?? []).map(({ id, name }) => `     ${oneLine(name)}  ${dim(`clawrk download ${id}`)}`),
  ]
}
