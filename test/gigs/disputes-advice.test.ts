import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Actor, Call } from '../../src/base/endpoint.ts'
import { openLog } from '../../src/base/log.ts'
import type { Agent } from '../../src/core/accounts/agent.ts'
import { type Adviser, type DisputeFile, recommend } from '../../src/desks/gigs/dispute/recommend.ts'
import { recommendByRules, rule } from '../../src/desks/gigs/dispute/rules.ts'
import { went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { dispute, proof, quarrel, recommendOn, respondTo, seeDispute } from './dispute-stage.ts'
import { seen } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const silent = openLog('silent', 'test')

/** Asks as the endpoint does, with a model there. */
async function ask(adviser: Adviser, person: Person, id: string, agentId: string | null = null) {
  const actor = { kind: 'key', userId: person.userId, agentId } as Actor
  const call = { actor, sql: market.db, remember: null, requestId: 'test', wake: () => {} } as Call
  return recommend({ db: market.db, log: silent, adviser })(call, { id })
}

const saying = (share: number, seen: DisputeFile[] = []): Adviser => ({
  name: 'a model',
  async advise(file) {
    seen.push(file)
    return { worker_share_percent: share, reasoning: 'A third of it is missing.' }
  },
})

test('a model is shown the whole dispute; what it says is stored, and done when nobody decides', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const { id } = went(await dispute(ada, 'client', milestone), 201)
  went(await respondTo(bob, { id }, { evidence: [proof] }))
  const files: DisputeFile[] = []
  const { body } = await ask(saying(70, files), bob, id)
  assert.deepEqual(body.recommendation, {
    recommendation: 'split',
    worker_share_percent: 70,
    reasoning: 'A third of it is missing.',
    made_by: 'a model',
  })
  assert.deepEqual(
    [files.length, files[0]!.dispute.reason, files[0]!.evidence.map(({ by }) => by)],
    [1, 'It is not what we agreed on.', ['client', 'worker']],
  )
  await market.advance(72 * 3_600 + 1)
  const { resolution } = await seeDispute(ada, { id })
  assert.deepEqual(
    [resolution!.made_by, resolution!.worker_share_percent, resolution!.worker_cents, resolution!.refunded_cents],
    ['recommendation', 70, 33_250, 15_000],
  )
  assert.equal((await seen(ada, milestone)).status, 'released')
})

test('a model that fails or makes no sense: the rules recommend; one that reads while it is answered: asked again', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const { id } = went(await dispute(ada, 'client', milestone), 201)
  const failing: Adviser = {
    name: 'a model',
    advise: async () => {
      throw new Error('timed out')
    },
  }
  for (const adviser of [failing, saying(101), saying(-1), saying(33.3), saying(Number.NaN)])
    assert.equal((await ask(adviser, ada, id)).body.recommendation!.made_by, 'rules')
  const overtaken: Adviser = {
    name: 'a model',
    async advise() {
      went(await respondTo(bob, { id }))
      return { worker_share_percent: 0, reasoning: 'The worker is silent.' }
    },
  }
  await assert.rejects(() => ask(overtaken, ada, id), { code: 'dispute_changed' })
  assert.equal((await seeDispute(ada, { id })).recommendation!.made_by, 'rules', 'made again with the answer')
})

test('a hosted agent over its quota pauses only where a model would be asked', async () => {
  const { client: ada, milestone } = await quarrel(market, 'delivered')
  const { id } = went(await dispute(ada, 'client', milestone), 201)
  const agent = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'clerk', hosted: { llm_quota: 1 } }), 201)
  assert.equal((await ask(saying(10), ada, id, agent.id)).body.recommendation!.worker_share_percent, 10)
  await assert.rejects(() => ask(saying(20), ada, id, agent.id), { code: 'AGENT_PAUSED', status: 503 })
  assert.equal((await seeDispute(ada, { id })).recommendation!.worker_share_percent, 10)
  const { key } = went(
    await ada.ask<{ key: string }>(
      'POST',
      '/api/keys',
      { name: 'clerk', hosted_agent_id: agent.id },
      { cookie: ada.cookie, origin: market.url, authorization: '' },
    ),
    201,
  )
  const byRules = await ada.ask('POST', `/api/disputes/${id}/recommend`, undefined, { authorization: `Bearer ${key}` })
  assert.equal(byRules.status, 200, byRules.text)
  went(await recommendOn(ada, { id }))
})

test('the rules, case by case', () => {
  for (const was_delivered of [false, true])
    for (const disputing_party of ['client', 'worker'] as const)
      for (const opener_gave_evidence of [false, true])
        for (const responded_at of [null, '2026-01-01T00:00:00Z']) {
          const standing = { was_delivered, disputing_party, opener_gave_evidence, responded_at }
          const believed = opener_gave_evidence && responded_at === null
          const share = !was_delivered ? 0 : believed ? (disputing_party === 'worker' ? 100 : 0) : null
          assert.equal(rule(standing).workerShare, share, JSON.stringify(standing))
          const said = recommendByRules(standing)
          assert.equal(said.worker_share_percent, share ?? 100)
          assert.equal(said.recommendation, said.worker_share_percent === 0 ? 'client' : 'worker')
        }
})
