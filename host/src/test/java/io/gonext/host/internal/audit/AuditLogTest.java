package io.gonext.host.internal.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.AuditRow;
import io.gonext.host.Database;
import io.gonext.host.internal.store.FailingStores;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreFixture;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

@ParameterizedClass
@EnumSource
class AuditLogTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final int KEPT = 20;
  private static final int QUEUE_LENGTH = 500;

  @TempDir private Path directory;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Database database;
  private PluginStore store;

  AuditLogTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() {
    store = PluginStore.open(directory, database);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void rows_come_back_newest_first_as_they_were_given() {
    try (AuditLog log = log(Thread::new)) {
      log.record("a-plugin", "1.0.0", "install", "operator", detail(1));
      log.offer("a-plugin", "1.0.0", "a-plugin.x", "plugin", detail(2));
      log.offer("b-plugin", "1.0.0", "denied", "host", detail(3));
      assertThat(log.newest("a-plugin", 10))
          .containsExactly(
              new AuditRow(NOW, "a-plugin", "1.0.0", "a-plugin.x", "plugin", "{\"n\":2}"),
              new AuditRow(NOW, "a-plugin", "1.0.0", "install", "operator", "{\"n\":1}"));
      assertThat(log.newest(1)).extracting(AuditRow::event).containsExactly("denied");
    }
    assertThat(dropped()).isZero();
  }

  @Test
  void a_filter_takes_rows_by_plugin_event_actor_and_time() {
    try (AuditLog log = log(Thread::new)) {
      log.offer("a-plugin", "1.0.0", "install", "operator", detail(1));
      log.offer("a-plugin", "1.0.0", "a-plugin.100%_x", "plugin", detail(2));
      log.offer("b-plugin", "1.0.0", "Denied", "host", detail(3));

      assertThat(events(log, new AuditFilter("a-plugin", "", "", null, null)))
          .containsExactly("a-plugin.100%_x", "install");
      assertThat(events(log, new AuditFilter("", "denie", "", null, null)))
          .containsExactly("Denied");
      assertThat(events(log, new AuditFilter("", "100%_", "", null, null))).hasSize(1);
      assertThat(events(log, new AuditFilter("", "%", "", null, null))).hasSize(1);
      assertThat(events(log, new AuditFilter("", "!", "", null, null))).isEmpty();
      assertThat(events(log, new AuditFilter("", "", "operator", null, null)))
          .containsExactly("install");
      assertThat(events(log, new AuditFilter("", "", "", NOW, NOW.plusSeconds(1)))).hasSize(3);
      assertThat(events(log, new AuditFilter("", "", "", NOW.plusSeconds(1), null))).isEmpty();
      assertThat(events(log, new AuditFilter("", "", "", null, NOW))).isEmpty();
      assertThat(events(log, new AuditFilter("\0", "\ud800", "' or 1=1 --", null, null))).isEmpty();
    }
  }

  private static List<String> events(AuditLog log, AuditFilter filter) {
    return log.find(filter, Long.MAX_VALUE, 10).stream().map(entry -> entry.row().event()).toList();
  }

  @Test
  void a_reader_goes_on_below_the_last_row_that_it_has() {
    try (AuditLog log = log(Thread::new)) {
      for (int i = 0; i < 10; i++) {
        log.offer("a-plugin", "1.0.0", "denied", "host", detail(i));
      }
      List<AuditEntry> first = log.find(AuditFilter.ALL, Long.MAX_VALUE, 6);
      log.record("a-plugin", "1.0.0", "denied", "host", detail(10));
      List<AuditEntry> second = log.find(AuditFilter.ALL, first.getLast().id(), 6);

      assertThat(first).hasSize(6);
      assertThat(second)
          .extracting(entry -> entry.row().detail())
          .containsExactly("{\"n\":3}", "{\"n\":2}", "{\"n\":1}", "{\"n\":0}");
    }
  }

  @Test
  void queued_rows_are_written_when_the_log_closes() {
    CountDownLatch gate = new CountDownLatch(1);
    AuditLog log = log(gated(gate));
    for (int i = 0; i < QUEUE_LENGTH - 1; i++) {
      assertThat(log.offer("a-plugin" + i, "1.0.0", "denied", "host", detail(i))).isTrue();
    }
    gate.countDown();
    log.close();
    log.close();
    assertThat(log.offer("late", "1.0.0", "denied", "host", detail(0))).isFalse();
    assertThat(store.audit().newest(2 * QUEUE_LENGTH)).hasSize(QUEUE_LENGTH - 1);
  }

  @Test
  void a_full_queue_drops_and_counts_rows_without_waiting() {
    CountDownLatch gate = new CountDownLatch(1);
    AuditLog log = log(gated(gate));
    long taken =
        IntStream.range(0, QUEUE_LENGTH + 100)
            .filter(i -> log.offer("a-plugin", "1.0.0", "denied", "host", detail(i)))
            .count();
    assertThat(taken).isEqualTo(QUEUE_LENGTH);
    assertThat(dropped()).isEqualTo(100);
    gate.countDown();
    log.close();
  }

  @Test
  void the_newest_rows_of_each_plugin_are_kept() {
    int written = 3 * AuditLog.PRUNE_EVERY;
    try (AuditLog log = log(Thread::new)) {
      log.offer("quiet", "1.0.0", "install", "operator", detail(0));
      for (int i = 0; i < written; i++) {
        log.record("noisy", "1.0.0", "denied", "host", detail(i));
      }
      List<AuditRow> rows = log.newest("noisy", written);
      assertThat(rows).hasSizeBetween(KEPT, KEPT + AuditLog.PRUNE_EVERY);
      assertThat(rows.getFirst().detail()).isEqualTo("{\"n\":" + (written - 1) + "}");
      assertThat(log.newest("quiet", 10)).hasSize(1);
    }
  }

  @Test
  void rows_that_the_store_does_not_take_are_lost_and_counted() {
    try (AuditLog log = log(Thread::new)) {
      store.close();
      log.record("a-plugin", "1.0.0", "install", "operator", detail(1));
      assertThat(dropped()).isEqualTo(1);
    }
  }

  @Test
  @Timeout(4)
  void an_error_loses_the_current_rows_and_no_later_ones() {
    AtomicReference<@Nullable Error> failure =
        new AtomicReference<>(new OutOfMemoryError("for a test"));
    AuditLog log =
        new AuditLog(
            FailingStores.audit(failure), meters, () -> NOW, Thread::new, QUEUE_LENGTH, KEPT);
    log.record("a-plugin", "1.0.0", "install", "operator", detail(1));
    assertThat(dropped()).isEqualTo(1);
    failure.set(null);
    log.record("a-plugin", "1.0.0", "activate", "operator", detail(2));
    log.close();
    assertThat(dropped()).isEqualTo(1);
  }

  /**
   * The store is lost between a change and its row: the change was answered, so its row follows.
   */
  @ParameterizedTest
  @ValueSource(strings = {"executeBatch", "commit"})
  @Timeout(20)
  void rows_wait_for_a_store_that_is_lost_and_are_stored_once(String call) throws Exception {
    AtomicBoolean lost = new AtomicBoolean(true);
    CountDownLatch failed = new CountDownLatch(2);
    try (PluginStore there =
        FailingStores.watched(
            directory.resolve("lost"),
            Database.embedded(),
            (method, args) -> {
              if (lost.get() && method.equals(call)) {
                failed.countDown();
                throw new SQLException("of a test", "08006");
              }
            })) {
      AuditLog log =
          new AuditLog(there.audit(), meters, () -> NOW, Thread::new, QUEUE_LENGTH, KEPT);
      log.record("a-plugin", "1.0.0", "install", "operator", detail(1));
      log.record("a-plugin", "1.0.0", "activate", "operator", detail(2));
      failed.await();
      lost.set(false);
      log.close();
      assertThat(there.audit().newest("a-plugin", 10))
          .extracting(AuditRow::event)
          .containsExactly("activate", "install");
      assertThat(dropped()).isZero();
    }
  }

  @Test
  void whether_rows_are_there_is_known_to_the_microsecond() {
    AuditRow row =
        new AuditRow(NOW.plusNanos(1_999), "a-plugin", "1.0.0", "install", "operator", "{}");
    store.audit().insert(List.of(row));
    assertThat(store.audit().has(List.of(row))).isTrue();
    AuditRow other = new AuditRow(NOW, "a-plugin", "1.0.0", "install", "operator", "{}");
    assertThat(store.audit().has(List.of(other))).isFalse();
  }

  @Test
  @Timeout(10)
  void a_counter_without_memory_does_not_end_the_writer() {
    AtomicReference<@Nullable Error> failure =
        new AtomicReference<>(new OutOfMemoryError("for a test"));
    MeterRegistry full =
        new SimpleMeterRegistry() {
          @Override
          protected Counter newCounter(Meter.Id id) {
            return new CumulativeCounter(id) {
              @Override
              public void increment(double amount) {
                throw new OutOfMemoryError("for a test");
              }
            };
          }
        };
    AuditLog log =
        new AuditLog(
            FailingStores.audit(failure), full, () -> NOW, Thread::new, QUEUE_LENGTH, KEPT);
    log.record("a-plugin", "1.0.0", "install", "operator", detail(1));
    failure.set(null);
    assertThat(log.offer("a-plugin", "1.0.0", "activate", "operator", detail(2))).isTrue();
    log.close();
  }

  /** Who comes as the log closes is stored or counted, and does not wait for the writer's ghost. */
  @Test
  @Timeout(60)
  void a_close_ends_every_wait() throws Exception {
    for (int i = 0; i < 200; i++) {
      AuditLog log =
          new AuditLog(store.audit(), meters, () -> NOW, Thread::new, QUEUE_LENGTH, 1000);
      Thread late =
          Thread.ofVirtual()
              .start(() -> log.record("a-plugin", "1.0.0", "install", "operator", detail(1)));
      long begin = System.nanoTime();
      log.close();
      log.close();
      late.join();
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
    }
    assertThat(dropped() + store.audit().newest("a-plugin", 1000).size()).isEqualTo(200);
  }

  @Test
  void a_detail_that_is_too_long_is_left_out() {
    try (AuditLog log = log(Thread::new)) {
      ObjectNode detail = JsonNodeFactory.instance.objectNode().put("x", "x".repeat(9000));
      log.record("a-plugin", "1.0.0", "install", "operator", detail);
      assertThat(log.newest(1)).extracting(AuditRow::detail).containsExactly("{\"cut\":9008}");
    }
  }

  private AuditLog log(ThreadFactory threads) {
    return new AuditLog(store.audit(), meters, () -> NOW, threads, QUEUE_LENGTH, KEPT);
  }

  /** Threads that begin once the gate opens. */
  private static ThreadFactory gated(CountDownLatch gate) {
    return task ->
        new Thread(() -> {
          try {
            gate.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          task.run();
        });
  }

  private double dropped() {
    return meters.get("gonext.audit.dropped").counter().count();
  }

  private static ObjectNode detail(int n) {
    return JsonNodeFactory.instance.objectNode().put("n", n);
  }
}
