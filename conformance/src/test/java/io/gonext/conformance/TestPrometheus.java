package io.gonext.conformance;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * Debian's Prometheus, which scrapes one server every second and evaluates the rules in {@code
 * ops}.
 */
final class TestPrometheus implements AutoCloseable {
  private final HttpClient client = HttpClient.newHttpClient();
  private final Process process;
  private final int port;

  private TestPrometheus(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Skips the test where it is not installed. */
  static void require() {
    TestTool.require(
        "prometheus",
        TestTool.isOnPath("prometheus"),
        "no prometheus on PATH: apt-get install prometheus");
  }

  /**
   * @param folder for its files
   * @param target the port of the server
   */
  static TestPrometheus start(Path folder, int target) throws IOException {
    Path rules = Path.of(System.getProperty("gonext.root"), "ops/prometheus/gonext.rules.yml");
    Path config =
        Files.writeString(
            folder.resolve("prometheus.yml"),
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["%s"]
            scrape_configs:
              - job_name: gonext
                static_configs: [{targets: ["127.0.0.1:%d"]}]
            """
                .formatted(rules, target));
    int port = freePort();
    Process process =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("tsdb"),
                "--web.listen-address=127.0.0.1:" + port,
                "--enable-feature=exemplar-storage")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
    return new TestPrometheus(process, port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The alerts that fire. */
  List<JsonNode> firing() throws IOException, InterruptedException, InvalidJsonException {
    return ask("/api/v1/alerts")
        .at("/data/alerts")
        .valueStream()
        .filter(alert -> alert.path("state").asString("").equals("firing"))
        .toList();
  }

  JsonNode ask(String path) throws IOException, InterruptedException, InvalidJsonException {
    byte[] answer =
        client
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                BodyHandlers.ofByteArray())
            .body();
    return StrictJson.parse(answer);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    client.close();
  }
}
