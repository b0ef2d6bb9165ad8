package io.gonext.host.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A registry that answers as a test says, for faults that no real one has. It has the repository
 * {@code acme/echo}.
 */
final class ScriptedRegistry implements AutoCloseable {
  static final String REPOSITORY = "/v2/acme/echo";

  private final HttpServer server;
  private final Map<String, Handler> handlers = new ConcurrentHashMap<>();

  /** A line for each request: method, path with its query, and the headers that matter. */
  final List<String> requests = new CopyOnWriteArrayList<>();

  /** What clients that take it for a proxy have sent as their login. */
  final List<String> proxyLogins = new CopyOnWriteArrayList<>();

  @FunctionalInterface
  interface Handler {
    void answer(HttpExchange exchange) throws IOException;
  }

  ScriptedRegistry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  String registry() {
    return "localhost:" + server.getAddress().getPort();
  }

  String url() {
    return "http://" + registry();
  }

  OciReference reference() {
    return OciReference.parse("oci://" + registry() + "/acme/echo");
  }

  /** Answers a path, without its query. */
  void on(String path, Handler handler) {
    handlers.put(path, handler);
  }

  /** Answers a path with bytes. */
  void serve(String path, byte[] body) {
    on(path, exchange -> send(exchange, 200, body));
  }

  /** Has a plugin under the tag {@code 1}. */
  void hasPlugin(byte[] manifestJson, byte[] bundle) {
    Descriptor config = Descriptor.of(MediaTypes.MANIFEST, manifestJson);
    Descriptor layer = Descriptor.of(MediaTypes.BUNDLE, bundle);
    hasManifest(
        new ImageManifest(
                MediaTypes.PLUGIN, config, List.of(layer), java.util.Optional.empty(), Map.of())
            .bytes());
    serve(REPOSITORY + "/blobs/" + layer.digest(), bundle);
  }

  void hasManifest(byte[] manifest) {
    serve(REPOSITORY + "/manifests/1", manifest);
    serve(REPOSITORY + "/manifests/" + Digest.of(manifest), manifest);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    String login = exchange.getRequestHeaders().getFirst("Proxy-Authorization");
    if (login != null) {
      proxyLogins.add(login);
    }
    requests.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (range == null ? "" : " " + range)
            + (authorization == null ? "" : " " + authorization));
    try (exchange) {
      handlers
          .getOrDefault(exchange.getRequestURI().getPath(), other -> send(other, 404, new byte[0]))
          .answer(exchange);
    }
  }

  static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  static void send(HttpExchange exchange, int status, String body, String... headers)
      throws IOException {
    for (int i = 0; i < headers.length; i += 2) {
      exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
    }
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  /** Announces all of a body, sends a part of it and hangs up. */
  static void sendPart(HttpExchange exchange, int status, byte[] body, int from, int to)
      throws IOException {
    exchange.sendResponseHeaders(status, body.length - from);
    exchange.getResponseBody().write(body, from, to - from);
    exchange.getResponseBody().flush();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
