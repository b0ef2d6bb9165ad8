package io.gonext.host.internal.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.kv.KeyValueAnswer.Done;
import io.gonext.host.internal.kv.KeyValueAnswer.NotANumber;
import io.gonext.host.internal.kv.KeyValueAnswer.NotFound;
import io.gonext.host.internal.kv.KeyValueAnswer.Unavailable;
import io.gonext.host.internal.kv.KeyValueAnswer.Value;
import io.gonext.host.internal.store.FailingStores;
import io.gonext.host.internal.store.KeyValueStore;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.internal.store.WatchedJdbc;
import io.gonext.host.manifest.Bundle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that is slow, stuck or gone holds no guest up. */
class PluginKeyValuesTest {
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofSeconds(30);

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

  @Test
  void changes_that_wait_are_one_transaction() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    reopen((method, args) -> {
      if (method.equals("commit")) {
        commits.incrementAndGet();
      }
    });
    PluginKeyValues entries = entries(stuck::add, LONG);
    entries(Runnable::run, LONG).set("n", new byte[] {'5'});
    commits.set(0);
    List<Future<KeyValueAnswer>> answers =
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
    assertThat(answers.get(2).get()).isEqualTo(new Done());
    assertThat(answers.get(3).get()).isEqualTo(new NotANumber());
    assertThat(answers.get(4).get()).isEqualTo(new NotFound());
    assertThat(commits).hasValue(1);
  }

  @Test
  void a_change_that_fails_does_not_take_its_neighbours_along() throws Exception {
    reopen((method, args) -> {
      if (method.equals("createArrayOf") && Arrays.asList((Object[]) args[1]).contains("bad")) {
        throw new SQLException("no such entry, please");
      }
    });
    PluginKeyValues entries = entries(stuck::add, LONG);
    List<Future<KeyValueAnswer>> answers =
        waiting(
            entries,
            () -> entries.increment("n", 1),
            () -> entries.increment("bad", 1),
            () -> entries.increment("n", 1));
    runStuck();
    assertThat(text(answers.get(0).get())).isEqualTo("1");
    assertThat(answers.get(1).get()).isInstanceOf(Unavailable.class);
    assertThat(text(answers.get(2).get())).isEqualTo("2");
  }

  @Test
  void a_group_that_may_have_been_made_is_not_made_again() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    AtomicBoolean failing = new AtomicBoolean();
    reopen((method, args) -> {
      if (method.equals("commit") && failing.get()) {
        commits.incrementAndGet();
        throw new SQLException("the connection is gone", "08006");
      }
    });
    PluginKeyValues entries = entries(stuck::add, LONG);
    entries(Runnable::run, LONG).set("n", new byte[] {'5'});
    failing.set(true);
    List<Future<KeyValueAnswer>> answers =
        waiting(entries, () -> entries.increment("n", 1), () -> entries.increment("n", 1));
    runStuck();
    assertThat(answers.get(0).get()).isInstanceOf(Unavailable.class);
    assertThat(answers.get(1).get()).isInstanceOf(Unavailable.class);
    assertThat(commits).hasValue(1);
  }

  @ParameterizedTest
  @EnumSource
  void changes_of_many_threads_all_count_and_keep_each_callers_order(StoreFixture fixture)
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
      List<PluginKeyValues> entries = List.of(entries(threads, LONG), entries(threads, LONG));
      List<Future<?>> done = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        int writer = w;
        PluginKeyValues own = entries.get(w % 2);
        done.add(
            callers.submit(() -> {
              long last = 0;
              for (int i = 1; i <= each; i++) {
                long sum = Long.parseLong(text(own.increment("n", 1)));
                assertThat(sum).isGreaterThan(last);
                assertThat(sums.add(sum)).isTrue();
                last = sum;
                assertThat(own.set("own-" + writer, new byte[i])).isEqualTo(new Done());
              }
            }));
      }
      for (Future<?> future : done) {
        future.get();
      }
    }
    assertThat(sums).hasSize(writers * each);
    PluginKeyValues after = entries(Runnable::run, LONG);
    assertThat(text(after.get("n"))).isEqualTo(String.valueOf(writers * each));
    assertThat(plugins.keyValues().usage("p-1"))
        .isEqualTo(new KeyValueStore.Usage(1 + 3 + writers * (5L + each), writers + 1));
    assertThat(commits.get()).isLessThan(writers * each);
  }

  @Test
  void closing_answers_changes_that_wait_and_loses_none_that_was_answered() throws Exception {
    int writers = 8;
    KeyValues all = new KeyValues(plugins.keyValues(), KeyValueQuota.defaults());
    PluginKeyValues entries =
        all.of(
            Bundle.read(GuestBundle.of("p-1", Guests.wasm("upper")).filter("shout").bytes())
                .manifest());
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger unknown = new AtomicInteger();
    CountDownLatch busy = new CountDownLatch(writers * 3);
    try (ExecutorService callers = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> done = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        done.add(
            callers.submit(() -> {
              while (entries.increment("n", 1) instanceof Value) {
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
    assertThat(Integer.parseInt(text(entries(Runnable::run, LONG).get("n"))))
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
  private static List<Future<KeyValueAnswer>> waiting(
      PluginKeyValues entries, Callable<KeyValueAnswer>... changes) {
    List<Future<KeyValueAnswer>> answers = new ArrayList<>();
    for (Callable<KeyValueAnswer> change : changes) {
      FutureTask<KeyValueAnswer> answer = new FutureTask<>(change);
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

  private static String text(KeyValueAnswer answer) {
    return new String(((Value) answer).bytes(), StandardCharsets.US_ASCII);
  }

  private PluginKeyValues entries(Executor executor, Duration budget) {
    return new PluginKeyValues(
        "p-1", plugins.keyValues(), KeyValueQuota.defaults(), executor, budget, false);
  }
}
