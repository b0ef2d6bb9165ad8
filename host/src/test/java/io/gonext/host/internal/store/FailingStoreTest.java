package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.StoreException;
import io.gonext.host.internal.lifecycle.Delivered;
import io.gonext.host.internal.lifecycle.TestLifecycle;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that makes a change and then says that it failed: what serves follows the store. */
class FailingStoreTest {
  @TempDir private Path data;
  private final AtomicBoolean failing = new AtomicBoolean();
  private PluginStore store;
  private TestLifecycle host;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded(), real -> WatchedJdbc.of(real, this::before));
    host = new TestLifecycle(store, System::nanoTime);
    host.activate("upper");
  }

  @AfterEach
  void close() {
    host.close();
    store.close();
  }

  @Test
  void a_plugin_that_was_deactivated_serves_no_more() {
    failing.set(true);
    assertThatThrownBy(() -> host.lifecycle().deactivate("upper", false, left -> {}))
        .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isMaybeChanged()).isTrue())
        .hasMessageContaining("the change was made");
    assertThat(state()).isEqualTo(PluginState.INACTIVE);
    assertThat(host.lifecycle().active()).isEmpty();
  }

  @Test
  void a_version_that_was_stored_serves() {
    failing.set(true);
    Delivered next =
        TestLifecycle.delivered(
            GuestBundle.of("upper", Guests.wasm("upper")).version("2.0.0").filter("h").bytes());
    assertThatThrownBy(() -> host.lifecycle().update(next)).isInstanceOf(StoreException.class);
    assertThat(store.find("upper").orElseThrow().current().version()).isEqualTo("2.0.0");
    assertThat(host.lifecycle().active().getFirst().manifest().version()).hasToString("2.0.0");
    assertThat(host.lifecycle().faults()).isEmpty();
  }

  @Test
  void a_store_that_could_not_write_is_in_trouble_until_it_can() {
    assertThat(store.trouble()).isEmpty();
    failing.set(true);
    assertThatThrownBy(() -> host.lifecycle().deactivate("upper", false, left -> {}))
        .isInstanceOf(StoreException.class);
    assertThat(store.trouble().orElseThrow().cause()).isEqualTo("no space left on device");
    failing.set(true);
    assertThatThrownBy(() -> store.probe()).isInstanceOf(StoreException.class);
    assertThat(store.trouble()).isPresent();
    store.probe();
    assertThat(store.trouble()).isEmpty();
    assertThat(store.keyValues().usage("?")).isEqualTo(new KeyValueStore.Usage(0, 0));
  }

  @Test
  void a_refused_change_does_not_put_the_store_in_trouble() {
    assertThat(store.insert("upper", store.find("upper").orElseThrow().current(), new byte[1]))
        .isFalse();
    assertThat(store.trouble()).isEmpty();
  }

  private PluginState state() {
    return store.find("upper").orElseThrow().state();
  }

  /** Fails once to flush what was committed, when it is told to. */
  private void before(String method, Object... args) throws SQLException {
    if (args.length > 0
        && "checkpoint sync".equals(args[0])
        && failing.compareAndSet(true, false)) {
      throw new SQLException("no space left on device");
    }
  }
}
