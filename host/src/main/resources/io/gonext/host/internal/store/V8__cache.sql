-- What plugins want dropped from caches, for all hosts. Each host reads what has a higher id than the
-- last one that it read.
create table cache_invalidation (
  id     bigint      primary key,
  plugin varchar(41) not null,
  at     timestamp with time zone not null,
  tags   bytea       not null
);

create index cache_invalidation_by_time on cache_invalidation (at);

-- The id of the newest invalidation, in one row. Whoever stores one locks this row until its commit.
-- So ids have no gaps and become visible in their order: a reader never passes an id whose row is
-- committed later, as it would with a sequence.
create table cache_last (
  only_row integer primary key,
  id       bigint not null
);

insert into cache_last (only_row, id) values (1, 0);
