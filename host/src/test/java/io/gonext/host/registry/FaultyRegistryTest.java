package io.gonext.host.registry;

import static io.gonext.host.registry.ScriptedRegistry.REPOSITORY;
import static io.gonext.host.registry.ScriptedRegistry.send;
import static io.gonext.host.registry.ScriptedRegistry.sendPart;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.host.RegistryException;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.FetchUrl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries that fail, lie, or send this client elsewhere. */
class FaultyRegistryTest {
  @TempDir private Path directory;
  private final byte[] bundle =
      GuestBundle.of("echo").filter("h").file("README.md", "x".repeat(100)).bytes();
  private final byte[] manifestJson =
      Objects.requireNonNull(BundleFiles.read(bundle).files().get(Bundle.MANIFEST));
  private final String blob = REPOSITORY + "/blobs/" + Digest.of(bundle);
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private ScriptedRegistry registry;
  private OciClient client;

  @BeforeEach
  void open() throws IOException {
    registry = new ScriptedRegistry();
    registry.hasPlugin(manifestJson, bundle);
    client = TestClients.client(directory, pauses, settings -> settings);
  }

  @AfterEach
  void close() {
    client.close();
    registry.close();
  }

  @Test
  void a_download_that_is_cut_off_continues_where_it_ended() throws InterruptedException {
    registry.on(
        blob,
        exchange -> {
          String range = exchange.getRequestHeaders().getFirst("Range");
          int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
          if (from > 0) {
            exchange
                .getResponseHeaders()
                .add(
                    "Content-Range",
                    "bytes " + from + "-" + (bundle.length - 1) + "/" + bundle.length);
          }
          sendPart(
              exchange, from == 0 ? 200 : 206, bundle, from, Math.min(from + 100, bundle.length));
        });
    assertThat(pull().bundle()).isEqualTo(bundle);
    assertThat(registry.requests)
        .contains("GET " + blob, "GET " + blob + " bytes=100-", "GET " + blob + " bytes=200-");
    // Each attempt brought something, so that none counts against the limit.
    assertThat(pauses)
        .hasSizeGreaterThan(Retries.ATTEMPTS)
        .allMatch(pause -> pause.toMillis() < 1000);
  }

  @Test
  void a_server_that_ignores_ranges_sends_all_again() throws InterruptedException {
    AtomicInteger times = new AtomicInteger();
    registry.on(
        blob,
        exchange ->
            sendPart(exchange, 200, bundle, 0, times.getAndIncrement() == 0 ? 100 : bundle.length));
    assertThat(pull().bundle()).isEqualTo(bundle);
    assertThat(registry.requests).contains("GET " + blob + " bytes=100-");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes 5-9/10", "", "bytes 0-1/2"})
  void another_part_than_was_asked_for_is_not_taken(String contentRange)
      throws InterruptedException {
    registry.on(
        blob,
        exchange -> {
          if (exchange.getRequestHeaders().containsKey("Range")) {
            send(exchange, 206, "x".repeat(bundle.length - 100), "Content-Range", contentRange);
          } else {
            sendPart(exchange, 200, bundle, 0, registry.requests.size() < 6 ? 100 : bundle.length);
          }
        });
    assertThat(pull().bundle()).isEqualTo(bundle);
  }

  @Test
  void a_registry_that_asks_for_a_pause_gets_it() throws InterruptedException {
    AtomicInteger times = new AtomicInteger();
    registry.on(
        blob,
        exchange -> {
          switch (times.getAndIncrement()) {
            case 0 -> send(exchange, 429, "", "Retry-After", "7");
            case 1 -> send(exchange, 503, "", "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT");
            case 2 -> send(exchange, 502, "", "Retry-After", "86400");
            default -> send(exchange, 200, bundle);
          }
        });
    assertThat(pull().bundle()).isEqualTo(bundle);
    assertThat(pauses).hasSize(3);
    assertThat(pauses.getFirst()).isEqualTo(Duration.ofSeconds(7));
    assertThat(pauses.get(1)).isBetween(Duration.ofMillis(750), Duration.ofMillis(1250));
    assertThat(pauses.get(2)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void a_registry_that_stays_broken_is_given_up() {
    registry.on(
        blob,
        exchange ->
            send(exchange, 503, "{\"errors\":[{\"code\":\"X\",\"message\":\"maintenance\"}]}"));
    assertPullFails(RegistryException.Kind.UNAVAILABLE)
        .hasMessage(registry.url() + " answered 503: maintenance");
    assertThat(pauses).hasSize(Retries.ATTEMPTS - 1);
  }

  @Test
  void a_port_without_a_registry_is_said() {
    OciReference nobody = OciReference.parse("oci://localhost:1/acme/echo:1");
    assertThatThrownBy(() -> client.pull(nobody, TransferListener.NONE))
        .hasMessage(
            "http://localhost:1 accepts no connection: check the host and port, and that the"
                + " registry runs");
  }

  @Test
  void an_operation_ends_at_its_deadline() {
    AtomicLong time = new AtomicLong();
    registry.on(blob, exchange -> send(exchange, 503, new byte[0]));
    OciClient.Parts parts =
        new OciClient.Parts(
            InetAddress::getAllByName,
            SslContextFactory.Client::new,
            new CredentialProgram(List.of(), Duration.ofSeconds(1)),
            pause -> time.addAndGet(Duration.ofSeconds(100).toNanos()),
            new Random(1),
            time::get);
    try (OciClient impatient =
        new OciClient(
            RegistrySettings.builder()
                .allow(RegistryPattern.ANY)
                .dockerConfig(directory.resolve("none"))
                .build(),
            parts)) {
      assertThatThrownBy(() -> impatient.pull(tagged(), TransferListener.NONE))
          .hasMessageContaining("was not done within 120 s");
    }
  }

  @Test
  void bytes_that_do_not_have_the_digest_are_refused() {
    byte[] other = bundle.clone();
    other[other.length - 1]++;
    registry.serve(blob, other);
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessage(
            registry.reference()
                + " sends a bundle that does not have the digest "
                + Digest.of(bundle));
  }

  @Test
  void more_bytes_than_the_manifest_names_are_refused() {
    registry.serve(blob, Arrays.copyOf(bundle, bundle.length + 1));
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("sends a bundle of more than " + bundle.length + " bytes");
  }

  @Test
  void a_bundle_that_is_too_large_is_not_asked_for() {
    hasManifest(
        new Descriptor(MediaTypes.BUNDLE, Digest.of(bundle), Bundle.MAX_BYTES + 1L, "", Map.of()));
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("has a bundle of 33554433 bytes; 33554432 is the most");
    assertThat(registry.requests).noneMatch(request -> request.contains("/blobs/"));
  }

  @Test
  void a_manifest_that_does_not_have_its_digest_is_refused() {
    byte[] manifest = "{}".getBytes(StandardCharsets.UTF_8);
    String digest = Digest.of(new byte[1]).toString();
    registry.serve(REPOSITORY + "/manifests/" + digest, manifest);
    assertThatThrownBy(
            () -> client.pull(registry.reference().withDigest(digest), TransferListener.NONE))
        .hasMessageContaining("sends a manifest that does not have the digest " + digest);
    registry.on(
        REPOSITORY + "/manifests/1",
        exchange -> send(exchange, 200, "{}", "Docker-Content-Digest", digest));
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("sends a manifest that does not have the digest " + digest);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | is not JSON",
        "[] | is not an artifact",
        "{\"schemaVersion\":2,\"schemaVersion\":2} | is not JSON",
        "{\"schemaVersion\":1,\"config\":{}} | is not an artifact",
        "{\"schemaVersion\":2,\"mediaType\":\"text/x\"} | is not an artifact but a text/x",
        "{\"schemaVersion\":2,\"config\":{}} | its config has no media type",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a\",\"digest\":\"sha1:0\"}} | digest",
      })
  void a_manifest_that_is_not_valid_is_refused(String manifest, String message) {
    registry.hasManifest(manifest.getBytes(StandardCharsets.UTF_8));
    assertPullFails(RegistryException.Kind.UNACCEPTABLE).hasMessageContaining(message);
  }

  @Test
  void a_manifest_is_read_up_to_4_mib() {
    registry.hasManifest(new byte[ImageManifest.MAX_BYTES + 1]);
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("the manifest of")
        .hasMessageContaining("has more than 4194304 bytes");
  }

  @Test
  void an_artifact_has_exactly_one_bundle() {
    Descriptor layer = Descriptor.of(MediaTypes.BUNDLE, bundle);
    hasManifest();
    assertPullFails(RegistryException.Kind.UNACCEPTABLE).hasMessageContaining("exactly one layer");
    hasManifest(layer, layer);
    assertPullFails(RegistryException.Kind.UNACCEPTABLE).hasMessageContaining("exactly one layer");
  }

  @Test
  void a_config_that_differs_from_the_bundles_manifest_is_refused() {
    registry.hasPlugin("{\"name\":\"echo\"}".getBytes(StandardCharsets.UTF_8), bundle);
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("has a config that is not the manifest.json of its bundle");
  }

  @Test
  void a_blob_elsewhere_is_fetched_without_the_login() throws Exception {
    login();
    try (ScriptedRegistry storage = new ScriptedRegistry()) {
      requireLogin();
      storage.serve("/stored", bundle);
      registry.on(
          blob,
          exchange ->
              send(exchange, 307, "", "Location", storage.url() + "/stored?signature=a%2Fb"));
      assertThat(pull().bundle()).isEqualTo(bundle);
      assertThat(registry.requests).anyMatch(request -> request.endsWith(basic()));
      assertThat(storage.requests).containsExactly("GET /stored?signature=a%2Fb");
      // A storage server that wants a login does not get one.
      storage.on(
          "/stored", exchange -> send(exchange, 401, "", "WWW-Authenticate", "Basic realm=x"));
      assertPullFails(RegistryException.Kind.UNAVAILABLE)
          .hasMessage(storage.url() + " answered 401");
      assertThat(storage.requests).noneMatch(request -> request.contains("Basic"));
    }
  }

  @Test
  void a_redirect_within_the_registry_keeps_the_login() throws Exception {
    login();
    requireLogin();
    registry.on(blob, exchange -> send(exchange, 302, "", "Location", "/v2/moved"));
    registry.serve("/v2/moved", bundle);
    assertThat(pull().bundle()).isEqualTo(bundle);
    assertThat(registry.requests).contains("GET /v2/moved " + basic());
  }

  @Test
  void redirects_end() {
    registry.on(blob, exchange -> send(exchange, 302, "", "Location", blob));
    assertPullFails(RegistryException.Kind.UNAVAILABLE)
        .hasMessageContaining("redirects more than 5 times");
    registry.on(blob, exchange -> send(exchange, 302, ""));
    assertPullFails(RegistryException.Kind.UNAVAILABLE).hasMessageContaining("to nowhere");
    registry.on(blob, exchange -> send(exchange, 302, "", "Location", "file:///etc/passwd"));
    assertPullFails(RegistryException.Kind.UNAVAILABLE)
        .hasMessageContaining("names a URL that cannot be used");
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:1/", "http://169.254.169.254/", "http://localhost:1/"})
  void a_public_registry_cannot_send_the_host_to_a_private_address(String url) {
    try (RegistryHttp http =
        new RegistryHttp(
            InetAddress::getAllByName, SslContextFactory.Client::new, RegistryProxies.NONE)) {
      Deadline deadline = Deadline.in(Duration.ofSeconds(20), System::nanoTime);
      assertThatThrownBy(() ->
              http.send(
                  RegistryHttp.Call.of("GET", FetchUrl.parse(url), Map.of()),
                  Reach.PUBLIC,
                  "",
                  deadline))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("which is not a public address although the registry's is");
    }
  }

  @Test
  void what_an_answer_may_lead_to_depends_on_who_gave_it() throws Exception {
    try (RegistryHttp http =
        new RegistryHttp(
            InetAddress::getAllByName, SslContextFactory.Client::new, RegistryProxies.NONE)) {
      FetchUrl own = FetchUrl.parse(registry.url() + REPOSITORY);
      Deadline deadline = Deadline.in(Duration.ofSeconds(20), System::nanoTime);
      try (HttpAnswer answer =
          http.send(RegistryHttp.Call.of("GET", own, Map.of()), Reach.ALL, "", deadline)) {
        FetchUrl other = FetchUrl.parse("http://10.0.0.1/");
        assertThat(answer.reachOf(own, own)).isEqualTo(Reach.ALL);
        assertThat(answer.reachOf(other, own)).as("of a registry on loopback").isEqualTo(Reach.ALL);
      }
    }
  }

  @Test
  void tags_are_read_page_by_page() throws InterruptedException {
    registry.on(
        REPOSITORY + "/tags/list",
        exchange -> {
          String query = exchange.getRequestURI().getQuery();
          if (query.contains("last=b")) {
            send(exchange, 200, "{\"name\":\"acme/echo\",\"tags\":[\"c\"]}");
          } else {
            send(
                exchange,
                200,
                "{\"name\":\"acme/echo\",\"tags\":[\"a\",\"b\"]}",
                "Link",
                "<" + REPOSITORY + "/tags/list?n=2&last=b>; rel=\"next\"");
          }
        });
    assertThat(client.tags(registry.reference())).containsExactly("a", "b", "c");
  }

  @Test
  void pages_end_and_stay_at_the_registry() {
    AtomicInteger page = new AtomicInteger();
    registry.on(
        REPOSITORY + "/tags/list",
        exchange ->
            send(
                exchange,
                200,
                "{\"tags\":[\"a\"]}",
                "Link",
                "<?n=" + page.incrementAndGet() + ">; rel=\"next\""));
    assertThatThrownBy(() -> client.tags(registry.reference()))
        .hasMessageContaining("lists tags without end");
    registry.on(
        REPOSITORY + "/tags/list",
        exchange -> send(exchange, 200, "{}", "Link", "<http://10.0.0.1/tags>; rel=\"next\""));
    assertThatThrownBy(() -> client.tags(registry.reference()))
        .hasMessageContaining("names a next page at another server");
  }

  @Test
  void more_signatures_than_64_are_refused() {
    String entries =
        IntStream.range(0, 65)
            .mapToObj(i ->
                Descriptor.of(MediaTypes.IMAGE_MANIFEST, new byte[i])
                    .typed(MediaTypes.SIGNATURE)
                    .json()
                    .toString())
            .collect(Collectors.joining(","));
    registry.on(
        REPOSITORY + "/referrers/" + manifestDigest(),
        exchange -> send(exchange, 200, "{\"manifests\":[" + entries + "]}"));
    assertPullFails(RegistryException.Kind.UNACCEPTABLE)
        .hasMessageContaining("has more than 64 artifacts that refer to");
  }

  @Test
  void a_signature_of_another_artifact_is_left_out() throws InterruptedException {
    Descriptor signature = Descriptor.of(MediaTypes.SIGNATURE, new byte[64]);
    byte[] foreign =
        new ImageManifest(
                MediaTypes.SIGNATURE,
                Descriptor.of(MediaTypes.EMPTY, ImageManifest.EMPTY_CONFIG),
                List.of(signature),
                Optional.of(Descriptor.of(MediaTypes.IMAGE_MANIFEST, new byte[1])),
                Map.of())
            .bytes();
    registry.serve(REPOSITORY + "/manifests/" + Digest.of(foreign), foreign);
    registry.serve(
        REPOSITORY + "/referrers/" + manifestDigest(),
        ImageManifest.index(
            List.of(
                Descriptor.of(MediaTypes.IMAGE_MANIFEST, foreign).typed(MediaTypes.SIGNATURE))));
    assertThat(pull().signatureFiles()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Bearer realm=\"x | has a WWW-Authenticate header that cannot be read",
        "Bearer realm=\"file:///x\" | names a token server that is not a URL",
        "Bearer realm=\"http://user:pw@x.example/\" | must not hold a user or a password",
        "Digest realm=x | neither Bearer nor Basic",
      })
  void a_challenge_that_cannot_be_met_is_said(String challenge, String message) throws IOException {
    login();
    registry.on(
        REPOSITORY + "/manifests/1",
        exchange -> send(exchange, 401, "", "WWW-Authenticate", challenge));
    assertPullFails(RegistryException.Kind.UNAVAILABLE)
        .hasMessageContaining(message)
        .hasMessageNotContaining("pw");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | {\"token\":\"a\\r\\nX: y\"} | gave no valid token",
        "200 | {} | gave no valid token",
        "200 | token | is not JSON",
        "302 | {} | has a token server that answered 302",
        "403 | {} | does not accept the credentials",
      })
  void a_token_server_that_gives_no_token_is_said(int status, String body, String message)
      throws IOException {
    login();
    registry.on("/token", exchange -> send(exchange, status, body, "Location", "/elsewhere"));
    registry.on(
        REPOSITORY + "/manifests/1",
        exchange ->
            send(
                exchange,
                401,
                "",
                "WWW-Authenticate",
                "Bearer realm=\"" + registry.url() + "/token\""));
    assertThatThrownBy(() -> client.pull(tagged(), TransferListener.NONE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(message);
    assertThat(registry.requests).noneMatch(request -> request.contains("/elsewhere"));
  }

  @Test
  void an_upload_that_is_forgotten_begins_again() throws InterruptedException {
    AtomicInteger uploads = new AtomicInteger();
    String uploaded = "/v2/uploads";
    registry.on(
        REPOSITORY + "/blobs/uploads/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          send(exchange, 202, "", "Location", uploaded + "?state=" + uploads.incrementAndGet());
        });
    registry.on(
        uploaded,
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          send(exchange, uploads.get() == 1 ? 404 : 201, "");
        });
    registry.on(blob, exchange -> send(exchange, 404, ""));
    registry.on(
        REPOSITORY + "/manifests/1",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          send(exchange, 201, "");
        });
    client.push(tagged(), PluginArtifact.of(bundle), TransferListener.NONE);
    assertThat(registry.requests)
        .anyMatch(request -> request.startsWith("PUT /v2/uploads?state=2&digest=sha256:"));
  }

  @Test
  void docker_hub_has_its_api_at_another_host() {
    Endpoint hub = Endpoint.of(OciReference.parse("oci://docker.io/acme/echo"), false);
    assertThat(hub.url("/tags/list").uri())
        .hasToString("https://registry-1.docker.io/v2/acme/echo/tags/list");
    assertThat(hub.registry()).isEqualTo("docker.io");
  }

  @Test
  void a_registry_elsewhere_is_asked_with_tls() throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    try (var elsewhere = new ServerSocket(0, 0, here);
        OciClient asking =
            TestClients.client(
                directory, pauses, settings -> settings, host -> new InetAddress[] {here})) {
      var first = new CompletableFuture<Integer>();
      Thread.startVirtualThread(() -> {
        while (!elsewhere.isClosed()) {
          try (Socket connection = elsewhere.accept()) {
            first.complete(connection.getInputStream().read());
          } catch (IOException e) {
            first.completeExceptionally(e);
          }
        }
      });
      String name = "registry.example:" + elsewhere.getLocalPort();
      assertThatThrownBy(() -> asking.tags(OciReference.parse("oci://" + name + "/acme/echo")))
          .isInstanceOf(RegistryException.class);
      assertThat(first.get()).as("a handshake of TLS").isEqualTo(0x16);
    }
  }

  private PulledPlugin pull() throws InterruptedException {
    return client.pull(tagged(), TransferListener.NONE);
  }

  private OciReference tagged() {
    return registry.reference().withTag("1");
  }

  private Digest manifestDigest() {
    return Digest.of(
        new ImageManifest(
                MediaTypes.PLUGIN,
                Descriptor.of(MediaTypes.MANIFEST, manifestJson),
                List.of(Descriptor.of(MediaTypes.BUNDLE, bundle)),
                Optional.empty(),
                Map.of())
            .bytes());
  }

  private void hasManifest(Descriptor... layers) {
    registry.hasManifest(
        new ImageManifest(
                MediaTypes.PLUGIN,
                Descriptor.of(MediaTypes.MANIFEST, manifestJson),
                List.of(layers),
                Optional.empty(),
                Map.of())
            .bytes());
  }

  private void login() throws IOException {
    Files.writeString(
        directory.resolve("config.json"),
        "{\"auths\":{\"%s\":{\"username\":\"jane\",\"password\":\"geheim\"}}}"
            .formatted(registry.registry()));
  }

  private static String basic() {
    return "Basic "
        + Base64.getEncoder().encodeToString("jane:geheim".getBytes(StandardCharsets.UTF_8));
  }

  /** The manifest needs a login, which the client then shows for all that follows. */
  private void requireLogin() {
    byte[] manifest =
        new ImageManifest(
                MediaTypes.PLUGIN,
                Descriptor.of(MediaTypes.MANIFEST, manifestJson),
                List.of(Descriptor.of(MediaTypes.BUNDLE, bundle)),
                Optional.empty(),
                Map.of())
            .bytes();
    registry.on(
        REPOSITORY + "/manifests/1",
        exchange -> {
          if (exchange.getRequestHeaders().containsKey("Authorization")) {
            send(exchange, 200, manifest);
          } else {
            send(exchange, 401, "", "WWW-Authenticate", "Basic realm=\"x\"");
          }
        });
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertPullFails(
      RegistryException.Kind kind) {
    return assertThatThrownBy(this::pull)
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }
}
