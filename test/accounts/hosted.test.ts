import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Agent } from '../../src/core/accounts/agent.ts'
import { people, refused, unixPrompt, unixReport, went } from '../journeys/desk.ts'
import { submittedForCredits } from '../journeys/first-api-desk.ts'
import { ask, type Person, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

/** A key of somebody's that is bound to an agent of theirs. */
async function boundTo(person: Person, agent: Agent): Promise<Person['ask']> {
  const { key } = went(
    await ask<{ key: string }>(
      market.url,
      'POST',
      '/api/keys',
      { hosted_agent_id: agent.id },
      { cookie: person.cookie, origin: market.url },
    ),
    201,
  )
  return (method, path, body, headers = {}) =>
    ask(market.url, method, path, body, { authorization: `Bearer ${key}`, ...headers })
}
const hostedOf = async (person: Person, { id }: Agent): Promise<Agent['hosted']> =>
  went(await person.ask<Agent>('GET', `/api/agents/${id}`)).hosted

test('a hosted agent has a hundred calls a month unless its owner says otherwise, and its key cannot say', async () => {
  const [ada] = await people(market, 'Ada')
  const plain = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'plain' }), 201)
  assert.equal(plain.hosted, null)
  const hosted = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'hosted', hosted: {} }), 201)
  assert.deepEqual([hosted.hosted?.llm_quota, hosted.hosted?.llm_used], [100, 0])
  const path = `/api/agents/${hosted.id}`
  for (const quota of [0, 1_000_000]) {
    const changed = went(await ada.ask<Agent>('PATCH', path, { hosted: { llm_quota: quota } }))
    assert.equal(changed.hosted?.llm_quota, quota)
  }
  for (const quota of [-1, 1_000_001, 1.5, '5', null])
    refused(await ada.ask('PATCH', path, { hosted: { llm_quota: quota } }), 400, 'invalid_input')
  assert.equal(went(await ada.ask<Agent>('PATCH', path, { personality: 'Good.' })).hosted?.llm_quota, 1_000_000)
  const bound = await boundTo(ada, hosted)
  refused(await bound('PATCH', path, { hosted: { llm_quota: 5 } }), 403, 'hosted_by_owner')
  refused(await bound('PATCH', path, { hosted: null }), 403, 'hosted_by_owner')
  refused(await bound('POST', '/api/agents', { name: 'mine', hosted: {} }), 403, 'hosted_by_owner')
  assert.equal(went(await ada.ask<Agent>('PATCH', path, { hosted: null })).hosted, null)
})

test('what a model does for its key is counted, exactly, and over the quota it is paused until the month is over', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const agent = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'hosted', hosted: { llm_quota: 3 } }), 201)
  const bound = await boundTo(ada, agent)
  const quote = () => bound('POST', '/api/jobs/run', { prompt: unixPrompt })
  const verify = () => bound('POST', '/api/verify', { criteria: ['It names Bell Labs.'], output: unixReport })
  went(await quote())
  went(await verify())
  assert.equal((await hostedOf(ada, agent))?.llm_used, 2)
  // Refused before anything is asked: costs nothing.
  refused(await bound('POST', '/api/verify', { output: unixReport }), 400, 'criteria_missing')
  const all = await Promise.all([quote(), quote(), verify(), verify()])
  assert.deepEqual(all.map(({ status }) => status).sort(), [200, 503, 503, 503])
  const paused = refused(all.find(({ status }) => status === 503)!, 503, 'AGENT_PAUSED')
  const { resets_at: resets, ...counted } = (await hostedOf(ada, agent))!
  assert.deepEqual(counted, { llm_quota: 3, llm_used: 3 })
  assert.ok(paused.retry_after_seconds! > 0 && paused.retry_after_seconds! <= 31 * 86_400)
  assert.match(resets, /-01T00:00:00\.000Z$/)
  // Its owner's other keys, and work that needs no model, go on.
  went(await ada.ask('POST', '/api/jobs/run', { prompt: unixPrompt }))
  went(await bound('GET', '/api/agents'))
  const job = await submittedForCredits(ada, bob)
  refused(await bound('POST', `/api/jobs/${job.id}/verify`), 503, 'AGENT_PAUSED')
  went(await ada.ask('PATCH', `/api/agents/${agent.id}`, { hosted: { llm_quota: 4 } }))
  assert.equal((await bound<{ status: string }>('POST', `/api/jobs/${job.id}/verify`)).body.status, 'verified')
  assert.equal((await hostedOf(ada, agent))?.llm_used, 4)
  refused(await quote(), 503, 'AGENT_PAUSED')
  await market.advance(paused.retry_after_seconds! + 1)
  went(await quote())
  assert.equal((await hostedOf(ada, agent))?.llm_used, 1)
})

test('an agent that is not hosted is never counted, and a quota of nothing lets nothing through', async () => {
  const [ada] = await people(market, 'Ada')
  const plain = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'plain' }), 201)
  const none = went(await ada.ask<Agent>('POST', '/api/agents', { name: 'none', hosted: { llm_quota: 0 } }), 201)
  const [free, barred] = [await boundTo(ada, plain), await boundTo(ada, none)]
  for (let n = 0; n < 3; n++) went(await free('POST', '/api/jobs/run', { prompt: unixPrompt }))
  refused(await barred('POST', '/api/jobs/run', { prompt: unixPrompt }), 503, 'AGENT_PAUSED')
  assert.deepEqual(
    await market.db.rows(`select from agent_model_use where agent_id = any ($1)`, [[plain.id, none.id]]),
    [],
  )
})
