package io.gonext.cli.provenance;

import io.gonext.cli.output.JsonLines;
import io.gonext.engine.Producers;
import io.gonext.host.Host;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The list of what a bundle consists of, as CycloneDX 1.6 JSON. Equal facts give equal bytes: the
 * serial number is a UUID of version 5 of the content, and there is no time unless {@code
 * SOURCE_DATE_EPOCH} gives it.
 *
 * @see <a href="https://cyclonedx.org/docs/1.6/json/">CycloneDX 1.6</a>
 */
public final class Sbom {
  /** The end of the name of its file, which begins like that of the bundle. */
  public static final String EXTENSION = ".cdx.json";

  private static final String KIND = "SBOM";
  private static final String PLUGIN = "plugin";
  private static final String SHA_256 = "SHA-256";

  /** The namespace of RFC 9562 for names that are URLs. */
  private static final UUID URLS = UUID.fromString("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

  /** Identifiers with operators and parentheses. Not a full parser of SPDX's expressions. */
  private static final Pattern EXPRESSION =
      Pattern.compile("\\(*[\\w.+-]+\\)*(?: (?:AND|OR|WITH) \\(*[\\w.+-]+\\)*)*");

  private Sbom() {}

  /**
   * What an SBOM says, for people and for an index.
   *
   * @param plugin its name
   * @param bundleSha256 of the bundle that it describes, in hexadecimal digits: compare it with the
   *     bundle at hand
   * @param tools that made the module, such as {@code rustc 1.95.0}
   * @param isComplete whether the components are exactly those of the build
   */
  public record Summary(
      String plugin,
      String version,
      String bundleSha256,
      List<String> tools,
      List<Component> components,
      boolean isComplete) {
    public Summary {
      tools = List.copyOf(tools);
      components = List.copyOf(components);
    }
  }

  /**
   * A package that the plugin was made from.
   *
   * @param version may be empty
   * @param purl empty for a package without a public place
   * @param inModule false if only the build uses it
   */
  public record Component(String name, String version, Optional<String> purl, boolean inModule) {}

  /** The SBOM of a bundle. */
  public static byte[] write(BuildFacts facts) {
    Map<String, Object> content = content(facts);
    Map<String, Object> bom = new LinkedHashMap<>();
    bom.put("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
    bom.put("bomFormat", "CycloneDX");
    bom.put("specVersion", "1.6");
    bom.put("serialNumber", "urn:uuid:" + uuid("https://gonext.io/sbom#" + Document.text(content)));
    bom.put("version", 1);
    bom.putAll(content);
    return Document.write(bom);
  }

  private static Map<String, Object> content(BuildFacts facts) {
    Dependencies dependencies = facts.dependencies();
    Map<String, Object> content =
        JsonLines.fields(
            "metadata",
            metadata(facts),
            "components",
            dependencies.packages().stream().map(Sbom::component).toList(),
            "dependencies",
            dependencies(dependencies),
            "compositions",
            List.of(
                JsonLines.fields(
                    "aggregate",
                    dependencies.isExact() ? "complete" : "unknown",
                    "dependencies",
                    List.of(PLUGIN))));
    List<Object> tools = tools(facts);
    if (!tools.isEmpty()) {
      content.put(
          "formulation", List.of(JsonLines.fields("bom-ref", "build", "components", tools)));
    }
    return content;
  }

  private static Map<String, Object> metadata(BuildFacts facts) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    facts.time().ifPresent(time -> metadata.put("timestamp", time.toString()));
    metadata.put("lifecycles", List.of(Map.of("phase", "build")));
    metadata.put(
        "tools",
        Map.of(
            "components",
            List.of(
                JsonLines.fields(
                    "type", "application", "name", "gonext", "version", Host.version()))));
    Map<String, String> properties = new TreeMap<>();
    facts.language().ifPresent(language -> properties.put("language", language.label()));
    properties.put("dependencies", facts.dependencies().source());
    Map<String, Object> component =
        JsonLines.fields(
            "type",
            "application",
            "bom-ref",
            PLUGIN,
            "name",
            facts.plugin().name(),
            "version",
            facts.plugin().version().toString(),
            "hashes",
            hashes(Map.of(SHA_256, facts.bundle().sha256())),
            "components",
            List.of(
                JsonLines.fields(
                    "type",
                    "file",
                    "bom-ref",
                    "module",
                    "mime-type",
                    "application/wasm",
                    "name",
                    facts.module().name(),
                    "hashes",
                    hashes(Map.of(SHA_256, facts.module().sha256())))),
            "properties",
            properties(properties));
    metadata.put("component", component);
    return metadata;
  }

  private static Map<String, Object> component(Dependencies.Resolved each) {
    Dependencies.About about = each.about();
    Map<String, Object> component =
        JsonLines.fields("type", "library", "bom-ref", each.ref(), "name", about.name());
    if (!about.version().isEmpty()) {
      component.put("version", about.version());
    }
    component.put("scope", each.inModule() ? "required" : "excluded");
    if (!about.hashes().isEmpty()) {
      component.put("hashes", hashes(about.hashes()));
    }
    about.license().ifPresent(license -> component.put("licenses", licenses(license)));
    about.purl().ifPresent(purl -> component.put("purl", purl));
    about
        .distribution()
        .ifPresent(url ->
            component.put(
                "externalReferences",
                List.of(JsonLines.fields("type", "distribution", "url", url))));
    if (!about.properties().isEmpty()) {
      component.put("properties", properties(about.properties()));
    }
    return component;
  }

  private static List<Object> licenses(String said) {
    // Old crates write MIT/Apache-2.0.
    String expression = said.strip().replaceAll("\\s*/\\s*", " OR ");
    return List.of(
        EXPRESSION.matcher(expression).matches()
                && !expression.equals("UNLICENSED")
                && !expression.equals("NONE")
            ? Map.of("expression", expression)
            : Map.of("license", Map.of("name", said)));
  }

  private static List<Object> hashes(Map<String, String> hashes) {
    List<Object> list = new ArrayList<>();
    new TreeMap<>(hashes)
        .forEach((algorithm, content) ->
            list.add(JsonLines.fields("alg", algorithm, "content", content)));
    return list;
  }

  private static List<Object> properties(Map<String, String> properties) {
    List<Object> list = new ArrayList<>();
    new TreeMap<>(properties)
        .forEach(
            (name, value) -> list.add(JsonLines.fields("name", "gonext:" + name, "value", value)));
    return list;
  }

  private static List<Object> dependencies(Dependencies dependencies) {
    List<Object> list = new ArrayList<>();
    list.add(
        JsonLines.fields(
            "ref", PLUGIN, "dependsOn", dependencies.direct().stream().sorted().toList()));
    for (Dependencies.Resolved each : dependencies.packages()) {
      list.add(
          JsonLines.fields(
              "ref", each.ref(), "dependsOn", each.needs().stream().sorted().toList()));
    }
    return list;
  }

  /** The tool of the build, then what the module's producers section names. */
  private static List<Object> tools(BuildFacts facts) {
    List<Object> tools = new ArrayList<>();
    facts
        .tool()
        .ifPresent(tool -> tools.add(tool(tool.name(), tool.version(), "build", tools.size())));
    for (Producers.Entry entry : facts.producers().tools()) {
      tools.add(tool(entry.name(), entry.version(), entry.field(), tools.size()));
    }
    return tools;
  }

  private static Object tool(String name, String version, String role, int number) {
    Map<String, Object> tool =
        JsonLines.fields("type", "application", "bom-ref", "tool-" + (number + 1), "name", name);
    if (!version.isEmpty()) {
      tool.put("version", version);
    }
    tool.put("properties", properties(Map.of("role", role)));
    return tool;
  }

  /** RFC 9562, section 5.5. */
  static UUID uuid(String name) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      sha1.update(
          ByteBuffer.allocate(16)
              .putLong(URLS.getMostSignificantBits())
              .putLong(URLS.getLeastSignificantBits())
              .array());
      ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name.getBytes(StandardCharsets.UTF_8)));
      return new UUID(
          (hash.getLong() & ~0xf000L) | 0x5000L,
          (hash.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  /**
   * Reads an SBOM that {@code plugin pack} wrote, here or elsewhere. The document is not trusted:
   * at most 8 MB and 50,000 components.
   *
   * @throws InvalidDocumentException when it is not such an SBOM
   */
  public static Summary summary(byte[] bytes) {
    Document bom = Document.of(KIND, bytes);
    bom.get("bomFormat").requireString("CycloneDX");
    bom.get("specVersion").requireString("1.6");
    Document main = bom.get("metadata").get("component");
    String hash =
        main.get("hashes").items().stream()
            .filter(each -> each.get("alg").string().equals(SHA_256))
            .findFirst()
            .map(each -> each.get("content").sha256())
            .orElseThrow(() ->
                new InvalidDocumentException(
                    "the SBOM: /metadata/component/hashes has no SHA-256 of the bundle"));
    return new Summary(
        main.get("name").string(),
        main.get("version").string(),
        hash,
        bom.get("formulation").items().stream()
            .flatMap(formula -> formula.get("components").items().stream())
            .map(tool ->
                (tool.get("name").string() + " " + tool.get("version").optionalString().orElse(""))
                    .strip())
            .toList(),
        bom.get("components").items().stream()
            .map(each ->
                new Component(
                    each.get("name").string(),
                    each.get("version").optionalString().orElse(""),
                    each.get("purl").optionalString(),
                    !each.get("scope").optionalString().orElse("").equals("excluded")))
            .toList(),
        bom.get("compositions").items().stream()
            .anyMatch(each ->
                each.get("aggregate").string().equals("complete")
                    && each.get("dependencies").items().stream()
                        .anyMatch(ref -> ref.string().equals(PLUGIN))));
  }
}
