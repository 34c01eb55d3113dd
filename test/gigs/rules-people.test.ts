import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { becomes, type Deal, dealAt, forMoney, inBrowser } from '../journeys/deal.ts'
import { fund, moveClock, people, post, refused, take, went } from '../journeys/desk.ts'
import { upload } from '../journeys/documents.ts'
import { filed, pdf } from '../journeys/documents-people.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'
import { broken, day, type Rule, withForm, withKey } from './rules.ts'

// Profiles, vouches, credits and the end of an account: every rule of the document and of the specification, broken.
const market = await startTestMarket({ worker: false })
after(() => market.close())

broken(market, 'a profile', async ({ ada, bob }) => {
  const patch = 'PATCH /api/profile/me'
  const profile = `GET /api/profile/${bob.userId}`
  const narrow = await withKey(market, ada, { scopes: ['jobs:read'] })
  const notWeb = [
    'javascript:alert(1)',
    'ftp://files.example/cv',
    'data:text/html,x',
    'not an address',
    '//example.com/x',
  ]
  return [
    ['user_type? (freelancer|client)', ada, patch, { user_type: 'operator' }, 400, 'invalid_input', /user_type/],
    ['user_type? (freelancer|client)', ada, patch, { user_type: null }, 400, 'invalid_input'],
    ['never edited by hand', ada, patch, { ghost_score: 100 }, 400, 'invalid_input', /ghost_score/],
    ['balances are not edited', ada, patch, { credits_balance: 1_000 }, 400, 'invalid_input'],
    ['plans are paid for', ada, patch, { subscription_tier: 'team' }, 400, 'invalid_input'],
    ['vouched_by is others’ word', ada, patch, { vouched_by: [] }, 400, 'invalid_input'],
    ['GitHub names are GitHub’s word', ada, patch, { github_username: 'torvalds' }, 400, 'invalid_input'],
    ['skills? (array)', ada, patch, { skills: 'rust' }, 400, 'invalid_input', /skills/],
    ['titles 200', ada, patch, { display_name: 'x'.repeat(201) }, 400, 'invalid_input', /display_name/],
    ['free text 10,000', ada, patch, { bio: 'x'.repeat(10_001) }, 400, 'invalid_input', /bio/],
    ...notWeb.map(
      (url): Rule => [
        'portfolio_website_url http(s) only',
        ada,
        patch,
        { portfolio_website_url: url },
        400,
        'invalid_input',
        /portfolio_website_url/,
      ],
    ),
    ...[...notWeb, 'http://ada.example/cv.pdf'].map(
      (url): Rule => [
        'resume_url … by PATCH to an https address',
        ada,
        patch,
        { resume_url: url },
        400,
        'invalid_input',
        /resume_url/,
      ],
    ),
    ['404 if user has no github_username', ada, `${profile}/github-repos`, undefined, 404],
    ['?per_page=10 (1–30)', ada, `${profile}/github-repos?per_page=0`, undefined, 400, 'invalid_input'],
    ['?per_page=10 (1–30)', ada, `${profile}/github-repos?per_page=31`, undefined, 400, 'invalid_input'],
    ['404 missing', ada, `GET /api/profile/${randomUUID()}`, undefined, 404],
    ['404 missing', ada, `GET /api/profile/${randomUUID()}/reviews`, undefined, 404],
    ['404 missing', ada, `GET /api/profile/${randomUUID()}/github-repos`, undefined, 404],
    ['Scopes: account', narrow, patch, { bio: 'x' }, 403, 'scope_missing'],
  ]
})

broken(market, 'a résumé', async ({ ada }) => {
  const form = withForm(market, ada)
  const send = 'POST /api/profile/me/resume'
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
  const html = '<!doctype html><script>alert(1)</script>'
  return [
    ['Allowed: PDF, JPEG, PNG, WebP', form, send, filed(bytes('plain words'), 'text/plain', 'cv.txt'), 400],
    ['by content', form, send, filed(bytes('plain words'), 'application/pdf', 'cv.pdf'), 400],
    ['by content', form, send, filed(bytes(html), 'image/png', 'cv.png'), 400],
    [
      'by content',
      form,
      send,
      filed(bytes('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml', 'cv.svg'),
      400,
    ],
    ['by content', form, send, filed(bytes('GIF89a'), 'image/gif', 'cv.gif'), 400],
    ['by content', form, send, filed(bytes('PK\u0003\u0004'), 'application/pdf', 'cv.docx'), 400],
    ['by content', form, send, filed(bytes('RIFF\u0004\u0000\u0000\u0000WAVE'), 'image/webp', 'cv.webp'), 400],
    ['a file', form, send, filed(bytes(''), 'application/pdf', 'cv.pdf'), 400],
    ['form field resume', form, send, filed(pdf, 'application/pdf', 'cv.pdf', 'file'), 400],
    ['Multipart', ada, send, { resume: 'JVBERi0=' }, [400, 415]],
  ]
})

test('"max 5MB": a byte more is refused, and the profile stays without', async () => {
  const [ada] = await people(market, 'Ada')
  const big = new Uint8Array(5 * 1024 * 1024 + 1)
  big.set(pdf)
  const form = filed(big, 'application/pdf', 'cv.pdf')
  const answer = await withForm(market, ada).ask('POST', '/api/profile/me/resume', form)
  assert.ok([400, 413].includes(answer.status), answer.text)
  assert.equal(went(await ada.ask('GET', '/api/profile/me')).resume_url, null)
})

test('a résumé of 5 MB is none too large, and is served as an attachment to be looked at as nothing else', async () => {
  const [ada, eve] = await people(market, 'Ada', 'Eve')
  const most = new Uint8Array(5 * 1024 * 1024)
  most.set(pdf)
  const headers = { authorization: `Bearer ${ada.key}` }
  const sent = went(
    await upload(market.url, 'POST', '/api/profile/me/resume', filed(most, 'application/pdf', 'cv.pdf'), headers),
  )
  const { resume_url: shown } = went(await eve.ask('GET', `/api/profile/${ada.userId}`))
  assert.equal(shown, sent.resume_url, 'others see it')
  const file = await fetch(new URL(String(shown), market.url), { headers: { authorization: `Bearer ${eve.key}` } })
  assert.equal(file.status, 200)
  assert.match(file.headers.get('content-disposition')!, /^attachment/)
  assert.equal(file.headers.get('x-content-type-options'), 'nosniff')
  assert.equal((await file.arrayBuffer()).byteLength, most.byteLength)
  went(await ada.ask('DELETE', '/api/profile/me/resume'))
  const gone = await fetch(new URL(String(shown), market.url), { headers: { authorization: `Bearer ${eve.key}` } })
  assert.equal(gone.status, 404, 'deletes the file from storage')
})

broken(market, 'a vouch', async ({ ada, bob, eve }) => {
  went(await ada.ask('POST', '/api/vouches', { vouched_user_id: bob.userId }), 201)
  const narrow = await withKey(market, ada, { scopes: ['jobs:read'] })
  const vouch = 'POST /api/vouches'
  return [
    ['one per pair (409)', ada, vouch, { vouched_user_id: bob.userId }, 409],
    ['never oneself (400)', ada, vouch, { vouched_user_id: ada.userId }, 400],
    ['vouched_user_id', ada, vouch, {}, 400, 'invalid_input', /vouched_user_id/],
    ['vouched_user_id', ada, vouch, { vouched_user_id: 'bob' }, [400, 404]],
    ['404 missing', ada, vouch, { vouched_user_id: randomUUID() }, 404],
    ['in one’s own name', eve, vouch, { vouched_user_id: bob.userId, user_id: ada.userId }, 400, 'invalid_input'],
    ['Cannot be undone', ada, 'DELETE /api/vouches', undefined, [404, 405]],
    ['Cannot be undone', ada, `DELETE /api/vouches/${bob.userId}`, undefined, [404, 405]],
    ['Scopes', narrow, vouch, { vouched_user_id: eve.userId }, 403, 'scope_missing'],
  ]
})

test('"vouches 20 a day": the 21st is refused, and the next day there are twenty more', async () => {
  const [ada, ...others] = await people(market, 'Ada', ...Array.from({ length: 21 }, (_, n) => `Friend ${n}`))
  for (const { userId } of others.slice(0, 20))
    went(await ada!.ask('POST', '/api/vouches', { vouched_user_id: userId }), 201)
  const last = { vouched_user_id: others[20]!.userId }
  const answer = await ada!.ask('POST', '/api/vouches', last)
  assert.match(refused(answer, 400, String(answer.body.code)).code, /^too_many_/)
  await moveClock(market, day)
  went(await ada!.ask('POST', '/api/vouches', last), 201)
})

broken(market, 'credits', async ({ ada }) => {
  const deduct = 'POST /api/credits'
  const once = { amount: 1, reason: 'match_deduction', reference_id: 'm-1' }
  went(await ada.ask('POST', '/api/credits', once))
  return [
    ['Fails if balance would go negative', ada, deduct, { amount: 10, reason: 'match_deduction' }, 402],
    ['positive integer ≤ 100', ada, deduct, { amount: 0, reason: 'match_deduction' }, 400, 'invalid_input'],
    ['positive integer ≤ 100', ada, deduct, { amount: -1, reason: 'match_deduction' }, 400, 'invalid_input'],
    ['positive integer ≤ 100', ada, deduct, { amount: 101, reason: 'match_deduction' }, 400, 'invalid_input'],
    ['positive integer ≤ 100', ada, deduct, { amount: 0.5, reason: 'match_deduction' }, 400, 'invalid_input'],
    ['reason (match_deduction|intro_deduction)', ada, deduct, { amount: 1, reason: 'gift' }, 400, 'invalid_input'],
    ['reference_id unique per reason', ada, deduct, once, 409],
  ]
})

const remove = 'POST /api/account/delete'

broken(market, 'an account by the wrong door', async ({ ada }) => [
  ['Session only', ada, remove, {}, 403, 'session_required'],
  [
    'a matching Origin',
    { ask: (method, path, body) => ask(market.url, method, path, body, { cookie: ada.cookie }) },
    remove,
    {},
    403,
    'origin_mismatch',
  ],
  ['unknown fields are refused', inBrowser(market, ada), remove, { user_id: ada.userId }, 400, 'invalid_input'],
])

/** Every state of an account in which money or work of others is in flight; answers who is refused then. */
const inFlight: Record<string, (ada: Person, bob: Person) => Promise<readonly Person[]>> = {
  'open jobs': async (ada) => {
    await fund(market, ada, 500)
    await post(ada)
    return [ada]
  },
  'a job that somebody works on': async (ada, bob) => {
    await fund(market, ada, 500)
    await take(bob, await post(ada))
    return [ada, bob]
  },
  'a contract to be approved': (ada, bob) => dealAt('agreed', ada, bob).then(sides),
  'a contract to be funded': (ada, bob) => dealAt('approved', ada, bob).then(sides),
  'a contract under revision': async (ada, bob) => {
    const deal = await dealAt('approved', ada, bob)
    went(await ada.ask('POST', `/api/contracts/${deal.contract.id}/revise`, { notes: 'Once more.' }))
    return sides(deal)
  },
  'an active contract': (ada, bob) => dealAt('funded', ada, bob).then(sides),
  'a funded contract': async (ada, bob) => {
    await fund(market, ada, 50_000)
    return sides(await dealAt('funded', ada, bob, forMoney))
  },
}
const sides = ({ client, worker }: Deal): Person[] => [client, worker]

for (const [state, bring] of Object.entries(inFlight))
  broken(market, `an account with ${state}`, async ({ ada, bob }) =>
    (await bring(ada, bob)).flatMap((person): Rule[] => [
      // The list: what stands in the way, by its id.
      ['refused (400 with the list)', inBrowser(market, person), remove, {}, 400, undefined, /:\s*\[\s*[{"]/],
      ['a balance is forfeited, not a deal', inBrowser(market, person), remove, { forfeit_balance: true }, 400],
    ]),
  )

test('"Irreversible": keys, sessions and profile are gone; who has vouched, applied or offered is not shown any more', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig, application } = await dealAt('applied', ada, bob)
  went(await bob.ask('POST', '/api/vouches', { vouched_user_id: ada.userId }), 201)
  went(await inBrowser(market, bob).ask('POST', '/api/account/delete', { reason: 'canary of the reason' }))
  for (const person of [bob, inBrowser(market, bob)])
    for (const [method, path] of [
      ['GET', '/api/profile/me'],
      ['POST', '/api/whoami'],
      ['GET', '/api/gigs'],
    ] as const)
      assert.equal((await person.ask(method, path)).status, 401, path)
  assert.equal((await inBrowser(market, bob).ask('POST', '/api/account/delete', {})).status, 401)
  assert.equal((await ada.ask('GET', `/api/profile/${bob.userId}`)).status, 404)
  const seen = await ada.ask('GET', `/api/gigs/${gig.id}/applications`)
  assert.ok(!seen.text.includes('Bob'), `personal data blanked: ${seen.text}`)
  assert.ok(!(await ada.ask('GET', `/api/profile/${ada.userId}`)).text.includes('Bob'))
  const invitation = await ada.ask('PATCH', `/api/gigs/${gig.id}/applications/${application.id}`, {
    status: 'shortlisted',
  })
  assert.ok(invitation.status < 500, invitation.text)
})

test('who deletes their account with a gig on the board leaves no gig there', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const { gig } = await dealAt('posted', ada, bob)
  went(await inBrowser(market, ada).ask('POST', '/api/account/delete', {}))
  await becomes(bob, 'freelancer')
  const answer = await bob.ask('GET', '/api/gigs?status=active')
  assert.ok(!answer.text.includes(gig.id), 'nobody would ever answer an application')
})
