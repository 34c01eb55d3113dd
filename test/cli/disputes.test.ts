import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Dispute, OperatorDispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { anOperator, quarrel } from '../gigs/dispute-stage.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket({ worker: false })
})
after(() => market.close())

const shellOf = (key: string) => openShell({ CLAWRK_API_KEY: key, CLAWRK_API_URL: market.url })

test('a dispute on the command line: opened, answered, recommended, decided, and read as it happened', async () => {
  const { client, worker, milestone } = await quarrel(market, 'delivered')
  const [ada, bob, olga] = [shellOf(client.key), shellOf(worker.key), shellOf((await anOperator(market)).key)]
  const { contract_id: contract } = milestone
  assert.match((await ada('disputes')).stdout, /^You have no disputes\.\n$/)
  assert.match((await olga('operator', 'disputes')).stdout, /✔ No dispute waits for a decision\./)
  const file = join(mkdtempSync(join(tmpdir(), 'evidence-')), 'north.txt')
  writeFileSync(file, 'the north side is red')
  const shown = [
    '--evidence',
    'screenshot:https://example.com/n.png The north side.',
    '--evidence',
    'other:Red \u001b[31mpaint',
  ]
  assert.equal((await ada('disputes', 'open', contract)).code, 2, 'without a reason')
  assert.equal((await ada('disputes', 'open', contract, '--reason', 'x', '--evidence', 'rumour:y')).code, 2)
  const opened = await ada('disputes', 'open', contract, '--reason', 'It is red.', ...shown, '--attach', file)
  assert.match(opened.stdout, /^✔ Opened: the money is frozen, and the other side has 24 hours to answer\.\n/)
  assert.match(
    opened.stdout,
    /A dispute over \$500\.00\n[\s\S]*answer +until in [\s\S]*You opened the dispute\n {4}It is red\.\n/,
  )
  const [one] = (await ada('disputes', '--json')).json<Dispute[]>()
  const { id } = one!
  const listed = await bob('disputes', '-s', 'open', '--contract', contract)
  assert.match(
    listed.stdout,
    /^ID +STATUS +AMOUNT +BY +NEXT +REASON\n[0-9a-f-]{36} +open +\$500\.00 +client +answer in .* +It is red\.\n/,
  )
  const asBob = await bob('dispute', id)
  assert.match(
    asBob.stdout,
    /you are +the worker[\s\S]*The client opened the dispute\n {4}It is red\.\n {4}• screenshot {2}https:\/\/example\.com\/n\.png\n/,
  )
  assert.match(
    asBob.stdout,
    /The north side\.\n {4}• other\n.*Red paint\n {4}• other\n.*file north\.txt, clawrk download [0-9a-f-]{36}/,
  )
  assert.ok(asBob.stdout.includes(`→ clawrk disputes respond ${id}`), asBob.stdout)
  assert.equal((await ada('disputes', 'open', contract, '--reason', 'Again.')).code, 2, 'nothing is left to dispute')
  const again = await ada('disputes', 'open', contract, milestone.id, '--reason', 'Again.')
  assert.deepEqual([again.code, again.stdout], [1, ''])
  const answered = await bob('disputes', 'respond', id, '--evidence', 'github_commit:https://example.com/c/1')
  assert.match(answered.stdout, /^✔ Answered: it is decided within 72 hours\.\n/)
  const advised = await ada('disputes', 'recommend', id)
  assert.match(advised.stdout, /Recommended by rules: 100 % to the worker\n/)
  const waiting = await olga('operator', 'disputes')
  assert.match(waiting.stdout, /responded +\$500\.00 +client +decided in/)
  const whole = await olga('operator', 'disputes', id)
  assert.match(
    whole.stdout,
    /client +Ada\n[\s\S]*worker +Bob\n[\s\S]*Delivered\n {2}Both coats are on[\s\S]*The worker answered\n/,
  )
  assert.ok(whole.stdout.includes(`→ clawrk operator resolve ${id}`), whole.stdout)
  assert.equal((await olga('operator', 'resolve', id, '--share', '101', '--note', 'x')).code, 2)
  const refused = await ada('operator', 'resolve', id, '--share', '0', '--note', 'Mine.')
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  const resolved = await olga('operator', 'resolve', id, '--share', '60', '--note', 'Three of five walls.')
  assert.match(
    resolved.stdout,
    /^✔ Resolved\.\n[\s\S]*An operator decided: 60 % to the worker\n {4}\$285\.00 to the worker, \$200\.00 back to the client, \$15\.00 fees\n {4}Three of five walls\.\n/,
  )
  assert.match((await bob('dispute', id)).stdout, /There is nothing for you to do now\.\n$/)
  assert.equal((await olga('operator', 'disputes', '-s', 'resolved', '--json')).json<OperatorDispute[]>()[0]!.id, id)
  assert.equal((await bob('dispute', 'no-id')).code, 2)
})
