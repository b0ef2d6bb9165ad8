package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.failure.StoreException;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.store.Database;
import io.gonext.host.store.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A PostgreSQL server that is stopped under a running host. */
class LostDatabaseTest {
  @TempDir private Path data;
  @TempDir private Path server;

  @Test
  void what_is_loaded_is_served_changes_are_refused_and_both_are_over_when_it_is_back()
      throws Exception {
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host host =
        Host.open(HostConfig.of(data).withDatabase(Database.postgreSql(postgres.url())))) {
      host.install(GuestBundle.of("upper").filter("shout").bytes());
      host.activate("upper");
      postgres.stop();

      assertThat(shouted(host)).isEqualTo("A");
      assertThatThrownBy(() -> host.deactivate("upper"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("nothing was changed");
      assertThatThrownBy(() -> host.install(GuestBundle.of("echo").bytes()))
          .isInstanceOf(StoreException.class);
      assertThat(shouted(host)).isEqualTo("A");

      postgres.start();
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptionsInstanceOf(StoreException.class)
          .until(() -> !host.plugins().isEmpty());
      TestPostgres.execute(
          postgres.url(), "update plugin set state = 'INACTIVE', revision = revision + 1");
      await().atMost(Duration.ofSeconds(30)).until(() -> host.pools().isEmpty());
    } finally {
      postgres.stop();
    }
  }

  private static String shouted(Host host) throws InterruptedException {
    FilterResult result = host.applyFilters("shout", "a");
    assertThat(result.degraded()).isEmpty();
    return result.value().stringValue();
  }
}
