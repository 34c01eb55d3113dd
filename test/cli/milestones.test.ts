import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Milestone } from '../../src/desks/gigs/contract/milestone.ts'
import { twoSides } from '../gigs/contract-stage.ts'
import { active, type Moved } from '../gigs/milestone-stage.ts'
import { fund } from '../journeys/desk.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

const shellOf = (key: string) => openShell({ CLAWRK_API_KEY: key, CLAWRK_API_URL: market.url })

test('from a proposal to the end of the contract on the command line, with a bar of where the money is', async () => {
  const sides = await twoSides(market)
  const [ada, bob] = [shellOf(sides.client.key), shellOf(sides.worker.key)]
  const { id, first } = await active(market, sides)
  const listed = await bob('milestones', id)
  assert.match(listed.stdout, /^ *# +STATUS +AMOUNT [\s\S]*1 +funded +\$500\.00/)
  assert.match(listed.stdout, /\n {2}▓{40}\n {2}▓ held \$500\.00\n/)
  assert.ok(listed.stdout.includes(`→ clawrk milestones deliver ${id} 1 -t "…"`), listed.stdout)
  assert.equal((await ada('milestones', id, '--json')).json<Milestone[]>()[0]!.id, first.id)
  assert.equal((await bob('milestones', 'propose', id, 'The lantern room')).code, 2, 'an amount is asked for')
  const proposed = await bob('milestones', 'propose', id, 'The lantern room', '--amount', '$200')
  assert.match(
    proposed.stdout,
    /^✔ Proposed; the other side has 7 days[\s\S]*2\. The lantern room {2}\$200\.00 {2}proposed\n/,
  )
  assert.equal((await bob('milestones', 'approve', id)).code, 2, 'the other side approves it')
  const card = await ada('contract', id)
  for (const step of [`milestones approve ${id} 2`, `milestones release ${id} 1`, `milestones cancel ${id} 1`])
    assert.ok(card.stdout.includes(`→ clawrk ${step}`), card.stdout)
  assert.match((await ada('milestones', 'approve', id, '2')).stdout, /^✔ Approved\.[\s\S]*pending\n/)
  assert.equal((await bob('milestones', 'deliver', id)).code, 2)
  assert.deepEqual([(await bob('milestones', 'deliver', id, '-t', 'Too short.')).code], [1])
  const folder = mkdtempSync(join(tmpdir(), 'milestones-'))
  writeFileSync(join(folder, 'north.txt'), 'White on all sides.')
  const handed = await bob(
    'milestones',
    'deliver',
    id,
    '-t',
    'Both coats are on.',
    '--attach',
    join(folder, 'north.txt'),
  )
  assert.match(
    handed.stdout,
    /^✔ Delivered[\s\S]*Both coats are on\.\n {5}north\.txt {2}clawrk download [0-9a-f-]{36}\n/,
  )
  await fund(market, sides.client, 20_000)
  assert.equal((await ada('contracts', 'fund', id, '--source', 'wallet')).code, 0)
  const asked = await ada('milestones', 'cancel', id, '2')
  assert.match(asked.stdout, /^✔ Asked: the money goes back in 72 hours/)
  const released = await ada('milestones', 'release', id)
  assert.match(released.stdout, /^✔ Released/)
  const [bar] = /\n {2}(█+▚+▓+)\n/.exec(released.stdout)!.slice(1)
  assert.equal(bar!.length, 40)
  assert.match(released.stdout, /█ the worker’s \$475\.00 {3}▚ fees \$25\.00 {3}▓ held \$200\.00/)
  const back = await bob('milestones', 'refund', id, '2', '--json')
  assert.equal(back.json<Moved>().contract.status, 'completed')
  assert.equal((await ada('milestones', 'release', id)).code, 2, 'nothing is left to release')
  assert.equal((await ada('milestones', 'release', id, '1')).code, 0, 'released before: answered as it is')
  assert.equal((await ada('milestones', 'release', id, '7')).code, 2)
  assert.match((await ada('milestones', id)).stdout, /░ given back \$200\.00/)
  const { code, stderr } = await ada('milestones', 'cancel', id, first.id)
  assert.deepEqual([code, /The milestone is released/.test(stderr)], [1, true])
})
