package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.internal.store.TestPostgres;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the SQL of a plugin tries on PostgreSQL. */
class SqlIsolationPostgresTest {
  private static final int BAD_ARGUMENTS = -3;
  private static final int RATE_LIMITED = -12;
  private static final int TIMED_OUT = -13;
  private static final int REJECTED = -14;

  private static final String URL = TestPostgres.createDatabase();
  private static final MeterRegistry METERS = new SimpleMeterRegistry();
  @TempDir private static Path data;
  private static Host host;
  private static SqlGuests sql;

  @BeforeAll
  static void open() throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data).database(Database.postgreSql(URL)).meters(METERS).build());
    sql = new SqlGuests(host);
    sql.activate("mallet");
    sql.activate("victim");
    sql.write("victim", "create table private_data (i int)");
  }

  @AfterAll
  static void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "set role postgres",
        "set session authorization postgres",
        "select set_config('role', 'postgres', false)",
        "select query_to_xml('select * from public.plugin_database', true, false, '')",
        "do $$ begin reset role; perform * from public.plugin_database; end $$",
        "do $$ begin reset session authorization; perform * from public.secret; end $$",
        "do $$ begin perform * from plg_victim.private_data; end $$",
        "do $$ declare r text; begin select rolname into r from pg_roles where rolname like"
            + " 'plg_victim%'; execute format('set role %I', r); end $$",
        "do $$ declare r text; begin select rolname into r from pg_roles where rolname like"
            + " 'plg_victim%'; execute format('grant %I to current_user', r); end $$",
        "select * from plg_victim.private_data",
        "create table plg_victim.t (i int)",
        "create table public.t (i int)",
        "create function public.f() returns int language sql as 'select 1'",
        "create schema other",
        "create role another",
        "create database another",
        "alter role current_user superuser",
        "alter role current_user createrole",
        "alter system set log_statement = 'all'",
        "set log_statement = 'all'",
        "set session_replication_role = replica",
        "copy public.plugin_database to '/tmp/never'",
        "copy (select 1) to program 'true'",
        "select pg_read_file('/etc/hostname')",
        "select pg_ls_dir('.')",
        "select lo_import('/etc/hostname')",
        "select * from pg_authid",
        "select * from pg_shadow",
        "select pg_reload_conf()",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
        "lock table public.plugin",
        "truncate public.plugin",
        "alter table public.plugin owner to current_user",
        "create trigger t before insert on public.plugin for each row execute function f()",
        "create event trigger t on ddl_command_end execute function f()",
        "create extension dblink",
        "create server s foreign data wrapper postgres_fdw",
        "create function c() returns int language c as 'libc', 'getpid'",
        "select pg_create_logical_replication_slot('s', 'test_decoding')",
        "create publication p for all tables",
        "create subscription s connection 'dbname=x' publication p",
        "reassign owned by postgres to current_user",
        "comment on database postgres is 'mine'"
      })
  void the_database_refuses(String attack) throws InterruptedException {
    JsonNode answer = sql.write("mallet", attack);
    assertThat(answer.isInt()).as(attack + ": " + answer).isTrue();
    assertThat(answer.intValue()).as(attack).isEqualTo(REJECTED);
    assertThat(sql.read("mallet", "select session_user = current_user").get("rows").toString())
        .isEqualTo("[[true]]");
  }

  @Test
  void a_plugin_that_resets_its_role_is_still_itself() throws InterruptedException {
    JsonNode answer =
        batch(
            "reset role",
            "reset session authorization",
            "select session_user = current_user and current_user like 'plg!_mallet%' escape '!'");
    assertThat(answer.get("results").get(2).get("rows").toString()).isEqualTo("[[true]]");
  }

  @Test
  void nothing_of_a_session_survives_a_call() throws InterruptedException {
    batch(
        "create temp table left_over (i int)",
        "select pg_advisory_lock(4711)",
        "listen gonext_plugin",
        "set statement_timeout = 0",
        "set search_path = public",
        "set work_mem = '1GB'",
        "declare c cursor with hold for select 1",
        "prepare p as select 1");
    // A kept connection is the next one's; one with a prepared statement is not kept.
    batch(
        "create temp table left_over (i int)",
        "select pg_advisory_lock(4711)",
        "listen gonext_plugin",
        "set statement_timeout = 0",
        "set search_path = public",
        "declare c cursor with hold for select 1");
    assertThat(
            sql.read(
                    "mallet",
                    "select current_setting('statement_timeout'), current_setting('search_path'),"
                        + " (select count(*) from pg_listening_channels()), (select count(*) from"
                        + " pg_cursors where is_holdable), (select count(*) from"
                        + " pg_prepared_statements where from_sql), to_regclass('left_over'),"
                        + " (select count(*) from pg_locks where locktype = 'advisory' and pid ="
                        + " pg_backend_pid())")
                .get("rows")
                .toString())
        .isEqualTo("[[\"250ms\",\"plg_mallet\",0,0,0,null,0]]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "set statement_timeout = 0",
        "set search_path = public",
        "select set_config('search_path', 'public', false)",
        "select set_config('default_transaction_read_only', 'off', false)",
        "do $$ begin create temp table left_by_read (i int); end $$",
        "listen gonext_plugin"
      })
  void the_next_read_does_not_see_what_a_read_left_in_its_session(String change)
      throws InterruptedException {
    sql.read("mallet", change);
    assertThat(
            sql.read(
                    "mallet",
                    "select current_setting('statement_timeout'), current_setting('search_path'),"
                        + " current_setting('transaction_read_only'), to_regclass('left_by_read'),"
                        + " (select count(*) from pg_listening_channels())")
                .get("rows")
                .toString())
        .isEqualTo("[[\"250ms\",\"plg_mallet\",\"on\",null,0]]");
  }

  @Test
  void a_lock_that_a_read_left_in_its_session_is_freed_within_a_moment() throws Exception {
    for (int i = 0; i < 3; i++) {
      sql.read("mallet", "select pg_advisory_lock(4712)");
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            TestPostgres.queryInt(
                    URL,
                    "select count(*) from pg_locks where locktype = 'advisory' and objid = 4712")
                == 0);
  }

  @Test
  void a_session_in_which_a_read_prepared_a_statement_ends_within_a_moment() throws Exception {
    sql.read("mallet", "do $$ begin execute 'prepare left_by_read as select 1'; end $$");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            sql.read("mallet", "select count(*) from pg_prepared_statements where from_sql")
                .get("rows")
                .toString()
                .equals("[[0]]"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"commit", "rollback", "end"})
  void a_read_cannot_end_the_transaction_of_the_host(String end) throws InterruptedException {
    assertThat(sql.read("mallet", end).intValue()).isEqualTo(BAD_ARGUMENTS);
    assertThat(sql.read("mallet", "select 1").get("rows").toString()).isEqualTo("[[1]]");
  }

  @Test
  void the_time_of_each_read_is_its_own() throws InterruptedException {
    String now = "select extract(epoch from now())::numeric::text";
    String first = sql.read("mallet", now).get("rows").get(0).get(0).asString();
    String next = sql.read("mallet", now).get("rows").get(0).get(0).asString();
    assertThat(new BigDecimal(next)).isGreaterThan(new BigDecimal(first));
    assertThat(
            sql.read("mallet", "select clock_timestamp() - now() < interval '1 second'")
                .get("rows")
                .toString())
        .isEqualTo("[[true]]");
  }

  @Test
  void a_read_that_catches_its_cancellation_is_cut_off() throws Exception {
    JsonNode why =
        sql.once(
            "read.mallet.why",
            "do $$ begin loop begin perform pg_sleep(10); exception when query_canceled then"
                + " null; end; end loop; end $$");
    assertThat(why.get("code").asString()).isEqualTo("timed_out");
    assertThat(why.get("message").asString()).contains("session was ended");
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            TestPostgres.queryInt(
                    URL,
                    "select count(*) from pg_stat_activity where usename like 'plg!_mallet%'"
                        + " escape '!' and state = 'active' and datname = current_database()")
                == 0);
    assertThat(sql.read("mallet", "select 1").get("rows").toString()).isEqualTo("[[1]]");
  }

  @Test
  void a_table_that_is_altered_is_read_as_it_is() throws InterruptedException {
    sql.write("mallet", "create table altered (i int)");
    sql.write("mallet", "insert into altered values (1)");
    for (int i = 0; i < 8; i++) {
      assertThat(sql.read("mallet", "select * from altered").get("rows").toString())
          .isEqualTo("[[1]]");
    }
    sql.write("mallet", "alter table altered add column t text default 'x'");
    assertThat(sql.read("mallet", "select * from altered").get("rows").toString())
        .isEqualTo("[[1,\"x\"]]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"commit", "rollback", "commit and chain", "end"})
  void a_statement_cannot_end_the_transaction_of_the_host(String end) throws InterruptedException {
    sql.write("mallet", "create table if not exists once (i int)");
    JsonNode answer = batch("insert into once values (1)", end, "select 1 / 0");
    assertThat(answer.intValue()).isIn(BAD_ARGUMENTS, REJECTED);
    assertThat(sql.read("mallet", "select 1").get("rows").toString()).isEqualTo("[[1]]");
  }

  @Test
  void a_read_cannot_become_a_write() throws InterruptedException {
    sql.write("mallet", "create table constant (i int)");
    for (String attack :
        List.of(
            "do $$ begin set transaction read write; insert into constant values (1); end $$",
            "do $$ begin commit; insert into constant values (1); end $$",
            "do $$ begin rollback; insert into constant values (1); end $$",
            "select set_config('transaction_read_only', 'off', true)",
            "with w as (insert into constant values (1) returning i) select * from w")) {
      assertThat(sql.read("mallet", attack).intValue()).as(attack).isEqualTo(REJECTED);
    }
    // Accepted, and without an effect on what follows.
    sql.read("mallet", "set session characteristics as transaction read write");
    sql.read("mallet", "start transaction read write");
    assertThat(sql.read("mallet", "insert into constant values (1)").intValue())
        .isEqualTo(REJECTED);
    assertThat(sql.read("mallet", "select count(*) from constant").get("rows").toString())
        .isEqualTo("[[0]]");
  }

  @Test
  void a_function_of_the_plugin_does_not_hide_what_the_host_measures() throws InterruptedException {
    sql.activate(
        SqlGuests.bundle("liar").field("storage", "{\"db\":{\"max_bytes\":200000}}"), "liar");
    sql.write(
        "liar",
        "create function pg_total_relation_size(oid) returns bigint language sql as 'select"
            + " 0::bigint'");
    JsonNode answer =
        sql.batch(
            "liar",
            Map.of(
                "statements",
                List.of(
                    Map.of("sql", "create table t (v text)"),
                    Map.of("sql", "insert into t values ('1')"),
                    Map.of("sql", "set local search_path = plg_liar, pg_catalog"))));
    assertThat(answer.isObject()).isTrue();
    JsonNode large =
        sql.batch(
            "liar",
            Map.of(
                "statements",
                List.of(
                    Map.of("sql", "set local search_path = plg_liar, pg_catalog"),
                    Map.of(
                        "sql",
                        "insert into t select repeat(i::text, 400) from"
                            + " pg_catalog.generate_series(1, 2000) i"))));
    assertThat(large.intValue()).isEqualTo(-5);
  }

  @Test
  void large_objects_are_refused_because_no_quota_counts_them() throws InterruptedException {
    JsonNode why = sql.call("write.mallet.why", "select lo_from_bytea(0, 'x')");
    assertThat(why.get("message").asString()).contains("bytea");
    assertThat(
            sql.read("mallet", "select count(*) from pg_largeobject_metadata")
                .get("rows")
                .toString())
        .isEqualTo("[[0]]");
  }

  @Test
  void a_row_larger_than_the_host_reads_is_refused() throws InterruptedException {
    assertThat(sql.read("mallet", "select repeat('x', 9000000)").intValue()).isEqualTo(-5);
    assertThat(sql.read("mallet", "select 1").get("rows").toString()).isEqualTo("[[1]]");
  }

  @Test
  void a_statement_that_catches_its_cancellation_is_cut_off_and_named() throws Exception {
    double before = cutOffs();
    JsonNode why =
        sql.once(
            "write.mallet.why",
            "do $$ begin loop begin perform pg_sleep(10); exception when query_canceled then"
                + " null; end; end loop; end $$");
    assertThat(why.get("code").asString()).isEqualTo("timed_out");
    assertThat(why.get("message").asString()).contains("session was ended");
    assertThat(cutOffs()).isEqualTo(before + 1);
    assertThat(
            METERS
                .get("gonext.plugin.db")
                .tag("plugin", "mallet")
                .tag("function", "write")
                .tag("outcome", "timed_out")
                .timer()
                .count())
        .isPositive();
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            TestPostgres.queryInt(
                    URL,
                    "select count(*) from pg_stat_activity where usename like 'plg!_mallet%'"
                        + " escape '!' and state = 'active' and datname = current_database()")
                == 0);
    assertThat(sql.write("mallet", "create table after_all (i int)").isObject()).isTrue();
  }

  private static double cutOffs() {
    Counter cut = METERS.find("gonext.plugin.db.cut.off").tag("plugin", "mallet").counter();
    return cut == null ? 0 : cut.count();
  }

  @Test
  void a_plugin_waits_for_a_lock_of_another_session_no_longer_than_a_moment() throws Exception {
    sql.write("mallet", "create table contended (i int)");
    try (Connection other = DriverManager.getConnection(URL);
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("lock table plg_mallet.contended");
      assertThat(sql.once("write.mallet", "insert into contended values (1)").intValue())
          .isEqualTo(TIMED_OUT);
      assertThat(
              sql.once("write.mallet.why", "insert into contended values (1)")
                  .get("message")
                  .asString())
          .startsWith("a lock was not free within 200 ms");
      other.rollback();
    }
  }

  @Test
  void a_plugin_has_no_more_connections_than_its_share() throws Exception {
    try (ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> sleeping = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        sleeping.add(calls.submit(() -> sql.once("read.mallet", "select pg_sleep(5)")));
      }
      // Meanwhile another plugin is served.
      assertThat(sql.read("victim", "select count(*) from private_data").get("rows").toString())
          .isEqualTo("[[0]]");
      assertThat(
              TestPostgres.queryInt(
                  URL,
                  "select count(*) from pg_stat_activity where usename like 'plg!_mallet%' escape"
                      + " '!' and datname = current_database()"))
          .isBetween(1, 3);
      List<Integer> answers = new ArrayList<>();
      for (Future<JsonNode> call : sleeping) {
        answers.add(call.get().intValue());
      }
      assertThat(answers).containsOnly(TIMED_OUT, RATE_LIMITED).contains(RATE_LIMITED);
    }
  }

  @Test
  void a_plugin_that_changes_its_password_does_not_lock_itself_out() throws Exception {
    assertThat(sql.write("mallet", "alter role current_user password 'other'").isObject()).isTrue();
    assertThat(sql.read("mallet", "select 1").get("rows").toString()).isEqualTo("[[1]]");
  }

  @Test
  void a_connection_that_the_server_ended_is_replaced_within_the_call() throws Exception {
    sql.read("victim", "select 1");
    TestPostgres.execute(
        URL,
        "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'plg!_victim%'"
            + " escape '!'");
    assertThat(sql.read("victim", "select 1").get("rows").toString()).isEqualTo("[[1]]");
    assertThat(host.health().storeTrouble()).isEmpty();
  }

  @Test
  void a_database_whose_users_may_all_create_objects_is_refused(@TempDir Path other)
      throws Exception {
    String open = TestPostgres.createDatabase();
    TestPostgres.execute(open, "grant create on schema public to public");
    try (Host lax =
        Host.open(HostConfig.builder(other).database(Database.postgreSql(open)).build())) {
      assertThatThrownBy(() -> new SqlGuests(lax).activate("eager"))
          .isInstanceOf(ActivationException.class)
          .hasMessageContaining("revoke create on schema public from public");
    }
  }

  @Test
  void a_host_that_is_not_a_superuser_needs_no_more_than_to_create_roles(@TempDir Path other)
      throws Exception {
    String plain = TestPostgres.withPasswords();
    String login = plain + "?user=careful&password=a%26b%25%C3%BC";
    try (Host host =
        Host.open(HostConfig.builder(other).database(Database.postgreSql(login)).build())) {
      SqlGuests guests = new SqlGuests(host);
      host.plugins().install(SqlGuests.bundle("modest").bytes());
      host.plugins().grantRequested("modest");
      TestPostgres.execute(plain + "?user=postgres", "alter role careful nocreaterole");
      assertThatThrownBy(() -> host.plugins().activate("modest"))
          .isInstanceOf(ActivationException.class)
          .hasMessageContaining("its user needs CREATEROLE");
      TestPostgres.execute(plain + "?user=postgres", "alter role careful createrole");
      host.plugins().activate("modest");
      assertThat(guests.write("modest", "create table t (i int)").isObject()).isTrue();
      assertThat(guests.read("modest", "select count(*) from t").get("rows").toString())
          .isEqualTo("[[0]]");
      host.plugins().deactivate("modest");
      host.plugins().uninstall("modest");
      assertThat(
              TestPostgres.queryInt(
                  plain + "?user=postgres",
                  "select count(*) from pg_roles where rolname like 'plg!_modest%' escape '!'"))
          .isZero();
    }
  }

  private JsonNode batch(String... statements) throws InterruptedException {
    List<Map<String, Object>> all = new ArrayList<>();
    for (String statement : statements) {
      all.add(Map.of("sql", statement));
    }
    return sql.batch("mallet", Map.of("statements", all));
  }
}
