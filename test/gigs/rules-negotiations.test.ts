import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { becomes, dealAt, forMoney, gigFields, type Thing } from '../journeys/deal.ts'
import { moveClock, people, refused, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { broken, day, dayIn, type Rule } from './rules.ts'

// Negotiations: every rule of the document and of the specification, broken.
const market = await startTestMarket({ worker: false })
after(() => market.close())

broken(market, 'whoever wants to negotiate', async ({ ada, bob, eve, fay }) => {
  const { gig } = await dealAt('shortlisted', ada, bob)
  const invited = { gig_id: gig.id, worker_user_id: bob.userId }
  const [plain, quick] = ['POST /api/negotiations', 'POST /api/negotiate']
  return [
    ['Client only', bob, plain, invited, 403, 'client_only', /user_type/],
    ['Client only', bob, quick, invited, 403, 'client_only', /user_type/],
    ['the gig is another client’s', eve, plain, invited, 403],
    ['the gig is another client’s', eve, quick, invited, 403],
    [
      'The worker must already be shortlisted on that gig',
      ada,
      plain,
      { ...invited, worker_user_id: fay.userId },
      [400, 404],
    ],
    ['client ≠ worker', ada, plain, { ...invited, worker_user_id: ada.userId }, [400, 403]],
    ['gig_id', ada, plain, { ...invited, gig_id: randomUUID() }, 404],
    ['gig_id, worker_user_id', ada, plain, { gig_id: gig.id }, 400, 'invalid_input', /worker_user_id/],
    ['terms go with /api/negotiate', ada, plain, { ...invited, rate_cents: 5 }, 400, 'invalid_input'],
    ['payout_delay_days 3–10', ada, quick, { ...invited, payout_delay_days: 2 }, 400, 'invalid_input'],
    ['payout_delay_days 3–10', ada, quick, { ...invited, payout_delay_days: 11 }, 400, 'invalid_input'],
    [
      'rate × hours is 0 or ≥ 100 cents, in one transaction',
      ada,
      quick,
      { ...invited, rate_cents: 9, hours_per_week: 11 },
      400,
    ],
  ]
})

broken(market, 'an owner who has become a freelancer', async ({ ada, bob }) => {
  const { gig } = await dealAt('shortlisted', ada, bob)
  await becomes(ada, 'freelancer')
  const invited = { gig_id: gig.id, worker_user_id: bob.userId }
  return [['Only clients can … start negotiations', ada, 'POST /api/negotiations', invited, 403, 'client_only']]
})

broken(market, 'a new negotiation', async ({ ada, bob, eve }) => {
  const { gig, negotiation } = await dealAt('negotiating', ada, bob)
  const path = `/api/negotiations/${negotiation.id}`
  const share = { contact_type: 'Telegram', contact_value: '@ada' }
  const round = `POST ${path}/round`
  const shared = `POST ${path}/contact-share`
  const sides = ([['After at least one round', '/agree', {}, 400]] as const).flatMap(([says, verb, send, status]) =>
    [ada, bob].map((side): Rule => [says, side, `POST ${path}${verb}`, send, status]),
  )
  return [
    ...sides,
    [
      'One live one per gig and worker (409)',
      ada,
      'POST /api/negotiations',
      { gig_id: gig.id, worker_user_id: bob.userId },
      409,
    ],
    [
      'One live one per gig and worker (409)',
      ada,
      'POST /api/negotiate',
      { gig_id: gig.id, worker_user_id: bob.userId },
      409,
    ],
    ['Delete: refused (409) once a negotiation exists', ada, `DELETE /api/gigs/${gig.id}`, undefined, 409],
    ['payout_delay_days? (3-10)', bob, round, { payout_delay_days: 2 }, 400, 'invalid_input', /payout_delay_days/],
    ['payout_delay_days? (3-10)', bob, round, { payout_delay_days: 11 }, 400, 'invalid_input', /payout_delay_days/],
    ['payout_delay_days? (3-10)', bob, round, { payout_delay_days: 3.5 }, 400, 'invalid_input'],
    ['hours integer 0–168', bob, round, { hours_per_week: 169 }, 400, 'invalid_input', /hours_per_week/],
    ['hours integer 0–168', bob, round, { hours_per_week: -1 }, 400, 'invalid_input'],
    ['hours integer 0–168', bob, round, { hours_per_week: 1.5 }, 400, 'invalid_input'],
    ['rate_cents ≤ 1,000,000', bob, round, { rate_cents: 1_000_001 }, 400, 'invalid_input', /rate_cents/],
    ['rate_cents? (≥0)', bob, round, { rate_cents: -1 }, 400, 'invalid_input'],
    ['start_date? (YYYY-MM-DD)', bob, round, { start_date: 'tomorrow' }, 400, 'invalid_input', /start_date/],
    ['start_date? (YYYY-MM-DD)', bob, round, { start_date: '01.02.2027' }, 400, 'invalid_input'],
    ['start_date? (YYYY-MM-DD)', bob, round, { start_date: '2027-02-30' }, 400],
    ['start_date? (YYYY-MM-DD)', bob, round, { start_date: `${dayIn(30)}T00:00:00.000Z` }, 400, 'invalid_input'],
    ['start date at most a year ahead', bob, round, { start_date: dayIn(368) }, 400],
    ['rate × hours is 0 or ≥ 100 cents', bob, round, { rate_cents: 99, hours_per_week: 1 }, 400],
    ['amount_cents (0 or 100–50,000,000)', bob, round, { rate_cents: 1_000_000, hours_per_week: 51 }, 400],
    ['Scope comes from the gig', bob, round, { scope: 'More of everything' }, 400, 'invalid_input'],
    [
      'contact_type (max 50 chars)',
      ada,
      shared,
      { ...share, contact_type: 'x'.repeat(51) },
      400,
      'invalid_input',
      /contact_type/,
    ],
    ['contact_type', ada, shared, { ...share, contact_type: '' }, 400, 'invalid_input'],
    ['contact_value', ada, shared, { contact_type: 'Telegram' }, 400, 'invalid_input', /contact_value/],
    ['Party only', eve, `GET ${path}`, undefined, 404],
    ['Party only', eve, `GET ${path}?audit=1`, undefined, 404],
    ['Party (client or worker)', eve, round, { rate_cents: 0 }, 404],
    ['Party', eve, `POST ${path}/agree`, {}, 404],
    ['Party', eve, `POST ${path}/decline`, {}, 404],
    ['Party', eve, shared, share, 404],
    [
      'pending|in_progress|pending_owner_approval|approved|expired',
      ada,
      'GET /api/negotiations?state=live',
      undefined,
      400,
      'invalid_input',
    ],
  ]
})

/** What nobody can do any more with a negotiation. */
const over = (says: string, ada: Person, bob: Person, id: string, verbs = ['round', 'agree', 'decline']): Rule[] =>
  [ada, bob].flatMap((side) =>
    verbs.map(
      (verb): Rule => [
        says,
        side,
        `POST /api/negotiations/${id}/${verb}`,
        verb === 'round' ? { rate_cents: 0 } : {},
        400,
      ],
    ),
  )

broken(market, 'a negotiation after a fourth round', async ({ ada, bob }) => {
  const { negotiation } = await dealAt('negotiating', ada, bob)
  const path = `/api/negotiations/${negotiation.id}`
  for (const [n, side] of [ada, bob, ada].entries()) {
    const { round_number: number } = went(await side.ask('POST', `${path}/round`, { rate_cents: 1_000 + n }))
    assert.equal(number, n + 1)
  }
  const after4 = went(await bob.ask('POST', `${path}/round`, { rate_cents: 9_000 }))
  assert.equal(after4.state, 'expired', 'Maximum 3 rounds; after that, the next round call will set state to expired')
  assert.equal(after4.rate_cents, 1_002, 'what was proposed too late counts for nothing')
  return over('Max 3 rounds; then must agree or expires', ada, bob, negotiation.id)
})

broken(market, 'a negotiation that was declined', async ({ ada, bob }) => {
  const { negotiation } = await dealAt('proposed', ada, bob)
  assert.equal(went(await bob.ask('POST', `/api/negotiations/${negotiation.id}/decline`)).state, 'expired')
  return over('expired by decline', ada, bob, negotiation.id)
})

broken(market, 'a negotiation that was agreed on', async ({ ada, bob }) => {
  const { negotiation } = await dealAt('agreed', ada, bob)
  return over('agree locks terms', ada, bob, negotiation.id)
})

broken(market, 'a negotiation after 7 days of silence', async ({ ada, bob }) => {
  const { negotiation } = await dealAt('negotiating', ada, bob)
  await moveClock(market, 7 * day - 60)
  went(await bob.ask('POST', `/api/negotiations/${negotiation.id}/round`, { rate_cents: 0 }))
  await moveClock(market, 7 * day + 1)
  return over('negotiation 7 d of silence → expired', ada, bob, negotiation.id)
})

test('7 days of silence, and the market ends it by itself', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, negotiation } = await dealAt('proposed', ada, bob)
  await market.advance(7 * day + 1)
  assert.equal(went(await ada.ask('GET', `/api/negotiations/${negotiation.id}`)).state, 'expired')
  const invitation = { gig_id: gig.id, worker_user_id: bob.userId }
  went(await ada.ask('POST', '/api/negotiations', invitation), 201)
})

test('"only they can see it": a contact is the other party’s at once, and nobody else’s', async () => {
  const [ada, bob, eve] = await people(market, 'Ada', 'Bob', 'Eve')
  const { negotiation } = await dealAt('negotiating', ada, bob)
  const path = `/api/negotiations/${negotiation.id}`
  const contact = 'canary@contact.test'
  went(await ada.ask('POST', `${path}/contact-share`, { contact_type: 'Email', contact_value: contact }))
  const mine = went(await ada.ask<{ contact_exchange: Record<string, Thing> }>('GET', path)).contact_exchange
  const theirs = went(await bob.ask<{ contact_exchange: Record<string, Thing> }>('GET', path)).contact_exchange
  assert.deepEqual([mine.my_share!.contact_value, mine.other_party_contact], [contact, null])
  assert.deepEqual([theirs.my_share, theirs.other_party_contact!.contact_value], [null, contact])
  for (const answer of [
    await eve.ask('GET', path),
    await eve.ask('GET', '/api/negotiations'),
    await eve.ask('GET', '/api/gigs'),
  ])
    assert.ok(!answer.text.includes(contact))
  const told = await market.db.rows(`select 1 from event where data::text like '%canary@contact%'`)
  assert.deepEqual(told, [], 'events go out of the house')
})

test('"live negotiations 50": the 51st is refused, until one of them is over', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await becomes(bob, 'freelancer')
  const open: string[] = []
  let invitation = {}
  for (let n = 0; n <= 50; n++) {
    // Fifty applications a day.
    if (n === 40) await moveClock(market, day)
    const { id } = went(await ada.ask<Thing>('POST', '/api/gigs', { ...gigFields, status: 'active' }), 201)
    const application = went(await bob.ask<Thing>('POST', `/api/gigs/${id}/apply`), 201)
    went(await ada.ask('PATCH', `/api/gigs/${id}/applications/${application.id}`, { status: 'shortlisted' }))
    invitation = { gig_id: id, worker_user_id: bob.userId }
    if (n < 50) open.push(went(await ada.ask<Thing>('POST', '/api/negotiations', invitation), 201).id)
  }
  const answer = await ada.ask('POST', '/api/negotiations', invitation)
  assert.match(refused(answer, 400, String(answer.body.code)).code, /^too_many_/)
  went(await ada.ask('POST', `/api/negotiations/${open[0]}/decline`))
  went(await ada.ask('POST', '/api/negotiations', invitation), 201)
})

test('terms at their edges are terms: 3 and 10 days, 0 and 168 hours, a dollar, $500,000', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  for (const terms of [
    { payout_delay_days: 3, hours_per_week: 168, rate_cents: 1 },
    { payout_delay_days: 10, hours_per_week: 0, rate_cents: 1_000_000, start_date: dayIn(100) },
    { hours_per_week: 50, rate_cents: 1_000_000, start_date: dayIn(364) },
    { ...forMoney, hours_per_week: 1, rate_cents: 100 },
  ]) {
    const { negotiation } = await dealAt('negotiating', ada, bob)
    const seen = went(await bob.ask('POST', `/api/negotiations/${negotiation.id}/round`, terms))
    for (const [field, value] of Object.entries(terms)) assert.equal(seen[field], value, field)
    went(await ada.ask('POST', `/api/negotiations/${negotiation.id}/decline`))
  }
})
