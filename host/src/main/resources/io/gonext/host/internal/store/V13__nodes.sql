-- The hosts on this database, as each says of itself every few seconds, and until it is closed. The
-- time is the database's own, because the clocks of hosts differ.
create table host_node (
  id         varchar(50)  primary key,
  name       varchar(255) not null,
  version    varchar(64)  not null,
  started_at timestamp with time zone not null,
  seen_at    timestamp with time zone not null,
  lag_ms     bigint       not null,
  compiling  integer      not null,
  faults     bytea        not null
);
