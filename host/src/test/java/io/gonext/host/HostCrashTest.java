package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.StoredPlugin;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host is killed (SIGKILL) while it changes a plugin, and opened again on what it left. */
class HostCrashTest {
  /** More in the profile {@code long}. */
  private static final int KILLS = Integer.getInteger("gonext.test.kills", 3);

  /** What {@link BusyHost} says, in its order, and what the store holds then. */
  private static final List<String> CHANGES =
      List.of("installed", "activated", "updated", "rolled back", "deactivated", "uninstalled");

  private static final List<String> STATES =
      List.of(
          "INSTALLED 1.0.0",
          "ACTIVE 1.0.0",
          "ACTIVE 2.0.0",
          "ACTIVE 1.0.0",
          "INACTIVE 1.0.0",
          "nothing");

  @TempDir private Path data;

  @Test
  void a_host_that_was_killed_serves_what_its_store_says() throws Exception {
    long seed = Long.getLong("gonext.test.seed", System.nanoTime());
    Random random = new Random(seed);
    for (int i = 0; i < KILLS; i++) {
      String last = killDuringChanges(random);
      try (Host host = Host.open(BusyHost.config(data))) {
        String state = host.plugins().toString();
        String expected =
            host.plugins().stream()
                .filter(plugin -> plugin.state() == PluginState.ACTIVE)
                .map(plugin -> plugin.current().version().substring(0, 1))
                .findAny()
                .orElse("nothing");
        assertThat(served(host)).as("seed %d, kill %d: %s", seed, i, state).isEqualTo(expected);
        // What was said to be done is, or the change after it.
        int done = CHANGES.indexOf(last);
        assertThat(described(host))
            .as("seed %d, kill %d after '%s'", seed, i, last)
            .isIn(STATES.get(done), STATES.get((done + 1) % STATES.size()));
        assertThat(host.plugins())
            .extracting(StoredPlugin::state)
            .as("seed %d, kill %d", seed, i)
            .doesNotContain(PluginState.ERRORED);
        // Leaves what the next process begins with.
        if (host.plugins().stream().anyMatch(plugin -> plugin.state() == PluginState.ACTIVE)) {
          host.deactivate("app");
        }
        if (!host.plugins().isEmpty()) {
          host.uninstall("app");
        }
      }
    }
  }

  private static String described(Host host) {
    return host.plugins().stream()
        .map(plugin -> plugin.state() + " " + plugin.current().version())
        .findAny()
        .orElse("nothing");
  }

  /**
   * At a moment of its second round or later, so that nothing is slow for being done first.
   *
   * @return the last change that was said to be done
   */
  private String killDuringChanges(Random random) throws Exception {
    int lines = 6 + random.nextInt(6);
    long pauseNanos = random.nextLong(10_000_000);
    Process child = ChildJvm.start(BusyHost.class.getName(), data.toString());
    StringBuilder said = new StringBuilder();
    String last = "";
    try (BufferedReader output = child.inputReader()) {
      int changes = 0;
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        said.append(line).append('\n');
        if (CHANGES.contains(line)) {
          changes++;
          last = line;
        }
        if (changes == lines && child.isAlive()) {
          LockSupport.parkNanos(
              pauseNanos); // to be anywhere in the next change, not to wait for it
          child.toHandle().destroyForcibly();
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
    }
    assertThat(child.waitFor()).as(said.toString()).isEqualTo(128 + 9);
    return last;
  }

  private static String served(Host host) throws InterruptedException {
    PluginRequest request = new PluginRequest("GET", "/", "", Map.of(), new byte[0]);
    return switch (host.serve("app", request)) {
      case RouteOutcome.Answered answered ->
          new String(answered.response().body(), StandardCharsets.UTF_8);
      case RouteOutcome.NotFound() -> "nothing";
      case RouteOutcome other -> other.toString();
    };
  }
}
