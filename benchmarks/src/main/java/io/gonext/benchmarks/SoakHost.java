package io.gonext.benchmarks;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.URI;
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
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A {@code gonext serve} on a port of its own, which is killed and started again on its data.
 *
 * <p>One thread starts and kills it; requests may come from any thread.
 */
final class SoakHost implements AutoCloseable {
  private static final Duration LONGEST_REQUEST = Duration.ofSeconds(30);

  private final String name;
  private final Path data;
  private final List<String> options;
  private final int port;
  private final HttpClient client;
  private @Nullable GonextProcess process;

  /** Grows with each kill. A request that began before a kill may have no answer. */
  private final AtomicInteger lives = new AtomicInteger();

  /** Whether it is ready, and nobody is about to kill it. */
  private volatile boolean up;

  /**
   * @param data its directory, which is made
   * @param options of {@code gonext serve}, beside those that each host needs
   */
  SoakHost(String name, Path data, List<String> options) throws IOException {
    this.name = name;
    this.data = data;
    this.options = options;
    this.client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    this.port = GonextProcess.freePort();
  }

  String name() {
    return name;
  }

  int lives() {
    return lives.get();
  }

  boolean isUp() {
    return up;
  }

  /** Starts it and waits until it is ready. */
  void start() throws IOException, InterruptedException, UnavailableException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "serve",
                "--port",
                Integer.toString(port),
                "--data",
                data.toString(),
                "--route-rate",
                "off",
                "--egress-allow",
                "127.0.0.0/8",
                "--egress-rate",
                "60000",
                // Nothing but the endless loop takes so long, even on a busy machine.
                "--call-ms",
                "5000",
                "--jobs-per-minute",
                "1000000",
                "--jobs-waiting",
                "100000",
                "--warm-up",
                "2s"));
    arguments.addAll(options);
    process =
        GonextProcess.start(
            ProcessBuilder.Redirect.appendTo(data.resolveSibling(name + ".log").toFile()),
            arguments.toArray(String[]::new));
    GonextProcess.awaitReady(port);
    up = true;
  }

  /** Ends it as a crash would (SIGKILL). */
  void kill() {
    up = false;
    lives.incrementAndGet();
    GonextProcess running = process;
    if (running != null) {
      running.kill();
    }
  }

  /** Sends a request. */
  HttpResponse<String> send(String method, String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        request(path).method(method, BodyPublishers.ofString(body)).build(),
        BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  /** Sends a bundle to the admin API. */
  HttpResponse<String> sendBundle(String method, String path, Path bundle)
      throws IOException, InterruptedException {
    return client.send(
        asAdmin(path).method(method, BodyPublishers.ofFile(bundle)).build(),
        BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  /** Sends an empty request to the admin API. */
  HttpResponse<String> sendAdmin(String method, String path)
      throws IOException, InterruptedException {
    return client.send(
        asAdmin(path).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  /** The answer of a route of the plugin, as JSON. */
  JsonNode json(String path) throws IOException, InterruptedException, UnavailableException {
    HttpResponse<String> response = send("GET", path, "");
    if (response.statusCode() != 200) {
      throw new UnavailableException(path + " answered " + response.statusCode());
    }
    try {
      return StrictJson.parse(response.body().getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new UnavailableException(path + " answered no JSON: " + e.getMessage());
    }
  }

  /** The text of {@code /metrics}, after a full collection. */
  String metricsAfterCollection() throws IOException, InterruptedException {
    ProgramResult collected =
        ProgramResult.run(
            data,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid()),
                "GC.run"));
    collected.requireOutput();
    return send("GET", "/metrics", "").body();
  }

  private long pid() {
    if (process == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return process.pid();
  }

  private HttpRequest.Builder asAdmin(String path) throws IOException {
    String token = Files.readString(data.resolve("admin.token")).strip();
    return request(path)
        .header("Authorization", "Bearer " + token)
        .header("Content-Type", "application/octet-stream");
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(LONGEST_REQUEST);
  }

  @Override
  public void close() throws IOException {
    up = false;
    client.shutdownNow();
    if (process != null) {
      process.close();
    }
  }
}
