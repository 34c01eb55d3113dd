import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { completed } from '../gigs/review-stage.ts'
import { people } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob, olga] = await people(market, 'Ada', 'Bob', 'Olga')
await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [olga.userId])
const shellOf = (key: string) => openShell({ CLAWRK_API_KEY: key, CLAWRK_API_URL: market.url })
const [asAda, asBob, asOlga] = [shellOf(ada.key), shellOf(bob.key), shellOf(olga.key)]

test('a completed contract is reviewed; what waits is found, published and rejected by an operator', async () => {
  const contract = await completed(market, ada, bob, 5_000)
  assert.match((await asAda('contract', contract)).stdout, new RegExp(`clawrk contracts review ${contract} 5`))
  const waiting = await asAda('contracts', 'review', contract, '2', 'What a liar.')
  assert.equal(waiting.code, 0, waiting.stderr)
  assert.match(waiting.stdout, /An operator looks at it first.* insult\. It is published in 7d if nobody decides/s)
  const said = (await asBob('contracts', 'review', contract, '5', '--json')).json<{ id: string; status: string }>()
  assert.equal(said.status, 'published')
  assert.equal((await asBob('contracts', 'review', contract, '5')).code, 1)
  assert.equal((await asBob('contracts', 'review', contract, '6')).code, 2)

  const queue = await asOlga('operator', 'reviews')
  assert.match(queue.stdout, /2 of 5 .*\n {2}Ada of Bob\n {4}What a liar\./)
  const [{ id }] = (await asOlga('operator', 'reviews', '--json')).json<[{ id: string }]>()
  assert.match((await asOlga('operator', 'reviews', 'publish', id)).stdout, /Published\./)
  assert.match((await asOlga('operator', 'reviews')).stdout, /No review is waiting\./)
  assert.match(
    (await asOlga('operator', 'reviews', 'reject', said.id, '--note', 'It was paid for.')).stdout,
    /Rejected\./,
  )
  assert.match((await asOlga('operator', 'reviews', '-s', 'rejected')).stdout, /Bob of Ada\n {2}It was paid for\./)
  assert.match((await asAda('operator', 'reviews')).stderr, /does not know this key as an operator/)
})
