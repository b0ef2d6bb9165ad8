package io.gonext.dashboard;

import io.gonext.host.ActivityPoint;
import io.gonext.host.Host;
import io.gonext.host.HostNode;
import io.gonext.host.NodeFault;
import io.gonext.host.PluginActivity;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.trust.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what an operator has to do on a host, the most urgent first. */
final class Attention {
  /** Failures of this time count. */
  private static final Duration RECENTLY = Duration.ofMinutes(1);

  private final Host host;
  private final List<Item> items = new ArrayList<>();

  private Attention(Host host) {
    this.host = host;
  }

  /**
   * One thing to do.
   *
   * @param bad whether something does not serve because of it
   * @param plugin that it is about; empty for the host
   * @param what in a few words
   * @param why with the cause; a plugin may have written it
   * @param remedy the button that mends it; null for none
   * @param look where to look, below the dashboard; empty for nowhere
   */
  record Item(
      boolean bad, String plugin, String what, String why, @Nullable Remedy remedy, String look) {
    String lookLabel() {
      return look.equals("versions") ? "Review" : "See why";
    }
  }

  /**
   * A form with one button.
   *
   * @param action the path of the form below the plugin's page
   */
  record Remedy(String label, String action) {}

  /**
   * Looks at everything.
   *
   * @param deadJobs how many jobs of each plugin are dead
   * @param nodes the hosts on the database, if there are several
   */
  static List<Item> of(
      Host host,
      List<StoredPlugin> stored,
      List<PluginActivity> serving,
      Map<String, Integer> deadJobs,
      List<HostNode> nodes,
      Instant now) {
    Attention attention = new Attention(host);
    attention.lookAtHost(now);
    nodes.stream().filter(node -> !node.isThis()).forEach(attention::lookAtNode);
    attention.lookAtPlugins(stored);
    attention.lookAtCalls(stored, serving, now);
    attention.lookAtJobs(deadJobs);
    attention.lookAtApprovals(stored);
    return attention.items;
  }

  private void lookAtHost(Instant now) {
    host.health()
        .brokenDown()
        .ifPresent(why -> add(true, "", "This host needs a restart", why, null, ""));
    host.health()
        .storeTrouble()
        .ifPresent(trouble ->
            add(
                true,
                "",
                "The store has not worked since " + Shown.time(trouble.since()),
                trouble.cause()
                    + ". What is loaded continues to serve. Changes are refused until the store"
                    + " works again.",
                null,
                ""));
    host.trust()
        .trouble()
        .ifPresent(why -> add(false, "", "The trust policy is not followed", why, null, ""));
    if (host.health().warmUp().isWarming()) {
      add(
          false,
          "",
          "The host is still warming up",
          host.health().warmUp().done()
              + " of "
              + Shown.count(host.health().warmUp().plugins(), "plugin")
              + " have their full speed.",
          null,
          "");
    }
    for (NodeFault fault : host.health().faults()) {
      add(
          true,
          fault.plugin(),
          "does not run on this host as the store says",
          fault.cause()
              + " (first "
              + Shown.relative(fault.since(), now)
              + ", "
              + Shown.count(fault.attempts(), "attempt")
              + ")",
          null,
          "");
    }
  }

  private void lookAtNode(HostNode node) {
    if (!node.isHeard()) {
      add(
          true,
          "",
          "The host " + node.name() + " has been silent for " + Shown.time(node.silentFor()),
          "It does not reach the store, or it was killed. After an hour it is no longer listed.",
          null,
          "");
    }
    node.faults()
        .forEach((plugin, cause) ->
            add(
                true,
                plugin,
                "does not run on the host " + node.name() + " as the store says",
                cause,
                null,
                ""));
  }

  private void lookAtPlugins(List<StoredPlugin> stored) {
    Map<String, String> troubles = new TreeMap<>(host.health().troubles());
    host.health().faults().forEach(fault -> troubles.remove(fault.plugin()));
    for (StoredPlugin plugin : stored) {
      String trouble = troubles.remove(plugin.name());
      if (plugin.state() == PluginState.ERRORED) {
        String cause = plugin.cause();
        add(
            true,
            plugin.name(),
            "is out of service",
            cause == null ? "" : cause,
            plugin.previous() == null
                ? new Remedy("Reset and activate", "recover")
                : new Remedy(
                    "Roll back to " + plugin.previous().version() + " and activate", "go-back"),
            "");
      } else if (trouble != null) {
        add(true, plugin.name(), "is in trouble", trouble, rollback(plugin), "");
      }
    }
    for (Map.Entry<String, Verdict> distrusted : host.trust().distrusted().entrySet()) {
      if (!troubles.containsKey(distrusted.getKey())) {
        add(
            false,
            distrusted.getKey(),
            "is no longer trusted",
            distrusted.getValue().message(),
            null,
            "versions");
      }
    }
    troubles.forEach((plugin, why) -> add(true, plugin, "is in trouble", why, null, ""));
  }

  private static @Nullable Remedy rollback(StoredPlugin plugin) {
    return plugin.previous() == null
        ? null
        : new Remedy("Roll back to " + plugin.previous().version(), "rollback");
  }

  private void lookAtCalls(List<StoredPlugin> stored, List<PluginActivity> serving, Instant now) {
    Map<String, StoredPlugin> byName =
        stored.stream().collect(Collectors.toMap(StoredPlugin::name, plugin -> plugin));
    for (PluginActivity plugin : serving) {
      if (plugin.pool().waiting() > 0) {
        add(
            false,
            plugin.plugin(),
            "has callers that wait for an instance",
            Shown.count(plugin.pool().waiting(), "caller")
                + ", the first for "
                + Shown.time(plugin.pool().longestWait())
                + "; "
                + plugin.pool().inUse()
                + " of "
                + plugin.pool().maxInstances()
                + " instances are in use.",
            null,
            "");
      }
      if (isInTrouble(plugin.plugin())) {
        continue;
      }
      double failed = 0;
      double calls = 0;
      List<ActivityPoint> points = host.activity().history(plugin.plugin());
      for (ActivityPoint point : points) {
        if (point.at().isAfter(now.minus(RECENTLY))) {
          failed += point.failuresPerSecond();
          calls += point.callsPerSecond();
        }
      }
      if (failed > 0) {
        StoredPlugin known = byName.get(plugin.plugin());
        Optional<PastFailure> last =
            host.health().recentFailures(plugin.plugin()).stream().findFirst();
        add(
            false,
            plugin.plugin(),
            Math.round(100 * failed / calls) + " % of its calls failed in the last minute",
            last.map(past -> past.failure().hook() + ": " + past.failure().reason()).orElse(""),
            known == null ? null : rollback(known),
            "");
      }
    }
  }

  private boolean isInTrouble(String plugin) {
    return items.stream().anyMatch(item -> item.bad() && item.plugin().equals(plugin));
  }

  private void lookAtJobs(Map<String, Integer> dead) {
    dead.forEach((plugin, number) ->
        add(
            false,
            plugin,
            "has " + Shown.count(number, "dead job"),
            "Their last attempt failed, and nothing happens to them by itself. Run them again.",
            null,
            "jobs"));
  }

  private void lookAtApprovals(List<StoredPlugin> stored) {
    for (StoredPlugin plugin : stored) {
      if (plugin.pending() != null) {
        add(
            false,
            plugin.name(),
            "waits for your approval of version " + plugin.pending().version(),
            "It asks for more than version "
                + plugin.current().version()
                + ", which serves meanwhile.",
            null,
            "versions");
      }
    }
  }

  private void add(
      boolean bad, String plugin, String what, String why, @Nullable Remedy remedy, String look) {
    items.add(new Item(bad, plugin, what, why, remedy, look));
  }
}
