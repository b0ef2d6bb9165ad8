package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.BufferedReader;
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
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Three processes with the configuration of {@code ops/kubernetes} on one PostgreSQL behind nginx,
 * restarted one after another as the Deployment says: a new one is ready before an old one ends; an
 * old one leaves the load balancer's list while it still answers, gets SIGTERM after the pause of
 * {@code preStop}, and ends within its grace period.
 */
@Tag("slow")
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class RollingRestartTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final int NODES = 3;
  private static final int CLIENTS = 4;

  /** Answers between two restarts, so that each happens under load. */
  private static final int ENOUGH = 100;

  /** A pause that is long enough for nginx here; the manifests' own, for {@code ./campaign}. */
  private static final Duration SHORT = Duration.ofSeconds(1);

  private static final Path MANIFESTS = Path.of("../ops/kubernetes/plain");

  @TempDir private Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Node> nodes = new ArrayList<>();
  private final AtomicInteger answered = new AtomicInteger();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private int started;

  private record Node(Process process, int port) {}

  @Test
  void no_request_fails_while_all_nodes_are_restarted() throws Exception {
    JsonNode pod = manifest("deployment.yaml").at("/spec/template/spec");
    Duration preStop =
        Boolean.getBoolean("gonext.rolling.full")
            ? Duration.ofSeconds(pod.at("/containers/0/lifecycle/preStop/sleep/seconds").asLong())
            : SHORT;
    Duration grace = Duration.ofSeconds(pod.at("/terminationGracePeriodSeconds").asLong());
    assertThat(preStop).isPositive().isLessThan(grace);
    String readiness = pod.at("/containers/0/readinessProbe/httpGet/path").asString();
    Path bundle = Files.write(directory.resolve("hello-rust.gnplugin"), Demo.bundle());
    AtomicBoolean stop = new AtomicBoolean();
    try (client;
        EmbeddedPostgres postgres = NodesProcessTest.postgres();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Path config = configuration(postgres.getJdbcUrl("postgres", "postgres"));
      nodes.add(serve(config, "--plugin", bundle.toString()));
      while (nodes.size() < NODES) {
        nodes.add(serve(config));
      }
      for (Node node : nodes) {
        awaitReady(node, readiness);
        for (String probe : List.of("startupProbe", "livenessProbe")) {
          String path = pod.at("/containers/0/" + probe + "/httpGet/path").asString();
          assertThat(status("http://127.0.0.1:" + node.port + path)).as(probe).isEqualTo(200);
        }
      }
      try (Nginx nginx = Nginx.start(directory.resolve("nginx"), ports())) {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          clients.add(threads.submit(() -> load(nginx.url(), stop)));
        }
        try {
          for (int i = 0; i < NODES; i++) {
            awaitAnswers();
            Node next = serve(config);
            nodes.add(next);
            awaitReady(next, readiness);
            nginx.use(ports());
            end(nginx, nodes.getFirst(), preStop, grace);
          }
          awaitAnswers();
        } finally {
          stop.set(true);
        }
        for (Future<?> each : clients) {
          each.get(30, TimeUnit.SECONDS);
        }
      }
    } finally {
      stop.set(true);
      nodes.forEach(node -> node.process.destroyForcibly());
    }
    // For ./campaign rolling.
    System.out.println("attacks=" + (answered.get() + wrong.size()) + " found=" + wrong.size());
    assertThat(wrong).isEmpty();
  }

  /** What the kubelet and the endpoints' controller do with a pod that is deleted. */
  private void end(Nginx nginx, Node node, Duration preStop, Duration grace) throws Exception {
    Instant deleted = Instant.now();
    nodes.remove(node);
    nginx.use(ports());
    // The pause itself is what is tested: the node answers as before until it is over.
    assertThat(node.process.waitFor(preStop.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
    assertThat(status("http://127.0.0.1:" + node.port + "/readyz")).isEqualTo(200);
    node.process.destroy();
    Duration left = grace.minus(Duration.between(deleted, Instant.now()));
    assertThat(node.process.waitFor(left.toMillis(), TimeUnit.MILLISECONDS))
        .as("it would be killed after " + grace)
        .isTrue();
    assertThat(node.process.exitValue()).isZero();
  }

  /** Asks for a route and, with a body, for a hook. */
  private Void load(String url, AtomicBoolean stop) throws InterruptedException {
    HttpRequest route =
        HttpRequest.newBuilder(URI.create(url + "/api/plugins/hello-rust/hello/you"))
            .timeout(BOUND)
            .build();
    HttpRequest hook =
        HttpRequest.newBuilder(URI.create(url + "/api/v1/filters/the_content"))
            .timeout(BOUND)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"value\":\"a *b*\"}"))
            .build();
    // A test that has failed needs no more load.
    while (!stop.get() && wrong.size() < 10) {
      for (HttpRequest request : List.of(route, hook)) {
        try {
          HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
          if (answer.statusCode() == 200
              && answer
                  .body()
                  .contains(request.equals(route) ? "Hello, you!" : "<strong>b</strong>")) {
            answered.incrementAndGet();
          } else {
            wrong.add(request.uri() + " " + answer.statusCode() + " " + answer.body());
          }
        } catch (IOException e) {
          wrong.add(request.uri() + " " + e);
        }
      }
    }
    return null;
  }

  private void awaitAnswers() {
    int before = answered.get();
    await().atMost(BOUND).until(() -> answered.get() >= before + ENOUGH || !wrong.isEmpty());
  }

  private void awaitReady(Node node, String path) {
    String url = "http://127.0.0.1:" + node.port + path;
    await().atMost(BOUND).until(() -> status(url) == 200);
  }

  private int status(String url) throws InterruptedException {
    try {
      return client
          .send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      return 0;
    }
  }

  private List<Integer> ports() {
    return nodes.stream().map(Node::port).toList();
  }

  /** The configuration of the manifests, with the files of its Secret. */
  private Path configuration(String db) throws IOException {
    Path secret = Files.createDirectory(directory.resolve("secret"));
    Map<String, String> files =
        Map.of(
            "db",
            db,
            "master-key",
            Base64.getEncoder().encodeToString(new byte[32]),
            "admin-token",
            "the-token-of-this-test");
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path path = Files.writeString(secret.resolve(file.getKey()), file.getValue());
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    }
    String text = manifest("configmap.yaml").at("/data/serve.yaml").asString();
    assertThat(text).contains("db-file: /etc/gonext/secret/db", "log-format: json");
    return Files.writeString(
        directory.resolve("serve.yaml"), text.replace("/etc/gonext/secret", secret.toString()));
  }

  private static JsonNode manifest(String name) {
    return new YAMLMapper().readTree(MANIFESTS.resolve(name).toFile());
  }

  private Node serve(Path config, String... more) throws IOException, InvalidJsonException {
    String name = "node" + ++started;
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "serve",
                "--config",
                config.toString(),
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--json",
                "--route-rate",
                "off",
                "--data",
                directory.resolve(name).toString()));
    arguments.addAll(List.of(more));
    Path log = directory.resolve(name + ".log");
    Process process =
        GonextJvm.builder(List.of(), arguments.toArray(String[]::new))
            .redirectError(log.toFile())
            .start();
    BufferedReader output = process.inputReader();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      JsonNode event = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
      if (event.path("event").asString().equals("listening")) {
        return new Node(process, URI.create(event.path("url").asString()).getPort());
      }
    }
    throw new AssertionError("the node ended before it listened: " + Files.readString(log));
  }
}
