import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Contract } from '../../src/desks/gigs/contract/show-contract.ts'
import { agreed, type Funded, payable, twoSides } from '../gigs/contract-stage.ts'
import { fund } from '../journeys/desk.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

const shellOf = (key: string) => openShell({ CLAWRK_API_KEY: key, CLAWRK_API_URL: market.url })

test('a contract from the agreement to active on the command line, with what to do next at each step', async () => {
  const sides = await twoSides(market)
  const [ada, bob] = [shellOf(sides.client.key), shellOf(sides.worker.key)]
  const none = await ada('contracts')
  assert.match(none.stdout, /^You have no contracts\. They begin with {2}clawrk negotiate\n$/)
  const { id, milestones } = await agreed(sides)
  const listed = await ada('contracts', '-s', 'pending_owner_approval')
  assert.match(
    listed.stdout,
    /^ID +STATUS +AMOUNT +YOU +UNTIL +TITLE\n[0-9a-f-]{36} +pending_owner_approval +\$500\.00 +client +in 7d +Paint the lighthouse\n/,
  )
  assert.equal((await ada('contracts', '--json')).json<Contract[]>()[0]!.id, id)
  const one = await ada('contract', id)
  assert.match(one.stdout, /Paint the lighthouse\n[\s\S]*approved +by nobody yet[\s\S]*Milestones\n/)
  assert.ok(one.stdout.includes(`→ clawrk contracts approve ${id}`), one.stdout)
  assert.equal((await ada('contracts', 'approve', id)).code, 0)
  const approved = await bob('contracts', 'approve', id)
  assert.match(approved.stdout, /✔ Approved\.[\s\S]*pending_freelancer_kyc[\s\S]*fill in the form: {2}http:/)
  assert.match(
    (await bob('contracts', 'connect-link', id)).stdout,
    /^Fill in the form here; the link opens once:\n {2}http:/,
  )
  const sent = await ada('contracts', 'connect-link', id)
  assert.deepEqual([sent.code, sent.stdout], [1, ''])
  await payable(market, sides.worker)
  const short = await ada('contracts', 'fund', id, '--source', 'wallet')
  assert.deepEqual([short.code, short.stdout], [1, ''])
  const byCard = await ada('contracts', 'fund', id)
  assert.match(byCard.stdout, /^Pay \$500\.00 here \(TEST MODE: a test card\):\n {2}http:.*\/twin\/pay\/pi_/)
  assert.equal((await ada('contracts', 'fund', id, '--json')).json<Funded>().milestone.id, milestones[0]!.id)
  await fund(market, sides.client, 50_000)
  const funded = await ada('contracts', 'fund', id, '--source', 'wallet', '--milestone', milestones[0]!.id)
  assert.match(funded.stdout, /^✔ Funded: \$500\.00 are held for this milestone\.\n/)
  assert.match(
    (await ada('contract', id)).stdout,
    /status +active[\s\S]*→ clawrk milestones release [0-9a-f-]+ 1\n {2}→ clawrk milestones cancel [0-9a-f-]+ 1\n$/,
  )
  assert.equal((await ada('contracts', 'fund', id)).code, 2, 'nothing is left to fund')
})

test('revised and cancelled on the command line; each says why', async () => {
  const sides = await twoSides(market, 'Cleo', 'Dan')
  const [cleo, dan] = [shellOf(sides.client.key), shellOf(sides.worker.key)]
  const contract = await agreed(sides)
  assert.equal((await cleo('contracts', 'revise', contract.id)).code, 2)
  const revised = await cleo('contracts', 'revise', contract.id, '--notes', 'Ten hours are too many.')
  assert.match(revised.stdout, /^✔ Back in negotiation; each side has one more round\.\n {2}→ clawrk negotiate show /)
  assert.match((await dan('contract', contract.id)).stdout, /What should be different\n {2}Ten hours are too many\./)
  assert.equal((await dan('contracts', 'cancel', contract.id)).code, 2)
  const cancelled = await dan('contracts', 'cancel', contract.id, '--reason', 'Too far away.', '--json')
  assert.deepEqual(
    [cancelled.json<Contract>().status, cancelled.json<Contract>().cancel_reason],
    ['cancelled', 'Too far away.'],
  )
  assert.equal((await dan('contracts', 'cancel', contract.id, '--reason', 'Again.')).code, 1)
  assert.equal((await dan('contract', 'no-id')).code, 2)
})
