package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheInvalidations.Batch;
import io.gonext.host.Database;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("slow")
class CacheStoreTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void invalidations_are_read_as_they_were_stored(StoreFixture fixture) {
    try (PluginStore store = PluginStore.open(directory, fixture.create())) {
      CacheStore cache = store.cache();
      assertThat(cache.last()).isZero();
      assertThat(cache.after(0, 10)).isEqualTo(new Batch(true, List.of(), 0));
      List<String> tags = List.of("post:1", "größe \"x\" \\", "a".repeat(256));
      assertThat(cache.append("shop", tags, NOW)).isEqualTo(1);
      assertThat(cache.append("blog", List.of("b"), NOW)).isEqualTo(2);
      CacheInvalidation first = new CacheInvalidation(1, "shop", tags, NOW);
      CacheInvalidation second = new CacheInvalidation(2, "blog", List.of("b"), NOW);
      assertThat(cache.after(0, 10)).isEqualTo(new Batch(true, List.of(first, second), 2));
      assertThat(cache.after(0, 1)).isEqualTo(new Batch(true, List.of(first), 1));
      assertThat(cache.after(1, 10)).isEqualTo(new Batch(true, List.of(second), 2));
      assertThat(cache.after(2, 10)).isEqualTo(new Batch(true, List.of(), 2));
    }
  }

  @ParameterizedTest
  @EnumSource
  void ids_of_concurrent_writers_have_no_gaps(StoreFixture fixture) throws Exception {
    try (PluginStore store = PluginStore.open(directory, fixture.create());
        ExecutorService writers = Executors.newFixedThreadPool(4)) {
      CacheStore cache = store.cache();
      List<Callable<Long>> appends = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        appends.add(() -> cache.append("shop", List.of("t"), NOW));
      }
      List<Long> ids = new ArrayList<>();
      for (Future<Long> append : writers.invokeAll(appends)) {
        ids.add(append.get());
      }
      List<Long> expected = LongStream.rangeClosed(1, 40).boxed().toList();
      assertThat(ids).containsExactlyInAnyOrderElementsOf(expected);
      assertThat(cache.after(0, 100).invalidations())
          .extracting(CacheInvalidation::id)
          .isEqualTo(expected);
    }
  }

  /** With a sequence, the second would be visible first, and a reader would pass the first. */
  @Test
  void an_invalidation_that_is_committed_late_is_not_passed_by_a_later_one() throws Exception {
    String url = TestPostgres.createDatabase();
    try (PluginStore store = PluginStore.open(directory, Database.postgreSql(url));
        Connection other = DriverManager.getConnection(url);
        Statement slow = other.createStatement()) {
      CacheStore cache = store.cache();
      other.setAutoCommit(false);
      slow.execute("update cache_last set id = id + 1");
      slow.execute("insert into cache_invalidation values (1, 'slow', current_timestamp, '[]')");

      CompletableFuture<Long> fast =
          CompletableFuture.supplyAsync(() -> cache.append("fast", List.of("t"), NOW));
      await()
          .until(() ->
              TestPostgres.queryInt(url, "select count(*) from pg_locks where not granted") > 0);
      assertThat(cache.after(0, 10)).isEqualTo(new Batch(true, List.of(), 0));

      other.commit();
      assertThat(fast.get()).isEqualTo(2);
      assertThat(cache.after(0, 10).invalidations())
          .extracting(CacheInvalidation::plugin)
          .containsExactly("slow", "fast");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_reader_learns_that_invalidations_it_has_not_seen_are_gone(StoreFixture fixture) {
    try (PluginStore store = PluginStore.open(directory, fixture.create())) {
      CacheStore cache = store.cache();
      for (int i = 0; i < 5; i++) {
        cache.append("shop", List.of("t" + i), NOW.plus(Duration.ofHours(i)));
      }
      assertThat(cache.prune(NOW.plus(Duration.ofMinutes(90)), 100)).isEqualTo(2);
      assertThat(cache.after(2, 10).complete()).isTrue();
      Batch behind = cache.after(1, 10);
      assertThat(behind.complete()).isFalse();
      assertThat(behind.invalidations())
          .extracting(CacheInvalidation::id)
          .containsExactly(3L, 4L, 5L);

      assertThat(cache.prune(NOW, 1)).isEqualTo(2);
      assertThat(cache.after(3, 10).complete()).isFalse();
      assertThat(cache.prune(NOW.plus(Duration.ofDays(1)), 1)).isEqualTo(1);
      assertThat(cache.after(4, 10)).isEqualTo(new Batch(false, List.of(), 5));
      assertThat(cache.after(5, 10)).isEqualTo(new Batch(true, List.of(), 5));
      assertThat(cache.after(9, 10))
          .as("of a store that was replaced")
          .isEqualTo(new Batch(false, List.of(), 5));
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_gap_between_invalidations_is_not_passed_over(StoreFixture fixture) {
    try (PluginStore store = PluginStore.open(directory, fixture.create())) {
      CacheStore cache = store.cache();
      cache.append("shop", List.of("a"), NOW);
      // By a host whose clock is a day behind.
      cache.append("shop", List.of("b"), NOW.minus(Duration.ofDays(1)));
      cache.append("shop", List.of("c"), NOW);
      cache.prune(NOW, 100);
      Batch first = cache.after(0, 10);
      assertThat(first.complete()).isTrue();
      assertThat(first.next()).isEqualTo(1);
      Batch second = cache.after(1, 10);
      assertThat(second.complete()).isFalse();
      assertThat(second.next()).isEqualTo(3);
    }
  }
}
