package io.gonext.cli.index;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.PublishedFormat;
import io.gonext.host.manifest.Version;
import io.gonext.host.manifest.VersionRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An index as it was read. It is untrusted: all of it has passed the published schema, and its
 * texts may still be hostile to a terminal.
 *
 * @param serial grows with each change of the index
 * @param plugins by name
 */
public record PluginIndex(
    long serial, Optional<Instant> expires, SortedMap<String, List<Release>> plugins) {
  /** No index is larger, in bytes. */
  public static final int MAX_BYTES = 16 * 1024 * 1024;

  /** The newest version is the first. */
  private static final Comparator<Version> NEWEST_FIRST = (a, b) -> b.precedence(a);

  /** Copies the map. */
  public PluginIndex {
    plugins = new TreeMap<>(plugins);
  }

  /**
   * One version of a plugin.
   *
   * @param host the versions of the host that it runs on; empty for all
   * @param json the version as the index has it
   */
  public record Release(
      String plugin, Version version, Optional<VersionRange> host, ObjectNode json) {
    /** A text of the version; empty when it has none. */
    public String text(String field) {
      return json.path(field).asString("");
    }

    /** Texts of the version. */
    public List<String> texts(String field) {
      return json.path(field).valueStream().map(JsonNode::asString).toList();
    }

    /** Whether it runs on a host. */
    public boolean runsOn(Version hostVersion) {
      return host.isEmpty() || host.get().contains(hostVersion.release());
    }

    /** Whether it is not a prerelease. */
    public boolean isRelease() {
      return version.prerelease().isEmpty();
    }
  }

  /**
   * Reads an index.
   *
   * @param where it was found, for messages
   * @throws CommandFailure when it is not one
   */
  public static PluginIndex read(byte[] utf8, String where) {
    JsonNode json;
    try {
      json = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, where + " is not an index: " + e.getMessage());
    }
    List<String> problems = new ArrayList<>(PublishedFormat.INDEX.problems(json));
    SortedMap<String, List<Release>> plugins = new TreeMap<>();
    Optional<Instant> expires = Optional.empty();
    if (problems.isEmpty()) {
      expires = expires(json, problems);
      for (JsonNode plugin : json.path("plugins")) {
        String name = plugin.path("name").stringValue();
        if (plugins.put(name, releases(name, plugin.path("versions"), problems)) != null) {
          problems.add(name + " is listed twice");
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, where + " is not an acceptable index", problems);
    }
    return new PluginIndex(StrictJson.integer(json.get("serial")).orElseThrow(), expires, plugins);
  }

  private static Optional<Instant> expires(JsonNode json, List<String> problems) {
    String text = json.path("expires").asString("");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
    } catch (java.time.format.DateTimeParseException e) {
      problems.add("/expires: there is no such time");
      return Optional.empty();
    }
  }

  private static List<Release> releases(String name, JsonNode versions, List<String> problems) {
    List<Release> releases = new ArrayList<>();
    for (JsonNode version : versions) {
      if (version instanceof ObjectNode json) {
        Version number = Version.parse(json.path("version").stringValue());
        String range = json.path("host").asString("");
        if (!range.isEmpty() && !VersionRange.isRange(range)) {
          problems.add(name + " " + number + ": host is not a range of versions");
        } else if (releases.stream().anyMatch(other -> other.version().equals(number))) {
          problems.add(name + " " + number + " is listed twice");
        } else {
          releases.add(
              new Release(
                  name,
                  number,
                  range.isEmpty() ? Optional.empty() : Optional.of(VersionRange.parse(range)),
                  json));
        }
      }
    }
    releases.sort(Comparator.comparing(Release::version, NEWEST_FIRST));
    return List.copyOf(releases);
  }

  /** The versions of a plugin, the newest first; none for a plugin that it does not have. */
  public List<Release> releases(String plugin) {
    return plugins.getOrDefault(plugin, List.of());
  }

  /** The newest version that is not a prerelease, or the newest of prereleases alone. */
  public static Optional<Release> newest(List<Release> releases) {
    return releases.stream()
        .filter(Release::isRelease)
        .findFirst()
        .or(() -> releases.stream().findFirst());
  }
}
