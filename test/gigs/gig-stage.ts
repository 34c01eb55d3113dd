import assert from 'node:assert/strict'
import type { Application, ApplicationSent } from '../../src/desks/gigs/gig/application.ts'
import type { Gig } from '../../src/desks/gigs/gig/gig.ts'
import type { AuditEntry, Negotiation } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { people, went } from '../journeys/desk.ts'
import type { Answer, Fields, Person, TestMarket } from '../support/market.ts'

export const day = 86_400

/** People who apply to gigs; everybody else is a client, as sign-up makes them. */
export async function freelancers<N extends readonly string[]>(
  market: TestMarket,
  ...names: N
): Promise<{ [K in keyof N]: Person }> {
  const made = await people(market, ...names)
  for (const person of made as readonly Person[]) await become(person, 'freelancer')
  return made
}

export const become = async (person: Person, user_type: 'client' | 'freelancer'): Promise<void> => {
  went(await person.ask('PATCH', '/api/profile/me', { user_type }))
}

/** Posts a gig that everybody sees: $50 an hour unless told otherwise. */
export const postGig = async (client: Person, fields: Fields = {}): Promise<Gig> =>
  went(
    await client.ask<Gig>('POST', '/api/gigs', {
      title: 'Port a parser to Rust',
      description: 'A parser of 2,000 lines.',
      scope: 'The parser and its tests.',
      rate_cents: 5000,
      status: 'active',
      ...fields,
    }),
    201,
  )

export const applyTo = (worker: Person, { id }: Pick<Gig, 'id'>, body: Fields = {}): Promise<Answer<Application>> =>
  worker.ask<Application>('POST', `/api/gigs/${id}/apply`, body)

export const decideOn = (
  client: Person,
  { id, gig_id: gig }: Pick<Application, 'id' | 'gig_id'>,
  status: string,
): Promise<Answer<Application>> => client.ask<Application>('PATCH', `/api/gigs/${gig}/applications/${id}`, { status })

/** Applies and is shortlisted. */
export async function shortlisted(client: Person, worker: Person, gig: Pick<Gig, 'id'>): Promise<Application> {
  const application = went(await applyTo(worker, gig), 201)
  return went(await decideOn(client, application, 'shortlisted'))
}

export const startWith = (client: Person, worker: Person, gig: Pick<Gig, 'id'>): Promise<Answer<Negotiation>> =>
  client.ask<Negotiation>('POST', '/api/negotiations', { gig_id: gig.id, worker_user_id: worker.userId })

/** A negotiation that has just been started, about a gig of its own. */
export async function negotiating(client: Person, worker: Person, fields: Fields = {}): Promise<Negotiation> {
  const gig = await postGig(client, fields)
  await shortlisted(client, worker, gig)
  return went(await startWith(client, worker, gig), 201)
}

/** One of the verbs on a negotiation. */
export const say = (
  person: Person,
  verb: 'round' | 'agree' | 'decline' | 'contact-share',
  { id }: Pick<Negotiation, 'id'>,
  body?: Fields,
): Promise<Answer<Negotiation>> => person.ask<Negotiation>('POST', `/api/negotiations/${id}/${verb}`, body)

export const seeNegotiation = async (
  person: Person,
  { id }: Pick<Negotiation, 'id'>,
): Promise<Negotiation & { audit: AuditEntry[] }> =>
  went(await person.ask<Negotiation & { audit: AuditEntry[] }>('GET', `/api/negotiations/${id}?audit=1`))

export const mine = async (worker: Person, query = ''): Promise<ApplicationSent[]> =>
  went(await worker.ask<ApplicationSent[]>('GET', `/api/applications/mine${query}`))

/** What two people's events about something say happened, in order, each told to exactly these parties. */
export async function toldAbout(
  { db }: TestMarket,
  ref: string,
  ...parties: readonly Person[]
): Promise<{ name: string; data: Fields }[]> {
  const rows = await db.rows<{ name: string; parties: string[]; data: Fields }>(
    `select name, parties::text[] as parties, data from event where ref = $1 order by position`,
    [ref],
  )
  for (const row of rows)
    assert.deepEqual(row.parties.toSorted(), parties.map(({ userId }) => userId).toSorted(), row.name)
  return rows.map(({ name, data }) => ({ name, data }))
}

/** The turns of a negotiation: whose, and whether it was answered; null while it is open. */
export const turnsOf = async (
  { db }: TestMarket,
  { id }: Pick<Negotiation, 'id'>,
): Promise<{ user_id: string; answered: boolean | null; amount_cents: number }[]> =>
  db.rows(
    `select user_id, answered, amount_cents from turn where ref = 'negotiation:' || $1 and kind = 'answer' order by id`,
    [id],
  )

/** A day from now by the market's clock, as a start date is written. */
export async function dayFromNow({ db }: TestMarket, days: number): Promise<string> {
  const [row] = await db.rows<{ day: string }>(
    `select to_char((app_now() at time zone 'utc')::date + $1::integer, 'YYYY-MM-DD') as day`,
    [days],
  )
  return row!.day
}
