package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.DockerRegistry;
import io.gonext.guests.GuestBundle;
import io.gonext.host.RegistryException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The client against Debian's registry, which has no referrers API. */
@Tag("slow")
class DockerRegistryTest {
  @TempDir private static Path shared;
  private static DockerRegistry registry;

  private final byte[] bundle = GuestBundle.of("echo").filter("h").bytes();
  private OciClient client;
  private OciReference repository;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    TestClients.requireRegistry();
    registry = DockerRegistry.start(Files.createDirectory(shared.resolve("registry")));
  }

  @AfterAll
  static void stop() {
    if (registry != null) {
      registry.close();
    }
  }

  @BeforeEach
  void open(TestInfo test) {
    client = TestClients.client(shared);
    repository =
        OciReference.parse(
            "oci://"
                + registry.registry()
                + "/"
                + test.getTestMethod().orElseThrow().getName().replaceAll("_+", "-"));
  }

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void a_pushed_plugin_is_pulled_by_tag_and_by_digest() throws InterruptedException {
    PushedArtifact pushed = push(PluginArtifact.of(bundle));
    assertThat(pushed.reference().tag()).contains("1.0.0");
    assertThat(pushed.bytesSent()).isGreaterThan(bundle.length);
    for (OciReference reference :
        List.of(
            repository.withTag("1.0.0"),
            repository.withDigest(pushed.reference().digest().orElseThrow()),
            pushed.reference())) {
      PulledPlugin pulled = client.pull(reference, TransferListener.NONE);
      assertThat(pulled.bundle()).isEqualTo(bundle);
      assertThat(pulled.digest()).isEqualTo(pushed.reference().digest().orElseThrow());
      assertThat(pulled.reference()).isEqualTo(reference);
      assertThat(pulled.origin()).isEqualTo(repository.toString());
      assertThat(pulled.signatureFiles()).isEmpty();
      assertThat(pulled.sbom()).isEmpty();
    }
  }

  @Test
  void the_same_bundle_has_the_same_digest_and_is_sent_once() throws InterruptedException {
    PushedArtifact first = push(PluginArtifact.of(bundle));
    PushedArtifact second = push(PluginArtifact.of(bundle));
    assertThat(second.reference()).isEqualTo(first.reference());
    assertThat(second.bytesSent()).isZero();
  }

  @Test
  void the_artifact_is_what_the_documentation_says() throws Exception {
    TreeMap<String, String> annotations = new TreeMap<>();
    annotations.put("org.opencontainers.image.source", "https://example.com/echo");
    push(
        new PluginArtifact(
            bundle,
            List.of(),
            Optional.of("{\"bomFormat\":\"CycloneDX\"}".getBytes(StandardCharsets.UTF_8)),
            Optional.of("{}".getBytes(StandardCharsets.UTF_8)),
            annotations));
    HttpResponse<byte[]> answer = get("/manifests/1.0.0");
    assertThat(answer.headers().firstValue("Content-Type"))
        .contains("application/vnd.oci.image.manifest.v1+json");
    JsonNode manifest = StrictJson.parse(answer.body());
    assertThat(manifest.path("artifactType").asString())
        .isEqualTo("application/vnd.gonext.plugin.v1");
    assertThat(
            manifest.path("layers").valueStream().map(layer -> layer.path("mediaType").asString()))
        .containsExactly(
            "application/vnd.gonext.plugin.bundle.v1+zip",
            "application/vnd.cyclonedx+json",
            "application/vnd.in-toto+json");
    assertThat(manifest.at("/layers/0/annotations/org.opencontainers.image.title").asString())
        .isEqualTo("echo-1.0.0.gnplugin");
    assertThat(Descriptor.annotations(manifest.path("annotations")))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "org.opencontainers.image.title", "echo",
                "org.opencontainers.image.version", "1.0.0",
                "org.opencontainers.image.source", "https://example.com/echo"));
    JsonNode config =
        StrictJson.parse(get("/blobs/" + manifest.at("/config/digest").asString()).body());
    assertThat(config.path("name").asString()).isEqualTo("echo");

    PulledPlugin pulled = client.pull(repository.withTag("1.0.0"), TransferListener.NONE);
    assertThat(pulled.sbom()).hasValueSatisfying(sbom -> assertThat(sbom).hasSize(25));
    assertThat(pulled.provenance()).hasValueSatisfying(one -> assertThat(one).hasSize(2));
    assertThat(pulled.annotations()).containsEntry("org.opencontainers.image.version", "1.0.0");
  }

  @Test
  void signatures_are_found_by_the_fallback_tag() throws InterruptedException {
    byte[] one = new byte[64];
    byte[] other = "untrusted comment: x".getBytes(StandardCharsets.UTF_8);
    PushedArtifact pushed = push(PluginArtifact.of(bundle).signedBy(List.of(one)));
    assertThat(pushed.referrers()).isOne();
    // A second signature, of another publisher, joins the first; the first is not doubled.
    push(PluginArtifact.of(bundle).signedBy(List.of(one, other)));
    PulledPlugin pulled = client.pull(pushed.reference(), TransferListener.NONE);
    assertThat(pulled.signatureFiles()).containsExactly(one, other);
    String digest = pushed.reference().digest().orElseThrow();
    assertThat(client.tags(repository))
        .containsExactlyInAnyOrder("1.0.0", digest.replace(':', '-'));
    assertThat(client.referrers(pushed.reference(), ""))
        .hasSize(2)
        .allSatisfy(referrer ->
            assertThat(referrer.artifactType())
                .isEqualTo("application/vnd.gonext.plugin.signature.v1"));
    assertThat(client.referrers(pushed.reference(), "application/vnd.other")).isEmpty();
  }

  @Test
  void all_tags_are_listed() throws InterruptedException {
    for (int i = 0; i < 5; i++) {
      client.push(repository.withTag("t" + i), PluginArtifact.of(bundle), TransferListener.NONE);
    }
    assertThat(client.tags(repository)).containsExactlyInAnyOrder("t0", "t1", "t2", "t3", "t4");
  }

  @Test
  void a_version_with_build_metadata_is_pulled_as_it_is_written() throws InterruptedException {
    byte[] built = GuestBundle.of("echo").version("1.0.0+b1").filter("h").bytes();
    assertThat(push(PluginArtifact.of(built)).reference().tag()).contains("1.0.0_b1");
    OciReference written = OciReference.parse(repository + ":1.0.0+b1");
    assertThat(client.pull(written, TransferListener.NONE).bundle()).isEqualTo(built);
  }

  @Test
  void a_copy_has_the_same_digest_and_its_signatures() throws Exception {
    PushedArtifact pushed = push(PluginArtifact.of(bundle).signedBy(List.of(new byte[64])));
    OciReference beside = OciReference.parse(repository + "-copy:stable");
    PushedArtifact mounted = client.copy(pushed.reference(), beside, TransferListener.NONE);
    assertThat(mounted.bytesSent()).isZero();
    try (DockerRegistry other =
        DockerRegistry.start(Files.createDirectory(shared.resolve("other")))) {
      OciReference far = OciReference.parse("oci://" + other.registry() + "/mirror/echo");
      PushedArtifact copied = client.copy(repository.withTag("1.0.0"), far, TransferListener.NONE);
      assertThat(copied.reference().tag()).contains("1.0.0");
      assertThat(copied.reference().digest()).isEqualTo(pushed.reference().digest());
      assertThat(copied.bytesSent()).isGreaterThan(bundle.length);
      for (OciReference reference : List.of(beside, copied.reference())) {
        PulledPlugin pulled = client.pull(reference, TransferListener.NONE);
        assertThat(pulled.bundle()).isEqualTo(bundle);
        assertThat(pulled.signatureFiles()).containsExactly(new byte[64]);
      }
    }
  }

  @Test
  void a_mirror_is_asked_first_and_the_registry_where_it_has_nothing() throws Exception {
    PushedArtifact pushed = push(PluginArtifact.of(bundle));
    try (OciClient mirrored =
        TestClients.client(
            shared,
            new ArrayList<>(),
            settings ->
                settings.mirror(RegistryMirror.parse("registry.invalid=" + registry.registry())))) {
      OciReference upstream =
          OciReference.parse("oci://registry.invalid/" + repository.repository());
      PulledPlugin pulled = mirrored.pull(upstream.withTag("1.0.0"), TransferListener.NONE);
      assertThat(pulled.digest()).isEqualTo(pushed.reference().digest().orElseThrow());
      assertThat(pulled.origin()).isEqualTo(upstream.toString());
      assertThatThrownBy(() -> mirrored.pull(upstream.withTag("9"), TransferListener.NONE))
          .hasMessageContaining("registry.invalid has no known address");
    }
    try (OciClient mirrored =
        TestClients.client(
            shared,
            new ArrayList<>(),
            settings ->
                settings.mirror(
                    RegistryMirror.parse(
                        registry.registry() + "=" + registry.registry() + "/nothing")))) {
      assertThat(mirrored.pull(repository.withTag("1.0.0"), TransferListener.NONE).bundle())
          .isEqualTo(bundle);
    }
  }

  @Test
  void what_is_not_there_is_said() throws InterruptedException {
    push(PluginArtifact.of(bundle));
    assertThatThrownBy(() -> client.pull(repository.withTag("2.0.0"), TransferListener.NONE))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.NOT_FOUND))
        .hasMessage(
            repository
                + ":2.0.0 is not in the registry; gonext plugin tags "
                + repository
                + " lists what is");
    assertThatThrownBy(() -> client.tags(OciReference.parse(repository + "-x")))
        .hasMessageContaining("does not have the repository");
    assertThatThrownBy(() -> client.pull(repository, TransferListener.NONE))
        .hasMessageContaining("names no version");
  }

  @Test
  void an_artifact_of_another_kind_is_not_a_plugin() throws Exception {
    PushedArtifact pushed = push(PluginArtifact.of(bundle).signedBy(List.of(new byte[64])));
    String signature = client.referrers(pushed.reference(), "").getFirst().digest();
    assertThatThrownBy(() -> client.pull(repository.withDigest(signature), TransferListener.NONE))
        .hasMessageContaining("is not a plugin but a application/vnd.gonext.plugin.signature.v1");
    String index = pushed.reference().digest().orElseThrow().replace(':', '-');
    assertThatThrownBy(() -> client.pull(repository.withTag(index), TransferListener.NONE))
        .hasMessageContaining("is not an artifact but an index");
  }

  @Test
  void transfers_are_reported_until_they_are_complete() throws InterruptedException {
    List<String> moved = new ArrayList<>();
    TransferListener listener =
        (what, bytes, total) -> moved.add(what + " " + (bytes == total ? "all" : "part"));
    client.push(repository, PluginArtifact.of(bundle), listener);
    assertThat(moved).contains("bundle all", "config all");
    moved.clear();
    client.pull(repository.withTag("1.0.0"), listener);
    assertThat(moved).endsWith("bundle all");
  }

  @Test
  void a_client_asks_only_the_registries_that_are_allowed() {
    try (OciClient closed = new OciClient(RegistrySettings.none())) {
      assertThatThrownBy(() -> closed.pull(repository.withTag("1.0.0"), TransferListener.NONE))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.NOT_ALLOWED))
          .hasMessageContaining("gonext serve --registry " + registry.registry());
    }
  }

  private PushedArtifact push(PluginArtifact artifact) throws InterruptedException {
    return client.push(repository, artifact, TransferListener.NONE);
  }

  private HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(
                  URI.create(
                      "http://" + registry.registry() + "/v2/" + repository.repository() + path))
              .header("Accept", "application/vnd.oci.image.manifest.v1+json")
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
    }
  }
}
