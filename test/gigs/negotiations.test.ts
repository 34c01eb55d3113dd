import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Negotiation } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import {
  applyTo,
  become,
  day,
  dayFromNow,
  decideOn,
  freelancers,
  negotiating,
  postGig,
  say,
  seeNegotiation,
  shortlisted,
  startWith,
  toldAbout,
} from './gig-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, grace] = await people(market, 'Ada', 'Grace')
const [bob, cleo] = await freelancers(market, 'Bob', 'Cleo')

const termsOf = ({ rate_cents, hours_per_week, start_date, payout_delay_days }: Negotiation) => ({
  rate_cents,
  hours_per_week,
  start_date,
  payout_delay_days,
})

test('three rounds, an agreement, and everything of it in the audit and the events of both', async () => {
  const started = await negotiating(ada, bob)
  assert.deepEqual(
    [started.state, started.your_role, started.round_number, started.rounds_left, started.contract_id, started.can],
    ['pending', 'client', 0, 3, null, ['round', 'decline']],
  )
  assert.deepEqual(termsOf(started), { rate_cents: 0, hours_per_week: 0, start_date: null, payout_delay_days: 3 })
  assert.deepEqual(started.contact_exchange, { my_share: null, other_party_contact: null })
  refused(await say(bob, 'agree', started), 400, 'round_needed')

  const soon = await dayFromNow(market, 3)
  const first = went(await say(bob, 'round', started, { rate_cents: 6000, hours_per_week: 10, start_date: soon }))
  assert.deepEqual(
    [first.state, first.your_role, first.round_number, first.rounds_left],
    ['in_progress', 'worker', 1, 2],
  )
  const second = went(await say(ada, 'round', started, { rate_cents: 5500 }))
  assert.deepEqual(termsOf(second), { rate_cents: 5500, hours_per_week: 10, start_date: soon, payout_delay_days: 3 })
  const third = went(await say(bob, 'round', started, { payout_delay_days: 10, start_date: null }))
  assert.deepEqual(termsOf(third), { rate_cents: 5500, hours_per_week: 10, start_date: null, payout_delay_days: 10 })
  assert.deepEqual([third.round_number, third.rounds_left, third.can], [3, 0, ['agree', 'decline']])
  assert.ok(Date.parse(third.deadline_at!) - Date.parse(third.updated_at) > 7 * day * 1000 - 5_000)

  const agreed = went(await say(ada, 'agree', started))
  assert.deepEqual([agreed.state, agreed.can], ['pending_owner_approval', []])
  assert.match(agreed.contract_id!, /^[0-9a-f-]{36}$/)
  refused(await say(bob, 'agree', started), 400, 'negotiation_wrong_state')
  refused(await say(bob, 'round', started), 400, 'negotiation_wrong_state')
  refused(await say(bob, 'decline', started), 400, 'negotiation_wrong_state')
  const [contract] = await market.db.rows<{ row: Record<string, unknown> }>(
    `select row_to_json(c) as row from (select status, title, description, scope, rate_cents, hours_per_week, payout_delay_days, client_id, worker_id
       from contract where id = $1) as c`,
    [agreed.contract_id],
  )
  assert.deepEqual(contract!.row, {
    status: 'pending_owner_approval',
    title: 'Port a parser to Rust',
    description: 'A parser of 2,000 lines.',
    scope: 'The parser and its tests.',
    rate_cents: 5500,
    hours_per_week: 10,
    payout_delay_days: 10,
    client_id: ada.userId,
    worker_id: bob.userId,
  })

  const { audit } = await seeNegotiation(bob, started)
  assert.deepEqual(
    audit.map(({ actor, event, data }) => [actor, event, data]),
    [
      [ada.userId, 'created', {}],
      [bob.userId, 'round', { rate_cents: 6000, hours_per_week: 10, start_date: soon }],
      [ada.userId, 'round', { rate_cents: 5500 }],
      [bob.userId, 'round', { payout_delay_days: 10, start_date: null }],
      [ada.userId, 'agreed', { rate_cents: 5500, hours_per_week: 10, start_date: null, payout_delay_days: 10 }],
    ],
  )
  const plain = went(await bob.ask('GET', `/api/negotiations/${started.id}`))
  assert.ok(!('audit' in plain), 'only for whoever asks for it')
  const told = await toldAbout(market, `negotiation:${started.id}`, ada, bob)
  assert.deepEqual(
    told.map(({ name, data }) => `${name} ${data.state} ${data.round_number}`),
    [
      'negotiation.created pending 0',
      'negotiation.updated in_progress 1',
      'negotiation.updated in_progress 2',
      'negotiation.updated in_progress 3',
      'negotiation.updated pending_owner_approval 3',
    ],
  )
})

test('a fourth round ends it with 200; whatever is called later is refused', async () => {
  const negotiation = await negotiating(ada, bob)
  for (const person of [ada, bob, ada])
    went(await say(person, 'round', negotiation, { rate_cents: 100, hours_per_week: 1 }))
  const over = went(await say(bob, 'round', negotiation, { rate_cents: 9999 }))
  assert.deepEqual([over.state, over.rate_cents, over.deadline_at, over.can], ['expired', 100, null, []])
  for (const verb of ['round', 'agree', 'decline'] as const)
    refused(await say(ada, verb, negotiation), 400, 'negotiation_expired')
  assert.deepEqual((await seeNegotiation(ada, negotiation)).audit.at(-1)!.data, { rate_cents: 9999 })
})

test('decline ends it for either side, before a round and after', async () => {
  for (const [decliner, rounds] of [
    [ada, 0],
    [bob, 1],
  ] as const) {
    const negotiation = await negotiating(ada, bob)
    for (let n = 0; n < rounds; n++) went(await say(ada, 'round', negotiation))
    assert.equal(went(await say(decliner, 'decline', negotiation)).state, 'expired')
    refused(await say(decliner, 'decline', negotiation), 400, 'negotiation_expired')
    // A new one may begin about the same gig, since the worker is still shortlisted.
    went(await startWith(ada, bob, { id: negotiation.gig_id }), 201)
  }
})

test('only the client whose gig it is starts one, with somebody shortlisted, one at a time', async () => {
  const gig = await postGig(ada)
  refused(await startWith(ada, bob, gig), 400, 'not_shortlisted')
  const application = went(await applyTo(bob, gig), 201)
  refused(await startWith(ada, bob, gig), 400, 'not_shortlisted')
  went(await decideOn(ada, application, 'rejected'))
  refused(await startWith(ada, bob, gig), 400, 'not_shortlisted')
  went(await decideOn(ada, application, 'shortlisted'))
  const told = refused(await startWith(bob, bob, gig), 403, 'client_only')
  assert.match(told.error, /PATCH \/api\/profile\/me \{"user_type": "client"\}/)
  refused(await startWith(grace, bob, gig), 403, 'gig_not_yours')
  refused(await startWith(ada, ada, gig), 400, 'not_shortlisted')
  refused(await startWith(grace, bob, await postGig(ada, { status: 'draft' })), 404, 'gig_not_found')
  refused(await startWith(ada, bob, { id: bob.userId }), 404, 'gig_not_found')
  const negotiation = went(await startWith(ada, bob, gig), 201)
  const again = refused(await startWith(ada, bob, gig), 409, 'negotiation_exists')
  assert.equal(again.negotiation_id, negotiation.id)
  await shortlisted(ada, cleo, gig)
  went(await startWith(ada, cleo, gig), 201)
  // Later verbs go by party, whatever type somebody has become.
  await become(ada, 'freelancer')
  went(await say(ada, 'round', negotiation, { hours_per_week: 5 }))
  await become(ada, 'client')
})

test('the two alone see it; each finds it in their list', async () => {
  const negotiation = await negotiating(ada, cleo)
  for (const path of ['', '?audit=1'])
    refused(await grace.ask('GET', `/api/negotiations/${negotiation.id}${path}`), 404, 'negotiation_not_found')
  for (const verb of ['round', 'agree', 'decline'] as const)
    refused(await say(grace, verb, negotiation), 404, 'negotiation_not_found')
  refused(
    await say(bob, 'contact-share', negotiation, { contact_type: 'Email', contact_value: 'x@y.test' }),
    404,
    'negotiation_not_found',
  )
  const list = async (person: typeof ada, query: string): Promise<Negotiation[]> =>
    went(await person.ask<Negotiation[]>('GET', `/api/negotiations${query}`))
  assert.deepEqual(await list(grace, ''), [])
  for (const [person, role] of [
    [ada, 'client'],
    [cleo, 'worker'],
  ] as const) {
    const [newest] = await list(person, '?limit=1')
    assert.deepEqual(
      [newest!.id, newest!.your_role, newest!.gig_title],
      [negotiation.id, role, 'Port a parser to Rust'],
    )
    assert.equal((await list(person, '?state=pending')).at(0)!.id, negotiation.id)
    assert.ok((await list(person, '?state=in_progress')).every(({ id }) => id !== negotiation.id))
  }
  const ids: string[] = []
  for (let next: string | null = '/api/negotiations?limit=2'; next !== null; ) {
    const page: Awaited<ReturnType<typeof ada.ask<Negotiation[]>>> = await ada.ask<Negotiation[]>('GET', next)
    ids.push(...went(page).map(({ id }) => id))
    next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? null
  }
  assert.deepEqual(
    ids,
    (await list(ada, '')).map(({ id }) => id),
  )
  assert.deepEqual(ids, ids.toSorted().toReversed(), 'newest first')
})

test('what cannot be agreed on is refused, and nothing is changed by it', async () => {
  const negotiation = await negotiating(ada, bob)
  const yearAhead = await dayFromNow(market, 365)
  for (const [terms, code] of [
    [{ rate_cents: -1 }, 'invalid_input'],
    [{ rate_cents: 1_000_001 }, 'invalid_input'],
    [{ hours_per_week: 169 }, 'invalid_input'],
    [{ hours_per_week: 1.5 }, 'invalid_input'],
    [{ hours_per_week: -1 }, 'invalid_input'],
    [{ payout_delay_days: 2 }, 'invalid_input'],
    [{ payout_delay_days: 11 }, 'invalid_input'],
    [{ start_date: '2027-02-30' }, 'invalid_input'],
    [{ start_date: 'tomorrow' }, 'invalid_input'],
    [{ start_date: await dayFromNow(market, -1) }, 'start_date_unusable'],
    [{ start_date: await dayFromNow(market, 367) }, 'start_date_unusable'],
    [{ rate_cents: 99, hours_per_week: 1 }, 'amount_out_of_range'],
    [{ rate_cents: 1_000_000, hours_per_week: 51 }, 'amount_out_of_range'],
  ] as const)
    refused(await say(bob, 'round', negotiation, terms), 400, code)
  assert.equal((await seeNegotiation(ada, negotiation)).round_number, 0)
  const edge = { rate_cents: 1_000_000, hours_per_week: 50, start_date: yearAhead, payout_delay_days: 10 }
  assert.deepEqual(termsOf(went(await say(bob, 'round', negotiation, edge))), edge)
  // What is named later is judged with what stands.
  refused(await say(ada, 'round', negotiation, { hours_per_week: 51 }), 400, 'amount_out_of_range')
  const today = await dayFromNow(market, 0)
  const least = { rate_cents: 1, hours_per_week: 100, start_date: today, payout_delay_days: 3 }
  assert.deepEqual(termsOf(went(await say(ada, 'round', negotiation, least))), least)
})

test('negotiate starts one and proposes at once, or does neither', async () => {
  const gig = await postGig(ada)
  await shortlisted(ada, bob, gig)
  const invite = { gig_id: gig.id, worker_user_id: bob.userId }
  const negotiate = (terms: object) => ada.ask<Negotiation>('POST', '/api/negotiate', { ...invite, ...terms })
  refused(await negotiate({ rate_cents: 1, hours_per_week: 1 }), 400, 'amount_out_of_range')
  refused(await negotiate({ start_date: await dayFromNow(market, -1) }), 400, 'start_date_unusable')
  refused(await bob.ask('POST', '/api/negotiate', invite), 403, 'client_only')
  const [none] = await market.db.rows<{ n: number }>(`select count(*) as n from negotiation where gig_id = $1`, [
    gig.id,
  ])
  assert.equal(none!.n, 0, 'a first round that is refused leaves no negotiation')
  const made = went(await negotiate({ rate_cents: 4000, hours_per_week: 8 }), 201)
  assert.deepEqual([made.state, made.round_number, made.rate_cents], ['in_progress', 1, 4000])
  refused(await negotiate({}), 409, 'negotiation_exists')
  went(await say(bob, 'decline', made))
  const bare = went(await negotiate({}), 201)
  assert.deepEqual([bare.state, bare.round_number], ['pending', 0], 'no terms, no round')
})

test('a contact is seen by the other side at once, and by nobody else', async () => {
  const negotiation = await negotiating(ada, bob)
  const contact = { contact_type: 'Telegram', contact_value: '@ada' }
  const own = went(await say(ada, 'contact-share', negotiation, contact))
  assert.deepEqual({ ...own.contact_exchange.my_share, shared_at: 0 }, { ...contact, shared_at: 0 })
  assert.equal(own.contact_exchange.other_party_contact, null)
  assert.equal(own.deadline_at, negotiation.deadline_at, 'a contact is no answer')
  const seen = await seeNegotiation(bob, negotiation)
  assert.equal(seen.contact_exchange.my_share, null)
  assert.equal(seen.contact_exchange.other_party_contact!.contact_value, '@ada')
  assert.deepEqual(seen.audit.at(-1)!.data, { contact_type: 'Telegram' })
  went(await say(ada, 'contact-share', negotiation, contact))
  assert.equal((await seeNegotiation(bob, negotiation)).audit.length, 2, 'the same again is no news')
  went(await say(ada, 'contact-share', negotiation, { contact_type: 'Email', contact_value: 'ada@example.com' }))
  went(await say(bob, 'contact-share', negotiation, { contact_type: 'x'.repeat(50), contact_value: 'bob' }))
  const both = (await seeNegotiation(bob, negotiation)).contact_exchange
  assert.deepEqual([both.my_share!.contact_value, both.other_party_contact!.contact_value], ['bob', 'ada@example.com'])
  for (const bad of [
    { contact_type: 'x'.repeat(51), contact_value: 'y' },
    { contact_type: 'x', contact_value: '' },
    { contact_type: 'x', contact_value: 'y'.repeat(501) },
    { contact_type: 'x' },
  ])
    refused(await say(ada, 'contact-share', negotiation, bad), 400, 'invalid_input')
  const events = await toldAbout(market, `negotiation:${negotiation.id}`, ada, bob)
  assert.ok(!JSON.stringify(events).includes('@ada'), 'an event does not carry it')
})

test('fifty live negotiations and no more; one that is over makes room', async () => {
  const [hana] = await people(market, 'Hana')
  const gig = await postGig(hana)
  const workers = await freelancers(market, ...Array.from({ length: 51 }, (_, n) => `Worker ${n}`))
  for (const worker of workers) await shortlisted(hana, worker, gig)
  const all: Negotiation[] = []
  for (const worker of workers.slice(0, 50)) all.push(went(await startWith(hana, worker, gig), 201))
  refused(await startWith(hana, workers[50]!, gig), 400, 'too_many_negotiations')
  went(await say(workers[0]!, 'decline', all[0]!))
  went(await startWith(hana, workers[50]!, gig), 201)
})
