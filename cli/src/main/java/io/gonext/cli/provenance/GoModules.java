package io.gonext.cli.provenance;

import io.gonext.cli.build.ToolCommand;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The modules of a build: {@code go list -deps} says which packages, and so which modules, are part
 * of it. Without Go, all modules of {@code go.sum}.
 */
final class GoModules {
  /** The standard library under the name that databases of vulnerabilities use. */
  private static final String STANDARD = "stdlib";

  private GoModules() {}

  /**
   * The modules.
   *
   * @param sums the content of {@code go.sum}
   * @param build the command that builds, to ask its go; null if there is none
   */
  static Dependencies read(byte @Nullable [] sums, @Nullable ToolCommand build, Lines tools)
      throws InterruptedException {
    Map<String, String> known = sums(sums);
    if (build != null) {
      List<JsonNode> packages = packages(build, tools);
      if (!packages.isEmpty()) {
        return ofPackages(packages, goVersion(build, tools), known);
      }
    }
    return sums == null ? Dependencies.none("there is no go.sum that can be read") : ofSums(known);
  }

  /** The hashes of {@code go.sum}, by path and version with {@code @} between. */
  private static Map<String, String> sums(byte @Nullable [] file) {
    Map<String, String> sums = new TreeMap<>();
    if (file != null) {
      for (String line : new String(file, StandardCharsets.UTF_8).lines().toList()) {
        String[] parts = line.strip().split(" ", -1);
        if (parts.length == 3 && !parts[1].endsWith("/go.mod")) {
          sums.put(parts[0] + "@" + parts[1], parts[2]);
        }
      }
    }
    return sums;
  }

  /** The packages of the build; the last one is the plugin's. */
  private static List<JsonNode> packages(ToolCommand build, Lines tools)
      throws InterruptedException {
    ToolCommand ask =
        build.program().endsWith("tinygo")
            ? build.instead("list", "-target=wasi", "-deps", "-json", ".")
            : build.instead("list", "-deps", "-json=ImportPath,Standard,Module,Imports", ".");
    List<JsonNode> packages = new ArrayList<>();
    StringBuilder object = new StringBuilder();
    for (String line : tools.of(ask)) {
      if (line.startsWith("{") || line.startsWith("\t") || line.equals("}")) {
        // Other lines are messages such as "go: downloading".
        object.append(line);
      }
      if (line.equals("}")) {
        Optional<JsonNode> parsed = Lines.json(object.toString());
        if (parsed.isEmpty()) {
          return List.of();
        }
        packages.add(parsed.get());
        object.setLength(0);
      }
    }
    return packages;
  }

  private static String goVersion(ToolCommand build, Lines tools) throws InterruptedException {
    return tools.of(build.instead("env", "GOVERSION")).stream()
        .filter(line -> line.matches("go\\d+(\\.\\w+)*"))
        .map(line -> line.substring(2))
        .findFirst()
        .orElse("");
  }

  private static Dependencies ofPackages(
      List<JsonNode> packages, String goVersion, Map<String, String> sums) {
    Dependencies.Graph graph = new Dependencies.Graph();
    Map<String, String> modules = new HashMap<>();
    for (JsonNode each : packages) {
      String id = each.path("Standard").asBoolean(false) ? STANDARD : id(each.path("Module"));
      modules.put(each.path("ImportPath").asString(""), id);
      if (id.equals(STANDARD)) {
        graph.add(
            id,
            new Dependencies.About(
                STANDARD,
                goVersion,
                Dependencies.purl("golang", null, STANDARD, goVersion, Map.of()),
                Map.of(),
                Optional.of("BSD-3-Clause"),
                Optional.empty(),
                Map.of()));
      } else {
        graph.add(id, about(each.path("Module"), sums));
      }
    }
    for (JsonNode each : packages) {
      String from = modules.getOrDefault(each.path("ImportPath").asString(""), "");
      for (JsonNode imported : each.path("Imports")) {
        // A package that the standard library vendors has another path there.
        graph.needs(from, modules.getOrDefault(imported.asString(""), STANDARD), false);
      }
    }
    return graph.of(
        id(packages.getLast().path("Module")), true, "go list -deps, for the target of the build");
  }

  private static String id(JsonNode module) {
    return module.path("Path").asString("") + "@" + module.path("Version").asString("");
  }

  private static Dependencies.About about(JsonNode module, Map<String, String> sums) {
    JsonNode used = module.has("Replace") ? module.path("Replace") : module;
    String path = module.path("Path").asString("");
    String version = used.path("Version").asString("");
    if (version.isEmpty()) {
      // A directory: of this module, of a workspace, or a replacement.
      return Dependencies.About.local(path, module.path("Version").asString(""), Optional.empty());
    }
    return about(
        used.path("Path").asString(""),
        version,
        sums.getOrDefault(id(used), ""),
        module.has("Replace") ? Map.of("replaces", path) : Map.of());
  }

  private static Dependencies.About about(
      String path, String version, String sum, Map<String, String> properties) {
    int slash = path.lastIndexOf('/');
    Map<String, String> all = new HashMap<>(properties);
    Map<String, String> hashes = new HashMap<>();
    if (sum.startsWith("h1:")) {
      // The hash of a list of the module's files with their hashes, not of the ZIP file.
      all.put("go.sum", sum);
      try {
        byte[] hash = Base64.getDecoder().decode(sum.substring(3));
        if (hash.length == 32) {
          hashes.put("SHA-256", HexFormat.of().formatHex(hash));
        }
      } catch (IllegalArgumentException e) {
        all.remove("go.sum");
      }
    }
    return new Dependencies.About(
        path,
        version,
        Dependencies.purl(
            "golang",
            slash < 0 ? null : path.substring(0, slash),
            path.substring(slash + 1),
            version,
            Map.of()),
        hashes,
        Optional.empty(),
        Optional.empty(),
        all);
  }

  private static Dependencies ofSums(Map<String, String> sums) {
    Dependencies.Graph graph = new Dependencies.Graph();
    sums.forEach((id, sum) -> {
      int at = id.lastIndexOf('@');
      graph.add(id, about(id.substring(0, at), id.substring(at + 1), sum, Map.of()));
      graph.needs("", id, false);
    });
    return graph.of("", false, "go.sum, with modules that the build may not use");
  }
}
