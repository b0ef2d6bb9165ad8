package io.gonext.host.internal.service.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init") // before all tests
class PlainSelectTest {
  private static Connection connection;

  @BeforeAll
  static void open() throws SQLException {
    connection = DriverManager.getConnection("jdbc:h2:mem:");
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "create table t (id int primary key, body varchar);"
              + " create view v as select id, regexp_replace(body, '(a+)+$', '') as body from t;"
              + " create sequence s");
    }
  }

  @AfterAll
  static void close() throws SQLException {
    connection.close();
  }

  private static boolean isPlain(String sql) throws SQLException {
    return PlainSelect.is(H2Dialect.parsed(connection, sql));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select body from t where id = ?",
        "select * from t",
        "select id as number, body as text from t where id between ? and ? and body is not null",
        "select 1, body from t where not (id < 3 or id in (5, ?))",
        "select a.body from t a join t b on a.id = b.id where b.body = ?",
        "select body from t offset ? rows fetch next 5 rows only"
      })
  void a_select_that_only_compares_columns_is_plain(String sql) throws SQLException {
    assertThat(isPlain(sql)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select body from t where regexp_like(body, ?)",
        "select body from t where body regexp ?",
        "select body from t where body like ?",
        "select regexp_replace(body, '(a+)+$', '') as body from t",
        "select upper(body) x from t",
        "select body from t where id = ? and (id = 2 or lower(body) = 'a')",
        "select a.id from t a left join t b on lower(a.body) = b.body",
        "select id from t where id in (select id from v)",
        "select id from t where exists (select 1 from v)",
        "select body from v where id = ?",
        "select d.body from (select upper(body) as body from t) d",
        "with w as (select upper(body) as body from t) select body from w",
        "select body from t order by body",
        "select distinct body from t",
        "select count(*) from t",
        "select body from t group by body having max(body) regexp '(a+)+$'",
        "select body from t fetch first cast(repeat('1', ?) as int) rows only",
        "select rank() over (order by body) from t",
        "select id from t union select id from v",
        "select * from system_range(1, 1000000)",
        "select * from information_schema.tables",
        "select next value for s from t",
        "select id || body from t",
        "select case when id = 1 then upper(body) end from t",
        "select body from t where id = 1 for update",
        "values (1)",
        "set @x = 1",
        "update t set body = ?"
      })
  void what_may_take_long_or_leave_something_is_not_plain(String sql) throws SQLException {
    assertThat(isPlain(sql)).isFalse();
  }
}
