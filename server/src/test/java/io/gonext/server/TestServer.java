package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import tools.jackson.databind.JsonNode;

/**
 * A host in a directory of its own, its server on a free port, and a client. Each test has new
 * ones. In a class whose test instance lives per class, all tests share them.
 */
final class TestServer
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  /** The token of the operator, where {@link #token} is given to the server. */
  static final String TOKEN = "a-token-for-this-test";

  private final UnaryOperator<HostConfig.Builder> hostConfig;
  private final UnaryOperator<ServerConfig.Builder> serverConfig;
  private @Nullable Running running;
  private @Nullable ExtensionContext owner;

  private record Running(
      Path data,
      PrometheusMeterRegistry metrics,
      Host host,
      HttpServer server,
      HttpClient client) {}

  private TestServer(
      UnaryOperator<HostConfig.Builder> hostConfig,
      UnaryOperator<ServerConfig.Builder> serverConfig) {
    this.hostConfig = hostConfig;
    this.serverConfig = serverConfig;
  }

  static TestServer of(
      UnaryOperator<HostConfig.Builder> host, UnaryOperator<ServerConfig.Builder> server) {
    return new TestServer(host, server);
  }

  static TestServer of(UnaryOperator<HostConfig.Builder> host) {
    return of(host, server -> server);
  }

  static TestServer withDefaults() {
    return of(host -> host);
  }

  /** Gives the server the operator's token {@link #TOKEN}. */
  static ServerConfig.Builder token(ServerConfig.Builder server) {
    return server.token(AdminToken.of(TOKEN));
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    start(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    if (running == null) {
      start(context);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    stopIfOwner(context);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    stopIfOwner(context);
  }

  private void start(ExtensionContext context) throws Exception {
    owner = context;
    running = open(Files.createTempDirectory("gonext-test"), hostConfig, serverConfig);
  }

  private static Running open(
      Path data,
      UnaryOperator<HostConfig.Builder> hostConfig,
      UnaryOperator<ServerConfig.Builder> serverConfig)
      throws InterruptedException {
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    Host host = Host.open(hostConfig.apply(HostConfig.builder(data).meters(metrics)).build());
    HttpServer server =
        HttpServer.start(host, metrics, serverConfig.apply(ServerConfig.loopback(0)).build());
    return new Running(data, metrics, host, server, HttpClient.newHttpClient());
  }

  private void stopIfOwner(ExtensionContext context) {
    if (!context.equals(owner)) {
      return;
    }
    close();
    // Tried again when a file appears during the deletion, which happened once in 700 tests.
    await().ignoreExceptionsInstanceOf(IOException.class).until(() -> delete(running().data));
    running = null;
    owner = null;
  }

  private static boolean delete(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    return true;
  }

  private void close() {
    running().client.close();
    running().server.close();
    running().host.close();
  }

  private Running running() {
    return Objects.requireNonNull(running, "the server has not started");
  }

  /** Opens the same data again, with another host and another server. */
  void restart(UnaryOperator<HostConfig.Builder> host, UnaryOperator<ServerConfig.Builder> server)
      throws InterruptedException {
    close();
    running =
        open(
            running().data,
            config -> host.apply(hostConfig.apply(config)),
            settings -> server.apply(serverConfig.apply(settings)));
  }

  void restartHost(UnaryOperator<HostConfig.Builder> host) throws InterruptedException {
    restart(host, server -> server);
  }

  void restartServer(UnaryOperator<ServerConfig.Builder> server) throws InterruptedException {
    restart(host -> host, server);
  }

  Host host() {
    return running().host;
  }

  HttpServer server() {
    return running().server;
  }

  Path data() {
    return running().data;
  }

  PrometheusMeterRegistry metrics() {
    return running().metrics;
  }

  HttpClient client() {
    return running().client;
  }

  int port() {
    return running().server.port();
  }

  /** Starts another server on the same host. The test closes it. */
  HttpServer startAnother(ServerConfig config) {
    return HttpServer.start(host(), metrics(), config);
  }

  /** Closes the server, but not the host. */
  void closeServer() {
    running().server.close();
  }

  void activate(GuestBundle bundle) throws InterruptedException {
    host().plugins().activate(host().plugins().install(bundle.bytes()).manifest().name());
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)));
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client().send(request.build(), BodyHandlers.ofString());
  }

  Socket connect() throws IOException {
    return new Socket(InetAddress.ofLiteral("127.0.0.1"), port());
  }

  static JsonNode json(HttpResponse<String> response) throws InvalidJsonException {
    return StrictJson.parse(response.body().getBytes(StandardCharsets.UTF_8));
  }

  static void assertProblem(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type")).contains("application/problem+json");
    assertThat(response.body()).contains("\"status\":" + status).doesNotContain("\\n\\tat ");
  }
}
