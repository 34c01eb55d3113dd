import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Application } from '../../src/desks/gigs/gig/application.ts'
import type { Gig } from '../../src/desks/gigs/gig/gig.ts'
import type { Negotiation } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { freelancers } from '../gigs/gig-stage.ts'
import { people } from '../journeys/desk.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell, type Ran, type Shell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

const shellOf = ({ key }: Person): Shell => openShell({ CLAWRK_API_KEY: key, CLAWRK_API_URL: market.url })

/** What a command that went well printed. */
function said(ran: Ran): string {
  assert.equal(ran.code, 0, ran.stderr)
  return ran.stdout
}

test('from a gig to an agreement on the command line: each answer says what comes next', async () => {
  const [ada] = await people(market, 'Ada')
  const [bob] = await freelancers(market, 'Bob')
  const [client, worker] = [shellOf(ada), shellOf(bob)]
  assert.match(said(await client('gigs')), /There are no gigs yet\. Post one with {2}clawrk gigs create/)
  assert.match(said(await client('gigs', '-s', 'draft')), /no drafts/)
  assert.match(said(await worker('applications')), /Find gigs with {2}clawrk gigs/)
  assert.match(said(await worker('negotiations')), /clawrk gigs/)

  const draft = (
    await client('gigs', 'create', 'Port a parser', '--rate', '$50', '--skills', 'rust, llvm', '--json')
  ).json<Gig>()
  assert.deepEqual([draft.status, draft.rate_cents, draft.skills], ['draft', 5000, ['rust', 'llvm']])
  assert.match(said(await client('gig', draft.id)), new RegExp(`clawrk gigs publish ${draft.id}`))
  assert.match(
    said(await client('gigs', 'publish', draft.id)),
    new RegExp(`is active.*\n.*clawrk applications ${draft.id}`),
  )
  assert.match(said(await client('gigs', 'update', draft.id, '--rate', '5500')), /\$55\.00\/h/)
  assert.equal((await client('gigs', 'update', draft.id)).code, 2)
  const table = said(await worker('gigs', '--skill', 'RUST', '--min-rate', '$55'))
  assert.match(table, new RegExp(`${draft.id}\\s+active\\s+\\$55\\.00/h\\s+\\S+\\s+rust, llvm\\s+Port a parser`))
  assert.match(said(await worker('gigs', '-q', 'unicorn')), /No gig is like that/)
  assert.match(said(await client('applications', draft.id)), /Nobody has applied yet/)

  assert.match(said(await worker('gig', draft.id)), new RegExp(`clawrk apply ${draft.id}`))
  const refusal = await client('apply', draft.id)
  assert.deepEqual([refusal.code, /your own/.test(refusal.stderr)], [1, true])
  assert.match(said(await worker('apply', draft.id, '-m', 'I have ported three.')), /You have applied to Port a parser/)
  const [application] = (await worker('applications', '--json')).json<Application[]>()
  const received = said(await client('applications', draft.id))
  assert.match(
    received,
    new RegExp(`${application!.id}\\s+applied\\s+\\S+\\s+50\\s+0\\s+Bob\\s+I have ported three\\.`),
  )
  assert.match(said(await client('applications', 'reject', draft.id, application!.id)), /is rejected/)
  const shortlisted = said(await client('applications', 'shortlist', draft.id, application!.id))
  assert.match(shortlisted, new RegExp(`clawrk negotiate start ${draft.id} ${bob.userId}`))
  assert.equal((await worker('applications', 'withdraw', application!.id)).code, 1)

  const started = (
    await client('negotiate', 'start', draft.id, bob.userId, '--rate', '$50', '--hours', '10', '--json')
  ).json<Negotiation>()
  assert.deepEqual([started.round_number, started.rate_cents, started.hours_per_week], [1, 5000, 10])
  assert.match(said(await worker('applications')), new RegExp(`clawrk negotiate show ${started.id}`))
  const shown = said(await worker('negotiate', 'show', started.id))
  assert.match(shown, /\$50\.00\/h[\s\S]*\$500\.00 in all[\s\S]*clawrk negotiate round/)
  assert.match(said(await worker('negotiate', 'round', started.id, '--hours', '8', '--start', 'none')), /Proposed/)
  assert.equal((await worker('negotiate', 'round', started.id, '--start', 'soon')).code, 2)
  assert.match(said(await client('negotiate', 'contact', started.id, 'Telegram', '@ada')), /Telegram: @ada/)
  const audit = said(await worker('negotiate', 'show', started.id, '--audit'))
  assert.match(audit, /their contact\s+Telegram: @ada[\s\S]*the client: created[\s\S]*you: round/)
  const agreed = said(await client('negotiate', 'agree', started.id))
  assert.match(agreed, /Agreed: there is a contract/)
  assert.match(
    said(await client('negotiations')),
    new RegExp(`${started.id}\\s+pending_owner_approval\\s+client\\s+2\\s+\\$50\\.00/h × 8 h`),
  )
  assert.match(said(await client('negotiate', '-s', 'expired')), /None of your negotiations is expired/)
  assert.match(said(await client('gigs', 'close', draft.id)), /is closed/)
  const kept = await client('gigs', 'delete', draft.id)
  assert.deepEqual([kept.code, /stays/.test(kept.stderr)], [1, true])
})

test('decline and withdraw end things; an id that is none is a wrong use', async () => {
  const [grace] = await people(market, 'Grace')
  const [cleo] = await freelancers(market, 'Cleo')
  const [client, worker] = [shellOf(grace), shellOf(cleo)]
  const gig = (await client('gigs', 'create', 'Paint a fence', '--publish', '--json')).json<Gig>()
  const first = (await worker('apply', gig.id, '--json')).json<Application>()
  assert.match(said(await worker('applications', 'withdraw', first.id)), /you may apply again/)
  const second = (await worker('apply', gig.id, '--json')).json<Application>()
  assert.equal((await client('applications', 'shortlist', gig.id, second.id)).code, 0)
  const { id } = (await client('negotiate', 'start', gig.id, cleo.userId, '--json')).json<Negotiation>()
  assert.match(said(await worker('negotiate', 'decline', id)), /Declined/)
  const other = (await client('gigs', 'create', 'Another', '--json')).json<Gig>()
  assert.match(said(await client('gigs', 'delete', other.id)), /is deleted/)
  const wrong = await client('gig', 'fence')
  assert.deepEqual([wrong.code, /id of a gig, as {2}clawrk gigs/.test(wrong.stderr)], [2, true])
})
