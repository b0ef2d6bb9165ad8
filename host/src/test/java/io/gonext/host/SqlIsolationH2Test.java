package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What the SQL of a plugin tries on the embedded H2. */
class SqlIsolationH2Test {
  private static final int TIMED_OUT = -13;
  private static final int REJECTED = -14;

  @TempDir private static Path data;
  private static Host host;
  private static SqlGuests sql;

  @BeforeAll
  static void open() throws InterruptedException {
    host = Host.open(data);
    sql = new SqlGuests(host);
    sql.activate("mallet");
    sql.activate("victim");
    sql.write("victim", "create table private_data (i int)");
    sql.write("mallet", "create table own (i int)");
  }

  @AfterAll
  static void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create alias x for 'java.lang.System.getProperty(java.lang.String)'",
        "create trigger tr before insert on own call 'x.Y'",
        "create aggregate ag for 'x.Y'",
        "create linked table l('', 'jdbc:h2:mem:', '', '', 'x')",
        "select * from csvread('/etc/hostname')",
        "call csvwrite('never.csv', 'select 1')",
        "select file_read('/etc/hostname')",
        "select file_write(x'00', 'never')",
        "call link_schema('x', '', 'jdbc:h2:mem:', '', '', 'PUBLIC')",
        "script",
        "runscript from 'never.sql'",
        "backup to 'never.zip'",
        "shutdown",
        "checkpoint",
        "analyze",
        "create user evil password 'x' admin",
        "alter user plg_mallet admin true",
        "create role r",
        "create schema other",
        "grant all on schema public to public",
        "set exclusive 1",
        "set mode PostgreSQL",
        "set write_delay 1000",
        "set db_close_delay 10",
        "set default_lock_timeout 1",
        "set allow_literals none",
        "select abort_session(1)",
        "drop all objects",
        "select * from public.plugin",
        "select * from public.plugin_database",
        "select * from plg_victim.private_data",
        "insert into plg_victim.private_data values (1)",
        "create table public.t (i int)",
        "create table plg_victim.t (i int)",
        "create view v as select * from public.plugin",
        "execute immediate 'select * from public.secret'",
        "drop table public.plugin",
        "alter table public.plugin add column x int",
        "truncate table public.plugin",
        "create index i on public.plugin(name)"
      })
  void the_database_refuses(String attack) throws InterruptedException {
    assertThat(sql.write("mallet", attack).toString()).as(attack).isEqualTo("" + REJECTED);
    assertThat(sql.read("mallet", attack).toString()).as(attack).isEqualTo("" + REJECTED);
    assertThat(sql.read("mallet", "select count(*) from own").get("rows").toString())
        .isEqualTo("[[0]]");
  }

  @Test
  void another_name_for_a_table_of_the_host_gives_no_rights() throws InterruptedException {
    sql.write("mallet", "create synonym s for public.plugin");
    sql.write("mallet", "create force view v as select * from public.plugin");
    for (String attack : new String[] {"select * from s", "delete from s", "select * from v"}) {
      assertThat(sql.write("mallet", attack).intValue()).as(attack).isEqualTo(REJECTED);
    }
  }

  @Test
  void nothing_is_written_beside_the_store() throws Exception {
    try (var files = Files.list(data)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith("never"));
    }
  }

  @Test
  void nothing_of_a_session_survives_a_call() throws InterruptedException {
    sql.read("mallet", "set query_timeout 0");
    sql.read("mallet", "set schema information_schema");
    sql.read("mallet", "create local temporary table left_over (i int)");
    assertThat(sql.read("mallet", "select * from left_over").intValue()).isEqualTo(REJECTED);
    assertThat(sql.read("mallet", "select current_schema").get("rows").toString())
        .isEqualTo("[[\"PLG_MALLET\"]]");
    assertThat(
            sql.once(
                    "read.mallet",
                    "select count(*) from system_range(1, 100000) a, system_range(1, 100000) b")
                .intValue())
        .isEqualTo(TIMED_OUT);
  }

  @Test
  void a_type_that_h2_does_not_keep_safely_is_refused_with_the_one_to_use()
      throws InterruptedException {
    JsonNode why = sql.call("write.mallet.why", "create table large (t clob)");
    assertThat(why.path("message").asString(why.toString()))
        .startsWith("large.t: ")
        .contains("use varchar");
    sql.write("mallet", "drop table large");
  }

  @Test
  void a_plugin_that_changes_its_password_does_not_lock_itself_out() throws Exception {
    String user = sql.write("mallet", "select current_user").get("rows").get(0).get(0).asString();
    assertThat(sql.write("mallet", "alter user " + user + " set password 'other'").isObject())
        .isTrue();
    // H2 answers a wrong password late, so the first call may run out of time.
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> sql.write("mallet", "delete from own").isObject());
  }
}
