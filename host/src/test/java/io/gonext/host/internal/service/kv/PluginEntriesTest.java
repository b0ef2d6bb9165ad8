package io.gonext.host.internal.service.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.Uninterrupted;
import io.gonext.host.internal.store.FailingStores;
import io.gonext.host.internal.store.KeyValueStore;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.internal.store.TestPostgres;
import io.gonext.host.internal.store.WatchedJdbc;
import io.gonext.host.manifest.Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A slow, stuck or lost store does not hold up a guest. */
class PluginEntriesTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofSeconds(30);

  /** A thread that nobody interrupts. */
  private static final Uninterrupted HERE =
      new Uninterrupted() {
        @Override
        public <R extends @Nullable Object> R uninterrupted(
            Duration atMost, Runnable cutOff, Supplier<R> work) {
          return work.get();
        }
      };

  @TempDir private Path directory;
  private PluginStore plugins;

  /** What a stuck executor was given. */
  private final Deque<Runnable> stuck = new ConcurrentLinkedDeque<>();

  @BeforeEach
  void open() {
    plugins = PluginStore.open(directory, Database.embedded());
    install();
  }

  @AfterEach
  void close() {
    plugins.close();
  }

  @Test
  void a_change_that_does_not_begin_in_time_never_runs() {
    PluginEntries entries = entries(stuck::add, SHORT);
    assertThat(entries.set("a", new byte[1])).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(entries.delete("a")).isEqualTo(PluginEntries.UNAVAILABLE);
    // The two changes would have been one group.
    assertThat(stuck).hasSize(1);
    stuck.forEach(Runnable::run);
    assertThat(entries(Runnable::run, LONG).get("a", HERE)).isEqualTo(Refused.NOT_FOUND);
  }

  @Test
  void an_interrupt_ends_the_wait_at_once_and_is_kept() {
    PluginEntries entries = entries(stuck::add, LONG);
    Thread.currentThread().interrupt();
    // The store had no time: it is not to blame.
    assertThat(entries.get("a", HERE)).isEqualTo(Refused.INTERNAL);
    assertThat(entries.set("a", new byte[1])).isEqualTo(Refused.INTERNAL);
    assertThat(Thread.interrupted()).isTrue();
    // The store never saw the interrupt.
    assertThat(entries(Runnable::run, LONG).set("a", new byte[1])).isEqualTo(Done.DONE);
  }

  @Test
  void a_read_that_hangs_is_cut_off_and_the_next_one_is_served() throws Exception {
    plugins.close();
    String url = TestPostgres.createDatabase();
    plugins = PluginStore.open(directory.resolve("server"), Database.postgreSql(url));
    install();
    PluginEntries entries = entries(Runnable::run, SHORT);
    assertThat(entries.get("a", HERE)).isEqualTo(Refused.NOT_FOUND);
    try (Connection other = DriverManager.getConnection(url);
        Statement lock = other.createStatement();
        ExecutorService cutter = Executors.newSingleThreadExecutor()) {
      other.setAutoCommit(false);
      lock.execute("lock table kv_entry");
      assertThat(entries.get("a", new Impatient(cutter))).isEqualTo(PluginEntries.UNAVAILABLE);
      other.rollback();
    }
    assertThat(plugins.trouble()).isEmpty();
    assertThat(entries.get("a", HERE)).isEqualTo(Refused.NOT_FOUND);
  }

  /** Cuts work off as the engine does: when its time is over, and again until it returns. */
  private record Impatient(ExecutorService cutter) implements Uninterrupted {
    @Override
    public <R extends @Nullable Object> R uninterrupted(
        Duration atMost, Runnable cutOff, Supplier<R> work) {
      CountDownLatch done = new CountDownLatch(1);
      var _ =
          cutter.submit(() -> {
            while (!done.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
              cutOff.run();
            }
            return true;
          });
      try {
        return work.get();
      } finally {
        done.countDown();
      }
    }
  }

  @Test
  void a_store_that_fails_is_unavailable() {
    plugins.close();
    PluginEntries entries = entries(Runnable::run, LONG);
    assertThat(entries.get("a", HERE)).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(entries.set("a", new byte[1])).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(entries.increment("a", 1)).isEqualTo(PluginEntries.UNAVAILABLE);
  }

  @Test
  void a_change_that_the_executor_rejects_is_unavailable() {
    PluginEntries entries =
        entries(
            task -> {
              throw new RejectedExecutionException();
            },
            LONG);
    assertThat(entries.set("a", new byte[1])).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(entries.set("a", new byte[1])).isEqualTo(PluginEntries.UNAVAILABLE);
  }

  @Test
  void after_an_error_on_the_way_to_the_store_the_next_change_works() {
    AtomicBoolean exhausted = new AtomicBoolean(true);
    PluginEntries entries =
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
    assertThat(entries.set("a", new byte[1])).isEqualTo(Done.DONE);
  }

  @Test
  void changes_that_wait_are_one_transaction() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    reopen((method, args) -> {
      if (method.equals("commit")) {
        commits.incrementAndGet();
      }
    });
    PluginEntries entries = entries(stuck::add, LONG);
    entries(Runnable::run, LONG).set("n", new byte[] {'5'});
    commits.set(0);
    List<Future<HostAnswer>> answers =
        waiting(
            entries,
            () -> entries.increment("n", 1),
            () -> entries.increment("n", 2),
            () -> entries.set("text", new byte[] {'x'}),
            () -> entries.increment("text", 1),
            () -> entries.delete("none"));
    runStuck();
    assertThat(text(answers.get(0).get())).isEqualTo("6");
    assertThat(text(answers.get(1).get())).isEqualTo("8");
    assertThat(answers.get(2).get()).isEqualTo(Done.DONE);
    assertThat(answers.get(3).get()).isEqualTo(Refused.BAD_ARGUMENTS);
    assertThat(answers.get(4).get()).isEqualTo(Refused.NOT_FOUND);
    assertThat(commits).hasValue(1);
  }

  @Test
  void a_change_that_fails_does_not_fail_the_others_of_its_group() throws Exception {
    reopen((method, args) -> {
      if (method.equals("createArrayOf") && Arrays.asList((Object[]) args[1]).contains("bad")) {
        throw new SQLException("no such entry, please");
      }
    });
    PluginEntries entries = entries(stuck::add, LONG);
    List<Future<HostAnswer>> answers =
        waiting(
            entries,
            () -> entries.increment("n", 1),
            () -> entries.increment("bad", 1),
            () -> entries.increment("n", 1));
    runStuck();
    assertThat(text(answers.get(0).get())).isEqualTo("1");
    assertThat(answers.get(1).get()).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(text(answers.get(2).get())).isEqualTo("2");
  }

  @Test
  void a_group_that_may_have_been_committed_does_not_run_again() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    AtomicBoolean failing = new AtomicBoolean();
    reopen((method, args) -> {
      if (method.equals("commit") && failing.get()) {
        commits.incrementAndGet();
        throw new SQLException("the connection is gone", "08006");
      }
    });
    PluginEntries entries = entries(stuck::add, LONG);
    entries(Runnable::run, LONG).set("n", new byte[] {'5'});
    failing.set(true);
    List<Future<HostAnswer>> answers =
        waiting(entries, () -> entries.increment("n", 1), () -> entries.increment("n", 1));
    runStuck();
    assertThat(answers.get(0).get()).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(answers.get(1).get()).isEqualTo(PluginEntries.UNAVAILABLE);
    assertThat(commits).hasValue(1);
  }

  @ParameterizedTest
  @EnumSource
  void changes_of_many_threads_all_count_in_each_callers_order(StoreFixture fixture)
      throws Exception {
    int writers = 10;
    int each = 60;
    plugins.close();
    AtomicInteger commits = new AtomicInteger();
    plugins =
        FailingStores.watched(
            directory.resolve("other"),
            fixture.create(),
            (method, args) -> {
              if (method.equals("commit")) {
                commits.incrementAndGet();
              }
            });
    install();
    Set<Long> sums = ConcurrentHashMap.newKeySet();
    try (ExecutorService threads = Executors.newFixedThreadPool(4);
        ExecutorService callers = Executors.newFixedThreadPool(writers)) {
      // As two versions of a plugin, or two processes.
      List<PluginEntries> entries = List.of(entries(threads, LONG), entries(threads, LONG));
      List<Future<?>> done = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        int writer = w;
        PluginEntries own = entries.get(w % 2);
        done.add(
            callers.submit(() -> {
              long last = 0;
              for (int i = 1; i <= each; i++) {
                long sum = Long.parseLong(text(own.increment("n", 1)));
                assertThat(sum).isGreaterThan(last);
                assertThat(sums.add(sum)).isTrue();
                last = sum;
                assertThat(own.set("own-" + writer, new byte[i])).isEqualTo(Done.DONE);
              }
            }));
      }
      for (Future<?> future : done) {
        future.get();
      }
    }
    assertThat(sums).hasSize(writers * each);
    PluginEntries after = entries(Runnable::run, LONG);
    assertThat(text(after.get("n", HERE))).isEqualTo(String.valueOf(writers * each));
    assertThat(plugins.keyValues().usage("p-1"))
        .isEqualTo(new KeyValueStore.Usage(1 + 3 + writers * (5L + each), writers + 1));
    assertThat(commits.get()).isLessThan(writers * each);
  }

  @Test
  void a_close_answers_waiting_changes_and_keeps_answered_ones() throws Exception {
    int writers = 8;
    KeyValueService all = new KeyValueService(plugins.keyValues(), KeyValueQuota.defaults());
    PluginEntries entries =
        all.entriesOf(
            Bundle.read(GuestBundle.of("p-1", Guests.wasm("upper")).filter("shout").bytes())
                .manifest(),
            false);
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger unknown = new AtomicInteger();
    CountDownLatch busy = new CountDownLatch(writers * 3);
    try (ExecutorService callers = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> done = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        done.add(
            callers.submit(() -> {
              while (entries.increment("n", 1) instanceof HostAnswer.Body) {
                answered.incrementAndGet();
                busy.countDown();
              }
              unknown.incrementAndGet();
            }));
      }
      busy.await();
      all.close();
      for (Future<?> future : done) {
        future.get(30, TimeUnit.SECONDS);
      }
    }
    assertThat(Integer.parseInt(text(entries(Runnable::run, LONG).get("n", HERE))))
        .isBetween(answered.get(), answered.get() + unknown.get());
  }

  private void reopen(WatchedJdbc.Watcher watcher) {
    plugins.close();
    plugins = FailingStores.watched(directory, Database.embedded(), watcher);
  }

  private void install() {
    plugins.insert("p-1", new StoredVersion("1.0.0", "ab".repeat(32), Instant.EPOCH), new byte[1]);
  }

  /** Has each asked by a thread of its own, in this order, until all wait. */
  @SafeVarargs
  private static List<Future<HostAnswer>> waiting(
      PluginEntries entries, Callable<HostAnswer>... changes) {
    List<Future<HostAnswer>> answers = new ArrayList<>();
    for (Callable<HostAnswer> change : changes) {
      FutureTask<HostAnswer> answer = new FutureTask<>(change);
      Thread.ofPlatform().daemon().start(answer);
      answers.add(answer);
      await().until(() -> entries.waiting() == answers.size());
    }
    return answers;
  }

  private void runStuck() {
    for (Runnable next = stuck.poll(); next != null; next = stuck.poll()) {
      next.run();
    }
  }

  private static String text(HostAnswer answer) {
    return new String(((HostAnswer.Body) answer).bytes(), StandardCharsets.US_ASCII);
  }

  private PluginEntries entries(Executor executor, Duration budget) {
    return new PluginEntries(
        "p-1", plugins.keyValues(), KeyValueQuota.defaults(), executor, budget, false);
  }
}
