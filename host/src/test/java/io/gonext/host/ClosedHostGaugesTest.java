package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gauge that stays would keep the next host's from the registry, and show what is no more. */
class ClosedHostGaugesTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void a_closed_host_leaves_no_gauge_in_the_registry(@TempDir Path data)
      throws InterruptedException {
    HostConfig config =
        HostConfig.builder(data)
            .meters(meters)
            .jobs(JobsTest.QUICK)
            .cacheListener(new Deaf())
            .build();
    try (Host host = Host.open(config)) {
      SqlGuests sql = new SqlGuests(host);
      sql.activate("tables");
      sql.write("tables", "create table t (i int)");
      sql.activate("short");
      JobsTest.activate(host, JobsTest.bundle("jobs", "1.0.0", JobsTest.JOBS));
      host.jobs().run("jobs", "ok", JobsTest.json("{}"));
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() ->
              assertThat(gauges())
                  .contains(
                      "gonext.cache.invalidations.waiting",
                      "gonext.plugin.db.bytes",
                      "gonext.plugin.instances",
                      "gonext.plugin.jobs",
                      "gonext.store.available"));
      host.plugins().deactivate("short");
      host.plugins().uninstall("short");
      assertThat(meters.find("gonext.plugin.db.bytes").gauges())
          .extracting(gauge -> gauge.getId().getTag("plugin"))
          .contains("tables")
          .doesNotContain("short");
    }
    assertThat(gauges()).isEmpty();
  }

  private static final class Deaf implements CacheListener {
    @Override
    public void invalidate(CacheInvalidation invalidation) {}

    @Override
    public void invalidateAll() {}
  }

  private Set<String> gauges() {
    return meters.getMeters().stream()
        .filter(Gauge.class::isInstance)
        .map(Meter::getId)
        .map(Meter.Id::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
