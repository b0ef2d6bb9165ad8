-- Secrets of plugins, encrypted. Each plugin has a data key, which is wrapped by the host's master
-- key; a secret is encrypted with the data key of its plugin. Both go when the plugin goes.
-- "secrets" counts the changes, so that other hosts see that there was one.
alter table plugin add column secrets bigint default 0 not null;

create table secret_data_key (
  plugin  varchar(41) primary key,
  wrapped bytea       not null,
  constraint secret_data_key_plugin foreign key (plugin) references plugin (name) on delete cascade
);

create table secret (
  plugin  varchar(41)  not null,
  name    varchar(128) not null,
  content bytea        not null,
  set_at  timestamp with time zone default current_timestamp not null,
  constraint secret_key primary key (plugin, name),
  constraint secret_plugin foreign key (plugin) references secret_data_key (plugin) on delete cascade
);

-- A known text, encrypted with the master key: a host with another key finds out when it starts.
-- One row, there from the first secret on.
create table master_key_check (
  id      integer primary key,
  content bytea   not null
);
