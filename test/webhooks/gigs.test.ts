import assert from 'node:assert/strict'
import test from 'node:test'
import type { WireEvent } from '../../src/core/events/kind.ts'
import type { Webhook } from '../../src/core/webhooks/webhook.ts'
import { eventKinds } from '../../src/market.ts'
import { reviseIt, twoSides } from '../gigs/contract-stage.ts'
import { dispute } from '../gigs/dispute-stage.ts'
import { postGig } from '../gigs/gig-stage.ts'
import { active, another, moved } from '../gigs/milestone-stage.ts'
import { fund, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { receive } from './receiver.ts'

/** The product's own list. */
const documented = [
  'gig.created',
  'gig.updated',
  'gig.deleted',
  'gig.application.created',
  'gig.application.updated',
  'negotiation.created',
  'negotiation.updated',
  'contract.created',
  'contract.updated',
  'contract.milestone.funded',
  'contract.milestone.released',
  'dispute.created',
]

/** Where somebody applies, only its owner is told of the gig; of all else both are told. */
const ofOwner = ['gig.created', 'gig.updated', 'gig.deleted']

test('every documented name of the contract desk is accepted by webhooks and comes to both sides, with the data its line shows', async (context) => {
  const market = await startTestMarket({ env: { ALLOW_PRIVATE_WEBHOOKS: '1' } })
  context.after(() => market.close())
  const sides = await twoSides(market)
  const { client, worker } = sides
  const [ofClient, ofWorker] = [await receive(context), await receive(context)]
  for (const [person, { url }] of [
    [client, ofClient],
    [worker, ofWorker],
  ] as const)
    went(await person.ask<Webhook>('POST', '/api/webhooks', { url, events: documented }), 201)

  const gig = await postGig(client, { status: 'draft' })
  went(await client.ask('PATCH', `/api/gigs/${gig.id}`, { status: 'active' }))
  went(await client.ask('DELETE', `/api/gigs/${gig.id}`))
  const contract = await active(market, sides)
  await moved(worker, 'deliver', contract.first)
  const next = await another(sides, contract)
  await moved(client, 'release', contract.first)
  await fund(market, client, next.amount_cents)
  await moved(client, 'fund', next)
  went(await dispute(client, 'client', next), 201)
  assert.equal((await reviseIt(client, contract)).status, 400, 'what is active is not revised')

  const names = ({ got }: typeof ofClient): Set<string> => new Set(got.map(({ event }) => event.event))
  await until('both have been told of everything', () => {
    const [all, shared] = [names(ofClient), names(ofWorker)]
    return all.size === documented.length && shared.size === documented.length - ofOwner.length
  })
  assert.deepEqual(names(ofClient), new Set(documented))
  assert.deepEqual(names(ofWorker), new Set(documented.filter((name) => !ofOwner.includes(name))))
  const examples = new Map(eventKinds.map(({ name, example }) => [name, Object.keys(example).sort()]))
  const told = (events: readonly WireEvent[], name: string): string[] => [
    ...new Set(events.filter(({ event }) => event === name).flatMap(({ data }) => Object.keys(data))),
  ]
  const events = [...ofClient.got, ...ofWorker.got].map(({ event }) => event)
  for (const name of documented) assert.deepEqual(told(events, name).sort(), examples.get(name), name)
})
