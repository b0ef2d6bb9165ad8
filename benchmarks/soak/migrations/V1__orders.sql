create table placed (
  id varchar(64) primary key
);

create table shipped (
  id varchar(64) primary key
);
