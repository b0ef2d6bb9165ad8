package io.gonext.host.internal.service.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.host.AddressRange;
import io.gonext.host.Egress;
import io.gonext.host.json.StrictJson;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against real servers on this machine. */
@Timeout(60)
class FetchClientTest {
  private static final AddressPolicy LOOPBACK =
      new AddressPolicy(
          List.of(
              new Egress.Allowed(AddressRange.of("127.0.0.1"), 0),
              new Egress.Allowed(AddressRange.of("::1"), 0)));

  private static final String PLUGIN = "caller";

  @TempDir private Path directory;
  private FetchClient client =
      new FetchClient(LOOPBACK, InetAddress::getAllByName, SslContextFactory.Client::new);

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void an_answer_has_status_headers_and_body() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      FetchClient.Answer answer = get(http(server, "/nowhere"));
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.headers().get("Content-Length")).isEqualTo("12");
      assertThat(body(answer)).isEqualTo("nothing here");
    }
  }

  @Test
  void a_request_carries_what_the_guest_gave_and_little_else() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      FetchClient.Answer answer =
          send(
              PLUGIN,
              Map.of(
                  "method",
                  "POST",
                  "url",
                  http(server, "/echo"),
                  "headers",
                  Map.of("X-One", "1", "Content-Type", "text/plain"),
                  "body",
                  "aGVsbG8="));
      assertThat(body(answer).lines())
          .contains(
              "POST",
              "x-one: 1",
              "content-type: text/plain",
              "content-length: 5",
              "host: 127.0.0.1:" + server.port(),
              "accept-encoding: gzip",
              "hello")
          .anyMatch(line -> line.startsWith("user-agent: gonext/"))
          .hasSize(9);
    }
  }

  @Test
  void a_cookie_of_an_answer_is_not_sent_back() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      assertThat(get(http(server, "/cookie")).headers().getValuesList("Set-Cookie"))
          .containsExactly("a=1", "b=2");
      assertThat(body(get(http(server, "/echo")))).doesNotContain("cookie");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/redirect?status=302&to=/echo", "/unauthorized"})
  void redirects_and_challenges_are_answers(String path) throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      assertThat(get(http(server, path)).status()).isIn(302, 401);
      assertThat(server.requests()).containsExactly("GET " + path);
    }
  }

  @Test
  void connections_are_kept_for_one_plugin_each() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      Map<String, Object> request = Map.of("url", http(server, "/connection"));
      String first = body(send("one", request));
      assertThat(body(send("one", request))).isEqualTo(first);
      assertThat(body(send("two", request))).isNotEqualTo(first);
    }
  }

  @Test
  void a_server_on_ipv6_answers() throws Exception {
    try (FetchServer server = FetchServer.plain("::1")) {
      assertThat(body(get("http://[::1]:" + server.port() + "/protocol"))).isEqualTo("HTTP/1.1");
    }
  }

  @Test
  void tls_checks_the_name_of_the_url_and_dials_the_checked_address() throws Exception {
    try (FetchServer server = FetchServer.secure(directory)) {
      trust(_ -> new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")});
      String port = ":" + server.port();
      assertThat(body(get("https://api.example.test" + port + "/protocol"))).isEqualTo("HTTP/2.0");
      assertThat(body(get("https://127.0.0.1" + port + "/protocol"))).isEqualTo("HTTP/2.0");
      FetchException other = failure("https://other.example.test" + port + "/protocol");
      assertThat(other.outcome()).isEqualTo(FetchOutcome.FAILED);
      assertThat(other).hasMessageStartingWith("no TLS connection to https://other.example.test");
    }
  }

  @Test
  void a_certificate_of_an_unknown_authority_is_refused() throws Exception {
    try (FetchServer server = FetchServer.secure(directory)) {
      FetchException failure = failure("https://127.0.0.1:" + server.port() + "/protocol");
      assertThat(failure).hasMessageStartingWith("no TLS connection to https://127.0.0.1");
      assertThat(server.requests()).isEmpty();
    }
  }

  @Test
  void a_name_with_a_public_and_a_private_address_reaches_the_public_one_alone() throws Exception {
    AtomicInteger lookups = new AtomicInteger();
    try (FetchServer refused = FetchServer.plain("127.0.0.1")) {
      // Public is what the policy allows: 127.0.0.2 stands for a server on the internet.
      AddressPolicy policy =
          new AddressPolicy(List.of(new Egress.Allowed(AddressRange.of("127.0.0.2"), 0)));
      replace(
          new FetchClient(
              policy,
              _ -> {
                String address = lookups.getAndIncrement() == 0 ? "127.0.0.2" : "127.0.0.1";
                return new InetAddress[] {InetAddress.ofLiteral(address)};
              },
              SslContextFactory.Client::new));
      String url = "http://rebinding.test:" + refused.port() + "/echo";
      // Nobody listens at the first address, and the client does not ask for another one.
      assertThat(failure(url).outcome()).isEqualTo(FetchOutcome.FAILED);
      assertThat(lookups).hasValue(1);
      assertThat(failure(url).outcome()).isEqualTo(FetchOutcome.BLOCKED_ADDRESS);
      assertThat(refused.requests()).isEmpty();
    }
  }

  @Test
  void of_several_addresses_only_the_allowed_ones_are_dialled() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      trust(_ ->
          new InetAddress[] {
            InetAddress.ofLiteral("10.9.9.9"), InetAddress.ofLiteral("127.0.0.1")
          });
      assertThat(body(get("http://mixed.test:" + server.port() + "/protocol")))
          .isEqualTo("HTTP/1.1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://localhost:9/"
      })
  void an_address_that_is_not_public_is_refused_also_as_a_literal(String url) {
    replace(new FetchClient(new AddressPolicy(List.of()), Optional.empty()));
    FetchException failure = failure(url);
    assertThat(failure.outcome()).isEqualTo(FetchOutcome.BLOCKED_ADDRESS);
    assertThat(failure).hasMessageContaining("--egress-allow RANGE:");
  }

  @Test
  void an_address_that_is_no_longer_allowed_is_not_reached_by_a_connection_that_is_open()
      throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      assertThat(body(get(http(server, "/protocol")))).isEqualTo("HTTP/1.1");
      client.change(AddressPolicy.publicOnly());
      assertThat(failure(http(server, "/protocol")).outcome())
          .isEqualTo(FetchOutcome.BLOCKED_ADDRESS);
      client.change(LOOPBACK);
      assertThat(body(get(http(server, "/protocol")))).isEqualTo("HTTP/1.1");
    }
  }

  @Test
  void a_name_that_does_not_resolve_is_said_so() {
    trust(host -> {
      throw new UnknownHostException(host);
    });
    assertThat(failure("http://missing.test/")).hasMessage("missing.test has no known address");
  }

  @Test
  void a_host_that_is_an_address_is_not_looked_up() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      trust(host -> {
        throw new AssertionError("looked up: " + host);
      });
      assertThat(body(get(http(server, "/protocol")))).isEqualTo("HTTP/1.1");
    }
  }

  @Test
  void names_that_do_not_resolve_in_time_cost_their_plugin_alone() throws Exception {
    CountDownLatch resolved = new CountDownLatch(1);
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      trust(host -> {
        if (host.equals("slow.test")) {
          try {
            resolved.await();
          } catch (InterruptedException e) {
            throw new UnknownHostException(host);
          }
        }
        return new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")};
      });
      for (int i = 0; i < CheckedResolver.LOOKUPS_OF_PLUGIN; i++) {
        assertThat(failure("http://slow.test:" + (i + 1) + "/", 50).outcome())
            .isEqualTo(FetchOutcome.TIMED_OUT);
      }
      String url = "http://quick.test:" + server.port() + "/protocol";
      FetchException limited = failure(url);
      assertThat(limited.outcome()).isEqualTo(FetchOutcome.LIMITED);
      assertThat(limited).hasMessageStartingWith("too many names are being looked up");
      assertThat(body(send("another", Map.of("url", url)))).isEqualTo("HTTP/1.1");
      resolved.countDown();
      Awaitility.await().ignoreExceptions().until(() -> body(get(url)).equals("HTTP/1.1"));
    }
  }

  @Test
  void a_gzip_body_is_inflated_without_the_headers_that_no_longer_hold() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      FetchClient.Answer answer = get(http(server, "/gzip"));
      assertThat(body(answer)).isEqualTo("inflated");
      assertThat(answer.headers().contains("Content-Encoding")).isFalse();
      assertThat(answer.headers().contains("Content-Length")).isFalse();
      assertThat(failure(http(server, "/cut-gzip")))
          .hasMessageEndingWith("hung up before its answer was complete");
    }
  }

  @Test
  void a_head_answer_keeps_the_headers_of_the_body_that_it_does_not_have() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      FetchClient.Answer answer =
          send(PLUGIN, Map.of("method", "HEAD", "url", http(server, "/gzip")));
      assertThat(answer.headers().get("Content-Encoding")).isEqualTo("gzip");
      assertThat(answer.body()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/inflates-to?bytes=", "/bytes?bytes="})
  void the_inflated_body_counts_for_the_limit(String path) throws Exception {
    int most = FetchClient.MAX_BODY_BYTES;
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      assertThat(get(http(server, path + most)).body()).hasSize(most);
      assertThat(failure(http(server, path + (most + 1))))
          .hasMessageEndingWith("has a body of more than 10 MiB");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "HTTP/1.1 200 OK\r\nX-Slow: ",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
      })
  void a_server_that_stops_answering_costs_the_time_of_the_request(String until) throws Exception {
    try (RudeServer server = RudeServer.stuckAfter(until)) {
      FetchException failure = failure(http(server), 200);
      assertThat(failure.outcome()).isEqualTo(FetchOutcome.TIMED_OUT);
      assertThat(failure).hasMessageEndingWith("did not answer completely in time");
    }
  }

  @Test
  void a_body_that_never_ends_is_cut_and_its_connection_closed() throws Exception {
    byte[] chunk =
        "10000\r\n".concat("x".repeat(65_536)).concat("\r\n").getBytes(StandardCharsets.ISO_8859_1);
    try (RudeServer server =
        new RudeServer(out -> {
          out.write(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  .getBytes(StandardCharsets.ISO_8859_1));
          while (true) {
            out.write(chunk);
          }
        })) {
      assertThat(failure(http(server))).hasMessageEndingWith("has a body of more than 10 MiB");
      assertThat(server.ended().tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void what_arrives_after_the_time_of_a_request_takes_no_memory() throws Exception {
    byte[] chunk = "1\r\nx\r\n".getBytes(StandardCharsets.ISO_8859_1);
    BodyMemory memory = new BodyMemory(Long.MAX_VALUE);
    try (RudeServer server =
        new RudeServer(out -> {
          out.write(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  .getBytes(StandardCharsets.ISO_8859_1));
          while (true) {
            out.write(chunk);
          }
        })) {
      try (BodyMemory.Share share = memory.share()) {
        FetchRequest request =
            FetchRequest.of(StrictJson.valueOf(Map.of("url", http(server), "timeout_ms", 300)));
        assertThatThrownBy(() -> send(PLUGIN, request, share))
            .isInstanceOf(FetchException.class)
            .hasMessageEndingWith("did not answer completely in time");
      }
      assertThat(server.ended().tryAcquire(30, TimeUnit.SECONDS)).isTrue();
      assertThat(memory.used()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"})
  void a_server_that_hangs_up_is_asked_once(String until) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (RudeServer server =
        new RudeServer(out -> {
          asked.incrementAndGet();
          out.write(until.getBytes(StandardCharsets.ISO_8859_1));
        })) {
      FetchException failure = failure(http(server));
      assertThat(failure.outcome()).isEqualTo(FetchOutcome.FAILED);
      assertThat(asked).hasValue(1);
    }
  }

  @Test
  void an_answer_that_comes_before_the_request_is_sent_counts() throws Exception {
    try (RudeServer server =
        RudeServer.stuckAfter("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge")) {
      // More than the buffers of a connection hold, of which the server reads the headers.
      String large = Base64.getEncoder().encodeToString(new byte[16 * 1024 * 1024]);
      FetchClient.Answer answer =
          send(PLUGIN, Map.of("method", "POST", "url", http(server), "body", large));
      assertThat(answer.status()).isEqualTo(413);
      assertThat(body(answer)).isEqualTo("large");
    }
  }

  @Test
  void an_answer_that_is_not_http_is_a_failure() throws Exception {
    try (RudeServer server =
        new RudeServer(out -> out.write("hello\r\n\r\n".getBytes(StandardCharsets.UTF_8)))) {
      assertThat(failure(http(server)).outcome()).isEqualTo(FetchOutcome.FAILED);
    }
  }

  @Test
  void an_interrupt_ends_the_wait_and_stays_set() throws Exception {
    try (RudeServer server = RudeServer.stuckAfter("")) {
      Thread.currentThread().interrupt();
      FetchException failure = failure(http(server));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(failure.outcome()).isEqualTo(FetchOutcome.TIMED_OUT);
    }
  }

  @Test
  void no_proxy_of_the_environment_or_of_the_jvm_is_used() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (FetchServer server = FetchServer.plain("127.0.0.1");
        RudeServer proxy =
            new RudeServer(out -> {
              asked.incrementAndGet();
              out.write(
                  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy"
                      .getBytes(StandardCharsets.ISO_8859_1));
            })) {
      String port = Integer.toString(proxy.port());
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Djava.net.useSystemProxies=true",
                  "-Dhttp.proxyHost=127.0.0.1",
                  "-Dhttp.proxyPort=" + port,
                  "-Dhttp.nonProxyHosts=",
                  "-DsocksProxyHost=127.0.0.1",
                  "-DsocksProxyPort=" + port,
                  "-cp",
                  System.getProperty("java.class.path"),
                  Fetching.class.getName(),
                  http(server, "/protocol"))
              .redirectError(ProcessBuilder.Redirect.DISCARD);
      for (String name : List.of("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")) {
        builder.environment().put(name, "http://127.0.0.1:" + port);
      }
      Process process = builder.start();
      assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .isEqualTo("HTTP/1.1");
      assertThat(asked).hasValue(0);
      assertThat(server.requests()).hasSize(1);
    }
  }

  /** A process with an environment of its own that prints what a URL answers. */
  static final class Fetching {
    public static void main(String[] args) throws FetchException {
      FetchRequest request = FetchRequest.of(StrictJson.valueOf(Map.of("url", args[0])));
      try (FetchClient client = new FetchClient(LOOPBACK, Optional.empty())) {
        System.out.print(
            body(
                client.send(
                    PLUGIN,
                    request,
                    System.nanoTime() + request.timeout().toNanos(),
                    new BodyMemory(Long.MAX_VALUE).share(),
                    (status, headers) -> true)));
      }
    }
  }

  @Test
  void a_port_without_a_server_is_a_failure() throws Exception {
    int port;
    try (RudeServer closed = RudeServer.stuckAfter("")) {
      port = closed.port();
    }
    assertThat(failure("http://127.0.0.1:" + port + "/"))
        .hasMessage("http://127.0.0.1:" + port + " accepts no connection");
  }

  @Test
  void a_closed_client_sends_nothing() throws Exception {
    try (FetchServer server = FetchServer.plain("127.0.0.1")) {
      client.close();
      assertThat(failure(http(server, "/echo"))).hasMessage("the host is closing");
      assertThat(server.requests()).isEmpty();
    }
  }

  private void trust(NameLookup lookup) {
    replace(
        new FetchClient(
            LOOPBACK,
            lookup,
            directory.resolve("keys.p12").toFile().exists()
                ? () -> FetchServer.trusting(directory)
                : SslContextFactory.Client::new));
  }

  private void replace(FetchClient other) {
    client.close();
    client = other;
  }

  private FetchClient.Answer get(String url) throws FetchException {
    return send(PLUGIN, Map.of("url", url));
  }

  private FetchException failure(String url) {
    return failure(url, 20_000);
  }

  private FetchException failure(String url, int timeoutMs) {
    return catchThrowableOfType(
        FetchException.class, () -> send(PLUGIN, Map.of("url", url, "timeout_ms", timeoutMs)));
  }

  private FetchClient.Answer send(String plugin, Map<String, Object> json) throws FetchException {
    return send(
        plugin, FetchRequest.of(StrictJson.valueOf(json)), new BodyMemory(Long.MAX_VALUE).share());
  }

  private FetchClient.Answer send(String plugin, FetchRequest request, BodyMemory.Share memory)
      throws FetchException {
    return client.send(
        plugin,
        request,
        System.nanoTime() + request.timeout().toNanos(),
        memory,
        (status, headers) -> true);
  }

  private static String body(FetchClient.Answer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private static String http(FetchServer server, String path) {
    return "http://127.0.0.1:" + server.port() + path;
  }

  private static String http(RudeServer server) {
    return "http://127.0.0.1:" + server.port() + "/";
  }
}
