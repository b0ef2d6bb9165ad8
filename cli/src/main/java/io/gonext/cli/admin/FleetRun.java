package io.gonext.cli.admin;

import io.gonext.cli.admin.FleetHost.Installed;
import io.gonext.cli.admin.FleetStep.Action;
import io.gonext.cli.fetch.Digest;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.PluginState;
import io.gonext.host.json.StrictJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Makes the steps of a plan. A step that fails ends the steps of its plugin and of those that
 * depend on it; the others go on. A plugin that this run took out of service and cannot change goes
 * back into service as it was. For one use.
 */
final class FleetRun {
  private static final byte[] NOTHING = new byte[0];

  private final AdminClient client;
  private final FleetHost host;
  private final FleetBundles bundles;
  private final FleetPlan plan;
  private final boolean deleteData;

  private final Map<String, String> stuck = new HashMap<>();

  /** The plugins that this run took out of service and that still have their old bundle. */
  private final Set<String> stopped = new HashSet<>();

  /**
   * @param deleteData of the plugins that are uninstalled
   */
  FleetRun(AdminClient client, FleetBundles bundles, FleetPlan plan, boolean deleteData) {
    this.client = client;
    this.host = new FleetHost(client);
    this.bundles = bundles;
    this.plan = plan;
    this.deleteData = deleteData;
  }

  /** What became of a step. */
  enum Status {
    DONE,
    FAILED,
    NOT_DONE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * The outcome of a step.
   *
   * @param problems why it failed, or was not done; otherwise warnings
   */
  record Outcome(FleetStep step, Status status, List<String> problems) {}

  /** Receives each outcome as it happens. */
  @FunctionalInterface
  interface Listener {
    void on(Outcome outcome);
  }

  /**
   * Makes all steps.
   *
   * @throws AdminException when the host does not answer any more
   */
  void make(Listener listener) throws InterruptedException {
    for (FleetStep step : plan.steps()) {
      listener.on(outcome(step));
    }
    for (FleetStep step : plan.steps()) {
      if (step.action() == Action.ACTIVATE
          && stuck.containsKey(step.plugin())
          && stopped.contains(step.plugin())) {
        listener.on(restored(step.plugin()));
      }
    }
  }

  private Outcome outcome(FleetStep step) throws InterruptedException {
    String plugin = step.plugin();
    Optional<String> why = whyNot(plugin);
    if (why.isPresent()) {
      stuck.putIfAbsent(plugin, why.get());
      return new Outcome(step, Status.NOT_DONE, List.of(why.get()));
    }
    try {
      List<String> warnings = make(step);
      if (step.action() == Action.UPDATE) {
        stopped.remove(step.plugin());
      }
      return new Outcome(step, Status.DONE, warnings);
    } catch (AdminException e) {
      if (e.isUnreachable()) {
        throw e;
      }
      if (isDone(step)) {
        return new Outcome(step, Status.DONE, List.of());
      }
      return failed(step, e.getMessage(), e.problems());
    } catch (CommandFailure e) {
      return failed(step, e.getMessage(), e.details());
    }
  }

  private Outcome failed(FleetStep step, String message, List<String> problems) {
    stuck.put(step.plugin(), step + " failed");
    List<String> all = new ArrayList<>();
    all.add(message);
    if (problems.size() > 1) {
      all.addAll(problems);
    }
    return new Outcome(step, Status.FAILED, all);
  }

  private Optional<String> whyNot(String plugin) {
    if (stuck.containsKey(plugin)) {
      return Optional.of(Objects.requireNonNull(stuck.get(plugin)));
    }
    return plan.needs().getOrDefault(plugin, Set.of()).stream()
        .filter(stuck::containsKey)
        .sorted()
        .findFirst()
        .map(needed -> plugin + " needs " + needed + ": " + stuck.get(needed));
  }

  /** Makes a step; returns warnings. */
  private List<String> make(FleetStep step) throws InterruptedException {
    String path = AdminCommand.of(step.plugin());
    return switch (step.action()) {
      case INSTALL -> warnings(bundles.send("POST", "", entry(step)));
      case UPDATE -> update(step);
      case GRANTS -> {
        grant(path, entry(step).grants().orElseThrow());
        yield List.of();
      }
      case CONFIG ->
          warnings(
              client.send(
                  "PUT", path + "/config", StrictJson.write(entry(step).config().orElseThrow())));
      case DEACTIVATE -> {
        client.send("POST", path + "/deactivate", NOTHING);
        stopped.add(step.plugin());
        yield List.of();
      }
      case UNINSTALL -> {
        client.send("DELETE", path + "?keep_data=" + !deleteData, NOTHING);
        yield List.of();
      }
      case RESET -> {
        client.send("POST", path + "/reset", NOTHING);
        yield List.of();
      }
      case ACTIVATE -> warnings(client.send("POST", path + "/activate", NOTHING));
    };
  }

  private FleetFile.Entry entry(FleetStep step) {
    return Objects.requireNonNull(plan.entries().get(step.plugin()));
  }

  private static List<String> warnings(JsonNode answer) {
    return answer.path("warnings").valueStream().map(warning -> warning.asString("")).toList();
  }

  private List<String> update(FleetStep step) throws InterruptedException {
    FleetFile.Entry entry = entry(step);
    String path = AdminCommand.of(step.plugin());
    JsonNode answer = bundles.send("PUT", path + "/bundle", entry);
    if (!isWaiting(answer)) {
      return warnings(answer);
    }
    List<String> obstacles =
        answer.path("obstacles").valueStream().map(obstacle -> obstacle.asString("")).toList();
    if (!obstacles.isEmpty()) {
      throw new AdminException(
          "the version cannot serve yet, and waits for approval: " + obstacles.getFirst(),
          obstacles);
    }
    if (entry.grants().isEmpty()) {
      throw new AdminException(
          "the version reaches more than the current one, and waits for approval: list in grants"
              + " what it shall have, or use gonext approve "
              + step.plugin());
    }
    requireGranted(answer, step.plugin(), entry.grants().get());
    // An approval grants what nobody has decided on: so what the file does not grant is decided on
    // first, and the update takes the decisions over.
    SortedSet<String> denied = FleetTarget.decided(host.grants(step.plugin()).requested());
    denied.removeAll(entry.grants().get());
    for (String capability : denied) {
      client.send("DELETE", path + "/grants/" + capability, NOTHING);
    }
    if (!denied.isEmpty()) {
      answer = bundles.send("PUT", path + "/bundle", entry);
    }
    if (isWaiting(answer)) {
      answer =
          client.send(
              "POST",
              path + "/approve",
              StrictJson.write(
                  StrictJson.valueOf(Map.of("sha256", answer.path("sha256").asString("")))));
    }
    return warnings(answer);
  }

  /**
   * An approval grants all that a version requests, also what the file does not grant. The plan
   * takes such a plugin out of service first; somebody may have activated it since.
   */
  private void requireGranted(JsonNode waiting, String plugin, SortedSet<String> wanted)
      throws InterruptedException {
    SortedSet<String> more = new TreeSet<>();
    for (JsonNode change : waiting.path("capabilities")) {
      if (change.path("change").asString("").equals("+")) {
        more.add(change.path("id").asString(""));
      }
    }
    more = FleetTarget.decided(more);
    more.removeAll(wanted);
    if (!more.isEmpty() && host.find(plugin).filter(Installed::isActive).isPresent()) {
      throw new AdminException(
          "the version requests "
              + String.join(", ", more)
              + ", which the file does not grant, and the plugin is in service: run the command"
              + " again");
    }
  }

  private static boolean isWaiting(JsonNode answer) {
    return answer.path("action").asString("").equals("awaiting_approval");
  }

  private void grant(String path, SortedSet<String> wanted) throws InterruptedException {
    FleetHost.Granted now = host.grants(path.substring(1));
    SortedSet<String> plus = FleetTarget.decided(wanted);
    plus.removeAll(now.granted());
    SortedSet<String> minus = new TreeSet<>(FleetTarget.decided(now.granted()));
    minus.removeAll(wanted);
    for (String capability : minus) {
      client.send("DELETE", path + "/grants/" + capability, NOTHING);
    }
    for (String capability : plus) {
      client.send("PUT", path + "/grants/" + capability, NOTHING);
    }
  }

  /** Whether somebody else has made the same change. */
  private boolean isDone(FleetStep step) throws InterruptedException {
    Optional<Installed> now = host.find(step.plugin());
    return switch (step.action()) {
      case INSTALL, UPDATE ->
          now.filter(has -> Digest.ofHex(has.sha256()).equals(entry(step).digest())).isPresent();
      case ACTIVATE -> now.filter(Installed::isActive).isPresent();
      case DEACTIVATE -> now.filter(Installed::isActive).isEmpty();
      case UNINSTALL -> now.isEmpty();
      case RESET -> now.filter(has -> has.state() != PluginState.ERRORED).isPresent();
      case GRANTS, CONFIG -> false;
    };
  }

  /** Puts a plugin back into service that could not be changed. */
  private Outcome restored(String plugin) throws InterruptedException {
    FleetStep step = new FleetStep(plugin, Action.ACTIVATE, "back in service as it is");
    try {
      return new Outcome(
          step,
          Status.DONE,
          warnings(client.send("POST", AdminCommand.of(plugin) + "/activate", NOTHING)));
    } catch (AdminException e) {
      if (e.isUnreachable()) {
        throw e;
      }
      return new Outcome(step, Status.FAILED, List.of(e.getMessage()));
    }
  }
}
