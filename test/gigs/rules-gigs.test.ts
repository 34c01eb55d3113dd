import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { becomes, dealAt, gigFields, type Thing } from '../journeys/deal.ts'
import { moveClock, people, refused, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { bearing, broken, day, withKey } from './rules.ts'

// Gigs and applications: every "only", "must", "cannot", "max" of the document and of the specification, broken.
const market = await startTestMarket({ worker: false })
after(() => market.close())

broken(market, 'whoever wants to post', async ({ ada, bob }) => {
  const narrow = await withKey(market, ada, { scopes: ['jobs:read', 'jobs:post', 'wallet:spend', 'account'] })
  const post = 'POST /api/gigs'
  return [
    ['Only clients can post gigs', bob, post, gigFields, 403, 'client_only', /user_type/],
    ['title (required)', ada, post, { ...gigFields, title: undefined }, 400, 'invalid_input', /title/],
    ['title (required)', ada, post, { ...gigFields, title: ' ' }, 400, 'invalid_input', /title/],
    ['titles 200', ada, post, { ...gigFields, title: 'x'.repeat(201) }, 400, 'invalid_input', /title/],
    [
      'free text 10,000',
      ada,
      post,
      { ...gigFields, description: 'x'.repeat(10_001) },
      400,
      'invalid_input',
      /description/,
    ],
    ['free text 10,000', ada, post, { ...gigFields, scope: 'x'.repeat(10_001) }, 400, 'invalid_input', /scope/],
    ['rate_cents? (≥0)', ada, post, { ...gigFields, rate_cents: -1 }, 400, 'invalid_input', /rate_cents/],
    ['Money: integer cents', ada, post, { ...gigFields, rate_cents: 0.5 }, 400, 'invalid_input', /rate_cents/],
    ['rate_cents ≤ 1,000,000', ada, post, { ...gigFields, rate_cents: 1_000_001 }, 400, 'invalid_input', /rate_cents/],
    ['There is no published value', ada, post, { ...gigFields, status: 'published' }, 400, 'invalid_input', /status/],
    ['gigs may carry skills', ada, post, { ...gigFields, skills: 'rust' }, 400, 'invalid_input', /skills/],
    ['unknown fields are refused', ada, post, { ...gigFields, rate_cent: 1 }, 400, 'invalid_input', /rate_cents/],
    ['draft|active|closed', ada, 'GET /api/gigs?status=published', undefined, 400, 'invalid_input'],
    ['authenticated requests', bearing(market, {}), post, gigFields, 401, 'authentication_required'],
    [
      'cookie changes need a matching Origin',
      bearing(market, { cookie: ada.cookie }),
      post,
      gigFields,
      403,
      'origin_mismatch',
    ],
    [
      'cookie changes need a matching Origin',
      bearing(market, { cookie: ada.cookie, origin: 'https://elsewhere.test' }),
      post,
      gigFields,
      403,
      'origin_mismatch',
    ],
    ['Scopes: gigs', narrow, post, gigFields, 403, 'scope_missing'],
    ['Scopes: gigs', narrow, 'GET /api/gigs', undefined, 403, 'scope_missing'],
  ]
})

broken(market, 'a draft', async ({ ada, bob, eve }) => {
  const { gig } = await dealAt('drafted', ada, bob)
  const path = `/api/gigs/${gig.id}`
  return [
    ['If the gig is draft or closed, only the owner can read it', eve, `GET ${path}`, undefined, 404],
    ['Owner only (PATCH), and a stranger does not see it', eve, `PATCH ${path}`, { title: 'Mine' }, 404],
    ['Owner only (DELETE), and a stranger does not see it', eve, `DELETE ${path}`, undefined, 404],
    ['Gig owner only (applications)', eve, `GET ${path}/applications`, undefined, 404],
    ['The gig must be active', bob, `POST ${path}/apply`, {}, [400, 404]],
    [
      'Only valid status values are draft, active, closed',
      ada,
      `PATCH ${path}`,
      { status: 'published' },
      400,
      'invalid_input',
    ],
    ['titles 200', ada, `PATCH ${path}`, { title: 'x'.repeat(201) }, 400, 'invalid_input'],
    ['title (required)', ada, `PATCH ${path}`, { title: '' }, 400, 'invalid_input'],
    ['rate_cents? (≥0)', ada, `PATCH ${path}`, { rate_cents: -1 }, 400, 'invalid_input'],
    ['rate_cents ≤ 1,000,000', ada, `PATCH ${path}`, { rate_cents: 1_000_001 }, 400, 'invalid_input'],
    ['an owner is no field', ada, `PATCH ${path}`, { owner_id: eve.userId }, 400, 'invalid_input'],
  ]
})

broken(market, 'an active gig', async ({ ada, bob, eve }) => {
  const { gig } = await dealAt('posted', ada, bob)
  const path = `/api/gigs/${gig.id}`
  return [
    ['Owner only (PATCH)', eve, `PATCH ${path}`, { status: 'closed' }, 403],
    ['Owner only (PATCH)', bob, `PATCH ${path}`, { rate_cents: 1_000_000 }, 403],
    ['Owner only (DELETE)', eve, `DELETE ${path}`, undefined, 403],
    ['Gig owner only (applications)', eve, `GET ${path}/applications`, undefined, 403],
    ['Gig owner only (applications)', bob, `GET ${path}/applications`, undefined, 403],
    ['only freelancers can apply to gigs', eve, `POST ${path}/apply`, {}, 403, 'freelancer_only', /user_type/],
    ['free text 10,000', bob, `POST ${path}/apply`, { message: 'x'.repeat(10_001) }, 400, 'invalid_input', /message/],
    ['the worker is who calls', bob, `POST ${path}/apply`, { worker_user_id: eve.userId }, 400, 'invalid_input'],
    ['applied|shortlisted|rejected', ada, `GET ${path}/applications?status=hired`, undefined, 400, 'invalid_input'],
  ]
})

broken(market, 'one’s own gig', async ({ ada, bob }) => {
  const { gig } = await dealAt('posted', ada, bob)
  await becomes(ada, 'freelancer')
  return [
    ['own gig 403', ada, `POST /api/gigs/${gig.id}/apply`, {}, 403, 'own_gig'],
    ['Only clients can post gigs', ada, 'POST /api/gigs', gigFields, 403, 'client_only'],
  ]
})

broken(market, 'a closed gig', async ({ ada, bob, eve, fay }) => {
  const { gig } = await dealAt('applied', ada, bob)
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}`, { status: 'closed' }))
  return [
    ['closed (no new applications)', fay, `POST /api/gigs/${gig.id}/apply`, {}, [400, 404]],
    ['only the owner can read it', eve, `GET /api/gigs/${gig.id}`, undefined, 404],
    ['Owner only', eve, `PATCH /api/gigs/${gig.id}`, { status: 'active' }, 404],
  ]
})

broken(market, 'an application', async ({ ada, bob, eve, fay }) => {
  const { gig, application } = await dealAt('applied', ada, bob)
  const other = await dealAt('posted', ada, bob)
  const path = `/api/gigs/${gig.id}/applications/${application.id}`
  const elsewhere = `/api/gigs/${other.gig.id}/applications/${application.id}`
  const invitation = { gig_id: gig.id, worker_user_id: bob.userId }
  return [
    ['second by the same person 409', bob, `POST /api/gigs/${gig.id}/apply`, {}, 409],
    ['Gig owner only', bob, `PATCH ${path}`, { status: 'shortlisted' }, 403],
    ['strangers 404', eve, `PATCH ${path}`, { status: 'shortlisted' }, 404],
    ['strangers 404', fay, `PATCH ${path}`, { status: 'rejected' }, 404],
    ['status with value shortlisted or rejected', ada, `PATCH ${path}`, { status: 'applied' }, 400, 'invalid_input'],
    ['status with value shortlisted or rejected', ada, `PATCH ${path}`, { status: 'withdrawn' }, 400, 'invalid_input'],
    ['status with value shortlisted or rejected', ada, `PATCH ${path}`, {}, 400, 'invalid_input'],
    ['an application belongs to its gig', ada, `PATCH ${elsewhere}`, { status: 'shortlisted' }, 404],
    ['withdrawing is the applicant’s', ada, `DELETE /api/applications/${application.id}`, undefined, 403],
    ['strangers 404', eve, `DELETE /api/applications/${application.id}`, undefined, 404],
    ['Gig owner only', bob, `GET /api/gigs/${gig.id}/applications`, undefined, 403],
    [
      '?status=applied|shortlisted|rejected',
      bob,
      'GET /api/applications/mine?status=withdrawn',
      undefined,
      400,
      'invalid_input',
    ],
    ['Only shortlisted workers can be invited to negotiate', ada, 'POST /api/negotiations', invitation, 400],
    ['Only shortlisted workers can be invited to negotiate', ada, 'POST /api/negotiate', invitation, 400],
  ]
})

for (const decision of ['shortlisted', 'rejected'])
  broken(market, `an application that was ${decision}`, async ({ ada, bob }) => {
    const { gig, application } = await dealAt('applied', ada, bob)
    went(await ada.ask('PATCH', `/api/gigs/${gig.id}/applications/${application.id}`, { status: decision }))
    return [
      ['DELETE /api/applications/:id while applied', bob, `DELETE /api/applications/${application.id}`, undefined, 400],
      ['second by the same person 409', bob, `POST /api/gigs/${gig.id}/apply`, {}, 409],
      ...(decision === 'rejected'
        ? [
            [
              'Only shortlisted workers can be used in POST /api/negotiations',
              ada,
              'POST /api/negotiations',
              { gig_id: gig.id, worker_user_id: bob.userId },
              400,
            ] as const,
          ]
        : []),
    ]
  })

test('"applications 50 a day": the 51st is refused, withdrawn ones count too, and the next day there are fifty more', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await becomes(bob, 'freelancer')
  const gigs: string[] = []
  for (let n = 0; n < 51; n++)
    gigs.push(went(await ada.ask<Thing>('POST', '/api/gigs', { ...gigFields, status: 'active' }), 201).id)
  for (const [n, id] of gigs.slice(0, 50).entries()) {
    const application = went(await bob.ask<Thing>('POST', `/api/gigs/${id}/apply`), 201)
    if (n === 0) went(await bob.ask('DELETE', `/api/applications/${application.id}`))
  }
  const answer = await bob.ask<{ code: string }>('POST', `/api/gigs/${gigs[50]}/apply`)
  refused(answer, 400, answer.body.code)
  assert.match(answer.body.code, /^too_many_/)
  await moveClock(market, day)
  went(await bob.ask('POST', `/api/gigs/${gigs[50]}/apply`), 201)
})

test('"closed stops apply only": who has applied is shortlisted, invited and agreed with as before', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, application } = await dealAt('applied', ada, bob)
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}`, { status: 'closed' }))
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}/applications/${application.id}`, { status: 'shortlisted' }))
  const terms = { gig_id: gig.id, worker_user_id: bob.userId, hours_per_week: 1 }
  const { id } = went(await ada.ask<Thing>('POST', '/api/negotiate', terms), 201)
  went(await bob.ask('POST', `/api/negotiations/${id}/agree`))
})

test('who withdraws may apply again; the owner no longer sees the first', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, application } = await dealAt('applied', ada, bob)
  went(await bob.ask('DELETE', `/api/applications/${application.id}`))
  assert.deepEqual(went(await ada.ask('GET', `/api/gigs/${gig.id}/applications`)), [])
  assert.deepEqual(went(await bob.ask('GET', '/api/applications/mine')), [])
  const again = went(await bob.ask<Thing>('POST', `/api/gigs/${gig.id}/apply`), 201)
  assert.notEqual(again.id, application.id)
})

test('"Type is checked when posting, applying and starting a negotiation; later verbs go by party"', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, application, negotiation } = await dealAt('negotiating', ada, bob)
  await becomes(ada, 'freelancer')
  await becomes(bob, 'client')
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}`, { title: 'Port the parser' }))
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}/applications/${application.id}`, { status: 'shortlisted' }))
  went(await bob.ask('POST', `/api/negotiations/${negotiation.id}/round`, { rate_cents: 0 }))
  const { contract_id: id } = went(await ada.ask('POST', `/api/negotiations/${negotiation.id}/agree`))
  for (const side of [ada, bob]) went(await side.ask('POST', `/api/contracts/${id}/approve`))
})
