import assert from 'node:assert/strict'
import type { Job } from '../../src/desks/jobs/job.ts'
import type { Person, TestMarket } from '../support/market.ts'
import { act, unixReport, went } from './desk.ts'

/** The example of the document. */
export const documented = 'Research the history of the Unix operating system'

/** A job of the first API: two credits, from the ten that everybody is given. */
export const postForCredits = async (sender: Person, prompt = documented): Promise<Job> =>
  went(await sender.ask<Job>('POST', '/api/jobs', { prompt }), 201)

/** Credits in somebody's account as if bought. */
let bought = 0
export async function giveCredits({ db }: TestMarket, { userId }: Person, credits: number): Promise<void> {
  const [row] = await db.rows<{ outcome: string }>(
    `select ledger_post('credits_bought', 'test', $3, 'CREDIT', array['platform:credits'], array['credits:' || $1], array[$2::bigint]) as outcome`,
    [userId, credits, `test-${++bought}`],
  )
  assert.equal(row!.outcome, 'posted')
}

export const creditsOf = async (person: Person): Promise<number> =>
  went(await person.ask<{ credits_balance: number }>('GET', '/api/credits')).credits_balance

/** A job for credits, accepted by somebody. */
export async function acceptedForCredits(sender: Person, worker: Person): Promise<Job> {
  const job = await postForCredits(sender)
  return went(await act(worker, 'accept', job))
}

/** The same, handed in. */
export async function submittedForCredits(sender: Person, worker: Person, output = unixReport): Promise<Job> {
  const job = await acceptedForCredits(sender, worker)
  return went(await act(worker, 'submit', job, { output }))
}
