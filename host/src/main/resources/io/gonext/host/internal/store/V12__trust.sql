-- Where a version came from and what was verified when it came in, as JSON; empty for a version of
-- an earlier release, which verified nothing.
alter table plugin_version add column provenance varchar(8192) default '' not null;

-- The files of the signatures that came with a version. Each start verifies them again.
create table plugin_signature (
  name     varchar(41) not null,
  sha256   char(64)    not null,
  position integer     not null,
  content  bytea       not null,
  constraint plugin_signature_key primary key (name, sha256, position),
  constraint plugin_signature_version foreign key (name, sha256)
    references plugin_version (name, sha256) on delete cascade
);

-- The highest version of a plugin that was ever current, of each publisher. Stays when the plugin
-- goes: who may uninstall a plugin cannot bring back an old version of it unnoticed.
create table plugin_highest (
  plugin    varchar(41) not null,
  publisher varchar(63) not null,
  version   varchar(64) not null,
  constraint plugin_highest_key primary key (plugin, publisher)
);
