package io.gonext.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.with;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Makes the pools of a test. After every test it checks their counts and closes them; no other
 * place asserts the counts.
 */
final class Pools implements AfterEachCallback {

  static final Duration SOON = Duration.ofSeconds(20);

  final FakeNanoTime nanoTime = new FakeNanoTime();
  private final List<Made> pools = new CopyOnWriteArrayList<>();
  private PoolRuntime runtime = PoolRuntime.system().withGovernor(new MemoryGovernor(1L << 40));

  private record Made(InstancePool<Thing> pool, ThingAllocator allocator) {}

  /** Waits for other threads, with a bound that suits a slow machine. */
  static ConditionFactory eventually() {
    return with().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).await().atMost(SOON);
  }

  PoolRuntime runtime() {
    return runtime;
  }

  /**
   * Pools made after this call use the fake clock, and their reapers run only when a test calls
   * them.
   */
  PoolRuntime fakeTime() {
    runtime = runtime.withNanoTime(nanoTime).withJitter(() -> 0L);
    return runtime;
  }

  /** Pools made after this call use this runtime. */
  void use(PoolRuntime runtime) {
    this.runtime = runtime;
  }

  InstancePool<Thing> started(ThingAllocator allocator, UnaryOperator<PoolConfig.Builder> config) {
    InstancePool<Thing> pool = unstarted(allocator, config);
    pool.start();
    return pool;
  }

  InstancePool<Thing> unstarted(
      ThingAllocator allocator, UnaryOperator<PoolConfig.Builder> config) {
    PoolConfig.Builder quick =
        PoolConfig.builder("test")
            .reapInterval(Duration.ofDays(3650))
            .creationBackoff(Duration.ofMillis(1));
    InstancePool<Thing> pool = new InstancePool<>(config.apply(quick).build(), allocator, runtime);
    pools.add(new Made(pool, allocator));
    return pool;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    for (Made made : pools) {
      eventually().untilAsserted(() -> assertBalanced(made));
    }
    for (Made made : pools) {
      made.pool.close(Duration.ZERO);
    }
    for (Made made : pools) {
      eventually()
          .untilAsserted(() -> {
            PoolStats stats = made.pool.stats();
            assertBalanced(made);
            assertThat(stats.idle()).as("idle in a closed pool").isZero();
            assertThat(stats.waiting()).as("waiting in a closed pool").isZero();
            assertThat(made.allocator.open())
                .as("things not closed, but for those still out")
                .isEqualTo(stats.inUse());
          });
    }
    if (!pools.isEmpty() && pools.stream().allMatch(m -> m.pool.stats().live() == 0)) {
      assertThat(runtime.governor().usedBytes()).as("budget used by nobody").isZero();
    }
  }

  private static void assertBalanced(Made made) {
    PoolStats stats = made.pool.stats();
    assertThat(stats.creating()).as("creations under way").isZero();
    assertThat(stats.retiring()).as("closings under way").isZero();
    assertThat(stats.created())
        .as("created = live + sum(recycled): %s", stats)
        .isEqualTo(stats.live() + stats.recycledTotal());
    assertThat(stats.created()).as("created").isEqualTo(made.allocator.things.size());
    assertThat((long) stats.live()).as("live").isEqualTo(made.allocator.open());
    assertThat(stats.live()).isBetween(0, stats.maxInstances());
    assertThat(stats.bytes())
        .as("bytes")
        .isEqualTo(
            made.allocator.things.stream()
                .filter(thing -> thing.closes.get() == 0)
                .mapToLong(thing -> thing.weight)
                .sum());
    assertThat(made.allocator.things).allMatch(thing -> thing.closes.get() <= 1);
    long byPhase = 0;
    for (Slot<Thing> slot : made.pool.rack().slots()) {
      long phase = SlotState.phase(slot.state());
      byPhase += phase == SlotState.VACANT ? 0 : 1;
      assertThat(phase == SlotState.VACANT).isEqualTo(slot.value == null);
      assertThat(phase == SlotState.LEASED || phase == SlotState.VACANT || slot.tether != null)
          .as("tether at home")
          .isTrue();
    }
    assertThat(byPhase).as("slots in use").isEqualTo(stats.live());
  }
}
