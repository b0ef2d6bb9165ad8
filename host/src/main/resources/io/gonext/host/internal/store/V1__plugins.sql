create table plugin (
  name         varchar(41) primary key,
  version      varchar(64) not null,
  sha256       char(64)    not null,
  state        varchar(16) not null,
  installed_at timestamp with time zone default current_timestamp not null,
  bundle       ${blob}     not null
);
