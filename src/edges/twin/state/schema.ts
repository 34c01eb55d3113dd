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
