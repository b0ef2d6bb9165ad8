package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.RouteRate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no client library sends, over a real socket. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Isolated("it reads what the JVM writes to System.err")
class MalformedRequestTest {
  /** A path of each API: health, a plugin's route, the operator's API, the author's API. */
  private static final List<String> PREFIXES =
      List.of(
          "/", "/healthz/", "/api/plugins/route/x/", "/api/v1/plugins/", "/_/plugins/dev/logs/");

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          config -> config.routeRate(RouteRate.UNLIMITED),
          settings -> TestServer.token(settings.dev(true)));

  @BeforeAll
  void activateRoute() throws InterruptedException {
    server.activate(GuestBundle.of("route").route("GET", "/x").route("GET", "/x/{y}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%u0041",
        "%",
        "%4",
        "%zz",
        "%00",
        "%2e%2e/b",
        "../b",
        "./b",
        "b/..",
        "..;x/b",
        "%ff",
        "%c3",
        "b;c=%zz",
        ";%u0041/b",
        "\\",
        "|",
        "\u00e4",
        "x#y",
        "?%zz",
        "?a=%",
        "?a=%u0041"
      })
  void a_malformed_path_or_query_is_a_bad_request_on_every_api(String rest) throws IOException {
    for (String prefix : PREFIXES) {
      assertProblem(get(prefix + rest, "Host: localhost"), 400);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "*", "http://user@localhost/healthz", "http://", "//", "/../x"})
  void a_target_that_is_not_a_path_is_refused(String target) throws IOException {
    String answer = get(target, "Host: localhost");
    assertThat(answer).matches("(?s)HTTP/1.1 (400|404) .*");
    assertThat(answer).contains("application/problem+json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x/a%2Fb", "x/%25", "x/%09", "x/%7f", "x?%ff=%00", "x/a;b=c", "x/a%5Cb"})
  void a_percent_encoded_path_reaches_the_plugin(String rest) throws IOException {
    assertThat(get("/api/plugins/route/" + rest, "Host: localhost")).startsWith("HTTP/1.1 200 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: a b",
        "Host: ",
        "Host: [::1",
        "Host: x:99999",
        "Host: x:y",
        "Host: a\r\nHost: b",
        "X: no host",
        "Host: x\r\nX: a\u0001b",
        "Host: x\r\nX: a\u007fb",
        "Host: x\r\nX: a\u0000b",
        "Host: x\r\nX Y: a",
        "Host: x\r\n: a",
        "Host: x\r\nX",
        "Host: x\r\nX: a\r\n folded",
        "Host: x\r\nContent-Length: a",
        "Host: x\r\nContent-Length: -1",
        "Host: x\r\nContent-Length: 1\r\nContent-Length: 2",
        "Host: x\r\nTransfer-Encoding: gzip",
        "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3"
      })
  void a_malformed_header_is_a_bad_request_on_every_api(String headers) throws IOException {
    for (String prefix : PREFIXES) {
      assertProblem(get(prefix + "x", headers), 400);
    }
  }

  @Test
  void oversized_and_unmet_expectations_get_a_problem() throws IOException {
    String much = "a".repeat(9_000);
    assertProblem(get("/api/plugins/route/x/" + much, "Host: x"), 414);
    assertProblem(get("/api/plugins/route/x", "Host: x\r\nX: " + much), 431);
    assertProblem(get("/api/plugins/route/x", "Host: x\r\nExpect: 200-ok"), 417);
    assertProblem(say("GET /healthz HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n"), 505);
  }

  @Test
  void options_of_the_whole_server_is_answered_without_a_body() throws IOException {
    assertThat(say("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 204 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gzip", "GZIP", "br", "identity, gzip", "gzip\r\nContent-Encoding: identity"})
  void an_encoded_body_is_refused_with_the_accepted_encoding(String coding) throws IOException {
    for (String path : PREFIXES) {
      String answer = get(path, "Host: localhost\r\nContent-Encoding: " + coding);
      assertProblem(answer, 415);
      assertThat(answer).contains("Accept-Encoding: identity").contains("Content-Encoding");
    }
    assertThat(get("/healthz", "Host: localhost\r\nContent-Encoding: Identity"))
        .startsWith("HTTP/1.1 200 ");
  }

  @Test
  void a_malformed_request_is_not_logged_as_a_failure() throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      for (String rest : List.of("%u0041", "%zz", "..", "?%zz")) {
        get("/api/plugins/route/" + rest, "Host: localhost");
      }
      get("/healthz", "Host: a b");
    } finally {
      System.setErr(before);
    }
    assertThat(log.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void thousands_of_websocket_upgrades_leave_no_sessions() throws Exception {
    List<String> paths = List.of("/", "/api/plugins/route/x", "/api/v1/plugins", "/%s");
    int rounds = 1_000;
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < rounds; i++) {
      for (String path : paths) {
        requests.append(upgrade(path.formatted(i), "keep-alive, Upgrade"));
      }
    }
    String answers = say(requests + upgrade("/last", "close, Upgrade"));
    assertThat(answers.split("HTTP/1.1 400 Bad Request", -1)).hasSize(rounds * paths.size() + 2);
    assertThat(answers.toLowerCase(Locale.ROOT)).doesNotContain("set-cookie", "jsession");
    // The number of sessions and upgrades must not grow with the requests.
    assertThat(instances("org.eclipse.jetty.session.ManagedSession")).isZero();
    assertThat(instances("io.gonext.server.Connections$Watched")).isLessThan(100);
  }

  /** The number of reachable objects of a class. */
  private static long instances(String className) throws JMException {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[0]},
                    new String[] {String[].class.getName()});
    return histogram
        .lines()
        .map(line -> line.strip().split("\\s+"))
        .filter(columns -> columns.length > 3 && columns[3].equals(className))
        .mapToLong(columns -> Long.parseLong(columns[1]))
        .sum();
  }

  @Test
  void a_websocket_key_without_an_upgrade_is_refused() throws IOException {
    String answer = get("/healthz", "Host: x\r\n" + WEBSOCKET_HEADERS);
    assertProblem(answer, 400);
    assertThat(answer).doesNotContain("Set-Cookie");
  }

  @ParameterizedTest
  @ValueSource(strings = {"zz\r\n", "-1\r\n", "1\r\nxx\r\n", "1\r\nx\r\n0\r\nX Y: z\r\n\r\n"})
  void a_body_with_broken_chunks_is_a_bad_request(String body) throws IOException {
    for (String path : List.of("/api/plugins/route/x", "/api/v1/filters/h", "/api/v1/plugins")) {
      assertProblem(
          say(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nAuthorization:"
                  + " Bearer "
                  + TestServer.TOKEN
                  + "\r\n\r\n"
                  + body),
          400);
    }
  }

  @Test
  void the_offer_of_another_protocol_is_ignored() throws IOException {
    String offer =
        String.join(
            "\r\n",
            "Host: x",
            "Upgrade: h2c",
            "Connection: Upgrade, HTTP2-Settings",
            "HTTP2-Settings: AAEAAEAA");
    assertThat(get("/healthz", offer)).startsWith("HTTP/1.1 200 ");
  }

  private static final String WEBSOCKET_HEADERS =
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13";

  private static String upgrade(String path, String connection) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: "
        + connection
        + "\r\n"
        + WEBSOCKET_HEADERS
        + "\r\n\r\n";
  }

  private String get(String target, String headers) throws IOException {
    return say(
        "GET "
            + target
            + " HTTP/1.1\r\n"
            + headers
            + "\r\nAuthorization: Bearer "
            + TestServer.TOKEN
            + "\r\nConnection: close\r\n\r\n");
  }

  /** Reads everything until the server closes the connection. */
  private String say(String requests) throws IOException {
    try (Socket socket = server.connect()) {
      // Read during the write, so that neither side waits for buffer space.
      CompletableFuture<Void> writer =
          CompletableFuture.runAsync(() -> {
            try {
              socket.getOutputStream().write(requests.getBytes(StandardCharsets.ISO_8859_1));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      byte[] answers = socket.getInputStream().readAllBytes();
      writer.join();
      return new String(answers, StandardCharsets.ISO_8859_1);
    }
  }

  private static void assertProblem(String answer, int status) {
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answer).contains("application/problem+json", "\"status\":" + status, "\"detail\":");
    assertThat(answer).doesNotContain("\\tat ", "Exception");
  }
}
