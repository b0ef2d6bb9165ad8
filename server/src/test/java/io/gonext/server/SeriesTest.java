package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How many series plugins cause on a host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeriesTest {
  private static final Pattern PLUGIN = Pattern.compile("plugin=\"([^\"]+)\"");

  /** Of each kind in a manifest. */
  private static final int MOST_HOOKS = 256;

  private static final int PLUGINS = Integer.getInteger("gonext.test.plugins", 20);

  @RegisterExtension
  private final TestServer server = TestServer.of(host -> host.trust(TrustPolicy.off()));

  @Test
  void a_plugin_with_all_hooks_that_a_manifest_may_have_causes_fewer_than_1_000_series()
      throws Exception {
    GuestBundle bundle = GuestBundle.of("trap");
    for (int i = 0; i < MOST_HOOKS; i++) {
      bundle.filter("filter_" + i).action("action_" + i).route("GET", "/route/" + i);
    }
    server.activate(bundle);
    for (int i = 0; i < MOST_HOOKS; i++) {
      server.host().applyFilters("filter_" + i, "x");
      server.host().doAction("action_" + i);
      assertThat(server.get("/api/plugins/trap/route/" + i).statusCode()).isEqualTo(502);
    }
    assertThat(series().get("trap")).isLessThan(1_000);
    // Nothing is lost: what has no series of its own is in one for all of them.
    assertThat(
            server.metrics().find("gonext.plugin.hook").tag("plugin", "trap").timers().stream()
                .mapToLong(Timer::count)
                .sum())
        .isEqualTo(3L * MOST_HOOKS);
    assertThat(server.metrics().get("gonext.plugin.call").tag("plugin", "trap").timer().count())
        .isEqualTo(3L * MOST_HOOKS);
  }

  /** 200 plugins in the profile {@code long}: each is installed with a flush of the store. */
  @Test
  void plugins_of_50_hooks_have_fewer_than_500_series_each() throws Exception {
    for (int plugin = 0; plugin < PLUGINS; plugin++) {
      GuestBundle bundle = GuestBundle.of("plugin-" + plugin, Guests.wasm("upper"));
      for (int hook = 0; hook < 50; hook++) {
        bundle.filter("hook_" + hook);
      }
      server.activate(bundle);
    }
    CallOptions patient = CallOptions.DEFAULT.withLimit(Duration.ofSeconds(60));
    for (int hook = 0; hook < 50; hook++) {
      assertThat(server.host().applyFilters(patient, "hook_" + hook, "x").degraded()).isEmpty();
    }
    Map<String, Integer> series = series();
    series.keySet().removeIf(name -> !name.startsWith("plugin-"));
    assertThat(series).hasSize(PLUGINS);
    assertThat(series.values()).allMatch(number -> number < 500);
    assertThat(server.get("/metrics").body().lines().filter(line -> line.contains("plugin-")))
        .noneMatch(line -> line.contains("(other)"));
  }

  private Map<String, Integer> series() throws IOException, InterruptedException {
    Map<String, Integer> series = new TreeMap<>();
    for (String line : server.get("/metrics").body().lines().toList()) {
      Matcher plugin = PLUGIN.matcher(line);
      if (plugin.find()) {
        series.merge(plugin.group(1), 1, Integer::sum);
      }
    }
    return series;
  }
}
