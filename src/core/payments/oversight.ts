import type { Sql } from '../../base/db.ts'
import { countedMost, type Figures, lateFigures } from '../../base/figures.ts'
import { iso } from '../../base/page.ts'
import { type InboxState, inboxState } from './inbox.ts'
import { intentLife } from './intent.ts'

/** What is under way with the payment provider, for operators. */
export interface ProviderState {
  readonly inbox: Omit<InboxState, 'examples'>
  /** Asked and not answered for good: how many, over how much, since when the oldest. */
  readonly intents: { readonly open: number; readonly amount_cents: number; readonly oldest_at: string | null }
}

const waiting = intentLife.from('look_up')

/** Counted on indexes that hold only what is open (intent_open, stripe_inbox_due, stripe_inbox_given_up). */
export async function readProviderState(sql: Sql): Promise<ProviderState> {
  const { examples: _, ...inbox } = await inboxState(sql)
  const [row] = await sql.rows<{ row: ProviderState['intents'] }>(
    `select row_to_json(i) as row from (
       select count(*) as open, coalesce(sum(amount_cents), 0)::bigint as amount_cents, min(created_at) as oldest_at
       from provider_intent where status in (${waiting})) as i`,
  )
  const { oldest_at: at, ...intents } = row!.row
  return { inbox, intents: { ...intents, oldest_at: iso(at) } }
}

/**
 * What the provider or the clock should have brought to an end and has not. Each selects `kind`, `id`, `since` and `what`, the oldest
 * first and at most `$1`, on an index of what is open.
 */
export const paymentsStuck: readonly { readonly name: string; readonly query: string }[] = [
  {
    name: 'intents without an answer',
    query: `select 'intent' as kind, i.id::text as id, i.created_at as since, case
        when i.kind in ('withdrawal', 'payout') and u.suspended_at is not null then format('This %s waits because its owner is suspended: restore them, and the provider is asked.', i.kind)
        when i.kind in ('withdrawal', 'payout') and f.reason is not null then format('This %s waits because the ledger is frozen: look into the broken law, then clawrk ledger unfreeze on the machine.', i.kind)
        else format('The payment provider has given no definite answer to this %s in %s tries; it is looked up every minute. Look for the intent''s id in the provider''s dashboard, and compare the books with clawrk reconcile.', replace(i.kind, '_', ' '), i.tries)
      end as what
      from provider_intent i join app_user u on u.id = i.user_id left join ledger_freeze f on true
      where i.status in (${waiting}) and i.created_at < app_now() - interval '1 hour' order by i.created_at limit $1`,
  },
  {
    name: 'messages of the provider that were given up',
    query: `select 'inbox' as kind, id, received_at as since, format(
        'The message %s of the payment provider was given up: %s Mend the cause, then try it again with clawrk reconcile --retry.', type, last_error) as what
      from stripe_inbox where status = 'given_up' order by processed_at limit $1`,
  },
  {
    name: 'messages of the provider that nobody works on',
    query: `select 'inbox' as kind, id, received_at as since, case when last_error is null
        then format('The message %s of the payment provider waits and nobody has taken it up: see that a worker process is running (clawrk serve --role worker).', type)
        else format('The message %s of the payment provider has failed %s times: %s It is tried again by itself; mend the cause before it is given up.', type, attempts, last_error) end as what
      from stripe_inbox where status = 'waiting' and (due_at < clock_timestamp() - interval '5 minutes' or attempts >= 3) order by due_at limit $1`,
  },
  {
    name: 'payouts past their day',
    query: `select 'payout' as kind, id::text as id, due_at as since, case when f.reason is not null
        then format('This payout of %s waits because the ledger is frozen: look into the broken law, then clawrk ledger unfreeze on the machine.', ref)
        else format('This payout of %s fell due and nothing has moved it, after %s refusals. See that a worker process is running (clawrk serve --role worker) and what its log says about this id.', ref, refusals) end as what
      from payout left join ledger_freeze f on true where due_at is not null and due_at < app_now() - interval '1 hour' order by due_at limit $1`,
  },
]

const front = (table: string, where: string): string =>
  `select due_at from ${table} where ${where} order by due_at limit 1`

/** How the market stands with its payment provider; each is found on an index of what is open. */
export const paymentFigures: readonly Figures[] = [
  lateFigures([
    { life: 'payout', state: 'open', due: front('payout', 'due_at is not null') },
    { life: 'intent', state: 'asked', due: front('provider_intent', `status in (${waiting})`) },
    { life: 'funding', state: 'open', due: front('card_funding', `status in ('asked', 'open', 'stopping')`) },
    { life: 'farewell', state: 'open', due: front('farewell', 'done_at is null') },
  ]),
  // The provider's messages are judged by real time.
  lateFigures(
    [{ life: 'inbox', state: 'waiting', due: front('stripe_inbox', `status = 'waiting'`) }],
    'clock_timestamp()',
  ),
  {
    query: `select (select count(*) from (select from stripe_inbox where status = 'waiting' limit ${countedMost}) as w) as waiting,
      (select count(*) from (select from stripe_inbox where status = 'given_up' limit ${countedMost}) as g) as given_up,
      i.open, i.oldest, r.differences, r.age
      from (select count(*) as open, coalesce(extract(epoch from app_now() - min(created_at)), 0)::float8 as oldest
        from (select created_at from provider_intent where status in (${waiting}) order by due_at limit ${countedMost}) as first) as i
      left join lateral (select difference_count as differences, extract(epoch from clock_timestamp() - at)::float8 as age
        from reconciliation order by at desc limit 1) as r on true`,
    labels: [],
    shown: {
      waiting: {
        name: 'clawrk_provider_events_waiting',
        help: `Events of the payment provider that are not worked on yet, counted up to ${countedMost}.`,
      },
      given_up: {
        name: 'clawrk_provider_events_given_up',
        help: `Events of the payment provider that were given up, counted up to ${countedMost}; clawrk doctor says why.`,
      },
      open: {
        name: 'clawrk_provider_intents_open',
        help: `What the provider was asked for and has not answered for good, counted up to ${countedMost}.`,
      },
      oldest: {
        name: 'clawrk_provider_intent_oldest_seconds',
        help: 'How long ago the oldest of them was written down; 0 when there is none.',
      },
      differences: {
        name: 'clawrk_reconciliation_differences',
        help: 'What differed between the ledger and the payment provider when they were last compared.',
      },
      age: {
        name: 'clawrk_reconciliation_age_seconds',
        help: 'How long ago the ledger and the payment provider were last compared.',
      },
    },
  },
]
