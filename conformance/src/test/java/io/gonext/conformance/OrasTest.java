package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.PluginArtifact;
import io.gonext.host.registry.PulledPlugin;
import io.gonext.host.registry.PushedArtifact;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import io.gonext.host.registry.TransferListener;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The host's client of registries and oras-go read what the other has pushed: at a registry that
 * has the referrers API, at one that gives the wrong type in it (go-containerregistry's), and at
 * one that has no such API (Debian's).
 */
@Tag("slow")
class OrasTest {
  private static final byte[] BUNDLE = GuestBundle.of("echo").filter("h").bytes();

  @TempDir private static Path shared;
  private static Path oras;

  @TempDir private Path directory;
  private OciClient client;

  @BeforeAll
  static void build() throws IOException, InterruptedException {
    Path project =
        Path.of(System.getProperty("gonext.root"), "conformance", "src", "test", "go", "oras");
    TestTool.require("go", TestTool.isOnPath("go"), "no go on PATH: install Go 1.24 or newer");
    TestTool.require(
        "oras", isDownloaded(project), "oras-go is missing: run 'go mod download' in " + project);
    oras = shared.resolve("oras");
    Toolchain.run(
        project,
        Map.of(
            "GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off", "GOFLAGS", "-mod=readonly"),
        "go",
        "build",
        "-o",
        oras.toString(),
        ".");
  }

  private static boolean isDownloaded(Path project) throws IOException, InterruptedException {
    ProcessBuilder list =
        new ProcessBuilder("go", "list", "-deps", ".")
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    list.environment().putAll(Map.of("GOPROXY", "off", "GOTOOLCHAIN", "local", "GOWORK", "off"));
    Process process = list.start();
    return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0;
  }

  @BeforeEach
  void open() {
    client =
        new OciClient(
            RegistrySettings.builder()
                .allow(RegistryPattern.ANY)
                .dockerConfig(directory.resolve("none"))
                .build());
  }

  @AfterEach
  void close() {
    client.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ociregistry", "go-containerregistry"})
  void both_read_each_other_at_a_registry_with_the_referrers_api(String which) throws Exception {
    Process registry = new ProcessBuilder(oras.toString(), "serve", which).start();
    try (BufferedReader said = registry.inputReader(StandardCharsets.UTF_8)) {
      String place = "localhost:" + said.readLine() + "/acme/echo";
      assertOrasReadsOurs(place);
      assertWeReadOras(place);
      if (which.equals("ociregistry")) {
        // It says that it keeps track of signatures, so that no tag was made for them.
        assertThat(client.tags(OciReference.parse("oci://" + place)))
            .containsExactlyInAnyOrder("1.0.0", "oras");
      }
    } finally {
      registry.destroyForcibly();
    }
  }

  @Test
  void both_read_each_other_at_a_registry_without_the_referrers_api() throws Exception {
    TestTool.require(
        "docker-registry", DockerRegistry.program().isPresent(), DockerRegistry.MISSING);
    try (DockerRegistry registry =
        DockerRegistry.start(Files.createDirectory(directory.resolve("registry")))) {
      String place = registry.registry() + "/acme/echo";
      assertOrasReadsOurs(place);
      assertWeReadOras(place);
      assertThat(client.tags(OciReference.parse("oci://" + place)))
          .contains("1.0.0", "oras")
          .anyMatch(tag -> tag.startsWith("sha256-"));
    }
  }

  private void assertOrasReadsOurs(String place) throws Exception {
    byte[] signature = new byte[64];
    signature[0] = 1;
    PushedArtifact pushed =
        client.push(
            OciReference.parse("oci://" + place),
            PluginArtifact.of(BUNDLE).signedBy(List.of(signature)),
            TransferListener.NONE);
    Path files = Files.createDirectory(directory.resolve("pulled"));
    JsonNode pulled =
        StrictJson.parse(
            run("pull", place, "1.0.0", files.toString()).getBytes(StandardCharsets.UTF_8));
    assertThat(pulled.path("digest").asString()).isEqualTo(pushed.reference().digest().orElse(""));
    assertThat(pulled.path("artifactType").asString())
        .isEqualTo("application/vnd.gonext.plugin.v1");
    assertThat(pulled.path("title").asString()).isEqualTo("echo");
    assertThat(pulled.path("signatures").size()).isOne();
    assertThat(files.resolve("echo-1.0.0.gnplugin")).hasBinaryContent(BUNDLE);
  }

  private void assertWeReadOras(String place) throws Exception {
    Path bundle = Files.write(directory.resolve("bundle"), BUNDLE);
    Path manifest =
        Files.write(
            directory.resolve("manifest"), BundleFiles.read(BUNDLE).files().get(Bundle.MANIFEST));
    byte[] made = "signed by oras".getBytes(StandardCharsets.UTF_8);
    Path signature = Files.write(directory.resolve("signature"), made);
    String digest =
        run("push", place, "oras", bundle.toString(), manifest.toString(), signature.toString())
            .strip();
    PulledPlugin pulled =
        client.pull(OciReference.parse("oci://" + place + ":oras"), TransferListener.NONE);
    assertThat(pulled.digest()).isEqualTo(digest);
    assertThat(pulled.plugin()).isEqualTo("echo");
    assertThat(pulled.bundle()).isEqualTo(BUNDLE);
    assertThat(pulled.signatureFiles()).containsExactly(made);
  }

  private static String run(String... arguments) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(Stream.concat(Stream.of(oras.toString()), Stream.of(arguments)).toList())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s", said).isZero();
    return said;
  }
}
