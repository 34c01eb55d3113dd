import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Application, ApplicationReceived } from '../../src/desks/gigs/gig/application.ts'
import type { Gig } from '../../src/desks/gigs/gig/gig.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import {
  applyTo,
  become,
  day,
  decideOn,
  freelancers,
  mine,
  postGig,
  shortlisted,
  startWith,
  toldAbout,
} from './gig-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, grace] = await people(market, 'Ada', 'Grace')
const [bob, cleo] = await freelancers(market, 'Bob', 'Cleo')

const received = async (client: Person, gig: Pick<Gig, 'id'>, query = ''): Promise<ApplicationReceived[]> =>
  went(await client.ask<ApplicationReceived[]>('GET', `/api/gigs/${gig.id}/applications${query}`))

test('a freelancer applies, the owner sees who they are and decides, and both are told', async () => {
  const gig = await postGig(ada)
  went(await bob.ask('PATCH', '/api/profile/me', { bio: 'I port parsers.', skills: ['rust'] }))
  const application = went(await applyTo(bob, gig, { message: 'I have ported three.' }), 201)
  assert.deepEqual(
    { ...application, id: '', created_at: '', updated_at: '' },
    {
      id: '',
      gig_id: gig.id,
      gig_title: gig.title,
      worker_user_id: bob.userId,
      message: 'I have ported three.',
      status: 'applied',
      created_at: '',
      updated_at: '',
      can: ['withdraw'],
    },
  )
  assert.deepEqual(went(await bob.ask<Gig>('GET', `/api/gigs/${gig.id}`)).can, [], 'once is enough')
  went(await applyTo(cleo, gig), 201)
  const all = await received(ada, gig)
  assert.deepEqual(
    all.map(({ worker_user_id: worker }) => worker),
    [cleo.userId, bob.userId],
    'newest first',
  )
  assert.deepEqual(all[1]!.worker_profile, {
    user_id: bob.userId,
    display_name: 'Bob',
    bio: 'I port parsers.',
    skills: ['rust'],
    ghost_score: 50,
    github_username: null,
    github_profile_url: null,
    vouched_by: [],
  })
  assert.deepEqual(all[1]!.can, ['decide'])
  for (const [status, can] of [
    ['shortlisted', ['decide']],
    ['shortlisted', ['decide']],
    ['rejected', ['decide']],
    ['shortlisted', ['decide']],
  ] as const) {
    const decided = went(await decideOn(ada, application, status))
    assert.deepEqual([decided.status, decided.can], [status, can])
  }
  assert.deepEqual(
    (await received(ada, gig, '?status=shortlisted')).map(({ id }) => id),
    [application.id],
  )
  assert.deepEqual(
    (await received(ada, gig, '?status=applied')).map(({ worker_user_id: w }) => w),
    [cleo.userId],
  )
  assert.deepEqual(
    (await toldAbout(market, `application:${application.id}`, ada, bob)).map(
      ({ name, data }) => `${name} ${data.status}`,
    ),
    [
      'gig.application.created applied',
      'gig.application.updated shortlisted',
      'gig.application.updated rejected',
      'gig.application.updated shortlisted',
    ],
    'the same decision again tells nobody',
  )
  const [sent] = await mine(bob, `?gig_id=${gig.id}`)
  assert.deepEqual([sent!.status, sent!.negotiation_id, sent!.negotiation], ['shortlisted', null, null])
})

test('only freelancers apply, to active gigs of others, once', async () => {
  const gig = await postGig(ada)
  refused(await applyTo(ada, gig), 403, 'own_gig')
  const told = refused(await applyTo(grace, gig), 403, 'freelancer_only')
  assert.match(told.error, /PATCH \/api\/profile\/me \{"user_type": "freelancer"\}/)
  await become(grace, 'freelancer')
  went(await applyTo(grace, gig), 201)
  refused(await applyTo(grace, gig), 409, 'already_applied')
  await become(grace, 'client')
  for (const status of ['draft', 'closed'])
    refused(await applyTo(bob, await postGig(ada, { status })), 400, 'gig_not_active')
  refused(await applyTo(bob, { id: bob.userId }), 404, 'gig_not_found')
  refused(await applyTo(bob, gig, { message: 'x'.repeat(10_001) }), 400, 'invalid_input')
  went(await applyTo(bob, gig, { message: 'x'.repeat(10_000) }), 201)
  const closed = went(await ada.ask<Gig>('PATCH', `/api/gigs/${gig.id}`, { status: 'closed' }))
  refused(await applyTo(cleo, closed), 400, 'gig_not_active')
  // Closed stops applications only.
  const [first] = await received(ada, closed)
  went(await decideOn(ada, first!, 'shortlisted'))
  went(await startWith(ada, bob, closed), 201)
})

test('only the owner decides, only on applications to that gig, and only to shortlist or reject', async () => {
  const [gig, other] = [await postGig(ada), await postGig(ada)]
  const application = went(await applyTo(bob, gig), 201)
  refused(await decideOn(bob, application, 'shortlisted'), 403, 'application_not_yours')
  refused(await decideOn(grace, application, 'shortlisted'), 404, 'application_not_found')
  refused(await decideOn(ada, { ...application, gig_id: other.id }, 'shortlisted'), 404, 'application_not_found')
  refused(await decideOn(ada, { ...application, id: gig.id }, 'rejected'), 404, 'application_not_found')
  for (const status of ['applied', 'withdrawn', 'hired'])
    assert.match(
      refused(await decideOn(ada, application, status), 400, 'invalid_input').error,
      /shortlisted or rejected/,
    )
  refused(await ada.ask('GET', `/api/gigs/${gig.id}/applications?status=withdrawn`), 400, 'invalid_input')
})

test('an application is withdrawn while nobody has decided on it; then nobody sees it, and its worker may apply again', async () => {
  const gig = await postGig(ada)
  const application = went(await applyTo(bob, gig), 201)
  const path = `/api/applications/${application.id}`
  refused(await cleo.ask('DELETE', path), 404, 'application_not_found')
  refused(await ada.ask('DELETE', path), 403, 'application_not_yours')
  assert.deepEqual(went(await bob.ask('DELETE', path)), { ok: true, deleted: true })
  refused(await bob.ask('DELETE', path), 404, 'application_not_found')
  refused(await decideOn(ada, application, 'shortlisted'), 404, 'application_not_found')
  assert.deepEqual([await received(ada, gig), await mine(bob, `?gig_id=${gig.id}`)], [[], []])
  const again = await shortlisted(ada, bob, gig)
  assert.match(
    refused(await bob.ask('DELETE', `/api/applications/${again.id}`), 400, 'application_wrong_state').error,
    /is shortlisted/,
  )
  assert.equal((await toldAbout(market, `application:${application.id}`, ada, bob)).at(-1)!.data.status, 'withdrawn')
})

test('one’s own applications say which live negotiation there is', async () => {
  const [dora] = await freelancers(market, 'Dora')
  const [gig, other] = [await postGig(ada), await postGig(ada)]
  went(await applyTo(dora, other), 201)
  await shortlisted(ada, dora, gig)
  const negotiation = went(await startWith(ada, dora, gig), 201)
  const [rest, live] = (await mine(dora)).toSorted((a) => (a.gig_id === gig.id ? 1 : -1))
  assert.equal(rest!.negotiation, null)
  assert.equal(live!.negotiation_id, negotiation.id)
  assert.deepEqual([live!.negotiation!.state, live!.negotiation!.your_role], ['pending', 'worker'])
  assert.deepEqual(
    (await mine(dora, '?status=shortlisted')).map(({ gig_id: id }) => id),
    [gig.id],
  )
  // Somebody else's negotiation about the same gig is nobody's business.
  await shortlisted(ada, cleo, gig)
  went(await startWith(ada, cleo, gig), 201)
  assert.equal((await mine(dora, `?gig_id=${gig.id}`))[0]!.negotiation_id, negotiation.id)
  went(await dora.ask('POST', `/api/negotiations/${negotiation.id}/decline`))
  assert.deepEqual(
    (await mine(dora, `?gig_id=${gig.id}`)).map((one) => one.negotiation_id),
    [null],
  )
})

test('fifty applications a day, withdrawn ones among them; the next day there are fifty more', async () => {
  const [eve] = await freelancers(market, 'Eve')
  const gigs = await Promise.all(Array.from({ length: 51 }, (_, n) => postGig(ada, { title: `Gig ${n}` })))
  const [first, ...rest] = gigs
  const taken = went(await applyTo(eve, first!), 201)
  went(await eve.ask('DELETE', `/api/applications/${taken.id}`))
  for (const gig of rest.slice(0, 49)) went(await applyTo(eve, gig), 201)
  refused(await applyTo(eve, rest[49]!), 400, 'too_many_applications')
  await market.advance(day + 1)
  went(await applyTo(eve, rest[49]!), 201)
})

test('an application is one, however often it is sent', async () => {
  const gig = await postGig(ada)
  const send = () =>
    cleo.ask<Application>('POST', `/api/gigs/${gig.id}/apply`, { message: 'me' }, { 'idempotency-key': 'apply-once' })
  const [first, second] = await Promise.all([send(), send()])
  assert.equal(went(first, 201).id, went(second, 201).id)
  assert.equal((await received(ada, gig)).length, 1)
})
