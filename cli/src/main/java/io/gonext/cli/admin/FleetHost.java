package io.gonext.cli.admin;

import io.gonext.host.PluginState;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Version;
import io.gonext.host.manifest.VersionRange;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a plan and its steps read from a host. */
final class FleetHost {
  private static final byte[] NOTHING = new byte[0];
  private static final int CONFLICT = 409;

  private final AdminClient client;

  FleetHost(AdminClient client) {
    this.client = client;
  }

  /**
   * A plugin that the host has.
   *
   * @param sha256 of its bundle
   * @param depends what it needs; none if the host cannot read its manifest
   */
  record Installed(
      String name,
      Version version,
      String sha256,
      PluginState state,
      List<Manifest.Dependency> depends) {
    boolean isActive() {
      return state == PluginState.ACTIVE;
    }
  }

  /** The capabilities that a plugin requests, and those that it has. */
  record Granted(SortedSet<String> requested, SortedSet<String> granted) {}

  /** All plugins by name. */
  SortedMap<String, Installed> plugins() throws InterruptedException {
    SortedMap<String, Installed> plugins = new TreeMap<>();
    for (JsonNode plugin : client.send("GET", "", NOTHING).path("plugins")) {
      String name = plugin.path("name").asString("");
      plugins.put(name, installed(client.send("GET", AdminCommand.of(name), NOTHING)));
    }
    return plugins;
  }

  /** The plugin of that name, without what it depends on. */
  Optional<Installed> find(String name) throws InterruptedException {
    for (JsonNode plugin : client.send("GET", "", NOTHING).path("plugins")) {
      if (plugin.path("name").asString("").equals(name)) {
        return Optional.of(installed(plugin));
      }
    }
    return Optional.empty();
  }

  private static Installed installed(JsonNode plugin) {
    try {
      return new Installed(
          plugin.path("name").asString(""),
          Version.parse(plugin.path("version").asString("")),
          plugin.path("sha256").asString(""),
          PluginState.valueOf(plugin.path("state").asString("")),
          plugin
              .path("depends")
              .valueStream()
              .map(dependency ->
                  new Manifest.Dependency(
                      dependency.path("name").asString(""),
                      VersionRange.parse(dependency.path("version").asString(""))))
              .toList());
    } catch (IllegalArgumentException e) {
      throw new AdminException(
          "the host's answer cannot be understood; use a gonext of the host's version: "
              + e.getMessage());
    }
  }

  /** The capabilities of an installed plugin. */
  Granted grants(String name) throws InterruptedException {
    SortedSet<String> requested = new TreeSet<>();
    SortedSet<String> granted = new TreeSet<>();
    JsonNode answer = client.send("GET", AdminCommand.of(name) + "/grants", NOTHING);
    for (JsonNode capability : answer.path("capabilities")) {
      String id = capability.path("id").asString("");
      requested.add(id);
      if (capability.path("granted").booleanValue()) {
        granted.add(id);
      }
    }
    return new Granted(requested, granted);
  }

  /** The values and the schema of an installed plugin; empty if it cannot be configured. */
  Optional<JsonNode> config(String name) throws InterruptedException {
    try {
      return Optional.of(client.send("GET", AdminCommand.of(name) + "/config", NOTHING));
    } catch (AdminException e) {
      if (e.hasStatus(CONFLICT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** The secrets of an installed plugin that have a value, or not. */
  SortedSet<String> secrets(String name, boolean set) throws InterruptedException {
    SortedSet<String> names = new TreeSet<>();
    JsonNode answer = client.send("GET", AdminCommand.of(name) + "/secrets", NOTHING);
    for (JsonNode secret : answer.path("secrets")) {
      if (set
          ? secret.path("set").booleanValue()
          : secret.path("required").booleanValue() && !secret.path("set").booleanValue()) {
        names.add(secret.path("name").asString(""));
      }
    }
    return names;
  }

  /** Whether two configurations are the same: 1 and 1.0 are one number. */
  static boolean isSame(JsonNode one, ObjectNode other) {
    return one.equals(
        (a, b) ->
            a.isNumber() && b.isNumber()
                ? a.decimalValue().compareTo(b.decimalValue())
                : a.equals(b) ? 0 : 1,
        other);
  }
}
