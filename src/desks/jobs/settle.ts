import type { Sql } from '../../base/db.ts'
import { tell } from '../../core/events/write.ts'
import type { Verdict } from '../../core/verification/check.ts'
import { endAttempt } from './end-attempt.ts'
import { jobLife } from './job.ts'
import { giveBack } from './refund.ts'

/** A line of a job's verification log. */
export interface LogLine {
  readonly kind: 'log' | 'verdict'
  readonly data: unknown
}

/** How work that passed is paid: from rows of the job called `moved`, as CTEs that end with `paid`. */
interface Payment {
  readonly terms: 'wallet' | 'credits'
  readonly ctes: string
  /** What its event tells beside the rest. */
  readonly told: string
}

const fromWallet: Payment = {
  terms: 'wallet',
  ctes: `legs as (
  select array_agg('job:' || id order by id, leg) as refs, array_agg('escrow:job:' || id order by id, leg) as escrows,
    array_agg(target order by id, leg) as targets, array_agg(cents order by id, leg) as cents
  from moved, lateral (values (1, 'wallet:' || receiver, price_cents - fee_cents), (2, 'platform:fees', fee_cents)) as part (leg, target, cents)
), paid as materialized (
  select outcome from legs, ledger_post_each('job_settled', 'USD', refs, escrows, targets, cents)
)`,
  told: `'verify_seconds', extract(epoch from ended_at - submitted_at)`,
}

// The credits have been used; the worker is paid out of what credits were sold for. How long the sender took to ask for the
// verdict says nothing of how long it took.
const inCredits: Payment = {
  terms: 'credits',
  ctes: `legs as (
  select array_agg('job:' || id order by id) as refs, array_agg('escrow:job:' || id order by id) as escrows,
    array_agg('platform:credits'::text) as used, array_agg(credit_cost::bigint order by id) as credits,
    array_agg('platform:credits_sold'::text) as sold, array_agg('wallet:' || receiver order by id) as wallets, array_agg(price_cents order by id) as cents
  from moved
), paid as materialized (
  select outcome from legs, ledger_post_each('credits_used', 'CREDIT', refs, escrows, used, credits)
  union all
  select outcome from legs, ledger_post_each('job_settled', 'USD', refs, sold, wallets, cents)
)`,
  told: `'terms', terms, 'worker', receiver`,
}

// Many at once: a commit, and starting a statement, cost more than booking one more verdict.
const passWork = ({ terms, ctes, told }: Payment): string => `with given as materialized (
  select id, verdict, lines from json_to_recordset($2::json) as given (id uuid, verdict json, lines json)
), moved as (
  update job set status = ${jobLife.to('pass')}, cancellation_requested = false, verification = verdict, due_at = null, ended_at = app_now(), updated_at = app_now()
  from given where job.id = given.id and verify_token = $1 and status in (${jobLife.from('pass')}) and terms = '${terms}'
  returning job.id, terms, sender, receiver, receiver_agent_id, hold_token, price_cents, credit_cost, fee_cents, accepted_at, submitted_at, ended_at, verdict, lines
), ${ctes}, marked as (
  update job_presentation p set outcome = 'verified', verdict = moved.verdict, ended_at = app_now()
  from moved where p.agent_id = moved.receiver_agent_id and p.token = moved.hold_token
), logged as (
  insert into job_log (job_id, worker, kind, data, created_at)
  select moved.id, moved.receiver, line.kind, line.data, app_now() from moved, json_to_recordset(moved.lines) as line (kind text, data json)
), told as (
  ${tell({
    name: `'job.verified'`,
    ref: `'job:' || id`,
    parties: ['sender', 'receiver'],
    data: `json_build_object('job_id', id, 'agent_id', receiver_agent_id, 'earned_cents', price_cents - fee_cents,
      'work_seconds', extract(epoch from submitted_at - accepted_at), ${told})`,
    from: 'moved',
  })}
) select id, (select count(*) from paid) as posts from moved`

const passing = { wallet: passWork(fromWallet), credits: passWork(inCredits) } as const

/** A verdict to book, with the lines of its log. */
export interface Judged {
  readonly id: string
  readonly terms: 'wallet' | 'credits'
  readonly verdict: Verdict
  readonly lines: readonly LogLine[]
}

/**
 * Books verdicts of work that passed: the jobs are verified and their workers paid, in one statement for each kind of terms. Only
 * the newest claim on a submission may: with an older token nothing happens to it.
 */
export async function settlePassed(sql: Sql, token: string, passed: readonly Judged[]): Promise<void> {
  for (const terms of ['wallet', 'credits'] as const) {
    // Jobs are locked in the order in which groups of calls lock them.
    const ours = passed.filter((one) => one.terms === terms).toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (ours.length > 0) await sql.rows(passing[terms], [token, JSON.stringify(ours)])
  }
}

const log = (from: string, worker: string): string => `logged as (
  insert into job_log (job_id, worker, kind, data, created_at)
  select ${from}.id, ${from}.${worker}, line.kind, line.data, app_now() from ${from}, json_to_recordset($4::json) as line (kind text, data json)
)`

const failWork = `with ${endAttempt({
  where: `id = $1 and verify_token = $2 and status in (${jobLife.from('pass')})`,
  verdict: '$3::json',
  reason: `'not_passed'`,
})}, ${log('ended', 'worker')} select id, status from ended`

/** Books the verdict on work that did not pass: the attempt ends. With an older token than the newest claim's nothing happens. */
export async function settleFailed(
  sql: Sql,
  token: string,
  { id, verdict, lines }: Omit<Judged, 'terms'>,
): Promise<void> {
  await sql.rows(failWork, [id, token, JSON.stringify(verdict), JSON.stringify(lines)])
}

const voidWork = `with moved as (
  update job set status = ${jobLife.to('void')}, output_text = null, output_attachments = '[]', due_at = null, ended_at = app_now(), updated_at = app_now()
  where id = $1 and verify_token = $2 and status in (${jobLife.from('void')})
  returning id, terms, sender, receiver, receiver_agent_id, hold_token, price_cents, credit_cost
), refunded as (
  select ${giveBack} from moved
), marked as (
  update job_presentation p set outcome = 'void', ended_at = app_now()
  from moved where p.agent_id = moved.receiver_agent_id and p.token = moved.hold_token
), told as (
  ${tell({
    name: `'job.cancelled'`,
    ref: `'job:' || id`,
    parties: ['sender', 'receiver'],
    data: `json_build_object('job_id', id, 'reason', 'not_verifiable')`,
    from: 'moved',
  })}
) select id, (select count(*) from refunded) as refunds from moved`

/** The market could not verify the work for a day: the sender is refunded, the worker bears no mark. */
export async function voidSubmission(sql: Sql, job: string, token: string): Promise<void> {
  await sql.rows(voidWork, [job, token])
}

const putBack = `with moved as (
  update job set due_at = app_now() + make_interval(secs => $3::integer)
  where id = $1 and verify_token = $2 and status in (${jobLife.from('pass')}) returning id, receiver
) insert into job_log (job_id, worker, kind, data, created_at)
  select id, receiver, 'log', json_build_object('message', $4::text), app_now() from moved`

/** The market could not verify the work just now, which is not the worker's fault: tried again later. */
export async function postpone(sql: Sql, job: string, token: string, seconds: number, message: string): Promise<void> {
  await sql.rows(putBack, [job, token, seconds, message])
}
