import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  becomes,
  contractOf,
  type Deal,
  dealAt,
  firstMilestone,
  forMoney,
  forNothing,
  fundPath,
  gigFields,
  type Stage,
  type Thing,
} from '../journeys/deal.ts'
import { assertLawful, fund, people, walletOf, went } from '../journeys/desk.ts'
import { type Answer, type Person, startTestMarket } from '../support/market.ts'

// What holds for every resource and every verb of the contract desk.
const market = await startTestMarket({ worker: false })
after(() => market.close())

/** Every change is an event, and every cent a transfer. */
const happenings = (): Promise<object[]> =>
  market.db.rows(`select (select count(*) from event) as events, (select count(*) from transfer) as transfers`)

/** Somebody whose answers get lost: every change is asked for twice, with the same key, and must be the same answer, made once. */
const repeating = (person: Person): Person => ({
  ...person,
  async ask(method, path, body, headers = {}) {
    if (method === 'GET') return person.ask(method, path, body, headers)
    const once = { ...headers, 'idempotency-key': randomUUID() }
    const first = await person.ask<never>(method, path, body, once)
    const before = await happenings()
    const second = await person.ask<never>(method, path, body, once)
    assert.deepEqual([second.status, second.text], [first.status, first.text], `${method} ${path} repeated`)
    assert.equal(second.headers.get('idempotency-replayed'), 'true', `${method} ${path} repeated`)
    assert.deepEqual(await happenings(), before, `${method} ${path} repeated, and it has happened again`)
    return first
  },
})

test('"Idempotency-Key is honoured on every POST, PATCH and DELETE": a whole deal with every answer lost', async () => {
  const [ada, bob] = (await people(market, 'Ada', 'Bob')).map(repeating) as [Person, Person]
  const deal = await dealAt('approved', ada, bob, forMoney)
  const share = { contact_type: 'Email', contact_value: 'ada@people.test' }
  went(await ada.ask('POST', `/api/negotiations/${deal.negotiation.id}/contact-share`, share))
  assert.match(String(went(await ada.ask('POST', fundPath(deal), {})).client_secret), /_secret_/)
  await fund(market, ada, 50_000)
  went(await ada.ask('POST', fundPath(deal), { source: 'wallet' }))
  went(await bob.ask('POST', `/api/contracts/${deal.contract.id}/revise`, { notes: 'Fewer hours.' }))
  assert.equal((await walletOf(ada)).balance_cents, 50_000)
  went(await bob.ask('POST', `/api/contracts/${deal.contract.id}/cancel`, { reason: 'No time.' }))
  const other = await dealAt('applied', ada, bob)
  went(await bob.ask('DELETE', `/api/applications/${other.application.id}`))
  went(await ada.ask('DELETE', `/api/gigs/${other.gig.id}`))
  const declined = await dealAt('negotiating', ada, bob)
  went(await bob.ask('POST', `/api/negotiations/${declined.negotiation.id}/decline`))
  went(await ada.ask('POST', '/api/vouches', { vouched_user_id: bob.userId }), 201)
  await assertLawful(market)
})

/** Verbs of a deal that change something, and how each is asked for. */
const verbs: Record<'negotiation' | 'contract', Record<string, (deal: Deal) => [path: string, body: object]>> = {
  negotiation: {
    round: ({ negotiation }) => [`/api/negotiations/${negotiation.id}/round`, { rate_cents: 0 }],
    agree: ({ negotiation }) => [`/api/negotiations/${negotiation.id}/agree`, {}],
    decline: ({ negotiation }) => [`/api/negotiations/${negotiation.id}/decline`, {}],
  },
  contract: {
    approve: ({ contract }) => [`/api/contracts/${contract.id}/approve`, {}],
    revise: ({ contract }) => [`/api/contracts/${contract.id}/revise`, { notes: 'Fewer hours.' }],
    cancel: ({ contract }) => [`/api/contracts/${contract.id}/cancel`, { reason: 'No time.' }],
  },
}

for (const [kind, of] of Object.entries(verbs) as [keyof typeof verbs, (typeof verbs)['contract']][])
  test(`"can": at every stage, each side is let do exactly what its ${kind} says it can`, async () => {
    const from: Stage[] =
      kind === 'contract' ? ['agreed', 'approved', 'funded'] : ['negotiating', 'proposed', 'agreed', 'approved']
    for (const stage of from)
      for (const side of ['client', 'worker'] as const)
        for (const [verb, how] of Object.entries(of)) {
          const [ada, bob] = await people(market, 'Ada', 'Bob')
          const deal = await dealAt(stage, ada, bob)
          const seen = went(await deal[side].ask<Thing>('GET', `/api/${kind}s/${deal[kind].id}`))
          const may = (seen.can as string[]).includes(verb)
          const [path, body] = how(deal)
          const answer = await deal[side].ask('POST', path, body)
          // Approving again is no move: it says what was said before.
          const repeats = verb === 'approve' && stage !== 'agreed'
          assert.equal(
            answer.status,
            may || repeats ? 200 : 400,
            `${verb} by the ${side} of a deal ${stage}: can [${seen.can}]`,
          )
        }
  })

test('"can" of a gig and of an application is its owner’s, its applicant’s, and nobody else’s', async () => {
  const [ada, bob, eve, fay] = await people(market, 'Ada', 'Bob', 'Eve', 'Fay')
  const { gig, application } = await dealAt('applied', ada, bob)
  await becomes(fay, 'freelancer')
  const can = async (person: Person): Promise<string[]> =>
    went(await person.ask<{ can: string[] }>('GET', `/api/gigs/${gig.id}`)).can
  assert.ok((await can(ada)).includes('update') && (await can(ada)).includes('delete'))
  assert.ok(!(await can(ada)).includes('apply'))
  assert.deepEqual(await can(fay), ['apply'])
  assert.deepEqual(await can(bob), [], 'has applied')
  assert.deepEqual(await can(eve), [], 'a client')
  const [mine] = went(await bob.ask<Thing[]>('GET', '/api/applications/mine'))
  assert.deepEqual([mine!.id, mine!.can], [application.id, ['withdraw']])
  const [theirs] = went(await ada.ask<Thing[]>('GET', `/api/gigs/${gig.id}/applications`))
  assert.deepEqual(theirs!.can, ['decide'])
})

test('lists are newest first, and paged with ?limit and ?cursor', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deals: Deal[] = []
  for (let n = 0; n < 3; n++) deals.push(await dealAt('agreed', ada, bob))
  const newest = (of: (deal: Deal) => Thing): string[] => deals.map((deal) => of(deal).id).reverse()
  const lists: [person: Person, path: string, ids: string[]][] = [
    [ada, '/api/gigs?status=active&q=parser', newest(({ gig }) => gig)],
    [bob, '/api/applications/mine', newest(({ application }) => application)],
    [ada, '/api/negotiations', newest(({ negotiation }) => negotiation)],
    [bob, '/api/contracts', newest(({ contract }) => contract)],
  ]
  await market.db.rows(`update gig set status = 'closed' where owner_id <> $1`, [ada.userId])
  for (const [person, path, ids] of lists) {
    const seen: string[] = []
    let next: string | undefined = `${path}${path.includes('?') ? '&' : '?'}limit=2`
    while (next) {
      const answer: Answer<Thing[]> = await person.ask<Thing[]>('GET', next)
      assert.ok(went(answer).length <= 2)
      seen.push(...answer.body.map(({ id }) => id))
      next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
    }
    assert.deepEqual(seen, ids, path)
    for (const wrong of ['limit=0', 'limit=201', 'cursor=nowhere', 'page=2'])
      assert.equal((await person.ask('GET', `${path}${path.includes('?') ? '&' : '?'}${wrong}`)).status, 400, wrong)
  }
})

test('"agree … copies title, description and scope of the gig into the contract": later changes of the gig change no deal', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, contract } = await dealAt('agreed', ada, bob)
  const change = { title: 'Another thing', description: 'Much more', scope: 'All of it', rate_cents: 1 }
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}`, change))
  const { title, description, scope } = went(await bob.ask('GET', `/api/contracts/${contract.id}`))
  assert.deepEqual(
    { title, description, scope },
    { title: gigFields.title, description: gigFields.description, scope: gigFields.scope },
  )
})

test('"revise": one fresh round for each side, the contract keeps its id, its terms are rewritten at the next agree', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('approved', ada, bob, forMoney)
  const path = `/api/negotiations/${deal.negotiation.id}`
  went(await ada.ask('POST', `/api/contracts/${deal.contract.id}/revise`, { notes: 'Nine hours will do.' }))
  assert.equal((await contractOf(bob, deal.contract.id)).revise_notes, 'Nine hours will do.')
  went(await ada.ask('POST', `${path}/round`, { hours_per_week: 9 }))
  const countered = went(await bob.ask('POST', `${path}/round`, { rate_cents: 5_500, payout_delay_days: 4 }))
  assert.deepEqual([countered.rounds_left, countered.state], [0, 'in_progress'])
  assert.equal(went(await ada.ask('POST', `${path}/agree`)).contract_id, deal.contract.id)
  const again = await contractOf(bob, deal.contract.id)
  assert.deepEqual(
    [
      again.status,
      again.rate_cents,
      again.hours_per_week,
      again.payout_delay_days,
      again.client_approved_at,
      again.worker_approved_at,
    ],
    ['pending_owner_approval', 5_500, 9, 4, null, null],
  )
  const milestones = again.milestones as Thing[]
  assert.deepEqual(
    milestones.map(({ amount_cents: cents, status }) => [cents, status]),
    [
      [50_000, 'cancelled'],
      [49_500, 'pending'],
    ],
  )
  for (const side of [ada, bob]) went(await side.ask('POST', `/api/contracts/${deal.contract.id}/approve`))
  await fund(market, ada, 49_500)
  const old = { contract: deal.contract, milestone: deal.milestone }
  assert.equal((await ada.ask('POST', fundPath(old), { source: 'wallet' })).status, 400, 'the old milestone is over')
  went(await ada.ask('POST', fundPath({ ...old, milestone: firstMilestone(again) }), { source: 'wallet' }))
  assert.equal((await walletOf(ada)).balance_cents, 0)
})

test('a round too many in a revision ends negotiation and contract', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const deal = await dealAt('approved', ada, bob)
  const path = `/api/negotiations/${deal.negotiation.id}`
  went(await bob.ask('POST', `/api/contracts/${deal.contract.id}/revise`, { notes: 'Once more.' }))
  for (const side of [bob, ada]) went(await side.ask('POST', `${path}/round`, { payout_delay_days: 5 }))
  assert.equal(went(await bob.ask('POST', `${path}/round`, { payout_delay_days: 6 })).state, 'expired')
  assert.equal((await contractOf(ada, deal.contract.id)).status, 'expired')
})

test('the ghost score: 100 × (answered + 5) / (expected + 10), nothing at $0, at most 3 turns a counterpart in 30 days', async () => {
  const scoreOf = async (person: Person): Promise<number> =>
    Number(went(await person.ask('GET', '/api/profile/me')).ghost_score)
  const share = (answered: number, expected: number): number => (100 * (answered + 5)) / (expected + 10)
  const isAbout = (score: number, exact: number, what: string): void =>
    assert.ok(Math.abs(score - exact) <= 0.5, `${what}: ${score}, and not ${exact}`)
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await dealAt('negotiating', ada, bob, forMoney)
  isAbout(await scoreOf(bob), 50, 'a turn that is still open')
  const { negotiation } = await dealAt('proposed', ada, bob, forMoney)
  isAbout(await scoreOf(bob), share(1, 1), 'answered once')
  went(await ada.ask('POST', `/api/negotiations/${negotiation.id}/decline`))
  isAbout(await scoreOf(ada), share(1, 1), 'declined counts as answered')
  // The first invitation: Bob says nothing for a week.
  await market.advance(7 * 86_400 + 1)
  isAbout(await scoreOf(bob), share(1, 2), 'one of two answered')
  const [cleo, dan] = await people(market, 'Cleo', 'Dan')
  for (let n = 0; n < 5; n++) {
    const deal = await dealAt('proposed', cleo, dan, forMoney)
    went(await cleo.ask('POST', `/api/negotiations/${deal.negotiation.id}/decline`))
  }
  isAbout(await scoreOf(dan), share(3, 3), 'five answers to one counterpart')
  const [eve, fay] = await people(market, 'Eve', 'Fay')
  await dealAt('approved', eve, fay, forNothing)
  // The gig of a deal for nothing asks for nothing: its invitation is no turn either.
  isAbout(await scoreOf(eve), 50, 'nothing at $0')
})
