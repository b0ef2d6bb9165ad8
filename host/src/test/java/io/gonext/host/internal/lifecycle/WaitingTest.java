package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Database;
import io.gonext.host.RouteRate;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.CountService;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.IntNode;

/** A plugin that waits in a host function is not one that computes. */
@Timeout(60)
class WaitingTest {
  @TempDir private Path data;
  private final CountDownLatch release = new CountDownLatch(1);
  private PluginStore store;
  private TestLifecycle host;

  @BeforeEach
  void open() {
    store = PluginStore.open(data, Database.embedded());
    host =
        new TestLifecycle(
            store,
            new CallGuards(
                RouteRate.UNLIMITED, RouteRate.UNLIMITED, BreakerPolicy.DEFAULT, System::nanoTime),
            CountService.TABLE,
            List.of(new WaitingService()));
  }

  @AfterEach
  void close() {
    host.close();
    store.close();
  }

  @Test
  void an_instance_that_waits_is_counted_apart_from_those_that_compute() throws Exception {
    activate(GuestBundle.of("counts"));
    assertThat(instances("waiting")).isZero();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<FilterResult> call = executor.submit(this::call);
      await().atMost(Duration.ofSeconds(20)).until(() -> instances("waiting") == 1);
      assertThat(instances("computing")).isZero();
      release.countDown();
      assertThat(call.get().degraded()).isEmpty();
    }
    assertThat(instances("waiting")).isZero();
  }

  @Test
  void a_wait_is_ended_at_its_own_limit_and_opens_no_breaker() throws InterruptedException {
    activate(GuestBundle.of("counts").limit("wait_ms", 10));
    for (int waits = 0; waits < 22; ) {
      List<Degradation> degraded = call().degraded();
      assertThat(degraded).hasSize(1);
      Degradation failed = degraded.getFirst();
      if (failed.code().equals("SATURATED")) {
        continue; // the next instance is still being made
      }
      assertThat(failed.code()).isEqualTo("WAIT_LIMIT");
      assertThat(failed.reason())
          .startsWith("the guest waited in host functions for more than 10 ms");
      waits++;
    }
  }

  @Test
  void a_wait_in_a_hook_ends_with_the_chain() throws InterruptedException {
    activate(GuestBundle.of("counts"));
    FilterResult result =
        host.hooks()
            .applyFilters(
                CallOptions.DEFAULT.withLimit(Duration.ofMillis(30)),
                "h",
                IntNode.valueOf(0),
                List.of());
    assertThat(result.degraded()).extracting(Degradation::code).containsExactly("WAIT_LIMIT");
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    Manifest manifest =
        host.lifecycle()
            .install(
                TestLifecycle.delivered(
                    bundle.filter("h").field("capabilities", "[\"kv.read\"]").bytes()))
            .manifest();
    host.lifecycle().activate(manifest.name());
    host.grants().grant(manifest, List.of("kv.read"), "operator");
  }

  private FilterResult call() throws InterruptedException {
    return host.hooks().applyFilters(CallOptions.DEFAULT, "h", IntNode.valueOf(0), List.of());
  }

  private double instances(String state) {
    return host.meters().get("gonext.plugin.instances").tag("state", state).gauge().value();
  }

  /** Swallows interrupts, as careless code does. */
  private final class WaitingService implements HostService {
    @Override
    public boolean waits() {
      return true;
    }

    @Override
    public Map<ImportKey, Body> bind(PluginScope scope) {
      return Map.of(
          new ImportKey("env", "gn_count"),
          Body.answering(arguments -> {
            try {
              release.await();
            } catch (InterruptedException e) {
              return HostAnswer.Done.DONE;
            }
            return new HostAnswer.Body("{\"value\":1}".getBytes(StandardCharsets.UTF_8));
          }));
    }
  }
}
