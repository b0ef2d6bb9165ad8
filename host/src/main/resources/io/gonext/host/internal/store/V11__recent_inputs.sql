-- What the hooks and routes of a plugin were called with lately, encrypted with the host's master
-- key: a host that starts again exercises the plugin with it. Goes when the plugin goes.
create table recent_input (
  plugin  varchar(41) primary key,
  content bytea       not null,
  constraint recent_input_plugin foreign key (plugin) references plugin (name) on delete cascade
);
