package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Fuel as plugins, operators and applications see it: real guests in a real host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FuelTest {
  @TempDir private static Path data;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  @BeforeAll
  void open() throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data.resolve("shared")).meters(meters).jobs(JobsTest.QUICK).build());
  }

  private static Host open(long fuel) throws InterruptedException {
    return Host.open(
        HostConfig.builder(data.resolve("fuel-" + fuel))
            .trust(TrustPolicy.off())
            .limits(OperatorLimits.defaults().withFuel(fuel))
            .build());
  }

  @AfterEach
  void uninstall() throws InterruptedException {
    for (var plugin : host.plugins().list()) {
      host.plugins().deactivate(plugin.name());
      host.plugins().uninstall(plugin.name());
    }
  }

  @AfterAll
  void close() {
    host.close();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    activate(host, bundle);
  }

  private static void activate(Host host, GuestBundle bundle) throws InterruptedException {
    host.plugins().deploy(bundle.bytes(), Set.of());
  }

  private double counted(String plugin) {
    Counter counter = meters.find("gonext.plugin.fuel").tag("plugin", plugin).counter();
    return counter == null ? 0 : counter.count();
  }

  private static List<String> degradations(FilterResult result) {
    return result.degraded().stream().map(Degradation::code).toList();
  }

  @Test
  void equal_calls_of_a_plugin_with_a_limit_use_equal_fuel_which_is_counted() throws Exception {
    activate(GuestBundle.of("upper").filter("shout").limit("fuel", 1_000_000));
    List<Long> used = Collections.synchronizedList(new ArrayList<>());
    host.health().watchFuel("upper", used::add);
    double before = counted("upper");

    for (int i = 0; i < 3; i++) {
      assertThat(host.applyFilters("shout", "a").value()).isEqualTo(StrictJson.valueOf("A"));
    }
    host.applyFilters("shout", "a longer text");

    assertThat(used).hasSize(4).allMatch(units -> units > 0);
    assertThat(used.subList(0, 3)).containsOnly(used.getFirst());
    assertThat(used.get(3)).isGreaterThan(used.getFirst());
    assertThat(counted("upper") - before)
        .isEqualTo((double) used.stream().mapToLong(Long::longValue).sum());
    assertThat(host.plugins().limits("upper").orElseThrow().fuel()).hasValue(1_000_000);
  }

  @Test
  void a_plugin_without_a_limit_does_not_count_its_fuel() throws Exception {
    activate(GuestBundle.of("upper").filter("shout"));
    List<Long> used = new ArrayList<>();
    host.health().watchFuel("upper", used::add);
    double before = counted("upper");

    host.applyFilters("shout", "a");

    assertThat(used).isEmpty();
    assertThat(counted("upper")).isEqualTo(before);
    assertThat(host.plugins().limits("upper").orElseThrow().fuel()).isEmpty();
  }

  @Test
  void a_hook_and_a_route_without_fuel_fail_and_are_told_so() throws Exception {
    activate(GuestBundle.of("loop").filter("h").route("GET", "/x").limit("fuel", 50_000));
    List<Long> used = Collections.synchronizedList(new ArrayList<>());
    host.health().watchFuel("loop", used::add);
    List<String> reasons = Collections.synchronizedList(new ArrayList<>());
    host.health().listenToFailures("loop", failure -> reasons.add(failure.reason()));

    FilterResult result = host.applyFilters("h", "a");
    RouteOutcome answer =
        host.serve("loop", new PluginRequest("GET", "/x", "", Map.of(), new byte[0]));

    assertThat(result.value()).isEqualTo(StrictJson.valueOf("a"));
    assertThat(degradations(result)).containsExactly("OUT_OF_FUEL");
    assertThat(((RouteOutcome.Failed) answer).outcome()).isEqualTo(HookOutcome.OUT_OF_FUEL);
    assertThat(used).containsExactly(50_000L, 50_000L);
    assertThat(reasons).hasSize(2).containsOnly("out of fuel: the call used its 50000 units");
  }

  @Test
  void a_plugin_that_keeps_running_out_of_fuel_opens_its_breaker() throws Exception {
    activate(GuestBundle.of("loop").filter("h").limit("fuel", 50_000));
    for (int i = 0; i < 20; i++) {
      assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("OUT_OF_FUEL");
    }

    assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("BREAKER_OPEN");
  }

  @Test
  void a_job_has_the_fuel_of_a_call() throws Exception {
    activate(
        GuestBundle.of("jobs")
            .field("capabilities", "[\"jobs.enqueue\",\"cron.register\",\"kv.write\",\"kv.read\"]")
            .field("jobs", "[\"ok\",{\"name\":\"loop\",\"max_attempts\":1}]")
            .limit("fuel", 60_000));
    double before = counted("jobs");

    JobInfo ok = JobsTest.ended(host, host.jobs().run("jobs", "ok", JobsTest.json("{}")).id());
    double ofOk = counted("jobs") - before;
    JobInfo loop = JobsTest.ended(host, host.jobs().run("jobs", "loop", JobsTest.json("{}")).id());

    assertThat(ok.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ofOk).isBetween(1.0, 60_000.0);
    assertThat(loop.attempts())
        .singleElement()
        .satisfies(attempt -> {
          assertThat(attempt.outcome()).isEqualTo("OUT_OF_FUEL");
          assertThat(attempt.reason()).contains("out of fuel: the call used its 60000 units");
        });
    assertThat(counted("jobs") - before - ofOk).isEqualTo(60_000);
  }

  @Test
  void the_operators_maximum_limits_all_plugins_and_cuts_what_they_ask_for() throws Exception {
    try (Host limited = open(40_000)) {
      activate(limited, GuestBundle.of("loop").filter("h"));
      activate(limited, GuestBundle.of("upper").filter("shout").limit("fuel", 30_000));
      List<String> warnings =
          limited
              .plugins()
              .install(GuestBundle.of("echo").filter("e").limit("fuel", 50_000).bytes())
              .warnings();

      assertThat(degradations(limited.applyFilters("h", "a"))).containsExactly("OUT_OF_FUEL");
      assertThat(limited.plugins().limits("loop").orElseThrow().fuel()).hasValue(40_000);
      assertThat(limited.plugins().limits("upper").orElseThrow().fuel()).hasValue(30_000);
      assertThat(warnings)
          .contains(
              "/limits/fuel: the plugin gets 40000 and not 50000, since the operator allows no more"
                  + " (gonext serve --fuel)");
    }
  }

  @Test
  void a_plugins_limit_is_not_for_its_start_but_the_operators_is() throws Exception {
    byte[] starts = GuestBundle.of("startloop").filter("h").limit("fuel", 5).bytes();
    try (Host limited = open(100_000)) {
      assertThatThrownBy(() -> limited.plugins().install(starts))
          .isInstanceOf(BundleRejectedException.class)
          .hasMessageContaining("does not start: out of fuel: the call used its 100000 units");
    }
  }

  @Test
  void parts_of_a_batch_share_the_fuel_of_their_call() throws Exception {
    activate(GuestBundle.of("batch").batchFilter("h").limit("fuel", 400_000_000));
    List<Long> used = Collections.synchronizedList(new ArrayList<>());
    host.health().watchFuel("batch", used::add);
    // Two parts: one takes up to 512 KiB.
    Object[] values = {"a".repeat(400_000), "b".repeat(400_000)};
    host.applyFiltersBatch("h", List.of(values));
    assertThat(used).hasSize(2);
    long needed = used.get(0) + used.get(1);
    host.plugins().deactivate("batch");
    host.plugins().uninstall("batch");
    activate(GuestBundle.of("batch").version("2.0.0").batchFilter("h").limit("fuel", needed - 1));

    var result = host.applyFiltersBatch("h", List.of(values));

    assertThat(result.degraded()).extracting(Degradation::code).contains("OUT_OF_FUEL");
  }

  @Test
  void a_limit_below_one_unit_is_refused_with_its_range() {
    for (long bad : new long[] {0, -5}) {
      assertThatThrownBy(
              () -> host.plugins().install(GuestBundle.of("upper").limit("fuel", bad).bytes()))
          .hasMessageContaining(
              "/limits/fuel: found " + bad + "; allowed: from 1 to 9007199254740991");
    }
    assertThatThrownBy(() -> OperatorLimits.defaults().withFuel(0))
        .hasMessage("fuel must be at least 1 unit: 0");
  }
}
