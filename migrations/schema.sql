-- Made by `npm run generate` from the migrated database. Do not edit.

create sequence event_position as bigint;

create table agent (
  id uuid not null,
  owner_id uuid not null,
  name text not null,
  personality text,
  avatar_url text,
  is_default boolean not null default false,
  listed boolean not null default false,
  max_active_jobs integer not null default 10,
  created_at timestamp with time zone not null,
  deleted_at timestamp with time zone,
  llm_quota integer,
  proven boolean not null default false,
  constraint agent_pkey PRIMARY KEY (id),
  constraint agent_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id),
  constraint agent_llm_quota_check CHECK (llm_quota >= 0 AND llm_quota <= 1000000),
  constraint agent_max_active_jobs_check CHECK (max_active_jobs >= 1 AND max_active_jobs <= 100),
  constraint agent_name_check CHECK (length(name) >= 1 AND length(name) <= 100),
  constraint agent_personality_check CHECK (length(personality) <= 10000)
);
CREATE UNIQUE INDEX agent_default ON public.agent USING btree (owner_id) WHERE (is_default AND (deleted_at IS NULL));
CREATE INDEX agent_listed ON public.agent USING btree (id) WHERE (listed AND (deleted_at IS NULL));
CREATE UNIQUE INDEX agent_name ON public.agent USING btree (owner_id, name) WHERE (deleted_at IS NULL);
CREATE INDEX agent_newest ON public.agent USING btree (created_at DESC, id) WHERE ((deleted_at IS NULL) AND (listed OR proven));
CREATE INDEX agent_words ON public.agent USING gin (to_tsvector('simple'::regconfig, ((name || ' '::text) || COALESCE(personality, ''::text)))) WHERE (deleted_at IS NULL);
CREATE STATISTICS public.agent_words_said ON to_tsvector('simple'::regconfig, (name || ' '::text) || COALESCE(personality, ''::text)) FROM agent;

create table agent_model_use (
  agent_id uuid not null,
  month date not null,
  calls integer not null,
  constraint agent_model_use_pkey PRIMARY KEY (agent_id, month),
  constraint agent_model_use_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agent(id),
  constraint agent_model_use_calls_check CHECK (calls > 0)
);

create table agent_record (
  agent_id uuid not null,
  verified integer not null default 0,
  failed integer not null default 0,
  earned_cents bigint not null default 0,
  recent_seconds real[] not null default '{}'::real[],
  last_active_at timestamp with time zone not null,
  median_seconds double precision,
  constraint agent_record_pkey PRIMARY KEY (agent_id)
);
CREATE INDEX agent_record_active ON public.agent_record USING btree (last_active_at);
CREATE INDEX agent_record_pass_rate ON public.agent_record USING btree (((round(((verified)::numeric / ((verified + failed))::numeric), 3))::double precision) DESC NULLS LAST, verified DESC, agent_id) WHERE (verified > 0);
CREATE INDEX agent_record_verified ON public.agent_record USING btree (verified DESC, agent_id) WHERE (verified > 0);

create table api_key (
  id uuid not null,
  user_id uuid not null,
  lineage uuid not null,
  prefix text not null,
  public_id text not null,
  secret_hash bytea not null,
  last_four text not null,
  name text,
  agent_id uuid,
  scopes text[] not null,
  spend_limit_cents bigint,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  rotated_at timestamp with time zone,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_public_id_key UNIQUE (public_id),
  constraint api_key_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agent(id),
  constraint api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint api_key_check CHECK (spend_limit_cents IS NULL OR NOT ('wallet:manage'::text = ANY (scopes))),
  constraint api_key_prefix_check CHECK (prefix ~ '^[a-z]{2,8}$'::text),
  constraint api_key_spend_limit_cents_check CHECK (spend_limit_cents >= 0)
);
CREATE UNIQUE INDEX api_key_lineage ON public.api_key USING btree (lineage) WHERE (revoked_at IS NULL);
CREATE INDEX api_key_user ON public.api_key USING btree (user_id);

create table app_clock (
  one boolean not null default true,
  skew interval not null default '00:00:00'::interval,
  constraint app_clock_pkey PRIMARY KEY (one),
  constraint app_clock_one_check CHECK (one)
);

create table app_user (
  id uuid not null,
  name text not null,
  email text not null,
  email_verified_at timestamp with time zone,
  avatar_url text,
  user_type text not null default 'client'::text,
  subscription_tier text not null default 'free'::text,
  stripe_customer_id text,
  stripe_account_id text,
  stripe_account_status text not null default 'not_connected'::text,
  suspended_at timestamp with time zone,
  deleted_at timestamp with time zone,
  created_at timestamp with time zone not null,
  constraint app_user_pkey PRIMARY KEY (id),
  constraint app_user_stripe_account_id_key UNIQUE (stripe_account_id),
  constraint app_user_stripe_customer_id_key UNIQUE (stripe_customer_id),
  constraint app_user_email_check CHECK (email = lower(email)),
  constraint app_user_name_check CHECK (length(name) >= 1 AND length(name) <= 200),
  constraint app_user_stripe_account_status_check CHECK (stripe_account_status = ANY (ARRAY['not_connected'::text, 'pending'::text, 'active'::text])),
  constraint app_user_subscription_tier_check CHECK (subscription_tier = ANY (ARRAY['free'::text, 'starter'::text, 'pro'::text, 'team'::text])),
  constraint app_user_user_type_check CHECK (user_type = ANY (ARRAY['client'::text, 'freelancer'::text]))
);
CREATE UNIQUE INDEX app_user_email ON public.app_user USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX app_user_email_start ON public.app_user USING btree (email text_pattern_ops) WHERE (deleted_at IS NULL);
CREATE INDEX app_user_name_start ON public.app_user USING btree (lower(name) text_pattern_ops) WHERE (deleted_at IS NULL);
CREATE INDEX app_user_newest ON public.app_user USING btree (created_at DESC, id DESC) WHERE (deleted_at IS NULL);
CREATE INDEX app_user_suspended ON public.app_user USING btree (created_at DESC, id DESC) WHERE (suspended_at IS NOT NULL);

create table application (
  id uuid not null,
  gig_id uuid not null,
  worker_id uuid not null,
  message text not null default ''::text,
  status text not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint application_pkey PRIMARY KEY (id),
  constraint application_gig_id_fkey FOREIGN KEY (gig_id) REFERENCES gig(id),
  constraint application_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES app_user(id),
  constraint application_message_check CHECK (length(message) <= 10000),
  constraint application_status CHECK (status = ANY (ARRAY['applied'::text, 'shortlisted'::text, 'rejected'::text, 'withdrawn'::text]))
);
CREATE INDEX application_of_gig ON public.application USING btree (gig_id, created_at DESC, id DESC);
CREATE INDEX application_of_worker ON public.application USING btree (worker_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX application_once ON public.application USING btree (gig_id, worker_id) WHERE (status <> 'withdrawn'::text);

create table attachment (
  id uuid not null,
  owner_id uuid not null,
  name text not null,
  content_type text not null,
  size bigint,
  sha256 text,
  stored_at timestamp with time zone,
  work text,
  role text,
  created_at timestamp with time zone not null,
  discarded_at timestamp with time zone,
  removed_at timestamp with time zone,
  constraint attachment_pkey PRIMARY KEY (id),
  constraint attachment_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id),
  constraint attachment_check CHECK ((stored_at IS NULL) = (size IS NULL)),
  constraint attachment_check1 CHECK ((work IS NULL) = (role IS NULL)),
  constraint attachment_name_check CHECK (length(name) >= 1 AND length(name) <= 255),
  constraint attachment_removed CHECK (removed_at IS NULL OR discarded_at IS NOT NULL),
  constraint attachment_role_check CHECK (role = ANY (ARRAY['input'::text, 'output'::text, 'resume'::text, 'evidence'::text])),
  constraint attachment_size_check CHECK (size >= 0 AND size <= 26214400)
);
CREATE INDEX attachment_discarded ON public.attachment USING btree (discarded_at) WHERE (discarded_at IS NOT NULL);
CREATE INDEX attachment_loose ON public.attachment USING btree (created_at) WHERE (work IS NULL);
CREATE INDEX attachment_owner ON public.attachment USING btree (owner_id, created_at);

create table auto_topup (
  user_id uuid not null,
  enabled boolean not null,
  amount_cents bigint not null,
  threshold_cents bigint not null,
  max_per_day_cents bigint not null,
  paused_at timestamp with time zone,
  paused_reason text,
  day date not null default '-infinity'::date,
  day_cents bigint not null default 0,
  day_cap_cents bigint not null default 0,
  changed_at timestamp with time zone not null,
  constraint auto_topup_pkey PRIMARY KEY (user_id),
  constraint auto_topup_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint auto_topup_amount_cents_check CHECK (amount_cents >= 500 AND amount_cents <= 1000000),
  constraint auto_topup_cap CHECK (day_cents <= day_cap_cents),
  constraint auto_topup_check CHECK (threshold_cents >= 0 AND threshold_cents <= amount_cents),
  constraint auto_topup_check1 CHECK (max_per_day_cents >= amount_cents),
  constraint auto_topup_check2 CHECK ((paused_at IS NULL) = (paused_reason IS NULL)),
  constraint auto_topup_day_cents_check CHECK (day_cents >= 0)
);
CREATE INDEX auto_topup_on ON public.auto_topup USING btree (user_id) WHERE (enabled AND (paused_at IS NULL));

create table card_funding (
  id uuid not null,
  ref text not null,
  user_id uuid not null,
  amount_cents bigint not null,
  description text not null,
  status text not null default 'asked'::text,
  payment_intent_id text,
  lineage text,
  counted_on date,
  asked_at timestamp with time zone not null default clock_timestamp(),
  created_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint card_funding_pkey PRIMARY KEY (id),
  constraint card_funding_payment_intent_id_key UNIQUE (payment_intent_id),
  constraint card_funding_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint card_funding_amount_cents_check CHECK (amount_cents >= 50 AND amount_cents <= 99999999),
  constraint card_funding_check CHECK ((lineage IS NULL) = (counted_on IS NULL)),
  constraint funding_end CHECK ((status = ANY (ARRAY['asked'::text, 'open'::text, 'stopping'::text])) = (ended_at IS NULL)),
  constraint funding_payment CHECK (payment_intent_id IS NOT NULL OR (status = ANY (ARRAY['asked'::text, 'stopping'::text, 'stopped'::text]))),
  constraint funding_status CHECK (status = ANY (ARRAY['asked'::text, 'open'::text, 'stopping'::text, 'stopped'::text, 'paid'::text, 'given_back'::text, 'unwanted'::text]))
);
CREATE INDEX funding_due ON public.card_funding USING btree (due_at) WHERE (status = ANY (ARRAY['asked'::text, 'open'::text, 'stopping'::text]));
CREATE UNIQUE INDEX funding_open ON public.card_funding USING btree (ref) WHERE (status = ANY (ARRAY['asked'::text, 'open'::text]));
CREATE UNIQUE INDEX funding_paid ON public.card_funding USING btree (ref) WHERE (status = 'paid'::text);

create table card_payment (
  id text not null,
  user_id uuid not null,
  amount_cents bigint not null,
  refunded_cents bigint not null default 0,
  disputed boolean not null default false,
  fee_cents bigint,
  fee_due_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  funding_id uuid,
  constraint card_payment_pkey PRIMARY KEY (id),
  constraint card_payment_funding_id_key UNIQUE (funding_id),
  constraint card_payment_funding_id_fkey FOREIGN KEY (funding_id) REFERENCES card_funding(id),
  constraint card_payment_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint card_payment_amount_cents_check CHECK (amount_cents > 0),
  constraint card_payment_fee_cents_check CHECK (fee_cents >= 0),
  constraint card_payment_refunded CHECK (refunded_cents >= 0 AND refunded_cents <= amount_cents)
);
CREATE INDEX card_payment_fee ON public.card_payment USING btree (fee_due_at) WHERE (fee_cents IS NULL);
CREATE INDEX card_payment_open ON public.card_payment USING btree (user_id, created_at) WHERE (refunded_cents < amount_cents);

create table card_setup (
  id uuid not null,
  user_id uuid not null,
  setup_intent_id text,
  status text not null default 'asked'::text,
  created_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  constraint card_setup_pkey PRIMARY KEY (id),
  constraint card_setup_setup_intent_id_key UNIQUE (setup_intent_id),
  constraint card_setup_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint card_setup_check CHECK ((status = 'asked'::text) = (setup_intent_id IS NULL)),
  constraint card_setup_status_check CHECK (status = ANY (ARRAY['asked'::text, 'open'::text, 'saved'::text, 'cancelled'::text]))
);
CREATE INDEX card_setup_open ON public.card_setup USING btree (looked_up_at NULLS FIRST, created_at) WHERE (status = 'open'::text);

create table census (
  one boolean not null default true,
  counted_at timestamp with time zone not null,
  numbers json not null,
  constraint census_pkey PRIMARY KEY (one),
  constraint census_one_check CHECK (one)
);

create table channel (
  id uuid not null,
  user_id uuid not null,
  channel_type text not null,
  config bytea not null,
  place bytea not null,
  enabled_events text[],
  digest text not null default 'off'::text,
  enabled boolean not null default true,
  disabled_reason text,
  confirmed_at timestamp with time zone,
  failing_since timestamp with time zone,
  tries smallint not null default 0,
  last_error text,
  hold_until timestamp with time zone,
  pace_seconds integer not null default 0,
  delivered_at timestamp with time zone,
  lease uuid,
  lease_until timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint channel_pkey PRIMARY KEY (id),
  constraint channel_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint channel_check CHECK (enabled = (disabled_reason IS NULL)),
  constraint channel_check1 CHECK ((lease IS NULL) = (lease_until IS NULL)),
  constraint channel_check2 CHECK ((failing_since IS NULL) = (tries = 0)),
  constraint channel_digest CHECK (digest = ANY (ARRAY['off'::text, 'hourly'::text, 'daily'::text])),
  constraint channel_disabled_reason CHECK (disabled_reason = ANY (ARRAY['owner'::text, 'gone'::text, 'failing'::text, 'stopped'::text])),
  constraint channel_enabled_events_check CHECK (cardinality(enabled_events) >= 1 AND cardinality(enabled_events) <= 200),
  constraint channel_type CHECK (channel_type = ANY (ARRAY['telegram'::text, 'discord'::text, 'slack'::text, 'email'::text]))
);
CREATE INDEX channel_of_place ON public.channel USING btree (place);
CREATE INDEX channel_of_user ON public.channel USING btree (user_id, created_at);

create table channel_delivery (
  id uuid not null default uuid7(),
  channel_id uuid not null,
  seq bigint,
  name text not null,
  note text,
  due_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  constraint channel_delivery_pkey PRIMARY KEY (id),
  constraint channel_delivery_channel_id_seq_key UNIQUE (channel_id, seq),
  constraint channel_delivery_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channel(id) ON DELETE CASCADE,
  constraint channel_delivery_check CHECK ((note IS NULL) = (seq IS NOT NULL)),
  constraint channel_delivery_note CHECK (note = ANY (ARRAY['test'::text, 'confirmation'::text]))
);
CREATE INDEX channel_delivery_due ON public.channel_delivery USING btree (channel_id, due_at, seq);

create table channel_message (
  id uuid not null,
  channel_id uuid not null,
  at timestamp with time zone not null,
  kind text not null,
  events integer not null,
  names text[] not null,
  outcome text not null,
  status integer,
  error text,
  duration_ms integer not null,
  constraint channel_message_pkey PRIMARY KEY (id),
  constraint channel_message_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channel(id) ON DELETE CASCADE,
  constraint channel_message_kind CHECK (kind = ANY (ARRAY['events'::text, 'test'::text, 'confirmation'::text])),
  constraint channel_message_outcome CHECK (outcome = ANY (ARRAY['delivered'::text, 'postponed'::text, 'failed'::text, 'refused'::text, 'given_up'::text]))
);
CREATE INDEX channel_message_age ON public.channel_message USING btree (at);
CREATE INDEX channel_message_log ON public.channel_message USING btree (channel_id, at DESC, id DESC);

create table channel_question (
  place bytea not null,
  user_id uuid not null,
  at timestamp with time zone not null
);
CREATE INDEX channel_question_age ON public.channel_question USING btree (at);
CREATE INDEX channel_question_place ON public.channel_question USING btree (place, at);
CREATE INDEX channel_question_user ON public.channel_question USING btree (user_id, at);

create table channel_stop (
  place bytea not null,
  at timestamp with time zone not null,
  constraint channel_stop_pkey PRIMARY KEY (place)
);

create table chargeback (
  id text not null,
  payment_id text not null,
  user_id uuid not null,
  amount_cents bigint not null,
  status text not null,
  created_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint chargeback_pkey PRIMARY KEY (id),
  constraint chargeback_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES card_payment(id),
  constraint chargeback_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint chargeback_amount_cents_check CHECK (amount_cents > 0),
  constraint chargeback_check CHECK ((status = 'taken'::text) = (ended_at IS NULL)),
  constraint chargeback_status_check CHECK (status = ANY (ARRAY['taken'::text, 'won'::text, 'lost'::text]))
);
CREATE INDEX chargeback_open ON public.chargeback USING btree (looked_up_at NULLS FIRST) WHERE (status = 'taken'::text);

create table contact_share (
  negotiation_id uuid not null,
  user_id uuid not null,
  contact_type text not null,
  contact_value text not null,
  shared_at timestamp with time zone not null,
  constraint contact_share_pkey PRIMARY KEY (negotiation_id, user_id),
  constraint contact_share_negotiation_id_fkey FOREIGN KEY (negotiation_id) REFERENCES negotiation(id),
  constraint contact_share_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint contact_share_contact_type_check CHECK (length(contact_type) >= 1 AND length(contact_type) <= 50),
  constraint contact_share_contact_value_check CHECK (length(contact_value) >= 1 AND length(contact_value) <= 500)
);

create table contract (
  id uuid not null,
  negotiation_id uuid not null,
  gig_id uuid not null,
  client_id uuid not null,
  worker_id uuid not null,
  title text not null,
  description text not null,
  scope text not null,
  rate_cents bigint not null,
  hours_per_week smallint not null,
  start_date date,
  payout_delay_days smallint not null,
  status text not null,
  client_approved_at timestamp with time zone,
  worker_approved_at timestamp with time zone,
  revisions smallint not null default 0,
  revise_notes text,
  cancel_reason text,
  cancelled_by uuid,
  due_at timestamp with time zone,
  activated_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint contract_pkey PRIMARY KEY (id),
  constraint contract_negotiation_id_key UNIQUE (negotiation_id),
  constraint contract_cancelled_by_fkey FOREIGN KEY (cancelled_by) REFERENCES app_user(id),
  constraint contract_client_id_fkey FOREIGN KEY (client_id) REFERENCES app_user(id),
  constraint contract_gig_id_fkey FOREIGN KEY (gig_id) REFERENCES gig(id),
  constraint contract_negotiation_id_fkey FOREIGN KEY (negotiation_id) REFERENCES negotiation(id),
  constraint contract_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES app_user(id),
  constraint contract_approved CHECK ((status = ANY (ARRAY['pending_owner_approval'::text, 'in_negotiation'::text, 'cancelled'::text, 'expired'::text])) OR client_approved_at IS NOT NULL AND worker_approved_at IS NOT NULL),
  constraint contract_cancel_reason_check CHECK (length(cancel_reason) <= 10000),
  constraint contract_end CHECK ((status = ANY (ARRAY['completed'::text, 'cancelled'::text, 'expired'::text])) = (ended_at IS NOT NULL)),
  constraint contract_payout_delay_days_check CHECK (payout_delay_days >= 3 AND payout_delay_days <= 10),
  constraint contract_revise_notes_check CHECK (length(revise_notes) <= 10000),
  constraint contract_revisions_check CHECK (revisions >= 0 AND revisions <= 3),
  constraint contract_status CHECK (status = ANY (ARRAY['pending_owner_approval'::text, 'in_negotiation'::text, 'pending_freelancer_kyc'::text, 'pending_client_funding'::text, 'pending_both'::text, 'active'::text, 'completed'::text, 'cancelled'::text, 'expired'::text])),
  constraint contract_timer CHECK ((status = ANY (ARRAY['pending_owner_approval'::text, 'pending_freelancer_kyc'::text, 'pending_client_funding'::text, 'pending_both'::text])) = (due_at IS NOT NULL)),
  constraint contract_two CHECK (client_id <> worker_id)
);
CREATE INDEX contract_awaiting ON public.contract USING btree (worker_id) WHERE (status = ANY (ARRAY['pending_freelancer_kyc'::text, 'pending_client_funding'::text, 'pending_both'::text]));
CREATE INDEX contract_due ON public.contract USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX contract_of_client ON public.contract USING btree (client_id, created_at DESC, id DESC);
CREATE INDEX contract_of_worker ON public.contract USING btree (worker_id, created_at DESC, id DESC);
CREATE INDEX contract_open ON public.contract USING btree (status) WHERE (ended_at IS NULL);
CREATE INDEX contract_worked ON public.contract USING btree (client_id, worker_id) WHERE (status = 'completed'::text);

create table credit_deduction (
  id uuid not null,
  user_id uuid not null,
  reason text not null,
  reference_id text,
  amount smallint not null,
  created_at timestamp with time zone not null,
  constraint credit_deduction_pkey PRIMARY KEY (id),
  constraint credit_deduction_once UNIQUE (user_id, reason, reference_id),
  constraint credit_deduction_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint credit_deduction_amount_check CHECK (amount >= 1 AND amount <= 100),
  constraint credit_deduction_reason_check CHECK (reason = ANY (ARRAY['match_deduction'::text, 'intro_deduction'::text])),
  constraint credit_deduction_reference_id_check CHECK (length(reference_id) >= 1 AND length(reference_id) <= 200)
);

create table deleted_accounts (
  user_id uuid not null,
  email_hash bytea,
  github_hash bytea,
  expected integer not null default 0,
  answered integer not null default 0,
  debt_cents bigint not null default 0,
  deleted_at timestamp with time zone not null,
  left_at timestamp with time zone not null default clock_timestamp(),
  events_read bigint not null default 0,
  swept_at timestamp with time zone,
  heir uuid,
  inherited_at timestamp with time zone,
  constraint deleted_accounts_pkey PRIMARY KEY (user_id),
  constraint deleted_accounts_heir_fkey FOREIGN KEY (heir) REFERENCES app_user(id),
  constraint deleted_accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint deleted_accounts_check CHECK (answered >= 0 AND answered <= expected),
  constraint deleted_accounts_check1 CHECK ((heir IS NULL) = (inherited_at IS NULL)),
  constraint deleted_accounts_check2 CHECK (heir <> user_id),
  constraint deleted_accounts_debt_cents_check CHECK (debt_cents >= 0),
  constraint deleted_accounts_expected_check CHECK (expected >= 0)
);
CREATE INDEX deleted_email ON public.deleted_accounts USING btree (email_hash) WHERE (heir IS NULL);
CREATE INDEX deleted_github ON public.deleted_accounts USING btree (github_hash) WHERE (heir IS NULL);
CREATE INDEX deleted_open ON public.deleted_accounts USING btree (left_at) WHERE (swept_at IS NULL);

create table device_code (
  id uuid not null,
  device_hash bytea not null,
  user_hash bytea not null,
  client_name text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  interval_seconds smallint not null default 5,
  polled_at timestamp with time zone,
  approved boolean,
  decided_by uuid,
  used_at timestamp with time zone,
  constraint device_code_pkey PRIMARY KEY (id),
  constraint device_code_device_hash_key UNIQUE (device_hash),
  constraint device_code_user_hash_key UNIQUE (user_hash),
  constraint device_code_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES app_user(id),
  constraint device_code_check CHECK ((approved IS NULL) = (decided_by IS NULL)),
  constraint device_code_check1 CHECK (used_at IS NULL OR approved),
  constraint device_code_client_name_check CHECK (length(client_name) >= 1 AND length(client_name) <= 80)
);
CREATE INDEX device_code_end ON public.device_code USING btree (expires_at);

create table dispute (
  id uuid not null,
  contract_id uuid not null,
  milestone_id uuid not null,
  disputing_party text not null,
  opened_by uuid not null,
  respondent_id uuid not null,
  reason text not null,
  status text not null,
  was_delivered boolean not null,
  response_deadline timestamp with time zone not null,
  responded_at timestamp with time zone,
  reminded boolean not null default false,
  due_at timestamp with time zone,
  recommendation json,
  worker_share_percent smallint,
  resolved_by text,
  operator_id uuid,
  note text,
  resolved_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  arbitration_fee_cents bigint not null default 0,
  missed boolean not null default false,
  constraint dispute_pkey PRIMARY KEY (id),
  constraint dispute_milestone_id_key UNIQUE (milestone_id),
  constraint dispute_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES contract(id),
  constraint dispute_milestone_id_fkey FOREIGN KEY (milestone_id) REFERENCES milestone(id),
  constraint dispute_opened_by_fkey FOREIGN KEY (opened_by) REFERENCES app_user(id),
  constraint dispute_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES app_user(id),
  constraint dispute_respondent_id_fkey FOREIGN KEY (respondent_id) REFERENCES app_user(id),
  constraint dispute_arbitration_fee_cents_check CHECK (arbitration_fee_cents >= 0),
  constraint dispute_check CHECK (opened_by <> respondent_id),
  constraint dispute_check1 CHECK ((status = 'resolved'::text) = (resolved_at IS NOT NULL)),
  constraint dispute_check2 CHECK ((status = 'resolved'::text) = (resolved_by IS NOT NULL)),
  constraint dispute_check3 CHECK ((status = 'resolved'::text) = (due_at IS NULL)),
  constraint dispute_check4 CHECK (status <> 'responded'::text OR responded_at IS NOT NULL),
  constraint dispute_disputing_party_check CHECK (disputing_party = ANY (ARRAY['client'::text, 'worker'::text])),
  constraint dispute_missed CHECK (NOT missed OR responded_at IS NULL),
  constraint dispute_note_check CHECK (length(note) <= 10000),
  constraint dispute_operator CHECK ((NOT resolved_by IS DISTINCT FROM 'operator'::text) = (operator_id IS NOT NULL)),
  constraint dispute_reason_check CHECK (length(reason) >= 1 AND length(reason) <= 10000),
  constraint dispute_resolved_by_check CHECK (resolved_by = ANY (ARRAY['operator'::text, 'recommendation'::text, 'rules'::text, 'bank'::text])),
  constraint dispute_status CHECK (status = ANY (ARRAY['open'::text, 'responded'::text, 'resolved'::text])),
  constraint dispute_worker_share_percent_check CHECK (worker_share_percent >= 0 AND worker_share_percent <= 100)
);
CREATE INDEX dispute_due ON public.dispute USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX dispute_of_contract ON public.dispute USING btree (contract_id);
CREATE INDEX dispute_open ON public.dispute USING btree (status) WHERE (due_at IS NOT NULL);
CREATE INDEX dispute_opened ON public.dispute USING btree (opened_by, created_at DESC, id DESC);
CREATE INDEX dispute_respondent ON public.dispute USING btree (respondent_id, created_at DESC, id DESC);
CREATE INDEX dispute_unanswered ON public.dispute USING btree (response_deadline) WHERE ((status = 'open'::text) AND (NOT missed));
CREATE INDEX dispute_undecided ON public.dispute USING btree (created_at DESC, id DESC) WHERE (due_at IS NOT NULL);

create table dispute_evidence (
  id uuid not null,
  dispute_id uuid not null,
  by_user_id uuid not null,
  type text not null,
  url text,
  description text,
  created_at timestamp with time zone not null,
  "position" smallint not null,
  attachment json,
  constraint dispute_evidence_pkey PRIMARY KEY (id),
  constraint dispute_evidence_place UNIQUE (dispute_id, by_user_id, "position"),
  constraint dispute_evidence_by_user_id_fkey FOREIGN KEY (by_user_id) REFERENCES app_user(id),
  constraint dispute_evidence_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES dispute(id),
  constraint dispute_evidence_description_check CHECK (length(description) <= 10000),
  constraint dispute_evidence_says CHECK (url IS NOT NULL OR description IS NOT NULL OR attachment IS NOT NULL),
  constraint dispute_evidence_type_check CHECK (type = ANY (ARRAY['github_commit'::text, 'screenshot'::text, 'video'::text, 'deployed_url'::text, 'contract_requirement'::text, 'build_log'::text, 'other'::text])),
  constraint dispute_evidence_url_check CHECK (length(url) <= 2000)
);
CREATE INDEX dispute_evidence_of ON public.dispute_evidence USING btree (dispute_id, created_at, id);

create table event (
  "position" bigint not null default 
CASE
    WHEN (pg_current_xact_id() IS NULL) THEN NULL::bigint
    ELSE nextval('event_position'::regclass)
END,
  id uuid not null default uuid7(),
  name text not null,
  ref text not null,
  parties uuid[] not null,
  data json not null,
  xid bigint not null default ((pg_current_xact_id())::text)::bigint,
  created_at timestamp with time zone not null,
  constraint event_pkey PRIMARY KEY ("position")
);
CREATE INDEX event_xid ON public.event USING btree (xid, "position");

create table event_archive (
  one boolean not null default true,
  moved_to bigint not null default 0,
  newest_xid bigint not null default 0,
  dropped_to timestamp with time zone not null default '-infinity'::timestamp with time zone,
  moved_at timestamp with time zone,
  constraint event_archive_pkey PRIMARY KEY (one),
  constraint event_archive_one_check CHECK (one)
);

create table event_day (
  day date not null,
  seq bigint not null,
  high bigint not null default 0,
  constraint event_day_pkey PRIMARY KEY (day)
);

create table event_old (
  "position" bigint not null,
  id uuid not null,
  name text not null,
  ref text not null,
  parties uuid[] not null,
  data json not null,
  xid bigint not null,
  created_at timestamp with time zone not null,
  constraint event_old_pkey PRIMARY KEY ("position", created_at)
) partition by RANGE (created_at);
CREATE INDEX event_old_xid ON ONLY public.event_old USING btree (xid, "position");

create table event_page (
  person uuid not null,
  last_seq bigint not null,
  seqs bigint[] not null,
  positions bigint[] not null,
  constraint event_page_pkey PRIMARY KEY (person, last_seq),
  constraint event_page_check CHECK (cardinality(seqs) = cardinality(positions) AND cardinality(seqs) > 0)
);
CREATE INDEX event_page_age ON public.event_page USING brin (last_seq) WITH (pages_per_range='16', autosummarize='on');

create table event_reader (
  name text not null,
  xid bigint not null default 0,
  "position" bigint not null default 0,
  constraint event_reader_pkey PRIMARY KEY (name)
);

create table event_sequence (
  one boolean not null default true,
  seq bigint not null default 0,
  high bigint not null default 0,
  gaps bigint[] not null default '{}'::bigint[],
  gap_xids bigint[] not null default '{}'::bigint[],
  forgotten bigint not null default 0,
  tidied bigint not null default 0,
  constraint event_sequence_pkey PRIMARY KEY (one),
  constraint event_sequence_check CHECK (cardinality(gaps) = cardinality(gap_xids)),
  constraint event_sequence_one_check CHECK (one)
) with (fillfactor=10);

create table farewell (
  id uuid not null,
  user_id uuid not null,
  customer text not null,
  tries integer not null default 0,
  created_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  done_at timestamp with time zone,
  constraint farewell_pkey PRIMARY KEY (id),
  constraint farewell_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);
CREATE INDEX farewell_open ON public.farewell USING btree (due_at) WHERE (done_at IS NULL);

create table gig (
  id uuid not null,
  owner_id uuid not null,
  title text not null,
  description text not null default ''::text,
  scope text not null default ''::text,
  rate_cents bigint not null default 0,
  skills text[] not null default '{}'::text[],
  status text not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  skill_keys text[] not null generated always as (gig_folded(skills)) stored,
  search tsvector not null generated always as (gig_search(title, description, scope, skills)) stored,
  constraint gig_pkey PRIMARY KEY (id),
  constraint gig_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES app_user(id),
  constraint gig_description_check CHECK (length(description) <= 10000),
  constraint gig_rate_cents_check CHECK (rate_cents >= 0 AND rate_cents <= 1000000),
  constraint gig_scope_check CHECK (length(scope) <= 10000),
  constraint gig_skills_check CHECK (cardinality(skills) <= 50),
  constraint gig_status CHECK (status = ANY (ARRAY['draft'::text, 'active'::text, 'closed'::text])),
  constraint gig_title_check CHECK (length(title) >= 1 AND length(title) <= 200)
);
CREATE INDEX gig_active ON public.gig USING btree (created_at DESC, id DESC) WHERE (status = 'active'::text);
CREATE INDEX gig_of_owner ON public.gig USING btree (owner_id, created_at DESC, id DESC);
CREATE INDEX gig_rate ON public.gig USING btree (rate_cents, created_at DESC, id DESC) WHERE (status = 'active'::text);
CREATE INDEX gig_skill ON public.gig USING gin (skill_keys);
CREATE INDEX gig_words ON public.gig USING gin (search);

create table github_login (
  github_id bigint not null,
  user_id uuid not null,
  created_at timestamp with time zone not null,
  login text,
  constraint github_login_pkey PRIMARY KEY (github_id),
  constraint github_login_user_id_key UNIQUE (user_id),
  constraint github_login_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint github_login_login_check CHECK (length(login) >= 1 AND length(login) <= 100)
);

create table github_repos (
  github_id bigint not null,
  repos json,
  fetched_at timestamp with time zone not null,
  constraint github_repos_pkey PRIMARY KEY (github_id),
  constraint github_repos_github_id_fkey FOREIGN KEY (github_id) REFERENCES github_login(github_id) ON DELETE CASCADE
);

create table idempotency (
  lineage text not null,
  route text not null,
  key text not null,
  fingerprint bytea not null,
  effect_id uuid,
  leased_until timestamp with time zone,
  status smallint,
  answer json,
  sealed bytea,
  sealed_until timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint idempotency_pkey PRIMARY KEY (lineage, route, key)
);
CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);
CREATE INDEX idempotency_sealed ON public.idempotency USING btree (sealed_until) WHERE (sealed IS NOT NULL);

create table job (
  id uuid not null,
  status text not null,
  terms text not null default 'wallet'::text,
  sender uuid not null,
  prompt text not null,
  title text not null,
  intent text not null,
  description text not null,
  requirements text not null,
  acceptance_criteria text[] not null,
  checks json not null,
  skill text not null,
  price_cents bigint not null,
  time_limit_seconds integer not null,
  min_pass_rate real,
  retry_same boolean not null default false,
  open_to_new boolean not null default false,
  attachments json not null default '[]'::json,
  env_names text[] not null default '{}'::text[],
  fee_cents bigint,
  paid_at timestamp with time zone,
  queued_at timestamp with time zone,
  hold_owner uuid,
  held_by_agent_id uuid,
  hold_token uuid,
  hold_expires_at timestamp with time zone,
  hold_score real,
  hold_why text[],
  presented_to_agents uuid[] not null default '{}'::uuid[],
  attempt_count smallint not null default 0,
  receiver uuid,
  receiver_agent_id uuid,
  accepted_at timestamp with time zone,
  deadline_at timestamp with time zone,
  cancellation_requested boolean not null default false,
  submitted_at timestamp with time zone,
  output_text text,
  output_attachments json not null default '[]'::json,
  content_hash text,
  verify_token uuid,
  judgements smallint not null default 0,
  verification json,
  due_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  credit_cost smallint,
  skill_token uuid,
  verdict_asked_by uuid,
  constraint job_pkey PRIMARY KEY (id),
  constraint job_sender_fkey FOREIGN KEY (sender) REFERENCES app_user(id),
  constraint job_accepted CHECK ((status <> ALL (ARRAY['accepted'::text, 'submitted'::text])) OR receiver IS NOT NULL AND accepted_at IS NOT NULL),
  constraint job_check CHECK (fee_cents >= 0 AND fee_cents <= price_cents),
  constraint job_credit_cost_check CHECK (credit_cost >= 2 AND credit_cost <= 1000),
  constraint job_end CHECK ((status = ANY (ARRAY['verified'::text, 'rejected'::text, 'cancelled'::text, 'failed'::text])) = (ended_at IS NOT NULL)),
  constraint job_held CHECK (status <> 'held'::text OR hold_token IS NOT NULL AND hold_expires_at IS NOT NULL AND held_by_agent_id IS NOT NULL),
  constraint job_in_progress CHECK (status <> 'in_progress'::text OR receiver IS NOT NULL AND accepted_at IS NOT NULL AND skill_token IS NOT NULL),
  constraint job_min_pass_rate_check CHECK (min_pass_rate >= 0::double precision AND min_pass_rate <= 1::double precision),
  constraint job_paid CHECK (status = 'pending_payment'::text OR status = 'cancelled'::text OR paid_at IS NOT NULL AND fee_cents IS NOT NULL),
  constraint job_price_cents_check CHECK (price_cents >= 100 AND price_cents <= 100000),
  constraint job_status CHECK (status = ANY (ARRAY['pending_payment'::text, 'queued'::text, 'held'::text, 'accepted'::text, 'in_progress'::text, 'submitted'::text, 'verified'::text, 'rejected'::text, 'cancelled'::text, 'failed'::text])),
  constraint job_terms CHECK (
CASE terms
    WHEN 'credits'::text THEN credit_cost IS NOT NULL AND price_cents = (credit_cost * 50) AND fee_cents = 0 AND (status <> ALL (ARRAY['pending_payment'::text, 'held'::text]))
    ELSE credit_cost IS NULL AND (status <> ALL (ARRAY['in_progress'::text, 'rejected'::text]))
END),
  constraint job_terms_check CHECK (terms = ANY (ARRAY['wallet'::text, 'credits'::text])),
  constraint job_three_attempts CHECK (attempt_count >= 0 AND attempt_count <= 3),
  constraint job_time_limit_seconds_check CHECK (time_limit_seconds >= 60 AND time_limit_seconds <= 86400),
  constraint job_timer CHECK ((ended_at IS NULL) = (due_at IS NOT NULL))
) with (fillfactor=80, toast_tuple_target=4080);
CREATE INDEX job_active ON public.job USING btree (COALESCE(receiver_agent_id, held_by_agent_id)) WHERE (status = ANY (ARRAY['held'::text, 'accepted'::text, 'in_progress'::text, 'submitted'::text]));
CREATE INDEX job_board_price ON public.job USING btree (price_cents DESC, id DESC) WHERE (status = 'queued'::text);
CREATE INDEX job_due ON public.job USING btree (status, due_at) WHERE (ended_at IS NULL);
CREATE INDEX job_holds ON public.job USING btree (hold_owner) WHERE (status = 'held'::text);
CREATE INDEX job_open ON public.job USING btree (queued_at, id) WHERE ((status = ANY (ARRAY['queued'::text, 'held'::text])) AND (terms = 'wallet'::text));
CREATE INDEX job_open_credits ON public.job USING btree (queued_at, id) WHERE ((status = 'queued'::text) AND (terms = 'credits'::text));
CREATE INDEX job_open_skill ON public.job USING btree (skill, queued_at, id) WHERE (status = ANY (ARRAY['queued'::text, 'held'::text]));
CREATE INDEX job_open_skill_price ON public.job USING btree (skill, price_cents DESC, id DESC) WHERE (status = 'queued'::text);
CREATE INDEX job_receiver ON public.job USING btree (receiver, updated_at DESC) WHERE (receiver IS NOT NULL);
CREATE INDEX job_sender ON public.job USING btree (sender, created_at DESC, id DESC);
CREATE INDEX job_sender_status ON public.job USING btree (sender, status, created_at DESC, id DESC);

create table job_archive (
  one boolean not null default true,
  moved_to uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  newest_created_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  newest_updated_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  texts_to uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  moved_at timestamp with time zone,
  constraint job_archive_pkey PRIMARY KEY (one),
  constraint job_archive_one_check CHECK (one)
);

create table job_archive_attempts (
  agent_id uuid not null,
  tokens uuid[] not null,
  passed boolean[] not null,
  ever_passed boolean not null,
  constraint job_archive_attempts_pkey PRIMARY KEY (agent_id),
  constraint job_archive_attempts_check CHECK (cardinality(tokens) = cardinality(passed) AND cardinality(tokens) <= 100)
);

create table job_archive_count (
  status text not null,
  n bigint not null,
  constraint job_archive_count_pkey PRIMARY KEY (status)
);

create table job_log (
  id bigint not null generated always as identity,
  job_id uuid not null,
  worker uuid,
  kind text not null,
  data json not null,
  created_at timestamp with time zone not null,
  constraint job_log_pkey PRIMARY KEY (id),
  constraint job_log_kind_check CHECK (kind = ANY (ARRAY['log'::text, 'verdict'::text, 'end'::text]))
);
CREATE INDEX job_log_job ON public.job_log USING btree (job_id, id);

create table job_log_old (
  id bigint not null,
  job_id uuid not null,
  worker uuid,
  kind text not null,
  data json not null,
  created_at timestamp with time zone not null,
  constraint job_log_old_pkey PRIMARY KEY (job_id, id),
  constraint job_log_kind_check CHECK (kind = ANY (ARRAY['log'::text, 'verdict'::text, 'end'::text]))
) partition by RANGE (job_id);

create table job_old (
  id uuid not null,
  status text not null,
  terms text not null,
  sender uuid not null,
  prompt text not null,
  title text not null,
  intent text not null,
  description text not null,
  requirements text not null,
  acceptance_criteria text[] not null,
  checks json not null,
  skill text not null,
  price_cents bigint not null,
  time_limit_seconds integer not null,
  min_pass_rate real,
  retry_same boolean not null,
  open_to_new boolean not null,
  attachments json not null,
  env_names text[] not null,
  fee_cents bigint,
  paid_at timestamp with time zone,
  queued_at timestamp with time zone,
  hold_owner uuid,
  held_by_agent_id uuid,
  hold_token uuid,
  hold_expires_at timestamp with time zone,
  hold_score real,
  hold_why text[],
  presented_to_agents uuid[] not null,
  attempt_count smallint not null,
  receiver uuid,
  receiver_agent_id uuid,
  accepted_at timestamp with time zone,
  deadline_at timestamp with time zone,
  cancellation_requested boolean not null,
  submitted_at timestamp with time zone,
  output_text text,
  output_attachments json not null,
  content_hash text,
  verify_token uuid,
  judgements smallint not null,
  verification json,
  due_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  credit_cost smallint,
  skill_token uuid,
  verdict_asked_by uuid,
  constraint job_old_pkey PRIMARY KEY (id),
  constraint job_accepted CHECK ((status <> ALL (ARRAY['accepted'::text, 'submitted'::text])) OR receiver IS NOT NULL AND accepted_at IS NOT NULL),
  constraint job_check CHECK (fee_cents >= 0 AND fee_cents <= price_cents),
  constraint job_credit_cost_check CHECK (credit_cost >= 2 AND credit_cost <= 1000),
  constraint job_end CHECK ((status = ANY (ARRAY['verified'::text, 'rejected'::text, 'cancelled'::text, 'failed'::text])) = (ended_at IS NOT NULL)),
  constraint job_held CHECK (status <> 'held'::text OR hold_token IS NOT NULL AND hold_expires_at IS NOT NULL AND held_by_agent_id IS NOT NULL),
  constraint job_in_progress CHECK (status <> 'in_progress'::text OR receiver IS NOT NULL AND accepted_at IS NOT NULL AND skill_token IS NOT NULL),
  constraint job_min_pass_rate_check CHECK (min_pass_rate >= 0::double precision AND min_pass_rate <= 1::double precision),
  constraint job_paid CHECK (status = 'pending_payment'::text OR status = 'cancelled'::text OR paid_at IS NOT NULL AND fee_cents IS NOT NULL),
  constraint job_price_cents_check CHECK (price_cents >= 100 AND price_cents <= 100000),
  constraint job_status CHECK (status = ANY (ARRAY['pending_payment'::text, 'queued'::text, 'held'::text, 'accepted'::text, 'in_progress'::text, 'submitted'::text, 'verified'::text, 'rejected'::text, 'cancelled'::text, 'failed'::text])),
  constraint job_terms CHECK (
CASE terms
    WHEN 'credits'::text THEN credit_cost IS NOT NULL AND price_cents = (credit_cost * 50) AND fee_cents = 0 AND (status <> ALL (ARRAY['pending_payment'::text, 'held'::text]))
    ELSE credit_cost IS NULL AND (status <> ALL (ARRAY['in_progress'::text, 'rejected'::text]))
END),
  constraint job_terms_check CHECK (terms = ANY (ARRAY['wallet'::text, 'credits'::text])),
  constraint job_three_attempts CHECK (attempt_count >= 0 AND attempt_count <= 3),
  constraint job_time_limit_seconds_check CHECK (time_limit_seconds >= 60 AND time_limit_seconds <= 86400),
  constraint job_timer CHECK ((ended_at IS NULL) = (due_at IS NOT NULL))
) partition by RANGE (id);
CREATE INDEX job_old_receiver ON ONLY public.job_old USING btree (receiver, updated_at DESC, id DESC) WHERE (receiver IS NOT NULL);
CREATE INDEX job_old_sender ON ONLY public.job_old USING btree (sender, created_at DESC, id DESC);
CREATE INDEX job_old_sender_status ON ONLY public.job_old USING btree (sender, status, created_at DESC, id DESC);

create table job_pair (
  sender uuid not null,
  worker uuid not null,
  constraint job_pair_pkey PRIMARY KEY (sender, worker)
);

create table job_presentation (
  agent_id uuid not null,
  token uuid not null,
  owner_id uuid not null,
  job_id uuid not null,
  outcome text not null,
  lapsed boolean not null,
  verdict json,
  ended_at timestamp with time zone not null,
  ending text,
  constraint job_presentation_pkey PRIMARY KEY (agent_id, token),
  constraint job_presentation_check CHECK (lapsed = (outcome = 'lapsed'::text)),
  constraint job_presentation_ending_check CHECK (ending = ANY (ARRAY['gave_up'::text, 'deadline_missed'::text, 'not_passed'::text])),
  constraint job_presentation_outcome_check CHECK (outcome = ANY (ARRAY['rejected'::text, 'lapsed'::text, 'accepted'::text, 'verified'::text, 'failed'::text, 'void'::text]))
) with (fillfactor=80, toast_tuple_target=4080);
CREATE INDEX job_presentation_job ON public.job_presentation USING btree (job_id, owner_id);
CREATE INDEX job_presentation_lapsed ON public.job_presentation USING btree (owner_id, ended_at) WHERE lapsed;

create table job_presentation_old (
  agent_id uuid not null,
  token uuid not null,
  owner_id uuid not null,
  job_id uuid not null,
  outcome text not null,
  lapsed boolean not null,
  verdict json,
  ended_at timestamp with time zone not null,
  ending text,
  constraint job_presentation_old_pkey PRIMARY KEY (job_id, agent_id, token),
  constraint job_presentation_check CHECK (lapsed = (outcome = 'lapsed'::text)),
  constraint job_presentation_ending_check CHECK (ending = ANY (ARRAY['gave_up'::text, 'deadline_missed'::text, 'not_passed'::text])),
  constraint job_presentation_outcome_check CHECK (outcome = ANY (ARRAY['rejected'::text, 'lapsed'::text, 'accepted'::text, 'verified'::text, 'failed'::text, 'void'::text]))
) partition by RANGE (job_id);
CREATE INDEX job_presentation_old_agent ON ONLY public.job_presentation_old USING btree (agent_id, token);

create table job_secret (
  job_id uuid not null,
  data_key bytea not null,
  box bytea not null,
  constraint job_secret_pkey PRIMARY KEY (job_id)
);

create table ledger_account (
  id text not null,
  unit text not null,
  balance bigint not null,
  card_part bigint not null default 0,
  owes boolean not null default false,
  constraint ledger_account_pkey PRIMARY KEY (id),
  constraint account_card_part CHECK (card_part >= 0 AND (card_part <= balance OR starts_with(id, 'debt:'::text))),
  constraint account_debt CHECK (balance <= 0 OR NOT starts_with(id, 'debt:'::text)),
  constraint account_floor CHECK (balance >= 0 OR starts_with(id, 'debt:'::text)),
  constraint account_owes CHECK (NOT owes OR starts_with(id, 'wallet:'::text)),
  constraint ledger_account_id_check CHECK (id ~ '^(wallet|credits|escrow|pending|clearing|debt):[a-z0-9:_-]+$'::text),
  constraint ledger_account_unit_check CHECK (unit = ANY (ARRAY['USD'::text, 'CREDIT'::text]))
) with (fillfactor=70);
CREATE INDEX ledger_account_debt ON public.ledger_account USING btree (id) WHERE starts_with(id, 'debt:'::text);

create table ledger_archive (
  one boolean not null default true,
  moved_to bigint not null default 0,
  newest_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  moved_at timestamp with time zone,
  constraint ledger_archive_pkey PRIMARY KEY (one),
  constraint ledger_archive_one_check CHECK (one)
);

create table ledger_audit (
  one boolean not null default true,
  at timestamp with time zone not null,
  breaches json not null,
  constraint ledger_audit_pkey PRIMARY KEY (one),
  constraint ledger_audit_one_check CHECK (one)
);

create table ledger_carried (
  account text not null,
  unit text not null,
  balance bigint not null,
  card_part bigint not null,
  constraint ledger_carried_pkey PRIMARY KEY (account, unit)
);

create table ledger_freeze (
  one boolean not null default true,
  reason text not null,
  since timestamp with time zone not null,
  constraint ledger_freeze_pkey PRIMARY KEY (one),
  constraint ledger_freeze_one_check CHECK (one)
);

create table ledger_seal (
  number bigint not null,
  from_xid bigint not null,
  to_xid bigint not null,
  transfers integer not null,
  hash bytea not null,
  sealed_at timestamp with time zone not null,
  constraint ledger_seal_pkey PRIMARY KEY (number),
  constraint ledger_seal_check CHECK (to_xid > from_xid),
  constraint ledger_seal_hash_check CHECK (length(hash) = 32),
  constraint ledger_seal_number_check CHECK (number > 0),
  constraint ledger_seal_transfers_check CHECK (transfers > 0)
);

create table ledger_work_carried (
  ref text not null,
  funded bigint not null,
  paid bigint not null,
  fee bigint not null,
  arbitration bigint not null,
  refunded bigint not null,
  taken_back bigint not null,
  constraint ledger_work_carried_pkey PRIMARY KEY (ref)
);

create table login (
  user_id uuid not null,
  password_hash text not null,
  constraint login_pkey PRIMARY KEY (user_id),
  constraint login_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);

create table mandate_day (
  lineage text not null,
  day date not null,
  spent bigint not null,
  constraint mandate_day_pkey PRIMARY KEY (lineage, day),
  constraint mandate_day_spent_check CHECK (spent >= 0)
);

create table market_hour (
  hour timestamp with time zone not null,
  verified integer not null default 0,
  paid_out_cents bigint not null default 0,
  accept_seconds real[] not null default '{}'::real[],
  verify_seconds real[] not null default '{}'::real[],
  constraint market_hour_pkey PRIMARY KEY (hour)
);
CREATE INDEX market_hour_sums ON public.market_hour USING btree (hour) INCLUDE (verified, paid_out_cents);

create table match_profile (
  text_md5 uuid not null,
  profile tsquery,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint match_profile_pkey PRIMARY KEY (text_md5)
);
CREATE INDEX match_profile_age ON public.match_profile USING btree (created_at);

create table match_text (
  offer uuid not null,
  search tsvector not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint match_text_pkey PRIMARY KEY (offer)
);

create table milestone (
  id uuid not null,
  contract_id uuid not null,
  "position" smallint not null,
  title text not null,
  amount_cents bigint not null,
  fee_cents bigint,
  status text not null,
  proposed_by uuid,
  source text,
  due_date timestamp with time zone,
  funded_at timestamp with time zone,
  due_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  fee_percent smallint,
  approved_at timestamp with time zone,
  delivered_at timestamp with time zone,
  delivery_note text,
  delivery_attachments json not null default '[]'::json,
  cancel_asked_at timestamp with time zone,
  reminded smallint not null default 0,
  chargeback_id text,
  released_cents bigint,
  refunded_cents bigint,
  arbitration_cents bigint,
  frozen_at timestamp with time zone,
  constraint milestone_pkey PRIMARY KEY (id),
  constraint milestone_contract_id_position_key UNIQUE (contract_id, "position"),
  constraint milestone_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES contract(id),
  constraint milestone_proposed_by_fkey FOREIGN KEY (proposed_by) REFERENCES app_user(id),
  constraint milestone_amount_cents_check CHECK (amount_cents = 0 OR amount_cents >= 100 AND amount_cents <= 50000000),
  constraint milestone_arbitration_cents_check CHECK (arbitration_cents >= 0),
  constraint milestone_cancel CHECK (cancel_asked_at IS NULL OR (status = ANY (ARRAY['funded'::text, 'refunded'::text, 'disputed'::text, 'released'::text, 'delivered'::text]))),
  constraint milestone_check CHECK (fee_cents >= 0 AND fee_cents <= amount_cents),
  constraint milestone_delivered CHECK (status <> 'delivered'::text OR delivered_at IS NOT NULL),
  constraint milestone_delivery_note_check CHECK (length(delivery_note) <= 10000),
  constraint milestone_end CHECK ((status = ANY (ARRAY['released'::text, 'refunded'::text, 'cancelled'::text])) = (ended_at IS NOT NULL)),
  constraint milestone_fee CHECK ((funded_at IS NULL) = (fee_cents IS NULL)),
  constraint milestone_fee_percent CHECK ((funded_at IS NULL) = (fee_percent IS NULL)),
  constraint milestone_fee_percent_check CHECK (fee_percent >= 0 AND fee_percent <= 100),
  constraint milestone_frozen CHECK (chargeback_id IS NULL OR (status = ANY (ARRAY['funded'::text, 'delivered'::text, 'disputed'::text]))),
  constraint milestone_funded CHECK ((status = ANY (ARRAY['funded'::text, 'delivered'::text, 'released'::text, 'disputed'::text, 'refunded'::text])) <= (funded_at IS NOT NULL)),
  constraint milestone_position_check CHECK ("position" >= 1 AND "position" <= 1000),
  constraint milestone_refunded_cents_check CHECK (refunded_cents >= 0),
  constraint milestone_released CHECK (status <> 'released'::text OR released_cents IS NOT NULL),
  constraint milestone_released_cents_check CHECK (released_cents >= 0),
  constraint milestone_reminded_check CHECK (reminded >= 0 AND reminded <= 2),
  constraint milestone_source CHECK (funded_at IS NULL OR (source IS NULL) = (amount_cents = 0)),
  constraint milestone_source_check CHECK (source = ANY (ARRAY['card'::text, 'wallet'::text])),
  constraint milestone_status CHECK (status = ANY (ARRAY['proposed'::text, 'pending'::text, 'funded'::text, 'delivered'::text, 'released'::text, 'disputed'::text, 'refunded'::text, 'cancelled'::text])),
  constraint milestone_sum CHECK ((COALESCE(released_cents, 0::bigint) + COALESCE(fee_cents, 0::bigint) + COALESCE(arbitration_cents, 0::bigint) + COALESCE(refunded_cents, 0::bigint)) <= amount_cents),
  constraint milestone_title_check CHECK (length(title) >= 1 AND length(title) <= 200)
);
CREATE INDEX milestone_due ON public.milestone USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX milestone_open ON public.milestone USING btree (status) WHERE (ended_at IS NULL);
CREATE INDEX milestone_reminder ON public.milestone USING btree (due_at) WHERE ((status = 'delivered'::text) AND (reminded < 2));

create table negotiation (
  id uuid not null,
  gig_id uuid not null,
  client_id uuid not null,
  worker_id uuid not null,
  state text not null,
  round_number smallint not null default 0,
  client_rounds smallint,
  worker_rounds smallint,
  rate_cents bigint not null default 0,
  hours_per_week smallint not null default 0,
  start_date date,
  payout_delay_days smallint not null default 3,
  due_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint negotiation_pkey PRIMARY KEY (id),
  constraint negotiation_client_id_fkey FOREIGN KEY (client_id) REFERENCES app_user(id),
  constraint negotiation_gig_id_fkey FOREIGN KEY (gig_id) REFERENCES gig(id),
  constraint negotiation_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES app_user(id),
  constraint negotiation_amount CHECK ((rate_cents * hours_per_week) = 0 OR (rate_cents * hours_per_week) >= 100 AND (rate_cents * hours_per_week) <= 50000000),
  constraint negotiation_hours_per_week_check CHECK (hours_per_week >= 0 AND hours_per_week <= 168),
  constraint negotiation_payout_delay_days_check CHECK (payout_delay_days >= 3 AND payout_delay_days <= 10),
  constraint negotiation_rate_cents_check CHECK (rate_cents >= 0 AND rate_cents <= 1000000),
  constraint negotiation_rounds CHECK (round_number >= 0 AND (client_rounds IS NULL) = (worker_rounds IS NULL) AND (client_rounds IS NOT NULL OR round_number <= 3) AND COALESCE(client_rounds::integer, 0) >= 0 AND COALESCE(client_rounds::integer, 0) <= 1 AND COALESCE(worker_rounds::integer, 0) >= 0 AND COALESCE(worker_rounds::integer, 0) <= 1),
  constraint negotiation_state CHECK (state = ANY (ARRAY['pending'::text, 'in_progress'::text, 'pending_owner_approval'::text, 'approved'::text, 'expired'::text])),
  constraint negotiation_timer CHECK ((state = ANY (ARRAY['pending'::text, 'in_progress'::text, 'pending_owner_approval'::text])) = (due_at IS NOT NULL)),
  constraint negotiation_two CHECK (client_id <> worker_id)
);
CREATE INDEX negotiation_due ON public.negotiation USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE UNIQUE INDEX negotiation_live ON public.negotiation USING btree (gig_id, worker_id) WHERE (state = ANY (ARRAY['pending'::text, 'in_progress'::text, 'pending_owner_approval'::text]));
CREATE INDEX negotiation_live_of_client ON public.negotiation USING btree (client_id) WHERE (state = ANY (ARRAY['pending'::text, 'in_progress'::text, 'pending_owner_approval'::text]));
CREATE INDEX negotiation_of_client ON public.negotiation USING btree (client_id, created_at DESC, id DESC);
CREATE INDEX negotiation_of_gig ON public.negotiation USING btree (gig_id);
CREATE INDEX negotiation_of_worker ON public.negotiation USING btree (worker_id, created_at DESC, id DESC);
CREATE INDEX negotiation_open ON public.negotiation USING btree (state) WHERE (due_at IS NOT NULL);

create table negotiation_audit (
  id bigint not null generated always as identity,
  negotiation_id uuid not null,
  at timestamp with time zone not null,
  actor uuid,
  event text not null,
  data json not null,
  constraint negotiation_audit_pkey PRIMARY KEY (id),
  constraint negotiation_audit_actor_fkey FOREIGN KEY (actor) REFERENCES app_user(id),
  constraint negotiation_audit_negotiation_id_fkey FOREIGN KEY (negotiation_id) REFERENCES negotiation(id)
);
CREATE INDEX negotiation_audit_of ON public.negotiation_audit USING btree (negotiation_id, id);

create table operator (
  user_id uuid not null,
  granted_at timestamp with time zone not null,
  constraint operator_pkey PRIMARY KEY (user_id),
  constraint operator_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);

create table operator_audit (
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  operator_id uuid,
  act text not null,
  ref text not null,
  data json not null,
  constraint operator_audit_pkey PRIMARY KEY (id),
  constraint operator_audit_operator_id_fkey FOREIGN KEY (operator_id) REFERENCES app_user(id)
);
CREATE INDEX operator_audit_ref ON public.operator_audit USING btree (ref, id);

create table payout (
  id uuid not null,
  ref text not null,
  user_id uuid not null,
  amount_cents bigint not null,
  status text not null default 'waiting'::text,
  refusals smallint not null default 0,
  due_at timestamp with time zone,
  intent_id uuid,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  day timestamp with time zone not null default app_now(),
  taken_cents bigint not null default 0,
  constraint payout_pkey PRIMARY KEY (id),
  constraint payout_intent UNIQUE (intent_id),
  constraint payout_ref_key UNIQUE (ref),
  constraint payout_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint payout_amount_cents_check CHECK (amount_cents > 0),
  constraint payout_check CHECK ((status = 'waiting'::text) = (due_at IS NOT NULL)),
  constraint payout_check1 CHECK ((status = ANY (ARRAY['paid'::text, 'in_wallet'::text, 'charged_back'::text])) = (ended_at IS NOT NULL)),
  constraint payout_check2 CHECK (status <> 'asked'::text OR intent_id IS NOT NULL),
  constraint payout_check3 CHECK (taken_cents >= 0 AND taken_cents <= amount_cents),
  constraint payout_refusals_check CHECK (refusals >= 0 AND refusals <= 7),
  constraint payout_status CHECK (status = ANY (ARRAY['waiting'::text, 'asked'::text, 'paid'::text, 'in_wallet'::text, 'charged_back'::text])),
  constraint payout_taken_all CHECK ((status = 'charged_back'::text) = (taken_cents = amount_cents))
);
CREATE INDEX payout_due ON public.payout USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX payout_of_user ON public.payout USING btree (user_id, created_at);

create table plan_checkout (
  id uuid not null,
  user_id uuid not null,
  tier text not null,
  status text not null default 'asked'::text,
  session_id text,
  created_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  constraint plan_checkout_pkey PRIMARY KEY (id),
  constraint plan_checkout_session_id_key UNIQUE (session_id),
  constraint plan_checkout_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint plan_checkout_check CHECK ((status = 'asked'::text) = (session_id IS NULL)),
  constraint plan_checkout_status_check CHECK (status = ANY (ARRAY['asked'::text, 'open'::text, 'complete'::text, 'expired'::text])),
  constraint plan_checkout_tier_check CHECK (tier = ANY (ARRAY['starter'::text, 'pro'::text, 'team'::text]))
);
CREATE INDEX plan_checkout_open ON public.plan_checkout USING btree (looked_up_at NULLS FIRST, created_at) WHERE (status = ANY (ARRAY['asked'::text, 'open'::text]));

create table plan_dispute (
  id text not null,
  invoice_id text not null,
  user_id uuid not null,
  amount_cents bigint not null,
  credits_taken integer not null,
  owed_cents bigint not null,
  status text not null,
  created_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  constraint plan_dispute_pkey PRIMARY KEY (id),
  constraint plan_dispute_invoice_id_fkey FOREIGN KEY (invoice_id) REFERENCES plan_invoice(id),
  constraint plan_dispute_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint plan_dispute_amount_cents_check CHECK (amount_cents > 0),
  constraint plan_dispute_check CHECK (owed_cents >= 0 AND owed_cents <= amount_cents),
  constraint plan_dispute_credits_taken_check CHECK (credits_taken >= 0),
  constraint plan_dispute_status_check CHECK (status = ANY (ARRAY['taken'::text, 'won'::text, 'lost'::text]))
);
CREATE INDEX plan_dispute_open ON public.plan_dispute USING btree (looked_up_at NULLS FIRST) WHERE (status = 'taken'::text);

create table plan_failure (
  invoice_id text not null,
  attempt integer not null,
  user_id uuid not null,
  failed_at timestamp with time zone not null,
  constraint plan_failure_pkey PRIMARY KEY (invoice_id, attempt),
  constraint plan_failure_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);

create table plan_invoice (
  id text not null,
  subscription_id text not null,
  user_id uuid not null,
  tier text not null,
  amount_cents bigint not null,
  credits integer not null,
  payment_intent_id text,
  fee_cents bigint,
  booked_at timestamp with time zone not null,
  constraint plan_invoice_pkey PRIMARY KEY (id),
  constraint plan_invoice_payment_intent_id_key UNIQUE (payment_intent_id),
  constraint plan_invoice_subscription_id_fkey FOREIGN KEY (subscription_id) REFERENCES plan_subscription(id),
  constraint plan_invoice_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint plan_invoice_amount_cents_check CHECK (amount_cents >= 0),
  constraint plan_invoice_credits_check CHECK (credits >= 0),
  constraint plan_invoice_tier_check CHECK (tier = ANY (ARRAY['starter'::text, 'pro'::text, 'team'::text]))
);
CREATE INDEX plan_invoice_of_subscription ON public.plan_invoice USING btree (subscription_id);

create table plan_subscription (
  id text not null,
  user_id uuid not null,
  tier text not null,
  status text not null,
  live boolean not null,
  started_at timestamp with time zone not null,
  asked_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  constraint plan_subscription_pkey PRIMARY KEY (id),
  constraint plan_subscription_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint plan_subscription_tier_check CHECK (tier = ANY (ARRAY['starter'::text, 'pro'::text, 'team'::text]))
);
CREATE INDEX plan_subscription_due ON public.plan_subscription USING btree (looked_up_at NULLS FIRST) WHERE live;
CREATE INDEX plan_subscription_of_user ON public.plan_subscription USING btree (user_id) WHERE live;

create table platform_snapshot (
  account text not null,
  unit text not null,
  balance bigint not null,
  constraint platform_snapshot_pkey PRIMARY KEY (account, unit),
  constraint platform_snapshot_account_check CHECK (starts_with(account, 'platform:'::text))
);

create table profile (
  user_id uuid not null,
  bio text,
  skills text[] not null default '{}'::text[],
  portfolio_website_url text,
  resume_url text,
  resume_id uuid,
  updated_at timestamp with time zone not null,
  constraint profile_pkey PRIMARY KEY (user_id),
  constraint profile_resume_id_fkey FOREIGN KEY (resume_id) REFERENCES attachment(id),
  constraint profile_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint profile_bio_check CHECK (length(bio) <= 10000),
  constraint profile_one_resume CHECK (resume_url IS NULL OR resume_id IS NULL),
  constraint profile_portfolio_website_url_check CHECK (portfolio_website_url ~ '^https?://'::text AND length(portfolio_website_url) <= 2000),
  constraint profile_resume_url_check CHECK (resume_url ~ '^https://'::text AND length(resume_url) <= 2000),
  constraint profile_skills_check CHECK (cardinality(skills) <= 50)
);
CREATE INDEX profile_resume ON public.profile USING btree (resume_id) WHERE (resume_id IS NOT NULL);

create table provider_fee (
  id text not null,
  fee_cents bigint not null,
  booked_at timestamp with time zone not null,
  constraint provider_fee_pkey PRIMARY KEY (id),
  constraint provider_fee_fee_cents_check CHECK (fee_cents <> 0)
);

create table provider_intent (
  id uuid not null,
  kind text not null,
  user_id uuid not null,
  status text not null default 'asked'::text,
  amount_cents bigint,
  target text,
  customer text,
  batch uuid,
  object_id text,
  reason text,
  tries integer not null default 0,
  asked_at timestamp with time zone not null default clock_timestamp(),
  created_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  ended_at timestamp with time zone,
  ref text,
  constraint provider_intent_pkey PRIMARY KEY (id),
  constraint intent_object UNIQUE (kind, object_id),
  constraint provider_intent_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint intent_of_payout CHECK (kind <> 'payout'::text OR ref IS NOT NULL AND target IS NOT NULL),
  constraint intent_status CHECK (status = ANY (ARRAY['asked'::text, 'done'::text, 'refused'::text])),
  constraint provider_intent_amount_cents_check CHECK (amount_cents > 0),
  constraint provider_intent_check CHECK ((kind = 'connect_account'::text) = (amount_cents IS NULL)),
  constraint provider_intent_check1 CHECK ((status = 'asked'::text) = (ended_at IS NULL)),
  constraint provider_intent_check2 CHECK (status <> 'done'::text OR object_id IS NOT NULL),
  constraint provider_intent_check3 CHECK (status <> 'refused'::text OR reason IS NOT NULL),
  constraint provider_intent_kind_check CHECK (kind = ANY (ARRAY['withdrawal'::text, 'card_refund'::text, 'auto_topup'::text, 'connect_account'::text, 'payout'::text]))
);
CREATE INDEX intent_batch ON public.provider_intent USING btree (batch) WHERE (batch IS NOT NULL);
CREATE INDEX intent_of_user ON public.provider_intent USING btree (user_id, created_at);
CREATE UNIQUE INDEX intent_one_account ON public.provider_intent USING btree (user_id) WHERE ((kind = 'connect_account'::text) AND (status <> 'refused'::text));
CREATE UNIQUE INDEX intent_one_auto_topup ON public.provider_intent USING btree (user_id) WHERE ((kind = 'auto_topup'::text) AND (status = 'asked'::text));
CREATE INDEX intent_open ON public.provider_intent USING btree (due_at) WHERE (status = 'asked'::text);

create table provider_turn (
  name text not null,
  due_at timestamp with time zone not null default clock_timestamp(),
  seen_until bigint,
  constraint provider_turn_pkey PRIMARY KEY (name)
);

create table quote (
  id uuid not null,
  owner_id uuid not null,
  prompt_hash bytea not null,
  structured json not null,
  created_at timestamp with time zone not null,
  constraint quote_pkey PRIMARY KEY (id)
);
CREATE INDEX quote_age ON public.quote USING btree (created_at);

create table reconciliation (
  id uuid not null,
  at timestamp with time zone not null default clock_timestamp(),
  matched integer not null,
  in_flight integer not null,
  differences json not null,
  difference_count integer not null,
  constraint reconciliation_pkey PRIMARY KEY (id),
  constraint reconciliation_difference_count_check CHECK (difference_count >= 0)
);
CREATE INDEX reconciliation_at ON public.reconciliation USING btree (at DESC);

create table reliability (
  user_id uuid not null,
  expected integer not null,
  answered integer not null,
  constraint reliability_pkey PRIMARY KEY (user_id),
  constraint reliability_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint reliability_check CHECK (answered >= 0 AND answered <= expected),
  constraint reliability_expected_check CHECK (expected >= 0)
);

create table request_quota (
  quota text not null,
  subject text not null,
  period bigint not null,
  taken integer not null,
  ends_at timestamp with time zone not null,
  constraint request_quota_pkey PRIMARY KEY (quota, subject, period),
  constraint request_quota_taken_check CHECK (taken > 0)
);
CREATE INDEX request_quota_end ON public.request_quota USING btree (ends_at);

create table review (
  id uuid not null,
  contract_id uuid not null,
  reviewer_id uuid not null,
  reviewee_id uuid not null,
  rating smallint not null,
  review_text text not null default ''::text,
  status text not null,
  released_cents bigint not null,
  counted boolean not null default false,
  moderated_at timestamp with time zone,
  moderated_by text,
  moderation_note text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint review_pkey PRIMARY KEY (id),
  constraint review_once UNIQUE (contract_id, reviewer_id),
  constraint review_contract_id_fkey FOREIGN KEY (contract_id) REFERENCES contract(id),
  constraint review_reviewee_id_fkey FOREIGN KEY (reviewee_id) REFERENCES app_user(id),
  constraint review_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES app_user(id),
  constraint review_counted CHECK (NOT counted OR status = 'published'::text),
  constraint review_moderated CHECK (status = 'waiting'::text OR moderated_at IS NOT NULL AND moderated_by IS NOT NULL),
  constraint review_moderation_note_check CHECK (length(moderation_note) <= 10000),
  constraint review_rating_check CHECK (rating >= 1 AND rating <= 5),
  constraint review_released_cents_check CHECK (released_cents >= 0),
  constraint review_review_text_check CHECK (length(review_text) <= 10000),
  constraint review_status CHECK (status = ANY (ARRAY['waiting'::text, 'published'::text, 'rejected'::text])),
  constraint review_two CHECK (reviewer_id <> reviewee_id)
);
CREATE INDEX review_by_status ON public.review USING btree (status, created_at DESC, id DESC);
CREATE UNIQUE INDEX review_counted_once ON public.review USING btree (reviewer_id, reviewee_id, date_part('year'::text, (created_at AT TIME ZONE 'utc'::text))) WHERE counted;
CREATE INDEX review_of ON public.review USING btree (reviewee_id, created_at DESC, id DESC) WHERE (status = 'published'::text);
CREATE INDEX review_waiting ON public.review USING btree (created_at) WHERE (status = 'waiting'::text);

create table saved_card (
  user_id uuid not null,
  customer_id text not null,
  payment_method_id text not null,
  brand text not null,
  last4 text not null,
  exp_month smallint not null,
  exp_year smallint not null,
  setup_at timestamp with time zone not null,
  saved_at timestamp with time zone not null,
  constraint saved_card_pkey PRIMARY KEY (user_id),
  constraint saved_card_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);

create table session (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  created_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint session_pkey PRIMARY KEY (id),
  constraint session_token_hash_key UNIQUE (token_hash),
  constraint session_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id)
);
CREATE INDEX session_of_user ON public.session USING btree (user_id);

create table stream_seat (
  user_id uuid not null,
  process integer not null,
  open smallint not null,
  constraint stream_seat_pkey PRIMARY KEY (user_id, process),
  constraint stream_seat_open_check CHECK (open > 0)
);

create table stripe_inbox (
  id text not null,
  type text not null,
  object_id text,
  received_at timestamp with time zone not null default clock_timestamp(),
  processed_at timestamp with time zone,
  status text not null default 'waiting'::text,
  attempts integer not null default 0,
  due_at timestamp with time zone not null default clock_timestamp(),
  last_error text,
  constraint stripe_inbox_pkey PRIMARY KEY (id),
  constraint stripe_inbox_attempts_check CHECK (attempts >= 0),
  constraint stripe_inbox_end CHECK ((status = 'waiting'::text) = (processed_at IS NULL)),
  constraint stripe_inbox_object CHECK (status <> 'waiting'::text OR object_id IS NOT NULL),
  constraint stripe_inbox_reason CHECK (status <> 'given_up'::text OR last_error IS NOT NULL),
  constraint stripe_inbox_status_check CHECK (status = ANY (ARRAY['waiting'::text, 'done'::text, 'not_ours'::text, 'given_up'::text]))
);
CREATE INDEX stripe_inbox_due ON public.stripe_inbox USING btree (due_at) WHERE (status = 'waiting'::text);
CREATE INDEX stripe_inbox_ended ON public.stripe_inbox USING btree (processed_at) WHERE (status <> 'waiting'::text);
CREATE INDEX stripe_inbox_given_up ON public.stripe_inbox USING btree (processed_at) WHERE (status = 'given_up'::text);

create table topup (
  id uuid not null,
  user_id uuid not null,
  amount_cents bigint not null,
  status text not null default 'asked'::text,
  session_id text,
  url text,
  created_at timestamp with time zone not null,
  looked_up_at timestamp with time zone,
  paid_at timestamp with time zone,
  constraint topup_pkey PRIMARY KEY (id),
  constraint topup_session_id_key UNIQUE (session_id),
  constraint topup_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint topup_amount_cents_check CHECK (amount_cents >= 500 AND amount_cents <= 1000000),
  constraint topup_check CHECK ((status = 'asked'::text) = (session_id IS NULL)),
  constraint topup_check1 CHECK ((status = 'paid'::text) = (paid_at IS NOT NULL)),
  constraint topup_status_check CHECK (status = ANY (ARRAY['asked'::text, 'open'::text, 'paid'::text, 'expired'::text]))
);
CREATE INDEX topup_open ON public.topup USING btree (looked_up_at NULLS FIRST, created_at) WHERE (status = ANY (ARRAY['asked'::text, 'open'::text]));

create table transfer (
  "position" bigint not null generated always as identity,
  id uuid not null default uuid7(),
  kind text not null,
  ref text not null,
  source text not null,
  leg smallint not null,
  from_account text not null,
  to_account text not null,
  unit text not null,
  amount bigint not null,
  card_part bigint not null default 0,
  xid bigint not null default ((pg_current_xact_id())::text)::bigint,
  created_at timestamp with time zone not null,
  constraint transfer_pkey PRIMARY KEY ("position"),
  constraint transfer_once UNIQUE (kind, source, leg),
  constraint transfer_amount_check CHECK (amount > 0),
  constraint transfer_card_only CHECK ((kind <> ALL (ARRAY['card_refund'::text, 'card_refund_paid'::text, 'card_refund_returned'::text])) OR card_part = amount),
  constraint transfer_check CHECK (card_part >= 0 AND card_part <= amount),
  constraint transfer_check1 CHECK (from_account <> to_account),
  constraint transfer_earned_only CHECK ((kind <> ALL (ARRAY['withdrawal'::text, 'withdrawal_paid'::text, 'withdrawal_returned'::text])) OR card_part = 0),
  constraint transfer_kind_check CHECK (kind ~ '^[a-z_]+$'::text),
  constraint transfer_unit_check CHECK (unit = ANY (ARRAY['USD'::text, 'CREDIT'::text]))
);
CREATE INDEX transfer_from_debt ON public.transfer USING btree (from_account) WHERE starts_with(from_account, 'debt:'::text);
CREATE INDEX transfer_from_wallet ON public.transfer USING btree (from_account, "position") WHERE starts_with(from_account, 'wallet:'::text);
CREATE INDEX transfer_ref ON public.transfer USING btree (ref, "position") WHERE (NOT starts_with(ref, 'job:'::text));
CREATE INDEX transfer_to_debt ON public.transfer USING btree (to_account) WHERE starts_with(to_account, 'debt:'::text);
CREATE INDEX transfer_to_wallet ON public.transfer USING btree (to_account, "position") WHERE starts_with(to_account, 'wallet:'::text);
CREATE INDEX transfer_xid ON public.transfer USING btree (xid, "position");

create table transfer_old (
  "position" bigint not null,
  id uuid not null,
  kind text not null,
  ref text not null,
  source text not null,
  leg smallint not null,
  from_account text not null,
  to_account text not null,
  unit text not null,
  amount bigint not null,
  card_part bigint not null,
  xid bigint not null,
  created_at timestamp with time zone not null,
  constraint transfer_old_pkey PRIMARY KEY ("position", created_at),
  constraint transfer_amount_check CHECK (amount > 0),
  constraint transfer_card_only CHECK ((kind <> ALL (ARRAY['card_refund'::text, 'card_refund_paid'::text, 'card_refund_returned'::text])) OR card_part = amount),
  constraint transfer_check CHECK (card_part >= 0 AND card_part <= amount),
  constraint transfer_check1 CHECK (from_account <> to_account),
  constraint transfer_earned_only CHECK ((kind <> ALL (ARRAY['withdrawal'::text, 'withdrawal_paid'::text, 'withdrawal_returned'::text])) OR card_part = 0),
  constraint transfer_kind_check CHECK (kind ~ '^[a-z_]+$'::text),
  constraint transfer_unit_check CHECK (unit = ANY (ARRAY['USD'::text, 'CREDIT'::text]))
) partition by RANGE (created_at);
CREATE INDEX transfer_old_from_debt ON ONLY public.transfer_old USING btree (from_account) WHERE starts_with(from_account, 'debt:'::text);
CREATE INDEX transfer_old_from_wallet ON ONLY public.transfer_old USING btree (from_account, "position") WHERE starts_with(from_account, 'wallet:'::text);
CREATE INDEX transfer_old_posting ON ONLY public.transfer_old USING btree (kind, source, leg);
CREATE INDEX transfer_old_ref ON ONLY public.transfer_old USING btree (ref, "position") WHERE (NOT starts_with(ref, 'job:'::text));
CREATE INDEX transfer_old_to_debt ON ONLY public.transfer_old USING btree (to_account) WHERE starts_with(to_account, 'debt:'::text);
CREATE INDEX transfer_old_to_wallet ON ONLY public.transfer_old USING btree (to_account, "position") WHERE starts_with(to_account, 'wallet:'::text);
CREATE INDEX transfer_old_xid ON ONLY public.transfer_old USING btree (xid, "position");

create table turn (
  id bigint not null generated always as identity,
  user_id uuid not null,
  other_id uuid not null,
  ref text not null,
  kind text not null,
  amount_cents bigint not null,
  opened_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  answered boolean,
  counted boolean,
  constraint turn_pkey PRIMARY KEY (id),
  constraint turn_other_id_fkey FOREIGN KEY (other_id) REFERENCES app_user(id),
  constraint turn_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint turn_amount_cents_check CHECK (amount_cents > 0),
  constraint turn_check CHECK (user_id <> other_id),
  constraint turn_check1 CHECK ((closed_at IS NULL) = (answered IS NULL)),
  constraint turn_check2 CHECK ((closed_at IS NULL) = (counted IS NULL))
);
CREATE INDEX turn_of_pair ON public.turn USING btree (user_id, other_id, closed_at) WHERE counted;
CREATE UNIQUE INDEX turn_open ON public.turn USING btree (ref, kind, user_id) WHERE (closed_at IS NULL);

create table vouch (
  user_id uuid not null,
  vouched_user_id uuid not null,
  created_at timestamp with time zone not null,
  constraint vouch_once PRIMARY KEY (user_id, vouched_user_id),
  constraint vouch_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint vouch_vouched_user_id_fkey FOREIGN KEY (vouched_user_id) REFERENCES app_user(id),
  constraint vouch_two CHECK (user_id <> vouched_user_id)
);
CREATE INDEX vouch_by ON public.vouch USING btree (user_id, created_at);
CREATE INDEX vouch_of ON public.vouch USING btree (vouched_user_id, created_at DESC, user_id);

create table webhook (
  id uuid not null,
  user_id uuid not null,
  url text not null,
  events text[],
  secret bytea not null,
  secret_before bytea,
  secret_before_until timestamp with time zone,
  enabled boolean not null default true,
  disabled_reason text,
  failing_since timestamp with time zone,
  hold_until timestamp with time zone,
  delivered_at timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint webhook_pkey PRIMARY KEY (id),
  constraint webhook_user_id_fkey FOREIGN KEY (user_id) REFERENCES app_user(id),
  constraint webhook_check CHECK (enabled = (disabled_reason IS NULL)),
  constraint webhook_check1 CHECK ((secret_before IS NULL) = (secret_before_until IS NULL)),
  constraint webhook_disabled_reason CHECK (disabled_reason = ANY (ARRAY['owner'::text, 'gone'::text, 'failing'::text])),
  constraint webhook_events_check CHECK (cardinality(events) >= 1 AND cardinality(events) <= 200),
  constraint webhook_url_check CHECK (length(url) >= 1 AND length(url) <= 2000)
);
CREATE INDEX webhook_of_user ON public.webhook USING btree (user_id, created_at);

create table webhook_attempt (
  delivery_id uuid not null,
  number integer not null,
  at timestamp with time zone not null,
  url text not null,
  status integer,
  error text,
  duration_ms integer not null,
  response text,
  constraint webhook_attempt_pkey PRIMARY KEY (delivery_id, number),
  constraint webhook_attempt_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES webhook_delivery(id) ON DELETE CASCADE
);

create table webhook_delivery (
  id uuid not null default uuid7(),
  webhook_id uuid not null,
  event_id uuid not null,
  seq bigint,
  name text not null,
  event json,
  status text not null default 'pending'::text,
  tries smallint not null default 0,
  attempts integer not null default 0,
  due_at timestamp with time zone,
  lease uuid,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint webhook_delivery_pkey PRIMARY KEY (id),
  constraint webhook_delivery_webhook_id_seq_key UNIQUE (webhook_id, seq),
  constraint webhook_delivery_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhook(id) ON DELETE CASCADE,
  constraint webhook_delivery_check CHECK ((event IS NULL) = (seq IS NOT NULL)),
  constraint webhook_delivery_check1 CHECK ((status = 'pending'::text) = (due_at IS NOT NULL)),
  constraint webhook_delivery_check2 CHECK ((status = 'pending'::text) = (ended_at IS NULL)),
  constraint webhook_delivery_check3 CHECK (lease IS NULL OR status = 'pending'::text),
  constraint webhook_delivery_status CHECK (status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text]))
);
CREATE INDEX webhook_delivery_age ON public.webhook_delivery USING btree (created_at) WHERE (due_at IS NULL);
CREATE INDEX webhook_delivery_due ON public.webhook_delivery USING btree (webhook_id, due_at, seq) WHERE (due_at IS NOT NULL);
CREATE INDEX webhook_delivery_leased ON public.webhook_delivery USING btree (webhook_id) WHERE (lease IS NOT NULL);
CREATE INDEX webhook_delivery_log ON public.webhook_delivery USING btree (webhook_id, created_at DESC, id DESC);

create view event_all as
 SELECT event."position",
    event.id,
    event.name,
    event.ref,
    event.parties,
    event.data,
    event.xid,
    event.created_at
   FROM event
UNION ALL
 SELECT event_old."position",
    event_old.id,
    event_old.name,
    event_old.ref,
    event_old.parties,
    event_old.data,
    event_old.xid,
    event_old.created_at
   FROM event_old;
create view transfer_all as
 SELECT transfer."position",
    transfer.id,
    transfer.kind,
    transfer.ref,
    transfer.source,
    transfer.leg,
    transfer.from_account,
    transfer.to_account,
    transfer.unit,
    transfer.amount,
    transfer.card_part,
    transfer.xid,
    transfer.created_at
   FROM transfer
UNION ALL
 SELECT transfer_old."position",
    transfer_old.id,
    transfer_old.kind,
    transfer_old.ref,
    transfer_old.source,
    transfer_old.leg,
    transfer_old.from_account,
    transfer_old.to_account,
    transfer_old.unit,
    transfer_old.amount,
    transfer_old.card_part,
    transfer_old.xid,
    transfer_old.created_at
   FROM transfer_old;

-- function account_agent(p_owner uuid, p_agent uuid, p_name text) returns TABLE(id uuid, personality text, max_active_jobs integer) · sql, stable
-- function account_agents_of(p_owner uuid) returns SETOF uuid · sql, stable
-- function account_agents_saying(p_typed text, p_most integer) returns uuid[] · plpgsql, volatile
-- function account_count_model_call(p_agent uuid) returns integer · plpgsql, volatile
-- function account_hosted(p_agent uuid, p_quota integer) returns json · sql, stable
-- function account_is_operator(p_user app_user, p_emails text[]) returns boolean · sql, stable
-- function account_lock(p_owner uuid) returns void · plpgsql, volatile
-- function account_owner(p_agent uuid) returns TABLE(id uuid) · sql, stable
-- function account_owns_address(p_user uuid, p_address text) returns boolean · sql, stable
-- function account_public_agents() returns TABLE(id uuid, name text, personality text, avatar_url text, listed boolean, proven boolean, created_at timestamp with time zone, words tsvector) · sql, stable
-- function account_words(p_typed text) returns tsquery · sql, immutable
-- function agent_is_proven() returns trigger · plpgsql, volatile
-- function app_clock_moved() returns trigger · plpgsql, volatile
-- function app_clock_set(p_now text) returns void · plpgsql, volatile
-- function app_now() returns timestamp with time zone · plpgsql, stable
-- function archive_first_id(p_at timestamp with time zone) returns uuid · sql, immutable
-- function archive_month(p_table text, p_at timestamp with time zone, p_by_id boolean DEFAULT false) returns boolean · plpgsql, volatile
-- function auto_topup_start(p_user uuid) returns uuid · plpgsql, volatile
-- function credits_given(p_user uuid) returns bigint · plpgsql, stable
-- function credits_pay(p_work text, p_user uuid, p_amount bigint, p_live boolean, p_lineage text, p_limit bigint) returns text · plpgsql, volatile
-- function event_drop_months(p_before timestamp with time zone) returns SETOF text · plpgsql, volatile
-- function event_forget_pages(p_user uuid) returns boolean · plpgsql, volatile
-- function event_forget_words(p_user uuid, p_after bigint, p_many integer) returns bigint · plpgsql, volatile
-- function event_number(p_most integer, p_public text[]) returns json · plpgsql, volatile
-- function event_unread_since() returns timestamp with time zone · sql, stable
-- function event_waits() returns boolean · sql, stable
-- function event_waits_since() returns timestamp with time zone · sql, stable
-- function event_write(p_name text, p_ref text, p_parties uuid[], p_data json) returns boolean · plpgsql, volatile
-- function events_of(p_person uuid, p_after bigint, p_last bigint, p_most integer) returns TABLE(seq bigint, id uuid, name text, data json, created_at timestamp with time zone) · sql, stable
-- function files_attach(p_owner uuid, p_work text, p_role text, p_files uuid[]) returns json · plpgsql, volatile
-- function files_discard(p_file uuid) returns boolean · plpgsql, volatile
-- function files_discard_of(p_owners uuid[], p_works text[]) returns void · sql, volatile
-- function files_forget(p_owner uuid, p_works text[], p_role text DEFAULT NULL::text) returns void · sql, volatile
-- function gig_folded(p_skills text[]) returns text[] · sql, immutable
-- function gig_list(p_viewer uuid, p_status text, p_words text, p_skill text, p_min_rate bigint, p_before timestamp with time zone, p_before_id uuid, p_limit integer) returns SETOF gig · plpgsql, stable
-- function gig_search(p_title text, p_description text, p_scope text, p_skills text[]) returns tsvector · sql, immutable
-- function job_barred_until(p_owner uuid, p_now timestamp with time zone) returns timestamp with time zone · plpgsql, stable
-- function job_born(p_job uuid) returns timestamp with time zone · sql, immutable
-- function job_has_ended() returns trigger · plpgsql, volatile
-- function job_has_verified(p_agent uuid) returns boolean · plpgsql, stable
-- function job_in_hand(p_agent uuid) returns TABLE(active bigint) · sql, stable
-- function job_lapse(p_job uuid, p_queued interval) returns boolean · plpgsql, volatile
-- function job_not_claimable(p_job uuid, p_owner uuid, p_agent uuid, p_live boolean, p_now timestamp with time zone, p_not_again interval) returns text · plpgsql, volatile
-- function job_pass_rate(p_agent uuid) returns real · plpgsql, stable
-- function job_past(p_job uuid, p_viewer uuid) returns SETOF json · plpgsql, stable
-- function job_past_lines(p_job uuid, p_after bigint, p_viewer uuid, p_all boolean) returns TABLE(id bigint, kind text, data json, created_at timestamp with time zone) · plpgsql, stable
-- function job_past_not_claimable(p_job uuid, p_owner uuid, p_live boolean) returns text · plpgsql, stable
-- function job_past_sent(p_sender uuid, p_status text, p_at timestamp with time zone, p_id uuid, p_most integer) returns TABLE(created_at timestamp with time zone, id uuid, job json) · plpgsql, stable
-- function job_past_showing(p_job uuid, p_owner uuid) returns TABLE(outcome text, ending text) · plpgsql, stable
-- function job_past_verdict(p_job uuid, p_viewer uuid) returns json · plpgsql, stable
-- function job_past_worked(p_owner uuid, p_agent uuid, p_at timestamp with time zone, p_id uuid, p_most integer) returns TABLE(updated_at timestamp with time zone, id uuid, job json) · plpgsql, stable
-- function job_past_worked_on(p_job uuid, p_viewer uuid) returns boolean · plpgsql, stable
-- function job_presented(p_agents uuid[], p_agent uuid) returns uuid[] · sql, immutable
-- function job_shown_before(p_job uuid, p_owner uuid, p_retry_same boolean, p_since timestamp with time zone) returns TABLE(outcome text) · sql, stable
-- function job_suits(p_job job, p_owner uuid, p_agent uuid, p_live boolean, p_now timestamp with time zone, p_not_again interval) returns TABLE(suits boolean) · sql, stable
-- function job_take(p_asked json, p_live boolean, p_hold interval, p_not_again interval, p_queued interval) returns TABLE(n smallint, code text, detail json, is_new boolean, job_id uuid, sender uuid, owner uuid, agent uuid, held json) · plpgsql, volatile
-- function job_take_on(p_job uuid, p_owner uuid, p_agent uuid, p_agent_name text, p_token uuid, p_live boolean, p_not_again interval) returns TABLE(code text, job json) · plpgsql, volatile
-- function job_window(p_owner uuid, p_agent uuid, p_skills text[], p_min_price bigint, p_live boolean, p_now timestamp with time zone, p_not_again interval, p_seen uuid[]) returns TABLE(id uuid, queued_at timestamp with time zone) · plpgsql, stable
-- function ledger_balance(p_user uuid) returns bigint · sql, stable
-- function ledger_card_part(p_user uuid) returns bigint · sql, stable
-- function ledger_card_stays(p_kind text) returns boolean · sql, immutable
-- function ledger_chargeback(p_user uuid, p_source text, p_amount bigint, p_work text DEFAULT NULL::text, p_payee uuid DEFAULT NULL::uuid, p_pending bigint DEFAULT 0) returns bigint · plpgsql, volatile
-- function ledger_chargeback_won(p_user uuid, p_source text, p_holds boolean DEFAULT true, p_waits boolean DEFAULT true) returns void · plpgsql, volatile
-- function ledger_clearing(p_intent text) returns bigint · sql, stable
-- function ledger_credits(p_user uuid) returns bigint · sql, stable
-- function ledger_debt(p_user uuid) returns bigint · sql, stable
-- function ledger_earned(p_user uuid, p_hold_days integer) returns bigint · plpgsql, stable
-- function ledger_fee(p_amount bigint, p_percent integer, p_fixed integer) returns bigint · sql, immutable
-- function ledger_give_up(p_user uuid) returns bigint · plpgsql, volatile
-- function ledger_held(p_ref text) returns bigint · plpgsql, stable
-- function ledger_inherit(p_from uuid, p_to uuid) returns void · plpgsql, volatile
-- function ledger_lock(p_user uuid) returns void · plpgsql, volatile
-- function ledger_lock_credits(p_user uuid) returns bigint · plpgsql, volatile
-- function ledger_lock_held(p_ref text) returns bigint · plpgsql, volatile
-- function ledger_lock_pending(p_user uuid) returns boolean · plpgsql, volatile
-- function ledger_mandate_back(p_lineage text, p_day date, p_amount bigint) returns void · sql, volatile
-- function ledger_mandate_take(p_lineage text, p_limit bigint, p_amount bigint) returns boolean · plpgsql, volatile
-- function ledger_open(p_user uuid) returns void · sql, volatile
-- function ledger_owes(p_user uuid) returns boolean · sql, stable
-- function ledger_past_earned(p_wallet text, p_since timestamp with time zone) returns bigint · plpgsql, stable
-- function ledger_past_lines(p_user uuid, p_most integer) returns TABLE(id uuid, "position" bigint, delta bigint, kind text, ref text, source text, created_at timestamp with time zone) · plpgsql, stable
-- function ledger_past_posted(p_kind text, p_source text, p_leg integer DEFAULT NULL::integer) returns bigint · plpgsql, stable
-- function ledger_pending(p_user uuid) returns bigint · sql, stable
-- function ledger_pendings() returns TABLE(user_id uuid, amount bigint) · sql, stable
-- function ledger_post(p_kind text, p_ref text, p_source text, p_unit text, p_from text[], p_to text[], p_amount bigint[], p_lineage text DEFAULT NULL::text, p_limit bigint DEFAULT NULL::bigint) returns text · plpgsql, volatile
-- function ledger_post_each(p_kind text, p_unit text, p_ref text[], p_from text[], p_to text[], p_amount bigint[], p_lineage text[] DEFAULT NULL::text[], p_limit bigint[] DEFAULT NULL::bigint[]) returns TABLE(ref text, outcome text) · plpgsql, volatile
-- function ledger_posted(p_kind text, p_source text) returns bigint · sql, stable
-- function ledger_repay(p_wallet text, p_ref text, p_source text, p_leg integer) returns void · plpgsql, volatile
-- function ledger_take_back(p_account text, p_ref text, p_source text, p_leg integer, p_most bigint) returns bigint · plpgsql, volatile
-- function ledger_taken_back(p_ref text) returns bigint · sql, stable
-- function ledger_taken_of_pending(p_source text) returns bigint · sql, stable
-- function ledger_work(p_ref text) returns TABLE(funded bigint, paid bigint, fee bigint, arbitration bigint, refunded bigint, charged_back bigint, held bigint) · sql, stable
-- function ledger_write_off(p_before timestamp with time zone) returns TABLE(user_id uuid, amount bigint) · plpgsql, volatile
-- function match_contains(p_offer uuid, p_words text) returns boolean · plpgsql, stable
-- function match_fit(p_offer uuid, p_profile tsquery, p_waiting interval) returns TABLE(score real) · sql, stable
-- function match_forget(p_age interval) returns void · sql, volatile
-- function match_forget_words(p_offers uuid[], p_personalities text[]) returns void · sql, volatile
-- function match_known_profile(p_personality text) returns TABLE(profile tsquery) · sql, stable
-- function match_profile(p_personality text) returns tsquery · plpgsql, volatile
-- function match_shared(p_offer uuid, p_profile tsquery) returns TABLE(words text[]) · sql, stable
-- function transfer_is_append_only() returns trigger · plpgsql, volatile
-- function transfer_once_ever() returns trigger · plpgsql, volatile
-- function transfer_only_moves() returns trigger · plpgsql, volatile
-- function turn_close(p_user uuid, p_ref text, p_kind text, p_answered boolean) returns boolean · plpgsql, volatile
-- function turn_count_each(p_user uuid[], p_other uuid[], p_ref text[], p_kind text, p_amount bigint[], p_answered boolean[]) returns void · plpgsql, volatile
-- function turn_inherit(p_user uuid, p_expected integer, p_answered integer) returns void · sql, volatile
-- function turn_leave(p_user uuid) returns TABLE(expected integer, answered integer) · plpgsql, volatile
-- function turn_open(p_user uuid, p_other uuid, p_ref text, p_kind text, p_amount bigint, p_due timestamp with time zone) returns boolean · plpgsql, volatile
-- function turn_score(p_user uuid) returns integer · sql, stable
-- function turn_void(p_ref text) returns boolean · plpgsql, volatile
-- function uuid7() returns uuid · sql, volatile

CREATE TRIGGER agent_record_begins AFTER INSERT ON agent_record FOR EACH ROW WHEN (new.verified > 0) EXECUTE FUNCTION agent_is_proven();
CREATE TRIGGER agent_record_proves AFTER UPDATE ON agent_record FOR EACH ROW WHEN (old.verified = 0 AND new.verified > 0) EXECUTE FUNCTION agent_is_proven();
CREATE TRIGGER app_clock_moved AFTER UPDATE ON app_clock FOR EACH ROW EXECUTE FUNCTION app_clock_moved();
CREATE TRIGGER job_end AFTER UPDATE ON job FOR EACH ROW WHEN (old.ended_at IS NULL AND new.ended_at IS NOT NULL) EXECUTE FUNCTION job_has_ended();
CREATE TRIGGER seal_immutable BEFORE DELETE OR UPDATE ON ledger_seal FOR EACH ROW EXECUTE FUNCTION transfer_is_append_only();
CREATE TRIGGER transfer_immutable BEFORE UPDATE ON transfer FOR EACH ROW EXECUTE FUNCTION transfer_is_append_only();
CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION transfer_is_append_only();
CREATE TRIGGER transfer_once_ever BEFORE INSERT ON transfer FOR EACH ROW WHEN (NOT starts_with(new.source, 'job:'::text) OR (substr(new.source, 5, 8) COLLATE "C") < lpad(to_hex(((EXTRACT(epoch FROM clock_timestamp()) - (60 * 86400)::numeric) * 1000::numeric)::bigint >> 16), 8, '0'::text)) EXECUTE FUNCTION transfer_once_ever();
CREATE TRIGGER transfer_only_moves BEFORE DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION transfer_only_moves();
CREATE TRIGGER transfer_old_immutable BEFORE DELETE OR UPDATE ON transfer_old FOR EACH ROW EXECUTE FUNCTION transfer_is_append_only();
CREATE TRIGGER transfer_old_no_truncate BEFORE TRUNCATE ON transfer_old FOR EACH STATEMENT EXECUTE FUNCTION transfer_is_append_only();
