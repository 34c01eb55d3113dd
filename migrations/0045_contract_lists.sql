-- Lists of contracts are newest first, like every other.
drop index contract_of_client;
drop index contract_of_worker;
create index contract_of_client on contract (client_id, created_at desc, id desc);
create index contract_of_worker on contract (worker_id, created_at desc, id desc);
