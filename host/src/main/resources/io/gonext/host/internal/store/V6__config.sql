-- An operator's values for a plugin's configuration, as UTF-8 JSON. They go when the plugin goes.
-- "configured" counts the changes: it is the configuration's version, and other hosts see it.
alter table plugin add column configured bigint default 0 not null;

create table plugin_config (
  plugin  varchar(41) primary key,
  content bytea       not null,
  constraint plugin_config_plugin foreign key (plugin) references plugin (name) on delete cascade
);
