package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The upload as a real HTTP server sees it, byte for byte. */
class HttpUploaderTest {
  private record Part(Map<String, String> headers, byte[] content) {}

  private record Request(String method, String path, @Nullable String token, List<Part> parts) {}

  private final AtomicReference<Request> seen = new AtomicReference<>();
  private volatile int status = 200;
  private volatile byte[] answer = new byte[0];

  private HttpServer server;
  private HttpClient client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.createContext("/", this::handle);
    server.start();
    client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 9, 65_536, 3_000_001})
  void both_parts_arrive_byte_for_byte(int size) throws InterruptedException {
    byte[] wasm = new byte[size];
    new Random(size).nextBytes(wasm);
    Artifact artifact = Samples.artifact(wasm);
    answer = accepted(artifact, "installed");

    UploadAnswer said = uploader("", null).upload(artifact);

    assertThat(said.confirms(artifact)).isTrue();
    assertThat(said.action()).isEqualTo("installed");
    assertThat(said.swapMillis()).hasValue(9.5);
    Request request = seen.get();
    assertThat(request.method).isEqualTo("POST");
    assertThat(request.path).isEqualTo("/_/plugins/dev/install");
    assertThat(request.token).isNull();
    assertThat(request.parts).hasSize(2);
    Part manifest = request.parts.get(0);
    assertThat(manifest.headers)
        .containsEntry(
            "content-disposition", "form-data; name=\"manifest\"; filename=\"manifest.json\"")
        .containsEntry("content-type", "application/json");
    assertThat(manifest.content).isEqualTo(artifact.manifestJson());
    Part module = request.parts.get(1);
    assertThat(module.headers)
        .containsEntry("content-disposition", "form-data; name=\"wasm\"; filename=\"plugin.wasm\"")
        .containsEntry("content-type", "application/wasm");
    assertThat(module.content).isEqualTo(wasm);
  }

  @Test
  void other_files_of_the_bundle_arrive_as_a_zip() throws InterruptedException {
    Artifact plain = Samples.artifact(new byte[8]);
    byte[] german = "{}".getBytes(StandardCharsets.UTF_8);
    uploader("", null)
        .upload(
            new Artifact(
                plain.manifest(),
                plain.manifestJson(),
                plain.wasm(),
                Map.of("locales/de.json", german),
                null,
                null));
    assertThat(seen.get().parts).hasSize(3);
    Part files = seen.get().parts.getLast();
    assertThat(files.headers)
        .containsEntry("content-disposition", "form-data; name=\"files\"; filename=\"files.zip\"");
    assertThat(BundleFiles.read(files.content).files())
        .containsExactly(Map.entry("locales/de.json", german));
  }

  @Test
  void secrets_arrive_as_a_part_of_their_own() throws InterruptedException {
    Artifact plain = Samples.artifact(new byte[8]);
    byte[] secrets = "{\"API_KEY\":\"k\"}".getBytes(StandardCharsets.UTF_8);
    uploader("", null)
        .upload(
            new Artifact(
                plain.manifest(), plain.manifestJson(), plain.wasm(), Map.of(), null, secrets));
    Part part = seen.get().parts.getLast();
    assertThat(part.headers.get("content-disposition")).contains("name=\"secrets\"");
    assertThat(part.content).isEqualTo(secrets);
  }

  @Test
  void a_missing_secret_has_the_advice_to_write_it_into_the_file() {
    status = 422;
    answer =
        "{\"detail\":\"a@1 cannot serve yet: the secret K has no value: set it with gonext secret set a K\"}"
            .getBytes(StandardCharsets.UTF_8);
    assertThat(failure().details())
        .containsExactly("or write it into gonext.secrets.json beside manifest.json");
  }

  @ParameterizedTest
  @CsvSource({
    "'',/_/plugins/dev/install",
    "/,/_/plugins/dev/install",
    "///,/_/plugins/dev/install",
    "/sub/path,/sub/path/_/plugins/dev/install",
    "/sub/path/,/sub/path/_/plugins/dev/install",
  })
  void the_url_of_a_host_may_have_a_path_and_a_slash(String path, String expected)
      throws InterruptedException {
    uploader(path, null).upload(Samples.artifact(new byte[8]));
    assertThat(seen.get().path).isEqualTo(expected);
  }

  @Test
  void the_token_is_sent_as_a_bearer_token() throws InterruptedException {
    uploader("", "s3cret").upload(Samples.artifact(new byte[8]));
    assertThat(seen.get().token).isEqualTo("Bearer s3cret");
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 299})
  void any_2xx_is_a_success_even_with_an_empty_body(int code) throws InterruptedException {
    status = code;
    UploadAnswer said = uploader("", null).upload(Samples.artifact(new byte[8]));
    assertThat(said.sha256()).isEmpty();
    assertThat(said.confirms(Samples.artifact(new byte[8]))).isFalse();
  }

  @Test
  void a_refusal_by_a_real_host_is_shown_as_its_sentence(@TempDir Path data) throws Exception {
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (Host host = Host.open(HostConfig.builder(data).build());
        io.gonext.server.HttpServer dev =
            io.gonext.server.HttpServer.start(
                host, metrics, ServerConfig.loopback(0).dev(true).build())) {
      HttpUploader uploader =
          new HttpUploader(
              client, HostUrl.parse("http://127.0.0.1:" + dev.port()), null, new Random(1));
      CommandFailure failure =
          catchThrowableOfType(
              CommandFailure.class, () -> uploader.upload(Samples.artifact(new byte[8])));
      assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.FAILED);
      assertThat(failure.getMessage())
          .startsWith("the host refused the plugin: ")
          .contains("plugin.wasm")
          .doesNotContain("{", "about:blank");
    } finally {
      metrics.close();
    }
  }

  @Test
  void several_problems_of_a_refusal_are_lines_of_their_own() {
    status = 422;
    answer =
        """
        {"title":"Unprocessable Content","status":422,
         "detail":"the bundle has 2 problems: no export gn_alloc; no export gn_call",
         "problems":["no export gn_alloc","no export gn_call"]}
        """
            .getBytes(StandardCharsets.UTF_8);
    CommandFailure failure = failure();
    assertThat(failure).hasMessage("the host refused the plugin: the bundle has 2 problems:");
    assertThat(failure.details()).containsExactly("- no export gn_alloc", "- no export gn_call");
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 409, 413, 500, 302})
  void an_error_that_is_not_json_is_shown_as_text(int code) {
    status = code;
    answer = "gn_alloc is\n missing\u001b[31m".getBytes(StandardCharsets.UTF_8);
    CommandFailure failure = failure();
    assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.FAILED);
    assertThat(failure)
        .hasMessage("the host answered " + code + ": gn_alloc is missing\\u001b[31m");
  }

  @Test
  void an_error_that_is_not_json_is_cut_after_1_KiB() {
    status = 400;
    answer = "x".repeat(100_000).getBytes(StandardCharsets.UTF_8);
    assertThat(failure()).hasMessage("the host answered 400: " + "x".repeat(1024));
  }

  @Test
  void answers_404_and_401_have_different_advice() {
    status = 404;
    assertThat(failure().details()).singleElement().asString().contains("gonext serve --dev");
    status = 401;
    assertThat(failure().details()).singleElement().asString().contains("--token");
  }

  @Test
  void a_host_that_serves_another_module_is_a_failure() {
    answer = accepted(Samples.artifact(new byte[] {1}), "reloaded");
    assertThat(failure()).hasMessageContaining("but it serves sha256:");
  }

  @Test
  void an_upload_without_a_host_exits_with_4() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    HttpUploader uploader =
        new HttpUploader(client, HostUrl.parse("http://127.0.0.1:" + port), null, new Random(1));
    CommandFailure failure =
        catchThrowableOfType(
            CommandFailure.class, () -> uploader.upload(Samples.artifact(new byte[8])));
    assertThat(failure.kind().exitCode()).isEqualTo(4);
    assertThat(failure).hasMessageContaining("no host answers at http://127.0.0.1:" + port);
  }

  @Test
  void a_broken_connection_exits_with_4() throws IOException {
    try (ServerSocket rude = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                rude.accept().close();
              }
            } catch (IOException e) {
              // The test is over.
            }
          });
      HttpUploader uploader =
          new HttpUploader(
              client,
              HostUrl.parse("http://127.0.0.1:" + rude.getLocalPort()),
              null,
              new Random(1));
      CommandFailure failure =
          catchThrowableOfType(
              CommandFailure.class, () -> uploader.upload(Samples.artifact(new byte[8])));
      assertThat(failure.kind()).isEqualTo(CommandFailure.Kind.UNREACHABLE);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost:8080",
        "/relative",
        "host/path",
        "ftp://x",
        "http://",
        "http:///x",
        "http://a b",
        "http://u:p@host",
        "http://host?x=1",
        "http://host#x",
        "javascript:alert(1)"
      })
  void only_an_absolute_http_url_is_accepted(String url) {
    CommandFailure failure = catchThrowableOfType(CommandFailure.class, () -> HostUrl.parse(url));
    assertThat(failure.kind().exitCode()).isEqualTo(2);
    assertThat(failure.getMessage()).doesNotContain("u:p");
  }

  @Test
  void a_url_without_a_port_has_the_port_of_its_scheme() {
    assertThat(HostUrl.parse("http://h").port()).isEqualTo(80);
    assertThat(HostUrl.parse("HTTPS://h/").port()).isEqualTo(443);
    assertThat(HostUrl.parse("http://h:81/").port()).isEqualTo(81);
    assertThat(HostUrl.parse("http://[::1]:82/x").install())
        .hasToString("http://[::1]:82/x/_/plugins/dev/install");
  }

  private CommandFailure failure() {
    return catchThrowableOfType(
        CommandFailure.class, () -> uploader("", null).upload(Samples.artifact(new byte[8])));
  }

  private HttpUploader uploader(String path, @Nullable String token) {
    HostUrl url = HostUrl.parse("http://127.0.0.1:" + server.getAddress().getPort() + path);
    return new HttpUploader(client, url, token, new Random(42));
  }

  private static byte[] accepted(Artifact artifact, String action) {
    return """
    {"plugin":{"name":"sample","version":"1.0.0"},"action":"%s","sha256":"%s",\
    "capabilities":[],"warnings":[],"swap_ms":9.5}\
    """
        .formatted(action, artifact.sha256())
        .getBytes(StandardCharsets.UTF_8);
  }

  private void handle(HttpExchange exchange) throws IOException {
    byte[] body;
    try (var in = exchange.getRequestBody()) {
      body = in.readAllBytes();
    }
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    seen.set(
        new Request(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            exchange.getRequestHeaders().getFirst("Authorization"),
            parts(type, body)));
    exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
    try (OutputStream out = exchange.getResponseBody()) {
      if (answer.length > 0) {
        out.write(answer);
      }
    } finally {
      exchange.close();
    }
  }

  /** RFC 2046, read from scratch: each part between delimiters, a head and a body. */
  private static List<Part> parts(String type, byte[] body) {
    assertThat(type).startsWith("multipart/form-data; boundary=");
    String delimiter = "--" + type.substring(type.indexOf('=') + 1);
    // One character a byte.
    String text = new String(body, StandardCharsets.ISO_8859_1);
    assertThat(text).startsWith(delimiter + "\r\n").endsWith("\r\n" + delimiter + "--\r\n");
    List<Part> parts = new ArrayList<>();
    String inner = text.substring(delimiter.length() + 2, text.length() - delimiter.length() - 6);
    for (String part : inner.split("\r\n" + delimiter + "\r\n", -1)) {
      int blank = part.indexOf("\r\n\r\n");
      Map<String, String> headers = new LinkedHashMap<>();
      for (String line : part.substring(0, blank).split("\r\n", -1)) {
        int colon = line.indexOf(": ");
        headers.put(
            line.substring(0, colon).toLowerCase(java.util.Locale.ROOT), line.substring(colon + 2));
      }
      parts.add(new Part(headers, part.substring(blank + 4).getBytes(StandardCharsets.ISO_8859_1)));
    }
    return parts;
  }
}
