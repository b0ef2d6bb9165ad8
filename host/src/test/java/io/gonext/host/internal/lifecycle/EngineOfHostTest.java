package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.UnmarkedStore;
import io.gonext.guests.GuestBundle;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.json.StrictJson;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.RecycleReason;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator sets and sees of the engine, in a host with a real guest. */
class EngineOfHostTest {
  @TempDir private Path data;

  @Test
  void the_hosts_limits_are_the_engines() throws InterruptedException {
    byte[] bundle = GuestBundle.of("upper").filter("h").bytes();
    EngineLimits strict = EngineLimits.defaults().withModuleBytes(64);
    try (Host host = Host.open(HostConfig.builder(data).engineLimits(strict).build())) {
      assertThatThrownBy(() -> host.plugins().install(bundle))
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("the limit is 64");
    }
    try (Host host = Host.open(HostConfig.builder(data).build())) {
      host.plugins().install(bundle);
    }
  }

  @Test
  void failures_of_the_watchdog_are_a_metric() throws InterruptedException {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (Host _ = Host.open(HostConfig.builder(data).meters(meters).build())) {
      assertThat(meters.get("gonext.engine.watchdog.failures").functionCounter().count()).isZero();
    }
  }

  @Test
  void a_registry_that_outlives_a_host_counts_what_the_next_one_does() throws InterruptedException {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    HostConfig config = HostConfig.builder(data).meters(meters).build();
    try (Host host = Host.open(config)) {
      host.plugins().install(GuestBundle.of("upper").filter("h").bytes());
      assertThat(compiled(meters, "miss")).isEqualTo(1);
    }
    assertThat(meters.find("gonext.engine.compile.cache").meters()).isEmpty();
    try (Host host = Host.open(config)) {
      host.plugins().activate("upper");
      assertThat(compiled(meters, "miss")).isZero();
      assertThat(compiled(meters, "hit")).isEqualTo(1);
    }
  }

  private static double compiled(SimpleMeterRegistry meters, String result) {
    return meters
        .get("gonext.engine.compile.cache")
        .tag("result", result)
        .functionCounter()
        .count();
  }

  /** A byte that changes without a mark stands for whatever a reset may forget. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void an_instance_that_a_reset_left_different_goes_where_resets_are_verified(boolean verified)
      throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    HostConfig config = HostConfig.builder(data).meters(meters).verifiesResets(verified).build();
    try (Host host = Host.open(config)) {
      host.plugins().install(GuestBundle.of("upper").filter("h").bytes());
      host.plugins().activate("upper");
      assertThat(host.applyFilters("h", "a").value()).isEqualTo(StrictJson.valueOf("A"));
      assertThat(host.health().pool("upper").orElseThrow().recycledTotal()).isZero();

      try (Lease<GuestInstance> lease = pool(host).checkout(Duration.ofSeconds(20))) {
        UnmarkedStore.at(lease.get(), 100_000);
      }

      assertThat(host.health().pool("upper").orElseThrow().recycled(RecycleReason.ERROR))
          .isEqualTo(verified ? 1 : 0);
      assertThat(meters.get("gonext.plugin.reset.differences").counter().count())
          .isEqualTo(verified ? 1 : 0);
      assertThat(host.applyFilters("h", "a").value()).isEqualTo(StrictJson.valueOf("A"));
    }
  }

  @SuppressWarnings("unchecked")
  private static InstancePool<GuestInstance> pool(Host host) throws ReflectiveOperationException {
    PluginSlot slot = ((Lifecycle) read(host, "lifecycle")).active("upper").orElseThrow();
    return (InstancePool<GuestInstance>) read(read(slot, "version"), "pool");
  }

  private static Object read(Object from, String name) throws ReflectiveOperationException {
    Field field = from.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(from);
  }
}
