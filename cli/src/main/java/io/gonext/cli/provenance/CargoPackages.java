package io.gonext.cli.provenance;

import io.gonext.cli.build.ToolCommand;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * The crates of a build: {@code cargo metadata} says which ones its target uses, and {@code
 * Cargo.lock} has their checksums. Without cargo, all crates of the lock file.
 */
final class CargoPackages {
  private static final String CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index";

  private CargoPackages() {}

  /**
   * The crates.
   *
   * @param lock the content of {@code Cargo.lock}
   * @param build the command that builds, to ask its cargo; null if there is none
   */
  static Dependencies read(
      byte @Nullable [] lock, @Nullable ToolCommand build, Lines tools, String packageName)
      throws InterruptedException {
    JsonNode locked = lock == null ? null : toml(lock);
    if (build != null) {
      Optional<JsonNode> metadata = metadata(build, tools);
      if (metadata.isPresent()) {
        return ofMetadata(metadata.get(), checksums(locked));
      }
    }
    return locked == null
        ? Dependencies.none("there is no Cargo.lock that can be read")
        : ofLock(locked, packageName);
  }

  private static @Nullable JsonNode toml(byte[] lock) {
    try {
      return TomlMapper.shared().readTree(lock);
    } catch (JacksonException e) {
      return null;
    }
  }

  private static Optional<JsonNode> metadata(ToolCommand build, Lines tools)
      throws InterruptedException {
    int target = build.argv().indexOf("--target");
    if (target < 0) {
      return Optional.empty();
    }
    ToolCommand ask =
        build
            // Its script exists only where a build was.
            .without("RUSTC_WRAPPER")
            .instead(
                "metadata",
                "--format-version=1",
                "--filter-platform=" + build.argv().get(target + 1),
                "--locked",
                "--offline");
    // Warnings are lines of the same output.
    return tools.of(ask).stream()
        .filter(line -> line.startsWith("{"))
        .findFirst()
        .flatMap(Lines::json);
  }

  private static Dependencies ofMetadata(JsonNode metadata, Map<String, String> checksums) {
    Dependencies.Graph graph = new Dependencies.Graph();
    Map<String, Boolean> macros = new HashMap<>();
    for (JsonNode crate : metadata.path("packages")) {
      String id = crate.path("id").asString("");
      graph.add(
          id,
          about(
              crate.path("name").asString(""),
              crate.path("version").asString(""),
              crate.path("source").asString(""),
              Optional.ofNullable(crate.path("license").asString(null)),
              checksums));
      macros.put(id, isMacro(crate));
    }
    for (JsonNode node : metadata.path("resolve").path("nodes")) {
      for (JsonNode dependency : node.path("deps")) {
        String to = dependency.path("pkg").asString("");
        List<String> kinds =
            dependency
                .path("dep_kinds")
                .valueStream()
                .map(kind -> kind.path("kind").asString("normal"))
                .toList();
        boolean isNormal = kinds.contains("normal") && !macros.getOrDefault(to, false);
        if (isNormal || kinds.contains("normal") || kinds.contains("build")) {
          graph.needs(node.path("id").asString(""), to, !isNormal);
        }
      }
    }
    return graph.of(
        metadata.path("resolve").path("root").asString(""),
        true,
        "cargo metadata, for the target of the build");
  }

  private static boolean isMacro(JsonNode crate) {
    return crate
        .path("targets")
        .valueStream()
        .flatMap(target -> target.path("kind").valueStream())
        .anyMatch(kind -> kind.asString("").equals("proc-macro"));
  }

  private static Dependencies ofLock(JsonNode lock, String packageName) {
    Dependencies.Graph graph = new Dependencies.Graph();
    Map<String, String> checksums = checksums(lock);
    Map<String, String> ids = new HashMap<>();
    String root = "";
    for (JsonNode crate : lock.path("package")) {
      String name = crate.path("name").asString("");
      String version = crate.path("version").asString("");
      String source = crate.path("source").asString("");
      String id = id(name, version, source);
      graph.add(id, about(name, version, source, Optional.empty(), checksums));
      // A dependency has as many parts of the id as it needs to be unambiguous.
      Stream.of(name, name + " " + version, id).forEach(key -> ids.put(key, id));
      if (source.isEmpty() && name.equals(packageName)) {
        root = id;
      }
    }
    for (JsonNode crate : lock.path("package")) {
      for (JsonNode to : crate.path("dependencies")) {
        graph.needs(id(crate), ids.getOrDefault(to.asString(""), ""), false);
      }
    }
    return graph.of(
        root, false, "Cargo.lock, with crates that only tests or other targets may use");
  }

  /** By name, version and source, as in {@link #id}. */
  private static Map<String, String> checksums(@Nullable JsonNode lock) {
    Map<String, String> checksums = new HashMap<>();
    if (lock != null) {
      for (JsonNode crate : lock.path("package")) {
        if (crate.path("checksum").isString()) {
          checksums.put(id(crate), crate.path("checksum").asString());
        }
      }
    }
    return checksums;
  }

  private static String id(JsonNode crate) {
    return id(
        crate.path("name").asString(""),
        crate.path("version").asString(""),
        crate.path("source").asString(""));
  }

  /** As a lock file writes a dependency in full. */
  private static String id(String name, String version, String source) {
    return name + " " + version + " (" + source + ")";
  }

  private static Dependencies.About about(
      String name,
      String version,
      String source,
      Optional<String> license,
      Map<String, String> checksums) {
    if (source.isEmpty()) {
      return Dependencies.About.local(name, version, license);
    }
    String checksum = checksums.get(id(name, version, source));
    boolean isHash = checksum != null && checksum.matches("[0-9a-f]{64}");
    return new Dependencies.About(
        name,
        version,
        purl(name, version, source),
        isHash && source.matches("(registry|sparse)\\+.*") ? Map.of("SHA-256", checksum) : Map.of(),
        license,
        Optional.empty(),
        Map.of());
  }

  private static Optional<String> purl(String name, String version, String source) {
    if (source.equals(CRATES_IO)) {
      return Dependencies.purl("cargo", null, name, version, Map.of());
    }
    String address = source.substring(source.indexOf('+') + 1);
    if (!source.startsWith("git+")) {
      return PublicUrl.of(address)
          .flatMap(url ->
              Dependencies.purl("cargo", null, name, version, Map.of("repository_url", url)));
    }
    String commit = address.substring(address.indexOf('#') + 1);
    return PublicUrl.ofGit(address)
        .flatMap(url ->
            Dependencies.purl("cargo", null, name, version, Map.of("vcs_url", url + "@" + commit)));
  }
}
