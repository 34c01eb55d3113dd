import type { Database } from '../../base/db.ts'
import { readEvents } from '../../core/events/read.ts'
import { startPayOut } from '../../core/payments/pay-out.ts'

interface Verified {
  readonly terms?: 'credits'
  readonly worker?: string
  readonly earned_cents: number
}

/**
 * What was earned on jobs for credits leaves at once for those who have connected an account, as the first API promises. Each
 * verdict is read once, so each is paid out once; answers how many withdrawals were started.
 */
export async function payOutCredits(db: Database): Promise<number> {
  let started = 0
  await readEvents(db, 'jobs.pay_out', ['job.verified'], async (sql, events) => {
    const earnings = events.flatMap(({ id, data }) => {
      const { terms, worker, earned_cents: amount } = data as unknown as Verified
      return terms === 'credits' && worker ? [{ id, user: worker, amount }] : []
    })
    // In the order of people, so that this locks their wallets as everything else does.
    for (const earning of earnings.sort((one, other) => (one.user < other.user ? -1 : 1)))
      if (await startPayOut(sql, earning)) started++
  })
  return started
}
