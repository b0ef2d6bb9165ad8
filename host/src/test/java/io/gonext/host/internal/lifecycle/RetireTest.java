package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Database;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
import io.gonext.pool.PoolStats;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A version that leaves service while one of its calls takes longer than it may. */
class RetireTest {
  @TempDir private Path data;

  @Test
  void a_call_that_outlives_the_drain_time_gives_up_its_instance_at_its_end() throws Exception {
    try (PluginStore store = PluginStore.open(data, Database.embedded());
        TestLifecycle host = new TestLifecycle(store, System::nanoTime);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      host.activate("loop");
      ActivePlugin version = host.lifecycle().active("loop").orElseThrow().version();
      Future<FilterResult> call =
          callers.submit(() -> host.hooks().applyFilters("h", StrictJson.valueOf("a"), List.of()));
      await().until(() -> version.poolStats().inUse() == 1);

      CompletableFuture<Void> left = version.retire(Duration.ofMillis(1));
      left.get();
      // Its own deadline is a second away.
      assertThat(call).isNotDone();
      assertThat(call.get().degraded()).extracting(Degradation::code).containsExactly("DEADLINE");
      await().until(() -> version.poolStats().live() == 0);
      PoolStats stats = version.poolStats();
      assertThat(stats.inUse() + stats.idle() + stats.creating()).isZero();
    }
  }

  @Test
  void a_job_that_outlives_the_drain_time_is_interrupted() throws Exception {
    try (PluginStore store = PluginStore.open(data, Database.embedded());
        TestLifecycle host = new TestLifecycle(store, System::nanoTime);
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      host.activate(
          GuestBundle.of("jobs")
              .filter("h")
              .field("jobs", "[{\"name\":\"loop\",\"timeout_ms\":60000}]"));
      PluginSlot slot = host.lifecycle().active("jobs").orElseThrow();
      JobPool jobs = Objects.requireNonNull(slot.version().jobPool());
      Future<PluginSlot.JobReply> run =
          callers.submit(() -> slot.run("loop", (version, timeout) -> new byte[] {'{', '}'}));
      await().until(() -> jobs.stats().inUse() == 1);
      slot.version().retire(Duration.ofMillis(1)).get();
      assertThat(run)
          .failsWithin(Duration.ofSeconds(30))
          .withThrowableOfType(ExecutionException.class)
          .withCauseInstanceOf(InterruptedException.class);
    }
  }
}
