package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.ended;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.JsonNodeFactory;

/** The time of an attempt is by the store's clock, which may go back. */
@Timeout(60)
class JobsClockBackTest {
  @TempDir private Path data;

  @Test
  void an_attempt_is_timed_though_the_clock_goes_back_meanwhile() throws InterruptedException {
    AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (Host host =
        Host.open(HostConfig.builder(data).jobs(QUICK).clock(clock::get).meters(meters).build())) {
      host.plugins()
          .install(
              GuestBundle.of("jobs", Guests.wasm("jobs"))
                  .field("jobs", "[{\"name\":\"loop\",\"max_attempts\":1,\"timeout_ms\":1000}]")
                  .bytes());
      host.plugins().grantRequested("jobs");
      host.plugins().activate("jobs");
      String id = host.jobs().run("jobs", "loop", JsonNodeFactory.instance.objectNode()).id();
      await().until(() -> host.jobs().get(id).state() == JobState.RUNNING);
      clock.updateAndGet(now -> now.minusSeconds(5));
      assertThat(ended(host, id).state()).isEqualTo(JobState.DEAD);
      assertThat(meters.find("gonext.plugin.job").timers())
          .singleElement()
          .extracting(Timer::count)
          .isEqualTo(1L);
    }
  }
}
