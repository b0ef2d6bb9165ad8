package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CallTimes;
import io.gonext.host.RecordingLogger;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LateCallsTest {
  private static final CallTimes TIMES =
      new CallTimes(700_000_000, 100_000_000, 20_000_000, true, 0);

  /** Where System.nanoTime may well be: near its own overflow. */
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(30));

  private final RecordingLogger log = new RecordingLogger();
  private final Counter counter = new SimpleMeterRegistry().counter("late");
  private final LateCalls calls =
      new LateCalls(log, "p@1.0.0", Duration.ofMillis(500), counter, nanos::get);

  @Test
  void one_line_a_minute_tells_plugin_hook_and_times_and_all_are_counted() {
    calls.happened("h", TIMES);
    calls.happened("h", TIMES);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(60) - 1);
    calls.happened("h", TIMES);
    assertThat(log.written)
        .containsExactly(
            "WARN p@1.0.0 was late in h: 600 ms in the guest, 100 ms in host functions and 20 ms of"
                + " waits in them; 500 ms without the waits are expected at most; 0 late calls"
                + " before it were not logged");
    nanos.addAndGet(1);
    calls.happened("other", TIMES);
    assertThat(log.written)
        .hasSize(2)
        .last()
        .asString()
        .startsWith("WARN p@1.0.0 was late in other")
        .endsWith("; 2 late calls before it were not logged");
    assertThat(counter.count()).isEqualTo(4);
  }
}
