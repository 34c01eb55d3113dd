import type pg from 'pg'

/**
 * The steps that make the schema, applied in order and each once. New needs are new steps at the end.
 * Objects are kept as documents, since their shapes are Stripe's and not ours; what must never be is an index or a CHECK.
 */
const steps: readonly string[] = [
  `
  -- The twin's clock: real time plus what a test has put it ahead.
  create table stripe_twin.clock (
    one boolean primary key default true check (one),
    ahead interval not null default '0' check (ahead >= '0')
  );
  insert into stripe_twin.clock default values;
  create function stripe_twin.now() returns timestamptz language sql volatile
    return clock_timestamp() + (select ahead from stripe_twin.clock);

  create table stripe_twin.object (
    id text primary key,
    kind text not null,
    seq bigint generated always as identity,
    body jsonb not null,                       -- the object as the API shows it
    hidden jsonb not null default '{}',        -- what Stripe knows about it and shows only when asked, or never
    check (body ->> 'id' = id and body ->> 'object' = kind)
  );
  create index on stripe_twin.object (kind, seq);
  create index on stripe_twin.object ((body ->> 'customer'), kind, seq) where body ->> 'customer' is not null;
  create index on stripe_twin.object ((body ->> 'payment_intent'), kind, seq) where body ->> 'payment_intent' is not null;
  create index on stripe_twin.object (((body ->> 'expires_at')::bigint))
    where kind = 'checkout.session' and body ->> 'status' = 'open';

  -- A payment succeeds once, whatever the program believes.
  create unique index one_payment_per_session on stripe_twin.object ((body ->> 'payment_intent'))
    where kind = 'checkout.session' and body ->> 'payment_intent' is not null;
  create unique index one_success_per_payment on stripe_twin.object ((body ->> 'payment_intent'))
    where kind = 'charge' and body ->> 'status' = 'succeeded';
  create unique index one_booking_per_charge on stripe_twin.object ((body ->> 'source'))
    where kind = 'balance_transaction' and body ->> 'type' = 'charge';

  -- Every event has one delivery. Its times are real time: the receiver's tolerance is, too.
  create table stripe_twin.delivery (
    event_id text primary key references stripe_twin.object (id),
    seq bigint generated always as identity,
    attempts int not null default 0,
    due_at timestamptz not null default clock_timestamp(),
    delivered_at timestamptz,
    given_up_at timestamptz,
    last_result text
  );
  create index on stripe_twin.delivery (seq) where delivered_at is null and given_up_at is null;

  create table stripe_twin.idempotent_answer (
    key text primary key,
    path text not null,
    params_hash text not null,
    request_id text not null,
    status int not null,
    body text not null,
    created_at timestamptz not null
  );
  create index on stripe_twin.idempotent_answer (created_at);
  `,
  `
  -- In a market's own database the market's test clock moves the twin too; \`ahead\` is what was put on top for the twin alone.
  create or replace function stripe_twin.now() returns timestamptz language plpgsql volatile as $$
  declare v_now timestamptz := clock_timestamp();
  begin
    if to_regprocedure('app_now()') is not null then execute 'select app_now()' into v_now; end if;
    return v_now + (select ahead from stripe_twin.clock);
  end $$;

  -- What a test or an operator has told the twin to get wrong, and how often still.
  create table stripe_twin.fault (
    id text primary key,
    kind text not null,
    seq bigint generated always as identity,
    times int not null check (times >= 0),
    match jsonb not null default '{}',
    params jsonb not null default '{}'
  );
  create index on stripe_twin.fault (kind, seq) where times > 0;

  alter table stripe_twin.delivery add copies int not null default 1 check (copies > 0);
  alter table stripe_twin.delivery add hold_until timestamptz;   -- by the twin's clock, so that a test can move past it
  alter table stripe_twin.delivery add held_by text references stripe_twin.fault (id);
  alter table stripe_twin.delivery add place bigint;             -- its turn, where that is not its seq
  create index on stripe_twin.delivery (held_by) where held_by is not null;

  -- When the clock alone must act on an object, in seconds by the twin's clock.
  alter table stripe_twin.object add due_at bigint;
  create index on stripe_twin.object (due_at) where due_at is not null;

  create index on stripe_twin.object ((body ->> 'charge'), kind, seq) where body ->> 'charge' is not null;
  create index on stripe_twin.object ((body ->> 'transfer_group'), kind, seq) where body ->> 'transfer_group' is not null;
  create index on stripe_twin.object ((body ->> 'destination'), kind, seq) where body ->> 'destination' is not null;
  create index on stripe_twin.object ((body ->> 'subscription'), kind, seq) where body ->> 'subscription' is not null;
  create index on stripe_twin.object ((body ->> 'source'), seq) where kind = 'balance_transaction';

  -- Nobody gets back more than was paid, and no transfer is taken back twice.
  alter table stripe_twin.object add constraint refunded_at_most_once
    check (kind <> 'charge' or (body ->> 'amount_refunded')::bigint between 0 and (body ->> 'amount')::bigint);
  alter table stripe_twin.object add constraint reversed_at_most_once
    check (kind <> 'transfer' or (body ->> 'amount_reversed')::bigint between 0 and (body ->> 'amount')::bigint);
  create unique index one_dispute_per_charge on stripe_twin.object ((body ->> 'charge')) where kind = 'dispute';
  create unique index one_invoice_per_period on stripe_twin.object ((hidden ->> 'subscription_period')) where kind = 'invoice';
  `,
  `
  create table stripe_twin.account_link (
    secret text primary key,
    account text not null references stripe_twin.object (id),
    return_url text not null,
    refresh_url text not null,
    expires_at bigint not null
  );
  `,
]

/** Makes or completes the twin's own schema. Twins that start together do it once; nothing of the market is touched. */
export async function prepareSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(`select pg_advisory_xact_lock(hashtextextended('stripe_twin.schema', 0))`)
    await client.query('create schema if not exists stripe_twin')
    await client.query(
      'create table if not exists stripe_twin.step (number int primary key, at timestamptz not null default now())',
    )
    const done = await client.query<{ number: number }>(
      'select coalesce(max(number), 0) as number from stripe_twin.step',
    )
    for (const [index, sql] of steps.entries()) {
      if (index < done.rows[0]!.number) continue
      await client.query(sql)
      await client.query('insert into stripe_twin.step (number) values ($1)', [index + 1])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}
