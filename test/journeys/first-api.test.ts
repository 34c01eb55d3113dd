import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { startTestMarket } from '../support/market.ts'
import { act, assertLawful, junk, movementsOf, people, see, unixReport, walletOf, went } from './desk.ts'
import { creditsOf, documented, postForCredits } from './first-api-desk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

test('create, accept, submit without output, verify: two credits are used and the worker has a dollar', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const job = await postForCredits(ada)
  const { status, prompt, skill, sender, receiver, output, verification, terms, credit_cost } = job
  assert.deepEqual(
    { status, prompt, skill, sender, receiver, output, verification, terms, credit_cost },
    {
      status: 'queued',
      prompt: documented,
      skill: 'research',
      sender: ada.userId,
      receiver: null,
      output: null,
      verification: null,
      terms: 'credits',
      credit_cost: 2,
    },
  )
  assert.equal(await creditsOf(ada), 8)
  const accepted = went(await act(bob, 'accept', job))
  assert.deepEqual([accepted.status, accepted.receiver, accepted.attempt_count], ['accepted', bob.userId, 1])
  const submitted = went(await act(bob, 'submit', job))
  assert.equal(submitted.status, 'submitted')
  assert.match(submitted.output!, /^# Research brief: the history of the Unix operating system/)
  assert.equal((await see(ada, job)).output, null, 'not before it has passed')
  const verified = went(await act(ada, 'verify', job))
  assert.equal(verified.status, 'verified', JSON.stringify(verified.verification))
  assert.equal(verified.output, submitted.output)
  assert.ok(verified.verification!.reasoning.length > 20)
  assert.equal(await creditsOf(ada), 8)
  const wallet = await walletOf(bob)
  assert.deepEqual(
    [wallet.balance_cents, wallet.withdrawable_cents, wallet.ledger.map(({ delta, reason }) => [delta, reason])],
    [100, 100, [[100, `earning:${job.id}`]]],
  )
  assert.deepEqual(await movementsOf(market, job), { credits_used: 1, job_paid: 1, job_settled: 1 })
  await assertLawful(market)
})

test('with output of one’s own; rejected: the credits are back, and there is no second verdict', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  const good = await postForCredits(ada)
  went(await act(bob, 'accept', good))
  assert.equal(went(await act(bob, 'submit', good, { output: unixReport })).output, unixReport)
  assert.equal(went(await act(ada, 'verify', good)).status, 'verified')

  const job = await postForCredits(ada)
  went(await act(bob, 'accept', job))
  went(await act(bob, 'submit', job, { output: junk }))
  assert.equal(await creditsOf(ada), 6)
  const rejected = went(await act(ada, 'verify', job))
  assert.deepEqual([rejected.status, rejected.output, rejected.verification!.pass], ['rejected', null, false])
  assert.equal((await act<{ code: string }>(ada, 'verify', job)).body.code, 'job_wrong_state')
  assert.equal(await creditsOf(ada), 8)
  assert.deepEqual(await movementsOf(market, job), { job_paid: 1, refund: 1 })
  const forBob = await see(bob, job)
  assert.deepEqual([forBob.status, forBob.verification!.pass], ['rejected', false])
  assert.equal((await walletOf(bob)).balance_cents, 100)
  const mine = went(await ada.ask<Job[]>('GET', '/api/jobs'))
  assert.deepEqual(
    mine.map(({ id }) => id),
    [job.id, good.id],
  )
  await assertLawful(market)
})
