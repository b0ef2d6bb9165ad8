package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreLostTest {
  /** Gone, stopped, in recovery, out of connections, out of space, a replica; H2 closed. */
  @ParameterizedTest
  @ValueSource(strings = {"08006", "57P01", "57P03", "53300", "53100", "25006", "90098"})
  void what_the_database_lacks_is_not_the_fault_of_who_asked(String state) {
    Exception failure =
        new IllegalStateException("of a library", new SQLException("of a test", state));
    assertThat(PluginDatabases.isStoreLost(failure)).isTrue();
  }

  /** Syntax, constraint, right, cancelled, none. */
  @ParameterizedTest
  @ValueSource(strings = {"42601", "23505", "42501", "57014", ""})
  void what_it_refuses_is(String state) {
    assertThat(PluginDatabases.isStoreLost(new SQLException("of a test", state))).isFalse();
  }

  @Test
  void a_pool_without_a_connection_has_lost_it() {
    assertThat(PluginDatabases.isStoreLost(new SQLTransientConnectionException("of a test")))
        .isTrue();
  }
}
