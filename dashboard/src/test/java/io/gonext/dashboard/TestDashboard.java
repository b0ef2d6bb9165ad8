package io.gonext.dashboard;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A host and its dashboard in a plain Jetty, shared by all tests of a class, and a client of the
 * pages. Register it as a static field.
 */
final class TestDashboard implements BeforeAllCallback, AfterAllCallback {
  static final String ADMIN_TOKEN = "an-admin-token-for-tests";
  static final String READER_TOKEN = "a-read-only-token-for-tests";
  static final String BASE = "/dashboard";

  private static final Pattern CSRF = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"");

  private final UnaryOperator<HostDashboard.Builder> settings;
  private final UnaryOperator<HostConfig.Builder> hostSettings;
  private @Nullable Running running;

  private record Running(
      Path data, Host host, HostDashboard dashboard, Server server, HttpClient client) {
    Running withServer(Server other) {
      return new Running(data, host, dashboard, other, client);
    }
  }

  private TestDashboard(
      UnaryOperator<HostDashboard.Builder> settings,
      UnaryOperator<HostConfig.Builder> hostSettings) {
    this.settings = settings;
    this.hostSettings = hostSettings;
  }

  static TestDashboard of(UnaryOperator<HostDashboard.Builder> settings) {
    return new TestDashboard(settings, config -> config);
  }

  static TestDashboard ofHost(UnaryOperator<HostConfig.Builder> hostSettings) {
    return new TestDashboard(settings -> settings, hostSettings);
  }

  static TestDashboard withDefaults() {
    return of(settings -> settings);
  }

  static Optional<Visitor> visitor(String token) {
    return switch (token) {
      case ADMIN_TOKEN -> Optional.of(Visitor.operator("operator"));
      case READER_TOKEN -> Optional.of(Visitor.reader("viewer"));
      default -> Optional.empty();
    };
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    Path data = Files.createTempDirectory("gonext-test");
    Host host = Host.open(hostSettings.apply(HostConfig.builder(data)).build());
    HostDashboard dashboard =
        settings
            .apply(
                HostDashboard.withSignIn(host, TestDashboard::visitor)
                    .livePeriod(Duration.ofMillis(50)))
            .build();
    running =
        new Running(
            data, host, dashboard, serve(dashboard, BASE + "/*", 0), HttpClient.newHttpClient());
  }

  /** Starts a Jetty with a dashboard. */
  static Server serve(HostDashboard dashboard, String path, int port) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(dashboard.servlet()), path);
    server.setHandler(context);
    server.start();
    return server;
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    Running ended = running();
    ended.client.close();
    ended.dashboard.close();
    ended.server.stop();
    ended.host.close();
    try (Stream<Path> files = Files.walk(ended.data)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    running = null;
  }

  private Running running() {
    return Objects.requireNonNull(running, "the dashboard has not started");
  }

  Host host() {
    return running().host;
  }

  HostDashboard dashboard() {
    return running().dashboard;
  }

  /** Stops the container, as for a moment of a restart, and returns its port. */
  int stopServer() throws Exception {
    int port = port();
    running().server.stop();
    return port;
  }

  void startServer(int port) throws Exception {
    running = running().withServer(serve(running().dashboard, BASE + "/*", port));
  }

  int port() {
    return port(running().server);
  }

  static int port(Server server) {
    return ((ServerConnector) server.getConnectors()[0]).getLocalPort();
  }

  /** Installs and activates a plugin. */
  void activate(GuestBundle bundle) throws InterruptedException {
    host().plugins().activate(host().plugins().install(bundle.bytes()).manifest().name());
  }

  URI uri(String path) {
    return uri(running().server, path);
  }

  private static URI uri(Server server, String path) {
    return URI.create("http://127.0.0.1:" + port(server) + BASE + path);
  }

  /** A browser that has not signed in. */
  Browser stranger() {
    return browserOf(running().server);
  }

  /** A browser of the pages of another container. */
  Browser browserOf(Server server) {
    return new Browser(server);
  }

  /** A browser of a visitor who has signed in with this token. */
  Browser signedIn(String token) throws IOException, InterruptedException {
    Browser browser = stranger();
    HttpResponse<String> answer = browser.post("/sign-in", Map.of("token", token));
    if (answer.statusCode() != 303) {
      throw new AssertionError(answer.statusCode() + " " + answer.body());
    }
    return browser;
  }

  Browser admin() throws IOException, InterruptedException {
    return signedIn(ADMIN_TOKEN);
  }

  Browser reader() throws IOException, InterruptedException {
    return signedIn(READER_TOKEN);
  }

  /** Keeps a cookie, and sends what a browser sends. Does not follow redirects. */
  final class Browser {
    private final Server server;
    private String cookie = "";

    private Browser(Server server) {
      this.server = server;
    }

    URI uri(String path) {
      return TestDashboard.uri(server, path);
    }

    String cookie() {
      return cookie;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
      return send(HttpRequest.newBuilder(uri(path)).header("Sec-Fetch-Dest", "document"));
    }

    /** Sends a form of this origin without its key. */
    HttpResponse<String> post(String path, Map<String, String> fields)
        throws IOException, InterruptedException {
      return send(
          form(path, fields)
              .header("Sec-Fetch-Site", "same-origin")
              .header("Sec-Fetch-Dest", "document"));
    }

    HttpRequest.Builder form(String path, Map<String, String> fields) {
      List<String> pairs = new ArrayList<>();
      fields.forEach((name, value) ->
          pairs.add(
              URLEncoder.encode(name, StandardCharsets.UTF_8)
                  + "="
                  + URLEncoder.encode(value, StandardCharsets.UTF_8)));
      return HttpRequest.newBuilder(uri(path))
          .header("Content-Type", "application/x-www-form-urlencoded")
          .POST(BodyPublishers.ofString(String.join("&", pairs)));
    }

    /** Opens a page, and sends a form with the key that is on it. */
    HttpResponse<String> submit(String page, String path, Map<String, String> fields)
        throws IOException, InterruptedException {
      Map<String, String> all = new LinkedHashMap<>(fields);
      all.put("csrf", csrf(page));
      return post(path, all);
    }

    String csrf(String page) throws IOException, InterruptedException {
      Matcher key = CSRF.matcher(get(page).body());
      if (!key.find()) {
        throw new AssertionError("the page " + page + " has no form");
      }
      return key.group(1);
    }

    /** Follows a redirect. */
    HttpResponse<String> follow(HttpResponse<String> redirect)
        throws IOException, InterruptedException {
      String location = redirect.headers().firstValue("location").orElseThrow();
      return get(location.substring(BASE.length()));
    }

    HttpResponse<String> send(HttpRequest.Builder request)
        throws IOException, InterruptedException {
      if (!cookie.isEmpty()) {
        request.header("Cookie", cookie);
      }
      HttpResponse<String> answer = running().client.send(request.build(), BodyHandlers.ofString());
      answer
          .headers()
          .firstValue("set-cookie")
          .ifPresent(set -> {
            String pair = set.substring(0, set.indexOf(';'));
            cookie = pair.endsWith("=") ? "" : pair;
          });
      return answer;
    }
  }
}
