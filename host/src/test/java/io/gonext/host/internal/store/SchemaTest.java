package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.util.UUID;
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

  private static void assertLacks(Runnable opening) {
    assertThatThrownBy(opening::run)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("this program lacks the files io/gonext/host/internal/store/V*.sql")
        .hasMessageContaining("a jar that was repacked");
  }
}
