package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which host plugins go to, and when one is started. */
class HostSessionTest {
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final AtomicInteger startedOn = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final HostStarter starter =
      port -> {
        startedOn.set(port);
        return closed::incrementAndGet;
      };

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void where_nobody_answers_one_is_started_there_and_closed_in_the_end() throws Exception {
    int port = freePort();
    try (HostSession session = session(port, false)) {
      assertThat(session.open()).isEqualTo("started in this process on http://127.0.0.1:" + port);
      assertThat(session.isOwn()).isTrue();
    }
    assertThat(startedOn).hasValue(port);
    assertThat(closed).hasValue(1);
  }

  @Test
  void a_host_that_was_named_is_never_started() throws Exception {
    try (HostSession session = session(freePort(), true)) {
      session.open();
      assertThat(session.isOwn()).isFalse();
    }
    assertThat(startedOn).hasValue(0);
  }

  @Test
  void a_host_that_answers_is_used() throws Exception {
    HttpServer server = server(200, "{\"status\":\"up\"}");
    try (HostSession session = session(server.getAddress().getPort(), false)) {
      assertThat(session.open()).startsWith("running at ");
    } finally {
      server.stop(0);
    }
    assertThat(startedOn).hasValue(0);
  }

  @Test
  void something_else_at_that_address_is_told_and_left_alone() throws Exception {
    HttpServer server = server(404, "<h1>Tomcat</h1>");
    try (HostSession session = session(server.getAddress().getPort(), false)) {
      DevFailure failure = catchThrowableOfType(DevFailure.class, session::open);
      assertThat(failure.kind().exitCode()).isEqualTo(4);
      assertThat(failure).hasMessageContaining("is not a gonext host");
    } finally {
      server.stop(0);
    }
    assertThat(startedOn).hasValue(0);
  }

  private HostSession session(int port, boolean explicit) {
    return new HostSession(client, HostUrl.parse("http://127.0.0.1:" + port), explicit, starter);
  }

  private static HttpServer server(int status, String body) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.createContext(
        "/healthz",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static int freePort() throws IOException {
    try (var socket = new java.net.ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
