package io.gonext.host.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.kv.KeyValueAnswer.Done;
import io.gonext.host.kv.KeyValueAnswer.NotFound;
import io.gonext.host.kv.KeyValueAnswer.Unavailable;
import io.gonext.host.store.Database;
import io.gonext.host.store.KeyValueQuota;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that is slow, stuck or gone holds no guest up. */
class PluginKeyValuesTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private PluginStore plugins;

  /** What a stuck executor was given. */
  private final Deque<Runnable> stuck = new ArrayDeque<>();

  @BeforeEach
  void open() {
    plugins = PluginStore.open(directory, Database.embedded());
    plugins.insert("p-1", new StoredVersion("1.0.0", "ab".repeat(32), Instant.EPOCH), new byte[1]);
  }

  @AfterEach
  void close() {
    plugins.close();
  }

  @Test
  void an_operation_that_is_not_begun_in_time_is_unavailable_and_never_runs() {
    PluginKeyValues entries = entries(stuck::add, SHORT);
    assertThat(entries.set("a", new byte[1])).isInstanceOf(Unavailable.class);
    assertThat(entries.get("a")).isInstanceOf(Unavailable.class);
    assertThat(entries.delete("a")).isInstanceOf(Unavailable.class);
    // The two changes would have been one group.
    assertThat(stuck).hasSize(2);
    stuck.forEach(Runnable::run);
    assertThat(entries(Runnable::run, LONG).get("a")).isInstanceOf(NotFound.class);
  }

  @Test
  void an_interrupt_ends_the_wait_at_once_and_is_kept() {
    PluginKeyValues entries = entries(stuck::add, LONG);
    Thread.currentThread().interrupt();
    assertThat(entries.get("a")).isInstanceOf(Unavailable.class);
    assertThat(entries.set("a", new byte[1])).isInstanceOf(Unavailable.class);
    assertThat(Thread.interrupted()).isTrue();
    // The store never saw the interrupt.
    assertThat(entries(Runnable::run, LONG).set("a", new byte[1])).isEqualTo(new Done());
  }

  @Test
  void a_store_that_fails_is_unavailable() {
    plugins.close();
    PluginKeyValues entries = entries(Runnable::run, LONG);
    assertThat(entries.get("a")).isInstanceOf(Unavailable.class);
    assertThat(entries.set("a", new byte[1])).isInstanceOf(Unavailable.class);
    assertThat(entries.increment("a", 1)).isInstanceOf(Unavailable.class);
  }

  @Test
  void too_many_operations_at_once_are_unavailable() {
    PluginKeyValues entries =
        entries(
            task -> {
              throw new RejectedExecutionException();
            },
            LONG);
    assertThat(entries.get("a")).isInstanceOf(Unavailable.class);
    assertThat(entries.set("a", new byte[1])).isInstanceOf(Unavailable.class);
    assertThat(entries.set("a", new byte[1])).isInstanceOf(Unavailable.class);
  }

  @Test
  void an_error_on_the_way_to_the_store_gives_the_turn_back() {
    AtomicBoolean exhausted = new AtomicBoolean(true);
    PluginKeyValues entries =
        entries(
            task -> {
              if (exhausted.getAndSet(false)) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              task.run();
            },
            LONG);
    assertThatThrownBy(() -> entries.set("a", new byte[1])).isInstanceOf(OutOfMemoryError.class);
    // Without the turn this would wait for it, and end as unavailable.
    assertThat(entries.set("a", new byte[1])).isEqualTo(new Done());
  }

  private PluginKeyValues entries(Executor executor, Duration budget) {
    return new PluginKeyValues(
        "p-1", plugins.keyValues(), KeyValueQuota.defaults(), executor, budget, false);
  }
}
