-- How many streams somebody has open at which process. A process is alive as long as it holds the advisory lock of its number, so
-- what one that was killed has left behind counts no more. Nothing of it is worth keeping over a crash of the database.
create unlogged table stream_seat (
  user_id uuid not null,
  process integer not null,
  open smallint not null check (open > 0),
  primary key (user_id, process)
);
