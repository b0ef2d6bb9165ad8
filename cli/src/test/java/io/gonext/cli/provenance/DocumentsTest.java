package io.gonext.cli.provenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.cli.build.Language;
import io.gonext.engine.Producers;
import io.gonext.guests.GuestBundle;
import io.gonext.host.manifest.ManifestReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written is read back, and what others wrote is read with care. */
class DocumentsTest {
  private static final String BUNDLE = "b".repeat(64);
  private static final String COMMIT = "c".repeat(40);

  private static BuildFacts facts(String version) {
    Dependencies.About used =
        new Dependencies.About(
            "used",
            version,
            Dependencies.purl("cargo", null, "used", version, Map.of()),
            Map.of("SHA-256", "a".repeat(64)),
            Optional.of("see the file LICENSE"),
            Optional.empty(),
            Map.of());
    return new BuildFacts(
        ManifestReader.read(
            GuestBundle.of("sample", new byte[0]).manifest().getBytes(StandardCharsets.UTF_8)),
        new BuildFacts.HashedFile("sample-1.0.0.gnplugin", BUNDLE),
        BuildFacts.HashedFile.of("plugin.wasm", new byte[0]),
        new Producers(
            List.of(
                new Producers.Entry("language", "Rust", ""),
                new Producers.Entry("processed-by", "rustc", "1.95.0"))),
        true,
        Optional.of(Language.RUST),
        Optional.of(BuildFacts.Tool.of("cargo 1.95 (/home/me/cargo, which has the target)")),
        List.of("cargo", "build"),
        new Dependencies(
            List.of(
                new Dependencies.Resolved(
                    "pkg:cargo/used@" + version, used, true, Set.of("local:near@")),
                new Dependencies.Resolved(
                    "local:near@",
                    Dependencies.About.local("near", "", Optional.empty()),
                    false,
                    Set.of())),
            Set.of("pkg:cargo/used@" + version),
            true,
            "cargo metadata"),
        Optional.empty(),
        Optional.of(
            new Revision(Optional.of("git+https://example.com/acme/x"), COMMIT, "plugins/a", true)),
        Optional.empty());
  }

  @Test
  void an_sbom_is_read_back() {
    Sbom.Summary read = Sbom.summary(Sbom.write(facts("1.2.3")));
    assertThat(read)
        .isEqualTo(
            new Sbom.Summary(
                "sample",
                "1.0.0",
                BUNDLE,
                List.of("cargo 1.95", "rustc 1.95.0"),
                List.of(
                    new Sbom.Component("used", "1.2.3", Optional.of("pkg:cargo/used@1.2.3"), true),
                    new Sbom.Component("near", "", Optional.empty(), false)),
                true));
  }

  @Test
  void a_provenance_is_read_back() {
    byte[] provenance = Provenance.write(facts("1.2.3"), Optional.empty());
    Provenance.Summary read = Provenance.summary(provenance);
    assertThat(read.bundle()).isEqualTo("sample-1.0.0.gnplugin");
    assertThat(read.bundleSha256()).isEqualTo(BUNDLE);
    assertThat(read.builder()).startsWith("gonext ");
    assertThat(read.language()).contains("rust");
    assertThat(read.source()).contains("git+https://example.com/acme/x");
    assertThat(read.commit()).contains(COMMIT);
    assertThat(read.isModified()).isTrue();
    assertThat(new String(provenance, StandardCharsets.UTF_8))
        .contains("\"git+https://example.com/acme/x@" + COMMIT + "\"")
        .doesNotContain("/home", "startedOn");
  }

  @Test
  void equal_facts_give_equal_bytes_and_other_facts_another_serial_number() {
    String first = new String(Sbom.write(facts("1.2.3")), StandardCharsets.UTF_8);
    String other = new String(Sbom.write(facts("1.2.4")), StandardCharsets.UTF_8);
    assertThat(new String(Sbom.write(facts("1.2.3")), StandardCharsets.UTF_8)).isEqualTo(first);
    assertThat(serialNumber(other)).isNotEqualTo(serialNumber(first));
    assertThat(first).doesNotContain("timestamp");
    // By Python's uuid.uuid5(uuid.NAMESPACE_URL, ...).
    assertThat(Sbom.uuid("https://gonext.io")).hasToString("4a4100fa-0dc0-5cbb-b980-3bd28fe03031");
  }

  private static String serialNumber(String sbom) {
    return sbom.replaceAll("(?s).*\"serialNumber\":\"([^\"]+)\".*", "$1");
  }

  @Test
  void a_license_that_is_not_an_expression_is_a_name() {
    assertThat(new String(Sbom.write(facts("1.2.3")), StandardCharsets.UTF_8))
        .contains("\"licenses\":[{\"license\":{\"name\":\"see the file LICENSE\"}}]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "CycloneDX | SPDX | /bomFormat is \"SPDX\", not \"CycloneDX\"",
        "\"specVersion\":\"1.6\" | \"specVersion\":1.6 | /specVersion is not a string",
        "\"specVersion\":\"1.6\" | \"specVersion\":\"1.7\" | /specVersion is \"1.7\"",
        "\"components\":[{\"type\":\"library\" | \"components\":[1,{\"type\":\"library\" |"
            + " /components/0 is not an object",
        "\"name\":\"used\" | \"name\":[] | /components/0/name is not a string",
        "\"formulation\":[ | \"formulation\":{\"a\":1},\"b\":[ | /formulation is not an array",
        "bbbb\" | bbbB\" | /content is not a SHA-256 hash",
      })
  void a_wrong_sbom_is_refused_with_the_place(String from, String to, String problem) {
    String wrong = new String(Sbom.write(facts("1.2.3")), StandardCharsets.UTF_8).replace(from, to);
    assertThatThrownBy(() -> Sbom.summary(wrong.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidDocumentException.class)
        .hasMessageStartingWith("the SBOM: ")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Statement/v1 | Statement/v0.1 | /_type is ",
        "provenance/v1\",\"predicate\" | provenance/v0.2\",\"predicate\" | /predicateType is ",
        "\"subject\":[ | \"subject\":[{}, | /subject does not have one item",
        "plugin-pack/v1 | other/v1 | /predicate/buildDefinition/buildType is ",
        "bbbb\" | bb\" | /subject/0/digest/sha256 is not a SHA-256 hash",
      })
  void a_wrong_provenance_is_refused_with_the_place(String from, String to, String problem) {
    String wrong =
        new String(Provenance.write(facts("1.2.3"), Optional.empty()), StandardCharsets.UTF_8)
            .replace(from, to);
    assertThatThrownBy(() -> Provenance.summary(wrong.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidDocumentException.class)
        .hasMessageStartingWith("the provenance: ")
        .hasMessageContaining(problem);
  }

  @Test
  void a_document_that_is_too_large_is_refused_unread() {
    assertThatThrownBy(() -> Sbom.summary(new byte[Document.MAX_BYTES + 1]))
        .isInstanceOf(InvalidDocumentException.class)
        .hasMessage("the SBOM has more than 8 MB");
    assertThatThrownBy(() -> Provenance.summary("[]".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(InvalidDocumentException.class)
        .hasMessage("the provenance is not a JSON object");
    assertThatThrownBy(() -> Sbom.summary(new byte[] {'{'}))
        .isInstanceOf(InvalidDocumentException.class)
        .hasMessageStartingWith("the SBOM is not valid JSON: ");
  }
}
