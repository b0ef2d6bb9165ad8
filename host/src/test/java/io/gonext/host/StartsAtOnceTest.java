package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many versions start at once: as many as the machine can run, and the others wait their turn. */
@Timeout(60)
class StartsAtOnceTest {
  private static final int AT_ONCE = Math.max(2, Runtime.getRuntime().availableProcessors());

  @TempDir private Path data;

  /** Each start stays in {@code on_activate}, in the listener of its log line. */
  @Test
  void versions_wait_for_their_turn_to_start() throws InterruptedException {
    Duration patience = Duration.ofSeconds(60);
    OperatorLimits limits =
        OperatorLimits.defaults().withCall(patience).withWaits(patience).withStart(patience);
    try (Host host = Host.open(HostConfig.builder(data).limits(limits).build())) {
      AtomicInteger starting = new AtomicInteger();
      AtomicInteger most = new AtomicInteger();
      CountDownLatch goOn = new CountDownLatch(1);
      List<Thread> activations = new ArrayList<>();
      for (int i = 0; i < AT_ONCE + 3; i++) {
        String name = "greets-" + i;
        host.plugins().install(GuestBundle.of("greets").field("name", "\"" + name + "\"").bytes());
        host.plugins().grantRequested(name);
        host.logs()
            .listen(
                name,
                (level, line) -> {
                  most.accumulateAndGet(starting.incrementAndGet(), Math::max);
                  hold(goOn);
                  starting.decrementAndGet();
                });
        activations.add(
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    host.plugins().activate(name);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
      }
      await()
          .until(() ->
              starting.get() >= AT_ONCE
                  && activations.stream()
                      .allMatch(each -> each.getState() == Thread.State.WAITING));
      goOn.countDown();
      for (Thread activation : activations) {
        activation.join();
      }
      assertThat(most).hasValue(AT_ONCE);
      assertThat(host.plugins().list())
          .hasSize(activations.size())
          .allMatch(plugin -> plugin.state() == PluginState.ACTIVE);
    }
  }

  private static void hold(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
