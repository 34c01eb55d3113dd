/**
 * The past of a grown market, as sets: each statement writes the rows of all deals in the temporary table `deal`, many at a time. Balances are
 * not written here but added up from the transfers (`add-up.ts`), so that they cannot differ from them.
 *
 * Of ten deals nine jobs are verified and one is called off, one has a contract with five milestones beside it, and there are
 * a hundred transfers.
 */

/** Puts the deals `$1` to `$2` where the statements of one transaction find them. */
export const deal: readonly [string, string] = [
  `create temp table if not exists deal (i bigint, sender uuid, worker uuid, agent uuid, price bigint, fee bigint, passed boolean, at timestamptz, words integer) on commit delete rows`,
  `insert into deal select * from growth.deals($1, $2)`,
]

/** What every statement below reads: who deals with whom, about how much, and when. Person 1 sends, person 2 does one job in twenty. */
export const ground = `
create schema if not exists growth;
create table if not exists growth.state (one boolean primary key default true check (one), deals bigint not null default 0,
  people bigint not null default 0, began timestamptz not null default date_trunc('second', clock_timestamp()), per_agent integer not null);
create table if not exists growth.words (place integer primary key, short text not null, middle text not null, long text not null, search tsvector not null);
do $do$ begin
  -- Ids begin with their time, as everybody's do: those of the past lie a little before those that are made now.
  if to_regprocedure('growth.id(integer, bigint)') is null then
    execute format($f$create function growth.id(p_kind integer, p_n bigint) returns uuid language sql immutable parallel safe as $$
      select (lpad(to_hex(%s + p_n), 12, '0') || '70008000' || lpad(to_hex(p_kind), 12, '0'))::uuid
    $$$f$, ((extract(epoch from clock_timestamp()) - 3 * 3600) * 1000)::bigint);
  end if;
end $do$;
create or replace function growth.people_by(p_deal bigint) returns bigint language sql stable as $$
  select 1000 + p_deal / per_agent from growth.state
$$;
create or replace function growth.at(p_deal bigint) returns timestamptz language sql stable as $$
  select began + p_deal * interval '31.536 seconds' from growth.state
$$;
create or replace function growth.deals(p_from bigint, p_to bigint)
returns table (i bigint, sender uuid, worker uuid, agent uuid, price bigint, fee bigint, passed boolean, at timestamptz, words integer) language sql stable as $$
  select i, growth.id(1, s), growth.id(1, w), growth.id(2, w), 300 + (i % 8) * 100, ((300 + (i % 8) * 100) * 20 + 50) / 100 + 50, i % 10 <> 3,
    growth.at(i), (i * 31 % 1000)::integer
  from generate_series(p_from, p_to) as i,
    lateral (select case when i % 20 = 0 then 1 else 3 + (i * 7919) % (growth.people_by(i) - 10) end as s) as sending,
    lateral (select case when i % 20 = 10 then 2 when 3 + (i * 104729 + 17) % (growth.people_by(i) - 10) = s then 2
      else 3 + (i * 104729 + 17) % (growth.people_by(i) - 10) end as w) as working
$$;`

/** A thousand texts to choose from; what is stored of them compresses badly, as people's texts do. */
export const words = `insert into growth.words (place, short, middle, long, search)
  select n, text_of(10), text_of(24), text_of(38), to_tsvector('english', 'report on lighthouses and harbours number ' || n || ' ' || text_of(6))
  from generate_series(0, 999) as n, lateral (select 1) as one on conflict do nothing`.replaceAll(
  /text_of\((\d+)\)/g,
  (_, many) => `(select string_agg(md5(n || ':' || k || ':${many}'), ' ') from generate_series(1, ${many}) as k)`,
)

/** Everybody who is there by a deal: `$1` to `$2` are numbers of people. */
export const people: readonly string[] = [
  `insert into app_user (id, name, email, user_type, created_at)
   select growth.id(1, n), 'Person ' || n, 'person.' || n || '@growth.test', case n % 2 when 0 then 'freelancer' else 'client' end,
     growth.at((n - 1000) * per_agent) from generate_series($1::bigint, $2::bigint) as n, growth.state`,
  `insert into agent (id, owner_id, name, personality, is_default, listed, max_active_jobs, created_at)
   select growth.id(2, n), growth.id(1, n), 'default', 'Writes reports. ' || middle, true, n % 10 = 0, 100, growth.at((n - 1000) * per_agent)
   from generate_series($1::bigint, $2::bigint) as n join growth.words w on w.place = n % 1000, growth.state`,
  `insert into api_key (id, user_id, lineage, prefix, public_id, secret_hash, last_four, scopes, created_at, expires_at)
   select growth.id(3, n), growth.id(1, n), growth.id(3, n), 'clk', 'growth' || lpad(n::text, 6, '0'), sha256(n::text::bytea), '0000', '{jobs:read}',
     growth.at((n - 1000) * per_agent), growth.at(0) + interval '10 years' from generate_series($1::bigint, $2::bigint) as n, growth.state`,
  `insert into session (id, user_id, token_hash, created_at, seen_at)
   select growth.id(18, n), growth.id(1, n), sha256(('session' || n)::bytea), growth.at(0), growth.at((n - 1000) * per_agent)
   from generate_series($1::bigint, $2::bigint) as n, growth.state`,
  `insert into login (user_id, password_hash) select growth.id(1, n), 'none' from generate_series($1::bigint, $2::bigint) as n`,
  `insert into profile (user_id, bio, skills, updated_at) select growth.id(1, n), short, '{writing,sql}', growth.at(0)
   from generate_series($1::bigint, $2::bigint) as n join growth.words w on w.place = n % 1000`,
  `insert into ledger_account (id, unit, balance) select 'wallet:' || growth.id(1, n), 'USD', 0 from generate_series($1::bigint, $2::bigint) as n
   union all select 'credits:' || growth.id(1, n), 'CREDIT', 0 from generate_series($1::bigint, $2::bigint) as n`,
  `insert into vouch (user_id, vouched_user_id, created_at) select growth.id(1, n), growth.id(1, n - 1), growth.at(0)
   from generate_series($1::bigint, $2::bigint) as n where n % 10 = 0`,
  `insert into webhook (id, user_id, url, secret, delivered_at, created_at, updated_at)
   select growth.id(16, n), growth.id(1, n), 'https://growth.test/' || n, '\\x00', growth.at(0), growth.at(0), growth.at(0)
   from generate_series($1::bigint, $2::bigint) as n where n % 100 = 0`,
]

/** The jobs, what was said and decided of them, and the events. */
export const work: readonly string[] = [
  `insert into job (id, status, sender, prompt, title, intent, description, requirements, acceptance_criteria, checks, skill, price_cents,
     time_limit_seconds, fee_cents, paid_at, queued_at, hold_owner, held_by_agent_id, hold_token, hold_expires_at, hold_score, hold_why,
     presented_to_agents, attempt_count, receiver, receiver_agent_id, accepted_at, deadline_at, submitted_at, output_text, content_hash,
     judgements, verification, ended_at, created_at, updated_at)
   select growth.id(4, i), case when passed then 'verified' else 'cancelled' end, sender, middle || long, 'Report ' || i || ' on lighthouses', 'write', middle, short,
     array[left(short, 90), left(middle, 90)], '[]', (array['writing', 'research', 'code', 'data'])[1 + i % 4], price, 3600, fee, at, at,
     case when passed then worker end, case when passed then agent end, case when passed then growth.id(15, i) end,
     at + interval '35 seconds', 0.5, '{report}', case when passed then array[agent] else '{}' end, passed::integer,
     case when passed then worker end, case when passed then agent end, at + interval '10 seconds', at + interval '1 hour', at + interval '10 minutes',
     case when passed then long end, md5(i::text), passed::integer,
     case when passed then json_build_object('pass', true, 'score', 1, 'reasoning', short, 'verified_by', 'rules') end,
     at + interval '601 seconds', at, at + interval '601 seconds'
   from deal join growth.words w on w.place = words`,
  `insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, verdict, ended_at)
   select agent, growth.id(15, i), worker, growth.id(4, i), 'verified', false, json_build_object('pass', true, 'score', 1, 'reasoning', short, 'verified_by', 'rules'),
     at + interval '601 seconds' from deal join growth.words w on w.place = words where passed`,
  `insert into job_log (job_id, worker, kind, data, created_at)
   select growth.id(4, i), worker, kind, case kind when 'verdict' then json_build_object('pass', true, 'reasoning', short) else '{"message": "Read."}' end, at
   from deal join growth.words w on w.place = words, unnest(array['log', 'verdict']) as kind where passed`,
  `insert into match_text (offer, search, created_at) select growth.id(4, i), search, clock_timestamp()
   from deal join growth.words w on w.place = words`,
  `insert into job_pair (sender, worker) select distinct sender, worker from deal where passed on conflict do nothing`,
  `insert into turn (user_id, other_id, ref, kind, amount_cents, opened_at, due_at, closed_at, answered, counted)
   select worker, sender, 'job:' || growth.id(4, i), 'work', price, at, at, at, true, true from deal where passed`,
  `insert into idempotency (lineage, route, key, fingerprint, answer, status) select growth.id(3, i)::text, 'POST /api/jobs/run', 'key' || i, sha256(i::text::bytea),
     json_build_object('text', long), 201 from deal join growth.words w on w.place = words where i % 5 = 0`,
  `insert into event (name, ref, parties, data, created_at)
   select told.name, told.ref, told.parties, told.data, at from deal, lateral (
     select name, 'job:' || growth.id(4, i) as ref, case when name in ('job.created', 'job.queued', 'job.cancelled') then array[sender] else array[sender, worker] end as parties,
       json_build_object('job_id', growth.id(4, i), 'agent_id', agent, 'title', 'Report ' || i || ' on lighthouses', 'price_cents', price) as data
     from unnest(case when passed then array['job.created', 'job.queued', 'job.held', 'job.accepted', 'job.submitted', 'job.verified']
       else array['job.created', 'job.queued', 'job.cancelled'] end) as name
     union all
     select name, 'milestone:' || growth.id(10, i * 5 + k), array[sender, worker], json_build_object('milestone_id', growth.id(10, i * 5 + k), 'what', name)
     from generate_series(0, 4) as k, unnest(array['milestone.funded', 'milestone.released']) as name where i % 10 = 5
   ) as told order by i`,
  `insert into webhook_delivery (webhook_id, event_id, seq, name, status, tries, attempts, created_at, ended_at)
   select growth.id(16, 100), growth.id(17, i), -i, 'job.verified', 'delivered', 1, 1, at, at from deal where i % 10 = 0`,
]

/** The contracts and the money: what was asked of the provider, and every transfer in the order in which it happened. */
export const money: readonly string[] = [
  `insert into gig (id, owner_id, title, description, scope, rate_cents, skills, status, created_at, updated_at)
   select growth.id(7, i), sender, 'Gig ' || i || ' about ' || (array['harbours', 'bridges', 'lighthouses', 'railways'])[1 + i / 10 % 4], middle, short, 1000 + i % 5000,
     array['SQL', 'skill' || i / 10 % 6], case i / 10 % 2 when 0 then 'active' else 'closed' end, at, at
   from deal join growth.words w on w.place = words where i % 10 = 5`,
  `insert into application (id, gig_id, worker_id, message, status, created_at, updated_at)
   select growth.id(14, i * 3 + k), growth.id(7, i), case k when 0 then worker else growth.id(1, 3 + (i * 13 + k * 7) % 90) end, short,
     case k when 0 then 'shortlisted' else 'rejected' end, at, at
   from deal join growth.words w on w.place = words, generate_series(0, 2) as k where i % 10 = 5 on conflict do nothing`,
  `insert into negotiation (id, gig_id, client_id, worker_id, state, round_number, rate_cents, hours_per_week, created_at, updated_at)
   select growth.id(8, i), growth.id(7, i), sender, worker, 'approved', 2, 1000, 10, at, at from deal where i % 10 = 5`,
  `insert into negotiation_audit (negotiation_id, at, actor, event, data) select growth.id(8, i), at, sender, 'round', json_build_object('rate_cents', 1000)
   from deal, generate_series(1, 2) where i % 10 = 5`,
  `insert into contract (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week, payout_delay_days, status,
     client_approved_at, worker_approved_at, activated_at, ended_at, created_at, updated_at)
   select growth.id(9, i), growth.id(8, i), growth.id(7, i), sender, worker, 'Gig ' || i, middle, short, 1000, 10, 3, 'completed', at, at, at, at, at, at
   from deal join growth.words w on w.place = words where i % 10 = 5`,
  `insert into milestone (id, contract_id, position, title, amount_cents, fee_cents, fee_percent, status, source, funded_at, delivered_at, delivery_note,
     released_cents, refunded_cents, arbitration_cents, ended_at, created_at, updated_at)
   select growth.id(10, i * 5 + k), growth.id(9, i), k + 1, 'Part ' || k, 10000, 500, 5, 'released', 'wallet', at, at, short, 9500, 0, 0, at, at, at
   from deal join growth.words w on w.place = words, generate_series(0, 4) as k where i % 10 = 5`,
  `insert into payout (id, ref, user_id, amount_cents, status, intent_id, created_at, ended_at, day)
   select growth.id(11, i * 5 + k), 'milestone:' || growth.id(10, i * 5 + k), worker, 9500, 'paid', growth.id(13, i * 5 + k), at, at, at
   from deal, generate_series(0, 4) as k where i % 10 = 5`,
  `insert into review (id, contract_id, reviewer_id, reviewee_id, rating, review_text, status, released_cents, counted, moderated_at, moderated_by, created_at, updated_at)
   select growth.id(19, i), growth.id(9, i), sender, worker, 5, short, 'published', 47500, false, at, 'rules', at, at
   from deal join growth.words w on w.place = words where i % 10 = 5`,
  `insert into provider_intent (id, kind, user_id, status, amount_cents, target, object_id, ref, asked_at, created_at, due_at, ended_at)
   select growth.id(12, i), 'withdrawal', worker, 'done', 100, 'acct_growth', 'tr_w' || i, null, at, at, at, at from deal where passed
   union all
   select growth.id(13, i * 5 + k), 'payout', worker, 'done', 9500, 'acct_growth', 'tr_p' || i * 5 + k, 'milestone:' || growth.id(10, i * 5 + k), at, at, at, at
   from deal, generate_series(0, 4) as k where i % 10 = 5`,
  `with paid as (
     select growth.id(6, i * 8 + k) as id, sender, 1000 as cents, 'cs_' || i * 8 + k as session, 'pi_' || i * 8 + k as payment, at
     from deal, generate_series(1, case when i % 10 < 3 then 3 else 2 end) as k
     union all
     select growth.id(20, i * 8 + k), sender, 10000, 'cs_m' || i * 8 + k, 'pi_m' || i * 8 + k, at
     from deal, generate_series(0, 4) as k where i % 10 = 5
   ), topped as (
     insert into topup (id, user_id, amount_cents, status, session_id, created_at, paid_at) select id, sender, cents, 'paid', session, at, at from paid
   ) insert into card_payment (id, user_id, amount_cents, fee_cents, fee_due_at, created_at) select payment, sender, cents, 30, at, at from paid`,
  `insert into transfer (kind, ref, source, leg, from_account, to_account, unit, amount, created_at)
   select t.kind, t.ref, t.source, t.leg, t.source_account, t.target_account, 'USD', t.amount, at from deal, lateral (
     select 1 as nth, 'topup' as kind, 'topup:' || growth.id(6, i * 8 + k) as ref, 'topup:cs_' || i * 8 + k as source, 1 as leg,
       'platform:stripe' as source_account, 'wallet:' || sender as target_account, 1000 as amount
       from generate_series(1, case when i % 10 < 3 then 3 else 2 end) as k
     union all select 2, 'job_paid', 'job:' || growth.id(4, i), 'job:' || growth.id(4, i), 1, 'wallet:' || sender, 'escrow:job:' || growth.id(4, i), price
     union all select 3, 'job_settled', 'job:' || growth.id(4, i), 'job:' || growth.id(4, i), leg, 'escrow:job:' || growth.id(4, i),
       case leg when 1 then 'wallet:' || worker else 'platform:fees' end, case leg when 1 then price - fee else fee end from generate_series(1, 2) as leg where passed
     union all select 4, 'refund', 'job:' || growth.id(4, i), 'job:' || growth.id(4, i), 1, 'escrow:job:' || growth.id(4, i), 'wallet:' || sender, price where not passed
     union all select 5, 'withdrawal', 'withdrawal:' || growth.id(12, i), 'withdrawal:' || growth.id(12, i), 1, 'wallet:' || worker, 'clearing:' || growth.id(12, i), 100 where passed
     union all select 6, 'withdrawal_paid', 'withdrawal:' || growth.id(12, i), 'withdrawal:' || growth.id(12, i), 1, 'clearing:' || growth.id(12, i), 'platform:stripe', 100 where passed
     union all select m.nth, m.kind, 'milestone:' || growth.id(10, i * 5 + k), m.source, m.leg, m.source_account, m.target_account, m.amount
       from generate_series(0, 4) as k, lateral (values
         (7, 'topup', 'topup:cs_m' || i * 8 + k, 1, 'platform:stripe', 'wallet:' || sender, 10000),
         (8, 'milestone_funded', 'milestone:' || growth.id(10, i * 5 + k), 1, 'wallet:' || sender, 'escrow:milestone:' || growth.id(10, i * 5 + k), 10000),
         (9, 'release', 'milestone:' || growth.id(10, i * 5 + k), 1, 'escrow:milestone:' || growth.id(10, i * 5 + k), 'pending:' || worker, 9500),
         (9, 'release', 'milestone:' || growth.id(10, i * 5 + k), 2, 'escrow:milestone:' || growth.id(10, i * 5 + k), 'platform:fees', 500),
         (10, 'payout', 'payout:' || growth.id(13, i * 5 + k), 1, 'pending:' || worker, 'clearing:' || growth.id(13, i * 5 + k), 9500),
         (11, 'payout_paid', 'payout:' || growth.id(13, i * 5 + k), 1, 'clearing:' || growth.id(13, i * 5 + k), 'platform:stripe', 9500)
       ) as m (nth, kind, source, leg, source_account, target_account, amount) where i % 10 = 5
   ) as t order by i, t.nth, t.leg`,
]
