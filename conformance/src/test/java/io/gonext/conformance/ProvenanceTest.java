package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.gonext.cli.provenance.BuildFacts;
import io.gonext.cli.provenance.Provenance;
import io.gonext.cli.provenance.Sbom;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What {@code plugin pack} says about a bundle, by real toolchains, against the formats' own
 * schemas.
 */
@Tag("slow")
class ProvenanceTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("gonext.root"), "examples");
  private static final String HASH = "0123456789abcdef".repeat(4);
  private static final Schema CYCLONEDX = cycloneDx();

  @TempDir private Path directory;

  /** The schema that CycloneDX publishes, with the two that it refers to. */
  private static Schema cycloneDx() {
    Map<String, String> schemas = new HashMap<>();
    for (String name : List.of("bom-1.6", "spdx", "jsf-0.82")) {
      String file = name + ".schema.json";
      schemas.put("http://cyclonedx.org/schema/" + file, resource("/" + file));
    }
    return SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_7, builder -> builder.schemas(schemas))
        .getSchema(
            com.networknt.schema.SchemaLocation.of(
                "http://cyclonedx.org/schema/bom-1.6.schema.json"));
  }

  private static String resource(String name) {
    try (InputStream in = ProvenanceTest.class.getResourceAsStream(name)) {
      assertThat(in).as(name).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void the_schema_refuses_a_wrong_sbom() {
    assertThat(problems("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"serial\":1}"))
        .isNotEmpty();
    assertThat(
            problems(
                "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":"
                    + "[{\"type\":\"library\",\"name\":\"a\",\"hashes\":[{\"alg\":\"SHA-256\","
                    + "\"content\":\"no\"}]}]}"))
        .isNotEmpty();
  }

  @Test
  void crates_of_tests_and_of_other_targets_are_not_in_the_sbom() throws Exception {
    Path project = Files.createDirectories(directory.resolve("app"));
    write(
        project.resolve("Cargo.toml"),
        """
        [package]
        name = "app"
        version = "0.1.0"
        edition = "2021"
        [lib]
        crate-type = ["cdylib"]
        [dependencies]
        used = "1"
        macros = "1"
        near = { path = "../near" }
        [build-dependencies]
        of-build = "1"
        [dev-dependencies]
        of-tests = "1"
        [target.'cfg(windows)'.dependencies]
        of-windows = "1"
        """);
    write(project.resolve("src/lib.rs"), "");
    write(directory.resolve("near/Cargo.toml"), crate("near", "[lib]"));
    write(directory.resolve("near/src/lib.rs"), "");
    write(
        project.resolve(".cargo/config.toml"),
        """
        [source.crates-io]
        replace-with = "here"
        [source.here]
        directory = "../crates"
        """);
    vendor("used", "[dependencies]\nof-used = \"1\"");
    vendor("of-used", "");
    vendor("macros", "[lib]\nproc-macro = true\n[dependencies]\nof-macros = \"1\"");
    vendor("of-macros", "");
    vendor("of-build", "");
    vendor("of-tests", "");
    vendor("of-windows", "");
    Toolchain.RUST.require(TestTool.isOnPath("cargo"), "no cargo on PATH: https://rustup.rs");
    Toolchain.run(project, Map.of(), "cargo", "generate-lockfile", "--offline");

    JsonNode sbom = sbom(project, "rust");
    assertThat(packages(sbom))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "pkg:cargo/used@1.0.0", "required",
                "pkg:cargo/of-used@1.0.0", "required",
                "pkg:cargo/macros@1.0.0", "excluded",
                "pkg:cargo/of-macros@1.0.0", "excluded",
                "pkg:cargo/of-build@1.0.0", "excluded",
                "near@1.0.0", "required"));
    assertThat(sbom.at("/compositions/0/aggregate").asString()).isEqualTo("complete");
    assertThat(component(sbom, "used").at("/hashes/0/content").asString()).isEqualTo(HASH);
    assertThat(component(sbom, "used").at("/licenses/0/expression").asString())
        .isEqualTo("MIT OR Apache-2.0");
    assertThat(component(sbom, "near").has("hashes")).isFalse();
    assertThat(needs(sbom, "plugin"))
        .containsExactlyInAnyOrder(
            "local:near@1.0.0",
            "pkg:cargo/used@1.0.0",
            "pkg:cargo/macros@1.0.0",
            "pkg:cargo/of-build@1.0.0");
    assertThat(needs(sbom, "pkg:cargo/used@1.0.0")).containsExactly("pkg:cargo/of-used@1.0.0");
    assertThat(sbom.toString()).doesNotContain(directory.toString());

    // Cargo that cannot answer: the lock file has all of them, and the SBOM says so.
    Files.delete(project.resolve("src/lib.rs"));
    JsonNode ofLock = sbom(project, "rust");
    assertThat(packages(ofLock))
        .hasSize(8)
        .containsKeys("pkg:cargo/of-tests@1.0.0", "pkg:cargo/of-windows@1.0.0");
    assertThat(ofLock.at("/compositions/0/aggregate").asString()).isEqualTo("unknown");
    assertThat(ofLock.toString()).contains("crates that only tests or other targets may use");
  }

  private static String crate(String name, String more) {
    return """
    [package]
    name = "%s"
    version = "1.0.0"
    license = "MIT/Apache-2.0"
    edition = "2021"
    %s
    """
        .formatted(name, more);
  }

  private void vendor(String name, String more) throws IOException {
    Path folder = directory.resolve("crates").resolve(name);
    write(folder.resolve("Cargo.toml"), crate(name, more));
    write(folder.resolve("src/lib.rs"), "");
    write(folder.resolve(".cargo-checksum.json"), "{\"files\":{},\"package\":\"" + HASH + "\"}");
  }

  @Test
  void only_go_modules_of_the_build_are_in_the_sbom() throws Exception {
    Toolchain.GO.require(TestTool.isOnPath("go"), "no go on PATH: https://go.dev/dl");
    Path project = Files.createDirectories(directory.resolve("app"));
    write(
        project.resolve("go.mod"),
        """
        module app

        go 1.24

        require (
          example.com/acme/Used/v2 v2.1.0
          example.com/unused v1.0.0
          example.com/near v0.0.0
          example.com/old v1.0.0
        )

        replace example.com/near => ../near

        replace example.com/old v1.0.0 => example.com/new v1.5.0
        """);
    write(
        project.resolve("main.go"),
        """
        package main

        import (
          _ "example.com/acme/Used/v2"
          _ "example.com/near"
          _ "example.com/old"
          _ "strings"
        )

        func main() {}
        """);
    write(directory.resolve("near/go.mod"), "module example.com/near\n\ngo 1.24\n");
    write(directory.resolve("near/near.go"), "package near\n");
    write(project.resolve("vendor/example.com/acme/Used/v2/used.go"), "package used\n");
    write(project.resolve("vendor/example.com/near/near.go"), "package near\n");
    write(project.resolve("vendor/example.com/old/old.go"), "package old\n");
    write(
        project.resolve("vendor/modules.txt"),
        """
        # example.com/acme/Used/v2 v2.1.0
        ## explicit; go 1.24
        example.com/acme/Used/v2
        # example.com/unused v1.0.0
        ## explicit; go 1.24
        # example.com/near v0.0.0 => ../near
        ## explicit; go 1.24
        example.com/near
        # example.com/old v1.0.0 => example.com/new v1.5.0
        ## explicit; go 1.24
        example.com/old
        # example.com/near => ../near
        """);
    write(
        project.resolve("go.sum"),
        """
        example.com/acme/Used/v2 v2.1.0 h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
        example.com/acme/Used/v2 v2.1.0/go.mod h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
        example.com/unused v1.0.0 h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
        """);

    JsonNode sbom = sbom(project, "go");
    assertThat(packages(sbom))
        .hasSize(4)
        .containsEntry("pkg:golang/example.com/acme/used/v2@v2.1.0", "required")
        .containsEntry("pkg:golang/example.com/new@v1.5.0", "required")
        .containsEntry("example.com/near@v0.0.0", "required");
    assertThat(component(sbom, "stdlib").path("purl").asString())
        .matches("pkg:golang/stdlib@1\\.\\d+.*");
    assertThat(component(sbom, "example.com/acme/Used/v2").at("/hashes/0/content").asString())
        .startsWith("000102030405")
        .hasSize(64);
    assertThat(component(sbom, "example.com/new").toString()).contains("example.com/old");
    assertThat(sbom.at("/compositions/0/aggregate").asString()).isEqualTo("complete");
    assertThat(sbom.toString()).doesNotContain(directory.toString());

    Files.delete(project.resolve("main.go"));
    JsonNode ofSums = sbom(project, "go");
    assertThat(packages(ofSums))
        .containsOnlyKeys(
            "pkg:golang/example.com/acme/used/v2@v2.1.0", "pkg:golang/example.com/unused@v1.0.0");
    assertThat(ofSums.at("/compositions/0/aggregate").asString()).isEqualTo("unknown");
  }

  @Test
  void packages_of_the_assemblyscript_compiler_are_of_the_build_only() throws Exception {
    JsonNode sbom = sbom(EXAMPLES.resolve("hello-as"), "assemblyscript");
    assertThat(packages(sbom))
        .containsEntry("pkg:npm/assemblyscript@0.28.20", "required")
        .containsEntry("gonext@0.1.0", "required")
        .containsEntry("pkg:npm/long@5.3.2", "excluded")
        .hasSize(4);
    assertThat(component(sbom, "assemblyscript").at("/hashes/0/alg").asString())
        .isEqualTo("SHA-512");
    assertThat(component(sbom, "assemblyscript").at("/hashes/0/content").asString()).hasSize(128);
  }

  @Test
  void a_project_in_c_names_the_compiler_and_says_that_packages_are_unknown() throws Exception {
    Path project = EXAMPLES.resolve("hello-c");
    JsonNode sbom = sbom(project, "c", Toolchain.C.module(project));
    assertThat(packages(sbom)).isEmpty();
    assertThat(sbom.at("/compositions/0/aggregate").asString()).isEqualTo("unknown");
    assertThat(sbom.path("formulation").toString()).contains("clang", "processed-by");
  }

  /** Their parser refuses unknown fields, and their rules ask for what the texts require. */
  @Test
  void the_published_types_of_in_toto_and_slsa_accept_the_provenance() throws Exception {
    Toolchain.GO.require(TestTool.isOnPath("go"), "no go on PATH: https://go.dev/dl");
    Path checker = directory.resolve("checker");
    Path source =
        Path.of(System.getProperty("gonext.root"), "conformance", "src", "test", "go", "intoto");
    Toolchain.GO.require(
        exitCode(source, "go", "build", "-mod=readonly", "-o", checker.toString(), ".") == 0,
        "run 'go mod download' in " + source);
    Path project = EXAMPLES.resolve("hello-rust");
    Path file = directory.resolve("a.provenance.json");
    for (String epoch : List.of("", "1700000000")) {
      BuildFacts facts = facts(project, "rust", new byte[0], epoch);
      byte[] provenance =
          Provenance.write(facts, Optional.of(BuildFacts.HashedFile.of("a.cdx.json", new byte[0])));
      Files.write(file, provenance);
      assertThat(exitCode(directory, checker.toString(), file.toString())).isZero();
      String text = new String(provenance, StandardCharsets.UTF_8);
      assertThat(text.contains("\"startedOn\":\"2023-11-14T22:13:20Z\""))
          .isEqualTo(!epoch.isEmpty());
      Files.writeString(file, text.replace("\"buildType\"", "\"build_typ\""));
      assertThat(exitCode(directory, checker.toString(), file.toString())).isEqualTo(1);
    }
  }

  private static int exitCode(Path folder, String... command) throws Exception {
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  private JsonNode sbom(Path project, String language) throws Exception {
    return sbom(project, language, new byte[0]);
  }

  /** The SBOM of a project, which the schema accepts. */
  private JsonNode sbom(Path project, String language, byte[] module) throws Exception {
    BuildFacts facts = facts(project, language, module, "1700000000");
    byte[] sbom = Sbom.write(facts);
    assertThat(problems(new String(sbom, StandardCharsets.UTF_8))).isEmpty();
    assertThat(Sbom.summary(sbom).components())
        .hasSize(JsonMapper.shared().readTree(sbom).path("components").size());
    var summary =
        Provenance.summary(
            Provenance.write(facts, Optional.of(BuildFacts.HashedFile.of("a.cdx.json", sbom))));
    assertThat(summary.language()).contains(language);
    return JsonMapper.shared().readTree(sbom);
  }

  private static BuildFacts facts(Path project, String language, byte[] module, String epoch)
      throws Exception {
    Manifest manifest =
        ManifestReader.read(Files.readAllBytes(EXAMPLES.resolve("hello-c/manifest.json")));
    return BuildFacts.of(
        project,
        language,
        true,
        manifest,
        BuildFacts.HashedFile.of("hello-c-0.1.0.gnplugin", new byte[] {1}),
        module,
        Map.of("SOURCE_DATE_EPOCH", epoch, "PATH", System.getenv("PATH")));
  }

  private static List<String> problems(String json) {
    return CYCLONEDX.validate(json, InputFormat.JSON).stream().map(Error::toString).toList();
  }

  /** The scopes of the components, by package URL, or by name and version without one. */
  private static Map<String, String> packages(JsonNode sbom) {
    Map<String, String> packages = new TreeMap<>();
    for (JsonNode each : sbom.path("components")) {
      packages.put(
          each.path("purl")
              .asString(each.path("name").asString() + "@" + each.path("version").asString("")),
          each.path("scope").asString());
    }
    return packages;
  }

  private static JsonNode component(JsonNode sbom, String name) {
    return sbom.path("components")
        .valueStream()
        .filter(each -> each.path("name").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> needs(JsonNode sbom, String ref) {
    return sbom.path("dependencies")
        .valueStream()
        .filter(each -> each.path("ref").asString().equals(ref))
        .flatMap(each -> each.path("dependsOn").valueStream())
        .map(JsonNode::asString)
        .toList();
  }

  private static void write(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
