package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
      (port, functions) -> {
        startedOn.set(port);
        return closed::incrementAndGet;
      };

  @AfterEach
  void close() {
    client.close();
  }

  @Test
  void without_a_host_a_session_starts_and_closes_its_own() throws Exception {
    int port = freePort();
    try (HostSession session = session(port, false)) {
      assertThat(session.open()).isEqualTo("started in this process on http://127.0.0.1:" + port);
      assertThat(session.isOwn()).isTrue();
    }
    assertThat(startedOn).hasValue(port);
    assertThat(closed).hasValue(1);
  }

  @Test
  void a_session_never_starts_a_host_that_the_user_gave() throws Exception {
    try (HostSession session = session(freePort(), true)) {
      session.open();
      assertThat(session.isOwn()).isFalse();
    }
    assertThat(startedOn).hasValue(0);
  }

  @Test
  void a_session_uses_a_host_that_answers() throws Exception {
    HttpServer server = server(200, "{\"status\":\"up\"}");
    try (HostSession session = session(server.getAddress().getPort(), false)) {
      assertThat(session.open()).startsWith("running at ");
    } finally {
      server.stop(0);
    }
    assertThat(startedOn).hasValue(0);
  }

  @Test
  void a_session_rejects_a_server_that_is_not_a_host() throws Exception {
    HttpServer server = server(404, "<h1>Tomcat</h1>");
    try (HostSession session = session(server.getAddress().getPort(), false)) {
      CommandFailure failure = catchThrowableOfType(CommandFailure.class, session::open);
      assertThat(failure.kind().exitCode()).isEqualTo(4);
      assertThat(failure).hasMessageContaining("is not a GoNext host");
    } finally {
      server.stop(0);
    }
    assertThat(startedOn).hasValue(0);
  }

  private HostSession session(int port, boolean explicit) {
    return new HostSession(
        client, HostUrl.parse("http://127.0.0.1:" + port), explicit, starter, List.of());
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
