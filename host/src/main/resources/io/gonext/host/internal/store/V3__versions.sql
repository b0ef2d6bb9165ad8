-- A plugin may have several versions: the one that serves, the one before it, one that waits for approval.
create table plugin_version (
  name         varchar(41) not null,
  sha256       char(64)    not null,
  version      varchar(64) not null,
  installed_at timestamp with time zone default current_timestamp not null,
  bundle       ${blob}     not null,
  primary key (name, sha256)
);

insert into plugin_version (name, sha256, version, installed_at, bundle)
  select name, sha256, version, installed_at, bundle from plugin;

alter table plugin drop column version;
alter table plugin drop column installed_at;
alter table plugin drop column bundle;
alter table plugin add column previous_sha256 char(64);
alter table plugin add column replaced_at timestamp with time zone;
alter table plugin add column pending_sha256 char(64);
alter table plugin add column cause varchar(1000);
alter table plugin add column revision bigint default 0 not null;
alter table plugin add foreign key (name, sha256) references plugin_version (name, sha256);
alter table plugin add foreign key (name, previous_sha256) references plugin_version (name, sha256);
alter table plugin add foreign key (name, pending_sha256) references plugin_version (name, sha256);
