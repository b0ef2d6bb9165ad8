package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.internal.store.StoreFixture;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** SQL as guests see it, on both databases. One host; each test has tables of its own. */
@ParameterizedClass
@EnumSource
@SuppressWarnings("NullAway.Init") // before each class invocation
class SqlTest {
  private static final int DENIED = -1;
  private static final int BAD_ARGUMENTS = -3;
  private static final int QUOTA = -5;
  private static final int TIMED_OUT = -13;
  private static final int REJECTED = -14;

  @TempDir private static Path data;
  private static Host host;
  private static SqlGuests sql;

  private final StoreFixture fixture;

  SqlTest(StoreFixture fixture) {
    this.fixture = fixture;
  }

  @BeforeParameterizedClassInvocation
  static void open(StoreFixture fixture) throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data.resolve(fixture.name())).database(fixture.create()).build());
    sql = new SqlGuests(host);
    sql.activate("alpha");
    sql.activate("beta");
  }

  @AfterParameterizedClassInvocation
  static void close() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_plugin_reads_what_it_wrote() throws InterruptedException {
    write("create table note (id int primary key, body varchar(100))");
    assertThat(write("insert into note values (?, ?), (?, ?)", 1, "grün", 2, "blau").toString())
        .isEqualTo("{\"rows_affected\":2}");
    assertThat(read("select id, body from note where id > ? order by id", 0).toString())
        .isEqualTo(
            "{\"columns\":[\"id\",\"body\"],\"types\":[\"integer\",\"text\"],"
                + "\"rows\":[[1,\"grün\"],[2,\"blau\"]],\"truncated\":false}");
  }

  @Test
  void values_of_all_types_come_back_without_loss() throws InterruptedException {
    write(
        "create table every (b boolean, i int, l bigint, d double precision, n numeric(30, 10),"
            + " t varchar(20), x "
            + (fixture == StoreFixture.H2 ? "varbinary" : "bytea")
            + ", born date, seen timestamp(3), seenz timestamp(3) with time zone, u uuid)");
    BigDecimal decimal = new BigDecimal("12345678901234567890.0123456789");
    assertThat(
            why(
                    "write",
                    "insert into every values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    true,
                    7,
                    Long.MAX_VALUE,
                    0.1,
                    decimal,
                    "ü",
                    "AAH/",
                    "2026-02-28",
                    "2026-02-28 10:11:12.5",
                    "2026-02-28 10:11:12+02",
                    "6f0c1f7e-0000-4000-8000-000000000001")
                .toString())
        .isEqualTo("{\"rows_affected\":1}");
    JsonNode answer = read("select * from every");
    assertThat(answer.get("types").toString())
        .isEqualTo(
            "[\"boolean\",\"integer\",\"bigint\",\"double\",\"decimal\",\"text\",\"binary\","
                + "\"date\",\"timestamp\",\"timestamptz\",\"uuid\"]");
    assertThat(answer.get("rows").get(0).toString())
        .isEqualTo(
            "[true,7,\"9223372036854775807\",0.1,\"12345678901234567890.0123456789\",\"ü\","
                + "\"AAH/\",\"2026-02-28\",\"2026-02-28T10:11:12.5\",\"2026-02-28T08:11:12Z\","
                + "\"6f0c1f7e-0000-4000-8000-000000000001\"]");
    Object[] nulls = Collections.nCopies(11, NullNode.getInstance()).toArray();
    write("insert into every values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", nulls);
    assertThat(read("select * from every where b is null").get("rows").toString())
        .isEqualTo("[[null,null,null,null,null,null,null,null,null,null,null]]");
  }

  @Test
  void an_integer_that_a_double_holds_is_a_number() throws InterruptedException {
    assertThat(rows("select cast(9007199254740991 as bigint), cast(9007199254740993 as bigint)"))
        .isEqualTo("[[9007199254740991,\"9007199254740993\"]]");
  }

  @Test
  void a_parameter_that_no_column_types_has_the_type_of_its_json() throws InterruptedException {
    assertThat(rows("select cast(? as int) + 1 where ? is not null", 41, 1)).isEqualTo("[[42]]");
  }

  @Test
  void json_goes_in_and_out_as_json() throws InterruptedException {
    write("create table doc (j json)");
    write("insert into doc values (?)", Map.of("a", List.of(1, "x")));
    assertThat(rows("select j from doc")).isEqualTo("[[{\"a\":[1,\"x\"]}]]");
  }

  @Test
  void an_array_is_one_argument() throws InterruptedException {
    write("create table tag (id int, name varchar(10))");
    write("insert into tag values (1, 'a'), (2, 'b'), (3, 'c')");
    assertThat(rows("select name from tag where id = any(?) order by id", List.of(1, 3)))
        .isEqualTo("[[\"a\"],[\"c\"]]");
  }

  @Test
  void the_wrong_number_of_arguments_is_refused() throws InterruptedException {
    assertThat(why("read", "select cast(? as int)").toString())
        .isEqualTo(
            "{\"code\":\"bad_arguments\","
                + "\"message\":\"the statement has 1 parameters, and there are 0 arguments\"}");
    assertThat(read("select 1", 5).intValue()).isEqualTo(BAD_ARGUMENTS);
  }

  @Test
  void a_call_runs_one_statement() throws InterruptedException {
    write("create table one (i int)");
    for (String several : List.of("select 1; select 2", "insert into one values (1); select 1")) {
      assertThat(read(several).intValue()).isEqualTo(BAD_ARGUMENTS);
      assertThat(write(several).intValue()).isEqualTo(BAD_ARGUMENTS);
    }
    assertThat(rows("select ';' -- ; one")).isEqualTo("[[\";\"]]");
    assertThat(rows("select count(*) from one")).isEqualTo("[[0]]");
  }

  @Test
  void a_read_cannot_write() throws InterruptedException {
    write("create table fixed (i int)");
    for (String change :
        List.of(
            "insert into fixed values (1)",
            "create table more (i int)",
            "drop table fixed",
            "delete from fixed")) {
      assertThat(read(change).intValue()).as(change).isEqualTo(REJECTED);
    }
    assertThat(rows("select count(*) from fixed")).isEqualTo("[[0]]");
  }

  @Test
  void what_the_database_rejects_has_a_code_and_a_reason() throws InterruptedException {
    write("create table unique_one (i int primary key)");
    write("insert into unique_one values (1)");
    assertThat(write("insert into unique_one values (1)").intValue()).isEqualTo(REJECTED);
    JsonNode why = why("write", "insert into unique_one values (1)");
    assertThat(why.get("code").asString()).isEqualTo("rejected");
    assertThat(why.get("sqlstate").asString()).isEqualTo("23505");
    assertThat(why.get("message").asString()).containsIgnoringCase("unique");
    assertThat(why("read", "selec 1").get("sqlstate").asString()).startsWith("42");
  }

  @Test
  void a_failed_statement_leaves_nothing_and_the_next_call_works() throws InterruptedException {
    write("create table partly (i int check (i < 3))");
    assertThat(write("insert into partly values (1), (5)").intValue()).isEqualTo(REJECTED);
    assertThat(rows("select count(*) from partly")).isEqualTo("[[0]]");
  }

  @Test
  void a_batch_is_all_or_nothing() throws InterruptedException {
    write("create table account (id int primary key, amount int check (amount >= 0))");
    write("insert into account values (1, 10), (2, 0)");
    assertThat(transfer(4).toString())
        .isEqualTo("{\"results\":[{\"rows_affected\":1},{\"rows_affected\":1}]}");
    assertThat(transfer(7).intValue()).isEqualTo(REJECTED);
    assertThat(rows("select amount from account order by id")).isEqualTo("[[6],[4]]");
  }

  private JsonNode transfer(int amount) throws InterruptedException {
    return sql.batch(
        "alpha",
        Map.of(
            "statements",
            List.of(
                statement("update account set amount = amount + ? where id = 2", amount),
                statement("update account set amount = amount - ? where id = 1", amount))));
  }

  private static Map<String, Object> statement(String text, Object... args) {
    return Map.of("sql", text, "args", List.of(args));
  }

  @Test
  void a_batch_that_is_not_as_it_should_be_is_refused() throws InterruptedException {
    for (Object batch :
        List.of(
            Map.of(),
            Map.of("statements", List.of()),
            Map.of("statements", List.of(Map.of("args", List.of()))),
            Map.of("statements", List.of(Map.of("sql", "select 1", "more", 1))),
            Map.of("statements", List.of(statement("select 1")), "more", 1))) {
      assertThat(sql.batch("alpha", batch).intValue()).isEqualTo(BAD_ARGUMENTS);
    }
    Object jobs = Map.of("statements", List.of(statement("select 1")), "enqueue", List.of(1));
    assertThat(sql.batch("alpha", jobs).intValue()).as("no jobs.enqueue").isEqualTo(DENIED);
  }

  @Test
  void rows_beyond_the_limit_are_left_out() throws InterruptedException {
    JsonNode all = sql.call("read.alpha.why", series(10_000));
    assertThat(all.isObject()).as(all.toString()).isTrue();
    assertThat(all.get("rows").size()).isEqualTo(10_000);
    assertThat(all.get("truncated").asBoolean()).isFalse();
    JsonNode cut = sql.call("read.alpha.why", series(10_001));
    assertThat(cut.isObject()).as(cut.toString()).isTrue();
    assertThat(cut.has("rows")).as(cut.toString()).isTrue();
    assertThat(cut.get("rows").size()).isEqualTo(10_000);
    assertThat(cut.get("truncated").asBoolean()).isTrue();
  }

  @Test
  void a_statement_that_has_few_rows_once_may_have_many_later() throws InterruptedException {
    write("create table growing (i int)");
    for (int rows : List.of(0, 16, 17, 256, 257, 1000, 3)) {
      write("delete from growing");
      write("insert into growing select x from (" + series(1000) + ") s where x <= ?", rows);
      for (int again = 0; again < 2; again++) {
        JsonNode answer = read("select i from growing");
        assertThat(answer.get("rows").size()).isEqualTo(rows);
        assertThat(answer.get("truncated").asBoolean()).isFalse();
      }
    }
  }

  @Test
  void a_table_that_became_a_view_is_read_as_one() throws InterruptedException {
    write("create table shape (i int)");
    write("insert into shape values (1)");
    for (int again = 0; again < 3; again++) {
      assertThat(rows("select i from shape")).isEqualTo("[[1]]");
    }
    write("drop table shape");
    write("create view shape as select 2 as i");
    for (int again = 0; again < 3; again++) {
      assertThat(rows("select i from shape")).isEqualTo("[[2]]");
    }
  }

  @Test
  void an_answer_ends_at_one_mebibyte() throws InterruptedException {
    write("create table wide (t varchar(200000))");
    write("insert into wide select repeat('x', 200000) from (" + series(8) + ") s");
    JsonNode answer = read("select t from wide");
    assertThat(answer.get("rows").size()).isEqualTo(5);
    assertThat(answer.get("truncated").asBoolean()).isTrue();
  }

  private String series(int rows) {
    return fixture == StoreFixture.H2
        ? "select x from system_range(1, " + rows + ")"
        : "select x from generate_series(1, " + rows + ") x";
  }

  @Test
  void a_statement_that_takes_too_long_ends() throws InterruptedException {
    String slow =
        fixture == StoreFixture.H2
            ? "select count(*) from system_range(1, 100000) a, system_range(1, 100000) b"
            : "select pg_sleep(20)";
    assertThat(sql.once("read.alpha", slow).intValue()).isEqualTo(TIMED_OUT);
    assertThat(sql.once("read.alpha.why", slow).get("message").asString())
        .startsWith("a statement took more than 250 ms");
    assertThat(rows("select 1")).isEqualTo("[[1]]");
  }

  @Test
  void a_plugin_sees_only_its_own_tables() throws InterruptedException {
    write("create table mine (i int)");
    for (String name :
        List.of("mine", "plg_alpha.mine", "plugin_database", "public.plugin", "secret")) {
      for (String statement :
          List.of("select * from " + name, "delete from " + name, "drop table " + name)) {
        assertThat(sql.write("beta", statement).intValue()).as(statement).isEqualTo(REJECTED);
      }
    }
    assertThat(rows("select count(*) from plg_alpha.mine")).isEqualTo("[[0]]");
  }

  @Test
  void each_capability_allows_only_its_own_functions() throws InterruptedException {
    host.plugins().install(SqlGuests.bundle("gamma").bytes());
    host.plugins().activate("gamma");
    host.plugins().grant("gamma", "db.read");
    assertThat(sql.read("gamma", "select 1").get("rows").toString()).isEqualTo("[[1]]");
    assertThat(sql.write("gamma", "create table t (i int)").intValue()).isEqualTo(-1);
    assertThat(sql.batch("gamma", Map.of("statements", List.of(statement("select 1")))).intValue())
        .isEqualTo(-1);
    assertThat(host.audit().newest("gamma", 10)).extracting(AuditRow::event).contains("denied");
    host.plugins().revoke("gamma", "db.read");
    assertThat(sql.read("gamma", "select 1").intValue()).isEqualTo(-1);
  }

  @Test
  void uninstall_drops_the_tables_unless_they_are_kept() throws InterruptedException {
    sql.activate("delta");
    sql.write("delta", "create table t (i int)");
    host.plugins().deactivate("delta");
    host.plugins().uninstallKeepingData("delta");
    sql.activate("delta");
    assertThat(sql.call("read.delta.why", "select count(*) from t").path("rows").toString())
        .isEqualTo("[[0]]");
    host.plugins().deactivate("delta");
    host.plugins().uninstall("delta");
    sql.activate("delta");
    assertThat(sql.read("delta", "select count(*) from t").intValue()).isEqualTo(REJECTED);
  }

  @Test
  void a_plugin_that_drops_its_schema_gets_an_empty_one_when_it_is_activated()
      throws InterruptedException {
    sql.activate("zeta");
    sql.write("zeta", "drop schema plg_zeta cascade");
    host.plugins().deactivate("zeta");
    host.plugins().activate("zeta");
    assertThat(sql.write("zeta", "create table t (i int)").isObject()).isTrue();
    assertThat(sql.call("read.zeta.why", "select count(*) from t").path("rows").toString())
        .isEqualTo("[[0]]");
  }

  @Test
  void tables_beyond_the_quota_do_not_grow_and_can_be_emptied() throws InterruptedException {
    sql.activate(
        SqlGuests.bundle("epsilon").field("storage", "{\"db\":{\"max_bytes\":400000}}"), "epsilon");
    sql.write("epsilon", "create table t (i int primary key, v varchar(1000))");
    String insert =
        "insert into t select n.x + ?, repeat('x', 900) from (%s) n".formatted(series(100));
    int answers = 0;
    JsonNode answer = sql.write("epsilon", insert, 0);
    while (answer.isObject() && answers < 50) {
      answers++;
      answer = sql.write("epsilon", insert, answers * 100);
    }
    assertThat(answer.intValue()).isEqualTo(QUOTA);
    assertThat(answers).isBetween(1, 10);
    assertThat(sql.write("epsilon", insert, answers * 100).intValue()).isEqualTo(QUOTA);
    assertThat(sql.write("epsilon", "delete from t where i <= 100").toString())
        .isEqualTo("{\"rows_affected\":100}");
  }

  private String rows(String text, Object... args) throws InterruptedException {
    JsonNode answer = read(text, args);
    assertThat(answer.isObject()).as(text + ": " + answer).isTrue();
    return answer.get("rows").toString();
  }

  private JsonNode read(String text, Object... args) throws InterruptedException {
    return sql.read("alpha", text, args);
  }

  private JsonNode write(String text, Object... args) throws InterruptedException {
    return sql.write("alpha", text, args);
  }

  private JsonNode why(String function, String text, Object... args) throws InterruptedException {
    return sql.call(function + ".alpha.why", text, args);
  }
}
