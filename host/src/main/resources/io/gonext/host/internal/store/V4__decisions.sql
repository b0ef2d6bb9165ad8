-- Counts the decisions on a plugin's capabilities, so that other hosts see that there was one.
alter table plugin add column decisions bigint default 0 not null;
