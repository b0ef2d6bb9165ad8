package io.gonext.cli.provenance;

import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The npm packages of an AssemblyScript project, from {@code package-lock.json}: its dependencies,
 * and the compiler, whose standard library is compiled into the module. Other packages of the
 * compiler are of the build only. Other {@code devDependencies} are left out.
 */
final class NpmPackages {
  private static final String COMPILER = "node_modules/assemblyscript";
  private static final String FOLDER = "node_modules/";
  private static final String REGISTRY = "https://registry.npmjs.org/";

  private NpmPackages() {}

  /** The packages of a lock file. */
  static Dependencies read(byte @Nullable [] lock) {
    Optional<JsonNode> parsed = lock == null ? Optional.empty() : Lines.json(lock);
    JsonNode packages = parsed.map(json -> json.path("packages")).orElse(null);
    if (packages == null || !packages.isObject()) {
      return Dependencies.none("there is no package-lock.json of npm 7 or later that can be read");
    }
    Dependencies.Graph graph = new Dependencies.Graph();
    for (Map.Entry<String, JsonNode> entry : packages.properties()) {
      graph.add(entry.getKey(), about(entry.getKey(), entry.getValue()));
      for (String kind : List.of("dependencies", "optionalDependencies", "peerDependencies")) {
        for (String name : entry.getValue().path(kind).propertyNames()) {
          String to = resolve(packages, entry.getKey(), name);
          if (to != null) {
            graph.needs(entry.getKey(), to, entry.getKey().equals(COMPILER));
          }
        }
      }
    }
    if (packages.has(COMPILER)) {
      graph.needs("", COMPILER, false);
    }
    return graph.of("", true, "package-lock.json");
  }

  /** The package that a name means in a package, as Node.js looks it up; null if there is none. */
  private static @Nullable String resolve(JsonNode packages, String from, String name) {
    for (String folder = from; ; folder = parent(folder)) {
      String path = (folder.isEmpty() ? "" : folder + "/") + FOLDER + name;
      JsonNode found = packages.path(path);
      if (found.path("link").asBoolean(false)) {
        return found.path("resolved").asString("");
      }
      if (found.isObject()) {
        return path;
      }
      if (folder.isEmpty()) {
        return null;
      }
    }
  }

  private static String parent(String folder) {
    int slash = folder.lastIndexOf('/');
    return slash < 0 ? "" : folder.substring(0, slash);
  }

  private static Dependencies.About about(String path, JsonNode entry) {
    int folder = path.lastIndexOf(FOLDER);
    String name =
        entry.path("name").asString(path.substring(folder < 0 ? 0 : folder + FOLDER.length()));
    String version = entry.path("version").asString("");
    Optional<String> license = Optional.ofNullable(entry.path("license").asString(null));
    String resolved = entry.path("resolved").asString("");
    if (folder < 0) {
      return Dependencies.About.local(name, version, license);
    }
    return new Dependencies.About(
        name,
        version,
        purl(name, version, resolved),
        hashes(entry.path("integrity").asString("")),
        license,
        resolved.startsWith("https:") ? PublicUrl.of(resolved) : Optional.empty(),
        Map.of());
  }

  private static Optional<String> purl(String name, String version, String resolved) {
    int slash = name.indexOf('/');
    Map<String, String> qualifiers = new HashMap<>();
    if (resolved.startsWith("git+")) {
      String commit = resolved.substring(resolved.indexOf('#') + 1);
      PublicUrl.ofGit(resolved.substring(4))
          .ifPresent(url -> qualifiers.put("vcs_url", url + "@" + commit));
    } else if (!resolved.isEmpty() && !resolved.startsWith(REGISTRY)) {
      PublicUrl.of(resolved).ifPresent(url -> qualifiers.put("download_url", url));
    }
    if (!resolved.isEmpty() && !resolved.startsWith(REGISTRY) && qualifiers.isEmpty()) {
      // A file of this machine.
      return Optional.empty();
    }
    return Dependencies.purl(
        "npm",
        slash < 0 ? null : name.substring(0, slash),
        name.substring(slash + 1),
        version,
        qualifiers);
  }

  /** Of a value of Subresource Integrity, which may have several hashes. */
  private static Map<String, String> hashes(String integrity) {
    Map<String, String> hashes = new TreeMap<>();
    for (String each : integrity.strip().split("\\s+", -1)) {
      int dash = each.indexOf('-');
      if (dash > 0 && each.substring(0, dash).matches("sha(1|256|384|512)")) {
        try {
          hashes.put(
              each.substring(0, dash).toUpperCase(Locale.ROOT).replace("SHA", "SHA-"),
              HexFormat.of().formatHex(Base64.getDecoder().decode(each.substring(dash + 1))));
        } catch (IllegalArgumentException e) {
          // Not Base64: no hash.
        }
      }
    }
    return hashes;
  }
}
