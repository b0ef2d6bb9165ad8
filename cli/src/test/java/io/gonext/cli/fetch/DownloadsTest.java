package io.gonext.cli.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.output.CommandFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Downloads from web servers, with and without a proxy, over real sockets. */
class DownloadsTest {
  private static final byte[] FILE = "a file".getBytes(StandardCharsets.UTF_8);
  private static final String LOGIN =
      "Proxy-Authorization: Basic "
          + Base64.getEncoder().encodeToString("me:pass".getBytes(StandardCharsets.UTF_8));

  private HttpServer server;
  private Proxy proxy;

  /**
   * A proxy that answers each request itself, and remembers the first line and the headers of each.
   */
  private static final class Proxy implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<List<String>> requests = new CopyOnWriteArrayList<>();
    private final boolean asksForLogin;

    Proxy(boolean asksForLogin) throws IOException {
      this.asksForLogin = asksForLogin;
      Thread.ofVirtual().start(this::accept);
    }

    String url(String login) {
      return "http://" + login + "127.0.0.1:" + socket.getLocalPort();
    }

    List<String> firstLines() {
      return requests.stream().map(List::getFirst).toList();
    }

    private void accept() {
      while (!socket.isClosed()) {
        try {
          Socket connection = socket.accept();
          Thread.ofVirtual().start(() -> answer(connection));
        } catch (IOException e) {
          return;
        }
      }
    }

    private void answer(Socket connection) {
      try (connection) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
        List<String> request = new ArrayList<>();
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
          request.add(line);
        }
        requests.add(request);
        boolean known = !asksForLogin || request.contains(LOGIN);
        List<String> answer =
            !known
                ? List.of(
                    "HTTP/1.1 407 Login", "Proxy-Authenticate: Basic realm=p", "Content-Length: 0")
                : request.getFirst().startsWith("CONNECT")
                    ? List.of("HTTP/1.1 502 No", "Content-Length: 0")
                    : List.of("HTTP/1.1 200 OK", "Content-Length: 6");
        String body = answer.getFirst().contains("200") ? "a file" : "";
        connection
            .getOutputStream()
            .write(
                (String.join("\r\n", answer) + "\r\nConnection: close\r\n\r\n" + body)
                    .getBytes(StandardCharsets.UTF_8));
      } catch (IOException e) {
        // The test sees that there was no answer.
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          if (path.equals("/moved")) {
            exchange.getResponseHeaders().set("Location", "/file");
            exchange.sendResponseHeaders(302, -1);
          } else if (path.equals("/file")
              && "\"v1\"".equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
            exchange.sendResponseHeaders(304, -1);
          } else if (path.equals("/file")) {
            exchange.getResponseHeaders().set("ETag", "\"v1\"");
            exchange.sendResponseHeaders(200, FILE.length);
            exchange.getResponseBody().write(FILE);
          } else if (path.equals("/short")) {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write(FILE);
            exchange.getResponseBody().flush();
          } else {
            exchange.sendResponseHeaders(path.equals("/broken") ? 500 : 404, -1);
          }
          exchange.close();
        });
    server.start();
    proxy = new Proxy(true);
  }

  @AfterEach
  void stop() throws IOException {
    server.stop(0);
    proxy.close();
  }

  private static Downloads downloads(String... options) {
    return new Downloads(CommandLine.populateCommand(new RegistryOptions(), options));
  }

  private Location.OfUrl at(String path) {
    return new Location.OfUrl(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path));
  }

  private static Location.OfUrl far(String url) {
    return new Location.OfUrl(URI.create(url));
  }

  @Test
  void a_file_of_a_web_server_is_read_whole_also_after_a_redirect() throws Exception {
    try (Downloads downloads = downloads()) {
      assertThat(downloads.read(at("/file"), 6)).isEqualTo(FILE);
      assertThat(downloads.read(at("/moved"), 6)).isEqualTo(FILE);
      assertThat(downloads.find(at("/nothing"), 6)).isEmpty();
    }
  }

  @Test
  void a_file_that_has_not_changed_is_not_sent_again() throws Exception {
    try (Downloads downloads = downloads()) {
      Downloads.Conditional first =
          downloads.readIfChanged(at("/file"), Downloads.Validators.NONE, 6);
      assertThat(first.bytes()).hasValue(FILE);
      assertThat(first.validators().etag()).isEqualTo("\"v1\"");
      Downloads.Conditional second = downloads.readIfChanged(at("/file"), first.validators(), 6);
      assertThat(second.bytes()).isEmpty();
      assertThat(second.validators()).isEqualTo(first.validators());
    }
  }

  @Test
  void what_a_web_server_does_not_give_gets_a_sentence() {
    try (Downloads downloads = downloads()) {
      assertThatThrownBy(() -> downloads.read(at("/nothing"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessageEndingWith("/nothing: there is no such file; check its name");
      assertThatThrownBy(() -> downloads.read(at("/file"), 5))
          .isInstanceOf(CommandFailure.class)
          .hasMessageEndingWith("/file: it has more than 5 bytes");
      assertThatThrownBy(() -> downloads.read(at("/broken"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessageEndingWith("/broken: the server answered with status 500");
      assertThatThrownBy(() -> downloads.read(at("/short"), 100))
          .isInstanceOf(CommandFailure.class)
          .hasMessageEndingWith("/short: the download broke off: run the command again");
      server.stop(0);
      assertThatThrownBy(() -> downloads.read(at("/file"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessageEndingWith("/file: no server answers there");
    }
  }

  @Test
  void a_proxy_is_asked_for_what_is_far_with_its_login_and_not_for_this_machine() throws Exception {
    try (Downloads downloads = downloads("--proxy", proxy.url("me:pass@"))) {
      // Nothing but the proxy knows this name.
      assertThat(downloads.read(far("http://plugins.test/a.gnplugin"), 6)).isEqualTo(FILE);
      assertThat(proxy.firstLines())
          .containsExactly(
              "GET http://plugins.test/a.gnplugin HTTP/1.1",
              "GET http://plugins.test/a.gnplugin HTTP/1.1");
      assertThat(proxy.requests.getFirst()).doesNotContain(LOGIN);
      assertThat(proxy.requests.getLast()).contains(LOGIN);

      assertThat(downloads.read(at("/file"), 6)).isEqualTo(FILE);
      assertThat(proxy.requests).hasSize(2);
    }
  }

  @Test
  void a_server_with_https_is_reached_through_a_tunnel() {
    try (Downloads downloads = downloads("--proxy", proxy.url("me:pass@"))) {
      assertThatThrownBy(() -> downloads.read(far("https://plugins.test/a.gnplugin"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessageMatching(
              "https://plugins\\.test/a\\.gnplugin: the proxy answered with status (407|502)");
      assertThat(proxy.firstLines()).contains("CONNECT plugins.test:443 HTTP/1.1");
      // The address of the file is for the server alone.
      assertThat(proxy.requests.toString()).doesNotContain("a.gnplugin");
    }
  }

  @Test
  void a_proxy_that_wants_a_login_or_does_not_answer_gets_a_sentence() throws Exception {
    try (Downloads downloads = downloads("--proxy", proxy.url("me:wrong@"))) {
      assertThatThrownBy(() -> downloads.read(far("http://plugins.test/a.gnplugin"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessageStartingWith("http://plugins.test/a.gnplugin: ")
          .hasMessageNotContaining("wrong");
    }
    String url = proxy.url("");
    proxy.close();
    try (Downloads downloads = downloads("--proxy", url)) {
      assertThatThrownBy(() -> downloads.read(far("http://plugins.test/a.gnplugin"), 6))
          .isInstanceOf(CommandFailure.class)
          .hasMessage("http://plugins.test/a.gnplugin: no server answers there");
    }
  }
}
