package io.gonext.host.internal.service.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheListener;
import io.gonext.host.Database;
import io.gonext.host.internal.store.PluginStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One listener of one host, step by step on the thread of the test. */
class FollowerTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<String> received = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private final AtomicReference<Instant> clock = new AtomicReference<>(NOW);
  @TempDir private Path directory;
  private PluginStore store;
  private Outbox outbox;

  /** How often the listener throws before it accepts. */
  private int failures;

  private final CacheListener listener =
      new CacheListener() {
        @Override
        public void invalidate(CacheInvalidation invalidation) throws Exception {
          happen(String.join(",", invalidation.tags()));
        }

        @Override
        public void invalidateAll() throws Exception {
          happen("*");
        }
      };

  private void happen(String what) throws Exception {
    if (failures-- > 0) {
      throw new Exception("this listener fails");
    }
    received.add(what);
  }

  @BeforeEach
  void open() {
    store = PluginStore.open(directory, Database.embedded());
    outbox = new Outbox(store.cache(), (InstantSource) clock::get);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void a_listener_that_throws_is_called_again_with_growing_pauses() throws Exception {
    Follower follower = follower(position(0));
    outbox.append("shop", List.of("a"));
    outbox.append("shop", List.of("b"));
    failures = 3;
    assertThat(follower.step()).isTrue();
    assertThat(received).containsExactly("a", "b");
    assertThat(pauses)
        .containsExactly(Duration.ofMillis(100), Duration.ofMillis(400), Duration.ofMillis(1600));
    assertThat(count("failed")).isEqualTo(3);
    assertThat(count("delivered")).isEqualTo(2);
    assertThat(follower.step()).isFalse();
  }

  @Test
  void a_listener_that_fails_five_times_gets_the_next_invalidation() throws Exception {
    Follower follower = follower(position(0));
    outbox.append("shop", List.of("a"));
    outbox.append("shop", List.of("b"));
    failures = Follower.ATTEMPTS;
    follower.step();
    assertThat(received).containsExactly("b");
    assertThat(count("given_up")).isEqualTo(1);
  }

  @Test
  void the_position_moves_only_after_the_listener_returned() throws Exception {
    CachePosition position = position(0);
    outbox.append("shop", List.of("a"));
    failures = 1;
    Follower interrupted =
        new Follower(
            outbox,
            position,
            0,
            listener,
            meters,
            time -> {
              throw new InterruptedException();
            });
    assertThatThrownBy(interrupted::step).isInstanceOf(InterruptedException.class);
    assertThat(position.of(0)).isZero();
    follower(position).step();
    assertThat(received).containsExactly("a");
    assertThat(Files.readString(file())).isEqualTo("1");
  }

  @Test
  void the_file_has_the_position_of_the_slowest_listener() {
    CachePosition position = new CachePosition(file(), 2, 3);
    position.moved(0, 9);
    assertThat(CachePosition.read(file())).hasValue(3);
    position.moved(1, 5);
    assertThat(CachePosition.read(file())).hasValue(5);
  }

  @Test
  void invalidations_are_deleted_after_24_hours_but_at_most_once_a_minute() throws Exception {
    outbox.append("shop", List.of("a"));
    clock.set(NOW.plus(Outbox.KEPT).minusSeconds(1));
    outbox.append("shop", List.of("b"));
    assertThat(outbox.after(0, 10).complete()).isTrue();
    clock.set(NOW.plus(Outbox.KEPT).plusSeconds(1));
    outbox.append("shop", List.of("c"));
    assertThat(outbox.after(0, 10).complete()).as("within the minute").isTrue();
    clock.set(NOW.plus(Outbox.KEPT).plusSeconds(60));
    outbox.append("shop", List.of("d"));
    assertThat(outbox.after(0, 10).complete()).isFalse();

    follower(position(0)).step();
    assertThat(received).containsExactly("*", "b", "c", "d");
    assertThat(count("missed")).isEqualTo(1);
  }

  @Test
  void another_hosts_invalidation_is_found_by_a_look() throws Exception {
    Outbox other = new Outbox(store.cache(), InstantSource.system());
    other.append("shop", List.of("a"));
    assertThat(outbox.await(0, Duration.ZERO)).isFalse();
    outbox.look();
    assertThat(outbox.await(0, Duration.ZERO)).isTrue();
  }

  private Path file() {
    return directory.resolve("cache.position");
  }

  private CachePosition position(long start) {
    return new CachePosition(file(), 1, start);
  }

  private Follower follower(CachePosition position) {
    return new Follower(outbox, position, 0, listener, meters, pauses::add);
  }

  private double count(String outcome) {
    return meters.get("gonext.cache.listener.calls").tag("outcome", outcome).counter().count();
  }
}
