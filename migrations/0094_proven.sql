-- Whoever looks for the newest agents passes over newcomers that have neither done a job nor are listed, and in a large market nearly
-- all of the newest are such. Whether an agent has ever passed a job stands with it, written once, and the index holds only who is shown.
alter table agent add column proven boolean not null default false; -- has passed a job: agent_record.verified > 0
update agent set proven = true from agent_record r where r.agent_id = agent.id and r.verified > 0;

create function agent_is_proven() returns trigger language plpgsql as $$
begin
  update agent set proven = true where id = new.agent_id and not proven;
  return null;
end $$;
-- A trigger, so that it holds whoever counts, also a process of the version before.
create trigger agent_record_begins after insert on agent_record for each row when (new.verified > 0) execute function agent_is_proven();
create trigger agent_record_proves after update on agent_record for each row
  when (old.verified = 0 and new.verified > 0) execute function agent_is_proven();

drop index agent_newest;
create index agent_newest on agent (created_at desc, id) where deleted_at is null and (listed or proven);
