package io.gonext.cli.admin;

import io.gonext.cli.fetch.Location;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.PublishedFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code gonext.lock}: the plugins that a host shall have.
 *
 * @param path where it was read
 * @param json the whole file
 */
record FleetFile(Path path, ObjectNode json, List<Entry> plugins) {
  private static final int MAX_BYTES = 4 * 1024 * 1024;

  FleetFile {
    plugins = List.copyOf(plugins);
  }

  /**
   * A plugin that the host shall have.
   *
   * @param digest empty when the file has none yet
   * @param isActive whether it shall serve
   * @param grants the capabilities that it shall have; empty to leave the decisions as they are
   * @param config all values of its configuration; empty to leave them as they are
   */
  record Entry(
      String name,
      Location location,
      String digest,
      boolean isActive,
      Optional<SortedSet<String>> grants,
      Optional<ObjectNode> config) {}

  /**
   * Reads the file.
   *
   * @throws AdminException when it cannot be read, with all that is wrong with it
   */
  static FleetFile read(Path path) {
    JsonNode json;
    try {
      json = StrictJson.parse(bytes(path));
    } catch (InvalidJsonException e) {
      throw new AdminException(path + " is not valid JSON: " + e.getMessage());
    }
    List<String> problems = new ArrayList<>(PublishedFormat.LOCK.problems(json));
    Set<String> names = new HashSet<>();
    int i = 0;
    for (JsonNode plugin : json.path("plugins")) {
      String name = plugin.path("name").asString("");
      if (!names.add(name) && !name.isEmpty()) {
        problems.add("/plugins/" + i + "/name: " + name + " is listed twice");
      }
      i++;
    }
    if (!(json instanceof ObjectNode object) || !problems.isEmpty()) {
      throw wrong(path, problems);
    }
    Location place = new Location.OfFile(path);
    return new FleetFile(
        path,
        object,
        json.path("plugins").valueStream().map(plugin -> entry(plugin, place)).toList());
  }

  /** Names each problem on a line of its own, or the only one in the sentence. */
  static AdminException wrong(Path path, List<String> problems) {
    return problems.size() == 1
        ? new AdminException(path + ": " + problems.getFirst(), problems)
        : new AdminException(path + " has " + problems.size() + " problems:", problems);
  }

  /**
   * The plugins, each with a digest.
   *
   * @throws AdminException when one has none
   */
  List<Entry> requireDigests() {
    String without =
        plugins.stream()
            .filter(plugin -> plugin.digest().isEmpty())
            .map(Entry::name)
            .collect(Collectors.joining(", "));
    if (!without.isEmpty()) {
      throw new AdminException(
          path + " has no digest of " + without + ": run gonext lock " + path + " to add it");
    }
    return plugins;
  }

  private static Entry entry(JsonNode plugin, Location place) {
    Optional<SortedSet<String>> grants = Optional.empty();
    if (plugin.has("grants")) {
      SortedSet<String> named = new TreeSet<>();
      plugin.path("grants").forEach(id -> named.add(id.stringValue()));
      grants = Optional.of(named);
    }
    return new Entry(
        plugin.path("name").stringValue(),
        place.resolve(plugin.path("reference").stringValue()),
        plugin.path("digest").asString(""),
        plugin.path("state").asString("active").equals("active"),
        grants,
        plugin.get("config") instanceof ObjectNode config ? Optional.of(config) : Optional.empty());
  }

  private static byte[] bytes(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new AdminException(path + " has more than " + MAX_BYTES + " bytes");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new AdminException(path + " does not exist: give the path of a gonext.lock file");
    } catch (IOException e) {
      throw new AdminException(
          Files.isDirectory(path)
              ? path + " is a directory: give the gonext.lock file in it"
              : path + " cannot be read: " + CommandFailure.reason(e));
    }
  }
}
