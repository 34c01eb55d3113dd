-- Milestones, complete: where the money of each that has ended went, and what the sweep looks for.
update milestone set fee_percent = case when amount_cents = 0 then 0 else round(fee_cents * 100.0 / amount_cents) end where funded_at is not null;
update milestone set released_cents = 0, arbitration_cents = 0, fee_cents = 0, refunded_cents = amount_cents where status = 'refunded';
update milestone set approved_at = created_at where proposed_by is null;

alter table milestone
  add constraint milestone_fee_percent check ((funded_at is null) = (fee_percent is null)),
  -- What has ended has gone somewhere, and never more of it than there was; a bank may have taken the rest.
  add constraint milestone_sum check (coalesce(released_cents, 0) + coalesce(fee_cents, 0) + coalesce(arbitration_cents, 0) + coalesce(refunded_cents, 0) <= amount_cents),
  add constraint milestone_released check (status <> 'released' or released_cents is not null);

-- Delivered work whose client is to be reminded.
create index milestone_reminder on milestone (due_at) where status = 'delivered' and reminded < 2;
