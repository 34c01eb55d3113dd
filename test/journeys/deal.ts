import { ask, type Fields, type Person, type TestMarket } from '../support/market.ts'
import { went } from './desk.ts'

/** A deal of the contract desk as far as it has come, by the ids that its documented answers give. */
export interface Deal {
  readonly client: Person
  readonly worker: Person
  readonly gig: Thing
  readonly application: Thing
  readonly negotiation: Thing
  readonly contract: Thing
  readonly milestone: Thing
}

export interface Thing {
  readonly id: string
  readonly [field: string]: unknown
}

export interface Terms {
  readonly rate_cents?: number
  readonly hours_per_week?: number
  readonly start_date?: string
  readonly payout_delay_days?: number
}

export const forNothing: Terms = { rate_cents: 0, hours_per_week: 0 }
/** Ten hours at fifty dollars: $500.00. */
export const forMoney: Terms = { rate_cents: 5_000, hours_per_week: 10 }

export const gigFields = {
  title: 'Port the parser to Rust',
  description: 'The grammar stays, the memory does not.',
  scope: 'Parser and its tests.',
  rate_cents: 5_000,
}

/** How far a deal has come; `approved` by both sides, `funded` from the wallet where it is for money. */
export const stages = [
  'drafted',
  'posted',
  'applied',
  'shortlisted',
  'negotiating',
  'proposed',
  'agreed',
  'approved',
  'funded',
] as const
export type Stage = (typeof stages)[number]

export async function becomes(person: Person, type: 'client' | 'freelancer'): Promise<void> {
  went(await person.ask('PATCH', '/api/profile/me', { user_type: type }))
}

/** Walks a deal to a stage with nothing but documented calls; asking anybody for more than its own step is the tests' business. */
export async function dealAt(stage: Stage, client: Person, worker: Person, terms: Terms = forNothing): Promise<Deal> {
  const nothing: Thing = { id: '' }
  const deal = {
    client,
    worker,
    gig: nothing,
    application: nothing,
    negotiation: nothing,
    contract: nothing,
    milestone: nothing,
  }
  const steps: Record<Stage, () => Promise<void>> = {
    async drafted() {
      await becomes(worker, 'freelancer')
      deal.gig = went(await client.ask<Thing>('POST', '/api/gigs', gigFields), 201)
    },
    async posted() {
      deal.gig = went(await client.ask<Thing>('PATCH', `/api/gigs/${deal.gig.id}`, { status: 'active' }))
    },
    async applied() {
      const message = { message: 'I have written three parsers.' }
      deal.application = went(await worker.ask<Thing>('POST', `/api/gigs/${deal.gig.id}/apply`, message), 201)
    },
    async shortlisted() {
      const path = `/api/gigs/${deal.gig.id}/applications/${deal.application.id}`
      deal.application = went(await client.ask<Thing>('PATCH', path, { status: 'shortlisted' }))
    },
    async negotiating() {
      const body = { gig_id: deal.gig.id, worker_user_id: worker.userId }
      deal.negotiation = went(await client.ask<Thing>('POST', '/api/negotiations', body), 201)
    },
    async proposed() {
      deal.negotiation = went(await worker.ask<Thing>('POST', `/api/negotiations/${deal.negotiation.id}/round`, terms))
    },
    async agreed() {
      const path = `/api/negotiations/${deal.negotiation.id}/agree`
      const { contract_id: id } = went(await client.ask<{ contract_id: string }>('POST', path))
      deal.contract = await contractOf(client, id)
      deal.milestone = firstMilestone(deal.contract)
    },
    async approved() {
      for (const side of [client, worker]) went(await side.ask('POST', `/api/contracts/${deal.contract.id}/approve`))
    },
    async funded() {
      went(await fundDeal(deal, 'wallet'))
    },
  }
  for (const step of stages.slice(0, stages.indexOf(stage) + 1)) await steps[step]()
  return deal
}

/** A contract as its party finds it in their list. */
export async function contractOf(party: Person, id: string): Promise<Thing> {
  const found = went(await party.ask<Thing[]>('GET', '/api/contracts')).find((contract) => contract.id === id)
  if (!found) throw new Error(`contract ${id} is not in the list of its party`)
  return found
}

/** The milestone that the agreement made: the last one, when a revision has made another. */
export function firstMilestone(contract: Thing): Thing {
  const milestone = (contract.milestones as Thing[] | undefined)?.at(-1)
  if (!milestone) throw new Error('a party finds no milestone in its list of contracts')
  return milestone
}

export const fundPath = ({ contract, milestone }: Pick<Deal, 'contract' | 'milestone'>): string =>
  `/api/contracts/${contract.id}/milestones/${milestone.id}/fund`

export const fundDeal = (deal: Deal, source?: 'card' | 'wallet') =>
  deal.client.ask<Fields>('POST', fundPath(deal), source ? { source } : {})

/** The same person in a browser: by cookie, from a page of the market. */
export const inBrowser = ({ url }: Pick<TestMarket, 'url'>, person: Person): Person => ({
  ...person,
  ask: (method, path, body, headers = {}) =>
    ask(url, method, path, body, { cookie: person.cookie, origin: url, ...headers }),
})
