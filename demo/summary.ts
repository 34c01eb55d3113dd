import { dollars } from '../src/base/money.ts'
import { checkLaws, platformBalance } from '../src/core/ledger/laws.ts'
import { verifyChain } from '../src/core/ledger/seal.ts'
import { jobLaws } from '../src/desks/jobs/laws.ts'
import type { Persistence } from './ask.ts'
import type { Chance } from './chance.ts'
import type { WatchedDatabase } from './database.ts'
import { countJobs, sumOf } from './follow.ts'
import { killsIn, type Told } from './told.ts'

interface Money {
  readonly topped_up: number
  readonly funded: number
  readonly paid: number
  readonly fees: number
  readonly refunded: number
  readonly escrow: number
  readonly wallets: number
}

const moneySql = `select
  coalesce(sum(amount) filter (where kind = 'topup'), 0)::bigint as topped_up,
  coalesce(sum(amount) filter (where kind = 'job_paid'), 0)::bigint as funded,
  coalesce(sum(amount) filter (where kind = 'job_settled' and starts_with(to_account, 'wallet:')), 0)::bigint as paid,
  coalesce(sum(amount) filter (where to_account = 'platform:fees'), 0)::bigint as fees,
  coalesce(sum(amount) filter (where kind = 'refund'), 0)::bigint as refunded,
  (select coalesce(sum(balance), 0)::bigint from ledger_account where starts_with(id, 'escrow:')) as escrow,
  (select coalesce(sum(balance), 0)::bigint from ledger_account where starts_with(id, 'wallet:')) as wallets
  from transfer where unit = 'USD'`

export interface Story {
  readonly told: Told
  /** How many kills were asked for. */
  readonly kills: number
  readonly chance: Chance
  readonly persistence: Persistence
  readonly seconds: number
  readonly senders: number
  readonly owners: number
  readonly agents: number
  readonly stuck: readonly string[]
}

/** Prints what came of it; answers whether all is as it must be. */
export async function tell(db: WatchedDatabase, story: Story): Promise<boolean> {
  const { told, persistence, seconds, stuck } = story
  const counts = await countJobs(db)
  const money = (await db.rows<Money>(moneySql))[0]!
  const faults = [...stuck, ...(await faultsOf(db, money, told))]
  if (killsIn(told) !== story.kills) faults.push(`${killsIn(told)} of ${story.kills} kills took place`)
  const requeued = await db.rows<{ reason: string; n: number }>(
    `select data->>'reason' as reason, count(*) as n from event where name = 'job.requeued' group by 1 order by 2 desc`,
  )
  const mean = told.scores.reduce((sum, score) => sum + score, 0) / Math.max(1, told.scores.length)
  const done = sumOf(counts, 'verified', 'failed', 'cancelled')
  const rows: [string, string][] = [
    ['posted', `${told.posted} jobs by ${story.senders} senders; ${told.unpaidAtFirst} were short of money at first`],
    [
      'matched',
      `${told.holds} times, mean score ${mean.toFixed(2)}, to ${story.agents} agents of ${story.owners} owners`,
    ],
    ['accepted', `${told.accepted} attempts, ${told.submitted} handed in`],
    ['verified', `${sumOf(counts, 'verified')} jobs`],
    ['re-queued', requeued.map(({ reason, n }) => `${n} ${reason.replaceAll('_', ' ')}`).join(', ') || 'none'],
    [
      'too late',
      `${told.lapsedRefused} accepts after the hold, ${told.lateRefused} hand-ins after the deadline, all refused`,
    ],
    ['failed', `${sumOf(counts, 'failed')} jobs, after three attempts`],
    ['cancelled', `${sumOf(counts, 'cancelled')} jobs; ${told.cancelsAsked} asked for by senders`],
    ['topped up', dollars(money.topped_up)],
    ['into escrow', dollars(money.funded)],
    ['paid to workers', dollars(money.paid)],
    ['fees', dollars(money.fees)],
    ['refunded', dollars(money.refunded)],
    ['left in escrow', dollars(money.escrow)],
    ['left in wallets', dollars(money.wallets)],
    ...(killsIn(told) > 0
      ? ([
          [
            'killed (-9)',
            `${killsIn(told)} times: the API ${told.kills.api}, the worker ${told.kills.worker}, PostgreSQL ${told.kills.postgres}; ` +
              `${told.killsInWork} of them with jobs in work; all was back within ${(told.longestAwayMs / 1000).toFixed(1)} s`,
          ],
          [
            'clients',
            `asked ${persistence.retries} times again, ${persistence.replays} of the answers had been given before`,
          ],
        ] as [string, string][])
      : []),
    ['elapsed', `${seconds.toFixed(1)} s, ${(done / seconds).toFixed(1)} jobs/s`],
    ['ledger', faults.length === 0 ? 'every law holds, no job is stuck' : `${faults.length} FAULTS`],
  ]
  const examples = [...new Set(told.examples)]
    .map((example) => ({ example, order: story.chance.of('example', example) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, 5)
    .map(({ example }) => `  ${example}\n`)
  process.stdout.write(`\n${examples.length > 0 ? `Some matches\n${examples.join('')}\n` : ''}`)
  process.stdout.write(`${rows.map(([head, text]) => `${head.padEnd(16)}${text}`).join('\n')}\n`)
  for (const fault of faults) process.stdout.write(`✖ ${fault}\n`)
  return faults.length === 0
}

/** The laws of the ledger, and that what people saw is what the database says. */
async function faultsOf(db: WatchedDatabase, money: Money, told: Told): Promise<string[]> {
  const faults = (await checkLaws(db, jobLaws)).map(({ law, where, detail }) => `${law}: ${where} (${detail})`)
  const must = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault)
  }
  const [jobs] = await db.rows<{ all: number; attempts: number }>(
    'select count(*) as all, count(*) filter (where attempt_count > 3) as attempts from job',
  )
  must(jobs!.all === told.posted, `${told.posted} jobs were posted, ${jobs!.all} are there`)
  must(jobs!.attempts === 0, `${jobs!.attempts} jobs had more than three attempts`)
  must(money.topped_up === told.toppedUp, `${told.toppedUp} cents were topped up, ${money.topped_up} arrived`)
  must(money.escrow === 0, `${money.escrow} cents are left in escrow`)
  must(money.funded === money.paid + money.fees + money.refunded, 'what went into escrow is not what came out of it')
  must(money.wallets + money.fees === money.topped_up, 'wallets and fees are not what was topped up')
  // What Stripe keeps for itself is booked from the one to the other.
  const atStripe = -(await platformBalance(db, 'platform:stripe')) - (await platformBalance(db, 'platform:processing'))
  must(atStripe === told.toppedUp, `${atStripe} cents are booked at Stripe, ${told.toppedUp} were paid there`)
  const [twin] = await db.rows<{ taken: number }>(
    `select coalesce(sum((body->>'amount')::bigint), 0)::bigint as taken from stripe_twin.object
     where kind = 'charge' and body->>'status' = 'succeeded'`,
  )
  must(twin!.taken === told.toppedUp, `Stripe took ${twin!.taken} cents, ${told.toppedUp} were paid there`)
  faults.push(...(await verifyChain(db)).faults.map((fault) => `the hash chain: ${fault}`))
  return faults
}
