package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.flywaydb.core.api.FlywayException;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;

/** A program that was packed without the migrations of the store. */
class SchemaTest {
  private static final String NOWHERE = "io/gonext/host/nowhere";

  private final JdbcDataSource connections = new JdbcDataSource();
  private final SqlDatabase database = SqlDatabase.of(Database.embedded());

  SchemaTest() {
    connections.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
  }

  @Test
  void a_new_store_is_refused_without_migrations() {
    assertLacks(() -> new Schema(connections, database, NOWHERE).migrate());
  }

  @Test
  void a_store_that_has_tables_is_refused_without_migrations() {
    new Schema(connections, database).migrate();
    assertLacks(() -> new Schema(connections, database, NOWHERE).state());
    assertLacks(() -> new Schema(connections, database, NOWHERE).migrate());
  }

  @Test
  void the_newest_version_is_that_of_the_last_file() throws Exception {
    new Schema(connections, database).migrate();
    assertThat(versions().getLast()).isEqualTo(Schema.NEWEST);
  }

  @Test
  void a_store_that_is_up_to_date_is_not_brought_up_to_date_again() throws Exception {
    Schema schema = new Schema(connections, database);
    assertThat(schema.state()).isEqualTo(Schema.State.NONE);
    schema.migrate();
    assertThat(schema.state()).isEqualTo(Schema.State.CURRENT);
    // Flyway would refuse a file that is not what it was.
    change("UPDATE \"flyway_schema_history\" SET \"checksum\" = 7");
    schema.migrate();
  }

  @Test
  void a_store_of_a_newer_program_and_one_with_a_failed_step_are_left_to_flyway() throws Exception {
    Schema schema = new Schema(connections, database);
    schema.migrate();
    change("UPDATE \"flyway_schema_history\" SET \"success\" = FALSE WHERE \"version\" = '3'");
    assertThatThrownBy(schema::migrate).isInstanceOf(FlywayException.class);
    change(
        "UPDATE \"flyway_schema_history\" SET \"success\" = TRUE, \"version\" = '99'"
            + " WHERE \"version\" = '3'");
    assertThatThrownBy(schema::migrate).isInstanceOf(FlywayException.class);
  }

  @Test
  void a_store_that_is_behind_is_brought_up_to_date() throws Exception {
    Schema schema = new Schema(connections, database);
    schema.migrate();
    change("DELETE FROM \"flyway_schema_history\" WHERE \"version\" = '" + Schema.NEWEST + "'");
    assertThat(schema.state()).isEqualTo(Schema.State.BEHIND);
  }

  private List<Integer> versions() throws SQLException {
    List<Integer> versions = new ArrayList<>();
    try (Connection connection = connections.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT CAST(\"version\" AS INTEGER) FROM \"flyway_schema_history\""
                    + " WHERE \"version\" IS NOT NULL ORDER BY 1")) {
      while (rows.next()) {
        versions.add(rows.getInt(1));
      }
    }
    return versions;
  }

  private void change(String sql) throws SQLException {
    try (Connection connection = connections.getConnection();
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate(sql)).isPositive();
    }
  }

  private static void assertLacks(Runnable opening) {
    assertThatThrownBy(opening::run)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("this program lacks the files io/gonext/host/internal/store/V*.sql")
        .hasMessageContaining("a jar that was repacked");
  }
}
