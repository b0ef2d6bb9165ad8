package io.gonext.cli.provenance;

import io.gonext.cli.output.JsonLines;
import io.gonext.host.Host;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a bundle was built and from what, as an in-toto statement with SLSA provenance v1. Equal
 * facts give equal bytes. Not signed: it says what the author's machine says.
 *
 * @see <a href="https://slsa.dev/spec/v1.0/provenance">SLSA provenance v1</a>
 * @see <a
 *     href="https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md">Statement</a>
 */
public final class Provenance {
  /** The end of the name of its file, which begins like that of the bundle. */
  public static final String EXTENSION = ".provenance.json";

  /** The meaning of the parameters: {@code docs/provenance.md}. */
  public static final String BUILD_TYPE = "https://gonext.io/provenance/plugin-pack/v1";

  /** {@code gonext} on a machine of the author's choice. */
  public static final String BUILDER = "https://gonext.io/provenance/gonext";

  private static final String KIND = "provenance";
  private static final String STATEMENT = "https://in-toto.io/Statement/v1";
  private static final String PREDICATE = "https://slsa.dev/provenance/v1";
  private static final String SHA_256 = "sha256";
  private static final String SOURCE = "source";

  private Provenance() {}

  /**
   * What a provenance says, for people and for an index.
   *
   * @param bundle the name of its file
   * @param bundleSha256 in hexadecimal digits: compare it with the bundle at hand
   * @param builder what built it, such as {@code gonext 1.0.0}
   * @param language empty if it is not known
   * @param source the address of the repository, such as {@code git+https://github.com/acme/hello};
   *     empty if it is not known
   * @param commit empty if it is not known
   * @param isModified whether the sources were not those of the commit
   */
  public record Summary(
      String bundle,
      String bundleSha256,
      String builder,
      Optional<String> language,
      Optional<String> source,
      Optional<String> commit,
      boolean isModified) {}

  /**
   * The provenance of a bundle.
   *
   * @param sbom the SBOM that was written with it; empty for none
   */
  public static byte[] write(BuildFacts facts, Optional<BuildFacts.HashedFile> sbom) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put(
        "builder", JsonLines.fields("id", BUILDER, "version", Map.of("gonext", Host.version())));
    facts
        .time()
        .ifPresent(time ->
            details.put(
                "metadata",
                JsonLines.fields("startedOn", time.toString(), "finishedOn", time.toString())));
    sbom.ifPresent(file -> details.put("byproducts", List.of(descriptor(file))));
    return Document.write(
        JsonLines.fields(
            "_type",
            STATEMENT,
            "subject",
            List.of(descriptor(facts.bundle())),
            "predicateType",
            PREDICATE,
            "predicate",
            JsonLines.fields("buildDefinition", definition(facts), "runDetails", details)));
  }

  private static Map<String, Object> definition(BuildFacts facts) {
    Map<String, Object> external =
        JsonLines.fields(
            "plugin",
            JsonLines.fields(
                "name", facts.plugin().name(), "version", facts.plugin().version().toString()));
    facts.language().ifPresent(language -> external.put("language", language.label()));
    external.put("build", facts.isBuilt());
    Map<String, Object> internal = new LinkedHashMap<>();
    facts
        .tool()
        .ifPresent(tool ->
            internal.put(
                "toolchain", JsonLines.fields("name", tool.name(), "version", tool.version())));
    if (facts.isBuilt() && !facts.command().isEmpty()) {
      internal.put("command", facts.command());
    }
    internal.put(
        "producers",
        facts.producers().entries().stream()
            .map(each ->
                JsonLines.fields(
                    "field", each.field(), "name", each.name(), "version", each.version()))
            .toList());
    List<Object> dependencies = new ArrayList<>();
    facts.revision().ifPresent(revision -> dependencies.add(source(revision)));
    facts.lock().ifPresent(lock -> dependencies.add(descriptor(lock)));
    return JsonLines.fields(
        "buildType",
        BUILD_TYPE,
        "externalParameters",
        external,
        "internalParameters",
        internal,
        "resolvedDependencies",
        dependencies);
  }

  private static Map<String, Object> source(Revision revision) {
    Map<String, Object> source = JsonLines.fields("name", SOURCE);
    revision.url().ifPresent(url -> source.put("uri", url + "@" + revision.commit()));
    source.put("digest", Map.of("gitCommit", revision.commit()));
    source.put(
        "annotations",
        JsonLines.fields("directory", revision.directory(), "modified", revision.isModified()));
    return source;
  }

  private static Map<String, Object> descriptor(BuildFacts.HashedFile file) {
    return JsonLines.fields("name", file.name(), "digest", Map.of(SHA_256, file.sha256()));
  }

  /**
   * Reads a provenance that {@code plugin pack} wrote, here or elsewhere. The document is not
   * trusted: at most 8 MB.
   *
   * @throws InvalidDocumentException when it is not such a provenance
   */
  public static Summary summary(byte[] bytes) {
    Document statement = Document.of(KIND, bytes);
    statement.get("_type").requireString(STATEMENT);
    statement.get("predicateType").requireString(PREDICATE);
    List<Document> subjects = statement.get("subject").items();
    statement.get("subject").require(subjects.size() == 1, "does not have one item");
    Document definition = statement.get("predicate").get("buildDefinition");
    definition.get("buildType").requireString(BUILD_TYPE);
    Document builder = statement.get("predicate").get("runDetails").get("builder");
    builder.get("id").requireString(BUILDER);
    Optional<Document> source =
        definition.get("resolvedDependencies").items().stream()
            .filter(each -> each.get("name").optionalString().equals(Optional.of(SOURCE)))
            .findFirst();
    Optional<String> commit = source.map(each -> each.get("digest").get("gitCommit").string());
    return new Summary(
        subjects.getFirst().get("name").string(),
        subjects.getFirst().get("digest").get(SHA_256).sha256(),
        "gonext " + builder.get("version").get("gonext").string(),
        definition.get("externalParameters").get("language").optionalString(),
        source.flatMap(each ->
            each.get("uri")
                .optionalString()
                .map(uri -> commit.map(hash -> withoutCommit(uri, hash)).orElse(uri))),
        commit,
        source
            .map(each -> each.get("annotations").get("modified").value().asBoolean(false))
            .orElse(false));
  }

  private static String withoutCommit(String uri, String commit) {
    return uri.endsWith("@" + commit) ? uri.substring(0, uri.length() - commit.length() - 1) : uri;
  }
}
