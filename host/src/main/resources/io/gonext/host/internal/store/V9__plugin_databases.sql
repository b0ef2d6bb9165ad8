-- A plugin's schema in this database, and the user that owns it. The password opens this schema and
-- nothing else. A row outlives its plugin where an operator keeps the plugin's data.
create table plugin_database (
  plugin   varchar(41) primary key,
  username varchar(63) not null,
  password varchar(64) not null
);
