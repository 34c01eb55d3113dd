import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { openShell, type Shell } from './clawrk.ts'

let market: TestMarket
before(async () => {
  market = await startTestMarket()
})
after(() => market.close())

const withKey = async (name: string): Promise<Shell> =>
  openShell({ CLAWRK_API_KEY: (await market.person(name)).key, CLAWRK_API_URL: market.url })

const prompt = 'Research the history of the Unix operating system'

test('a job for credits by the command line: posted, accepted, done by a skill, verified', async () => {
  const [ada, bob] = [await withKey('Ada'), await withKey('Bob')]
  assert.equal((await ada('run', prompt, '--credits', '--price', '500', '-y')).code, 2)
  assert.equal((await ada('run', prompt, '--credits')).code, 2, 'there is nobody to ask')
  const posted = await ada('run', prompt, '--credits', '-y')
  assert.match(
    posted.stdout,
    /^✔ Queued: 2 credits are in escrow, and anybody may accept it\.\n {2}→ clawrk wait \S+\n$/,
  )
  const [job] = (await ada('jobs', '--json')).json<Job[]>()
  const id = job!.id
  assert.match((await ada('jobs')).stdout, /queued +2 credits/)
  assert.match((await bob('claim', id)).stderr, /paid in credits/)
  assert.match((await bob('accept', id)).stdout, /^✔ Accepted: Research the history/)
  const [early, none] = [await ada('verify', id), await bob('submit', id)]
  assert.deepEqual([early.code, none.code], [1, 2])
  assert.match(early.stderr, /nothing to verify/)
  const waiting = ada('wait', id)
  assert.equal((await bob('submit', id, '--skill', '-t', 'mine')).code, 2)
  const submitted = await bob('submit', id, '--skill')
  assert.match(submitted.stdout, /^✔ Handed in; its sender asks for the verdict/)
  const waited = await waiting
  assert.deepEqual([waited.code, waited.stdout.includes(`Ask for the verdict: clawrk verify ${id}`)], [0, true])
  const verdict = await ada('verify', id)
  assert.equal(verdict.code, 0, verdict.stderr)
  assert.match(verdict.stdout, /# Research brief[\s\S]*The work passed; 2 credits are used\.\n$/)
  assert.equal((await bob('balance', '--json')).json<{ balance_cents: number }>().balance_cents, 100)
})

test('work that does not pass: exit code 5, and the credits are back', async () => {
  const [ada, bob] = [await withKey('Ada'), await withKey('Bob')]
  const { id } = (await ada('run', prompt, '--credits', '-y', '--json')).json<Job>()
  assert.equal((await bob('accept', id)).code, 0)
  assert.equal((await bob('submit', id, '-t', 'lorem ipsum dolor sit amet, nothing of this is about it')).code, 0)
  const verdict = await ada('verify', id)
  assert.equal(verdict.code, 5)
  assert.match(verdict.stdout, /The work did not pass; 2 credits are back\.\n$/)
  assert.deepEqual((await ada('api', 'credits.balance', '--json')).json(), {
    credits_balance: 10,
    subscription_tier: 'free',
  })
})
