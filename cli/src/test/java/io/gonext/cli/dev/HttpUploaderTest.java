package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
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

  @ParameterizedTest
  @CsvSource({
    "'',/_/plugins/dev/install",
    "/,/_/plugins/dev/install",
    "///,/_/plugins/dev/install",
    "/sub/path,/sub/path/_/plugins/dev/install",
    "/sub/path/,/sub/path/_/plugins/dev/install",
  })
  void a_hosts_url_may_carry_a_path_and_a_slash(String path, String expected)
      throws InterruptedException {
    uploader(path, null).upload(Samples.artifact(new byte[8]));
    assertThat(seen.get().path).isEqualTo(expected);
  }

  @Test
  void the_token_goes_as_a_bearer() throws InterruptedException {
    uploader("", "s3cret").upload(Samples.artifact(new byte[8]));
    assertThat(seen.get().token).isEqualTo("Bearer s3cret");
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 299})
  void any_2xx_is_success_even_without_a_word(int code) throws InterruptedException {
    status = code;
    UploadAnswer said = uploader("", null).upload(Samples.artifact(new byte[8]));
    assertThat(said.sha256()).isEmpty();
    assertThat(said.confirms(Samples.artifact(new byte[8]))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 409, 413, 422, 500, 302})
  void anything_else_is_a_failure_that_shows_what_was_said(int code) {
    status = code;
    answer = "gn_alloc is\n missing\u001b[31m".getBytes(StandardCharsets.UTF_8);
    DevFailure failure = failure();
    assertThat(failure.kind()).isEqualTo(DevFailure.Kind.FAILED);
    assertThat(failure)
        .hasMessage("the host answered " + code + ": gn_alloc is missing\\u001b[31m");
  }

  @Test
  void of_a_long_answer_the_first_KiB_is_shown() {
    status = 400;
    answer = "x".repeat(100_000).getBytes(StandardCharsets.UTF_8);
    assertThat(failure()).hasMessage("the host answered 400: " + "x".repeat(1024));
  }

  @Test
  void a_host_without_the_endpoint_is_told_from_one_that_refuses() {
    status = 404;
    assertThat(failure().details()).singleElement().asString().contains("gonext serve --dev");
    status = 401;
    assertThat(failure().details()).singleElement().asString().contains("--token");
  }

  @Test
  void a_host_that_serves_something_else_is_a_failure() {
    answer = accepted(Samples.artifact(new byte[] {1}), "reloaded");
    assertThat(failure()).hasMessageContaining("says that it serves sha256:");
  }

  @Test
  void nobody_there_is_exit_4() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    HttpUploader uploader =
        new HttpUploader(client, HostUrl.parse("http://127.0.0.1:" + port), null, new Random(1));
    DevFailure failure =
        catchThrowableOfType(
            DevFailure.class, () -> uploader.upload(Samples.artifact(new byte[8])));
    assertThat(failure.kind().exitCode()).isEqualTo(4);
    assertThat(failure).hasMessageContaining("no host answers at http://127.0.0.1:" + port);
  }

  @Test
  void a_connection_that_breaks_off_is_exit_4() throws IOException {
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
      DevFailure failure =
          catchThrowableOfType(
              DevFailure.class, () -> uploader.upload(Samples.artifact(new byte[8])));
      assertThat(failure.kind()).isEqualTo(DevFailure.Kind.UNREACHABLE);
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
  void what_is_no_absolute_plain_url_is_refused(String url) {
    DevFailure failure = catchThrowableOfType(DevFailure.class, () -> HostUrl.parse(url));
    assertThat(failure.kind().exitCode()).isEqualTo(2);
    assertThat(failure.getMessage()).doesNotContain("u:p");
  }

  @Test
  void the_port_is_the_schemes_where_none_is_given() {
    assertThat(HostUrl.parse("http://h").port()).isEqualTo(80);
    assertThat(HostUrl.parse("HTTPS://h/").port()).isEqualTo(443);
    assertThat(HostUrl.parse("http://h:81/").port()).isEqualTo(81);
    assertThat(HostUrl.parse("http://[::1]:82/x").install())
        .hasToString("http://[::1]:82/x/_/plugins/dev/install");
  }

  private DevFailure failure() {
    return catchThrowableOfType(
        DevFailure.class, () -> uploader("", null).upload(Samples.artifact(new byte[8])));
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
