-- Background jobs of plugins.
--
-- "job" is the record of a job, from its enqueue until some time after its end. "job_queue" is what
-- db-scheduler works on: a row for each job that waits or runs, and one for each schedule. Its first
-- twelve columns are db-scheduler's own. A lane holds what one plugin may have run; a node claims
-- from the lanes of the plugins that it serves.
create table job_queue (
  task_name            varchar(100)             not null,
  task_instance        varchar(200)             not null,
  task_data            bytea,
  execution_time       timestamp with time zone not null,
  picked               boolean                  not null,
  picked_by            varchar(50),
  last_success         timestamp with time zone,
  last_failure         timestamp with time zone,
  consecutive_failures integer,
  last_heartbeat       timestamp with time zone,
  version              bigint                   not null,
  priority             smallint default 0       not null,
  lane                 varchar(64)              not null,
  job_name             varchar(320)             not null,
  constraint job_queue_key primary key (task_name, task_instance)
);
create index job_queue_due on job_queue (lane, picked, priority desc, execution_time);
create index job_queue_heartbeat on job_queue (picked, last_heartbeat);

-- attempts counts what began, failures what counts towards the most attempts. trace is the W3C
-- traceparent of the span that enqueued the job.
create table job (
  id              varchar(36)              primary key,
  plugin          varchar(41)              not null,
  name            varchar(320)             not null,
  kind            varchar(10)              not null,
  state           varchar(10)              not null,
  args            bytea                    not null,
  idempotency_key varchar(256)             not null,
  priority        smallint                 not null,
  enqueued_at     timestamp with time zone not null,
  due_at          timestamp with time zone not null,
  ended_at        timestamp with time zone,
  attempts        integer default 0        not null,
  failures        integer default 0        not null,
  trace           varchar(55),
  reason          varchar(1000),
  constraint job_idempotency unique (plugin, name, idempotency_key)
);
create index job_plugin on job (plugin, state, enqueued_at);
create index job_ended on job (state, ended_at);

create table job_attempt (
  job       varchar(36)              not null,
  number    integer                  not null,
  outcome   varchar(32)              not null,
  version   varchar(64)              not null,
  node      varchar(50)              not null,
  began_at  timestamp with time zone not null,
  ended_at  timestamp with time zone not null,
  reason    varchar(1000),
  backtrace varchar(8000),
  constraint job_attempt_key primary key (job, number),
  constraint job_attempt_job foreign key (job) references job (id) on delete cascade
);

-- What an operator paused: one job of a plugin, or all if the name is empty.
create table job_pause (
  plugin varchar(41)  not null,
  name   varchar(320) not null,
  constraint job_pause_key primary key (plugin, name)
);

-- Schedules: those of the manifest that serves, and those that a plugin registered itself. The next
-- run of each is a row of job_queue.
create table job_cron (
  plugin   varchar(41)  not null,
  id       varchar(160) not null,
  source   varchar(10)  not null,
  job      varchar(320) not null,
  schedule varchar(256) not null,
  zone     varchar(64)  not null,
  args     bytea        not null,
  catch_up varchar(4)   not null,
  constraint job_cron_key primary key (plugin, id)
);
