import { dollars } from '../../../base/money.ts'
import type { Application, ApplicationReceived, ApplicationSent } from '../../../desks/gigs/gig/application.ts'
import type { Gig } from '../../../desks/gigs/gig/gig.ts'
import { facts, section } from './job.ts'
import { type Column, table } from './table.ts'
import { bold, dim, oneLine, paint } from './text.ts'
import { relative } from './time.ts'

const gigColours: Readonly<Record<Gig['status'], Parameters<typeof paint>[0]>> = {
  draft: 'magenta',
  active: 'green',
  closed: 'dim',
}
const applicationColours: Readonly<Record<Application['status'], Parameters<typeof paint>[0]>> = {
  applied: 'cyan',
  shortlisted: 'green',
  rejected: 'red',
}

/** What an hour pays. */
export const rate = (cents: number): string => (cents === 0 ? 'volunteer' : `${dollars(cents)}/h`)

const age = ({ created_at: at }: { readonly created_at: string }): string => relative(at).replace(' ago', '')

const gigColumns: readonly Column<Gig>[] = [
  { title: 'ID', cell: ({ id }) => id, paint: (text) => dim(text) },
  {
    title: 'STATUS',
    cell: ({ status }) => status,
    paint: (text, { status }) => paint(gigColours[status], text),
    spare: true,
  },
  { title: 'RATE', cell: ({ rate_cents: cents }) => rate(cents), align: 'right', spare: true },
  { title: 'AGE', cell: age, align: 'right', spare: true },
  { title: 'SKILLS', cell: ({ skills }) => skills.join(', '), flexible: true, spare: true },
  { title: 'TITLE', cell: ({ title }) => title, paint: (text) => bold(text), flexible: true },
]

export const gigsTable = (gigs: readonly Gig[]): string[] => table(gigs, gigColumns)

/** Everything of a gig that its viewer may see. */
export function gigCard(gig: Gig): string[] {
  return [
    bold(oneLine(gig.title)),
    ...facts([
      ['id', gig.id],
      ['status', paint(gigColours[gig.status], gig.status)],
      ['rate', rate(gig.rate_cents)],
      ['skills', oneLine(gig.skills.join(', '))],
      ['owner', gig.owner_id],
      ['posted', relative(gig.created_at)],
    ]),
    ...section('Description', gig.description),
    ...section('Scope', gig.scope),
  ]
}

const status: Column<Application> = {
  title: 'STATUS',
  cell: (application) => application.status,
  paint: (text, application) => paint(applicationColours[application.status], text),
}

const sentColumns: readonly Column<ApplicationSent>[] = [
  { title: 'APPLICATION', cell: ({ id }) => id, paint: (text) => dim(text) },
  status as Column<ApplicationSent>,
  { title: 'AGE', cell: age, align: 'right', spare: true },
  { title: 'NEGOTIATION', cell: ({ negotiation }) => negotiation?.state ?? '', spare: true },
  { title: 'GIG', cell: ({ gig_title: title }) => title, paint: (text) => bold(text), flexible: true },
]

/** One's own applications. */
export const sentTable = (applications: readonly ApplicationSent[]): string[] => table(applications, sentColumns)

const receivedColumns: readonly Column<ApplicationReceived>[] = [
  { title: 'APPLICATION', cell: ({ id }) => id, paint: (text) => dim(text) },
  status as Column<ApplicationReceived>,
  { title: 'AGE', cell: age, align: 'right', spare: true },
  { title: 'SCORE', cell: ({ worker_profile: worker }) => `${worker.ghost_score}`, align: 'right', spare: true },
  {
    title: 'VOUCHED',
    cell: ({ worker_profile: worker }) => `${worker.vouched_by.length}`,
    align: 'right',
    spare: true,
  },
  {
    title: 'WHO',
    cell: ({ worker_profile: worker }) => worker.display_name,
    paint: (text) => bold(text),
    flexible: true,
  },
  { title: 'MESSAGE', cell: ({ message }) => message, flexible: true, spare: true },
]

/** Who has applied to a gig. */
export const receivedTable = (applications: readonly ApplicationReceived[]): string[] =>
  table(applications, receivedColumns)
