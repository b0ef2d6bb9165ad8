-- The plugin counts characters, and H2 counts those beyond the basic plane twice.
create table entry (
  id varchar(32) primary key,
  author varchar(160) not null,
  message varchar(4000) not null,
  posted_at timestamp with time zone not null
);
