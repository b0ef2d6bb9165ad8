package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.ToolSurvey;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.host.RouteRate;
import io.gonext.host.UpdatePolicy;
import io.gonext.server.HttpServer;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/**
 * The author's loop for real: each language's example with its own toolchain, a host that serves,
 * and requests that never stop while the sources are edited.
 */
@Tag("slow")
@Timeout(600)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("HotReloadTest") // its tests run one after another
class HotReloadTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));

  /** Of a machine that has toolchains to run beside the host. */
  private static final OperatorLimits PATIENT =
      new OperatorLimits(
          64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8);

  /** Where an example is, what it is written with, and the file that is edited. */
  enum Example {
    RUST("rust", "hello-rust", "rust", "src/lib.rs"),
    GO("go", "hello-go", "go", "main.go"),
    ASSEMBLYSCRIPT("assemblyscript", "hello-as", "assemblyscript", "assembly/index.ts"),
    C("c", "hello-c", "c", "plugin.c");

    final String language;
    final String plugin;
    final String sdk;
    final String source;

    Example(String language, String plugin, String sdk, String source) {
      this.language = language;
      this.plugin = plugin;
      this.sdk = sdk;
      this.source = source;
    }
  }

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void an_edit_goes_live_without_a_failed_request(Example example) throws Exception {
    requireToolchain(example);
    Path project = copy(example);
    Path source = project.resolve(example.source);
    String first = Files.readString(source);
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (Host host = host(metrics);
        HttpServer server =
            HttpServer.start(host, metrics, ServerConfig.loopback(0).dev(true).build());
        GonextProcess dev =
            GonextProcess.start(
                "plugin", "dev", "--json", "--host", url(server), project.toString());
        HttpClient client = HttpClient.newHttpClient()) {
      JsonNode live = dev.awaitEvent("live", event -> true);
      assertThat(live.path("action").asString()).isEqualTo("installed");
      dev.awaitEvent("watching", event -> true);
      Load load = new Load(client, url(server), example.plugin);
      assertThat(load.greeting()).contains("Hello, Ada!");
      load.begin();

      replace(source, first.replace("Hello, ", "Moin, "));
      live = dev.awaitEvent("live", event -> event.path("number").asInt() == 2);
      assertThat(live.path("confirmed").asBoolean()).isTrue();
      assertThat(live.path("action").asString()).isEqualTo("reloaded");
      assertThat(live.path("requests_failed").asInt(-1)).as("%s", load.outcomes()).isZero();
      // What is told to be live is what answers.
      assertThat(load.greeting()).contains("Moin, Ada!");

      replace(source, "}}} broken\n" + first);
      JsonNode failed = dev.awaitEvent("failed", event -> true);
      assertThat(failed.path("step").asString()).isEqualTo("build");
      assertThat(failed.path("serving").asInt()).isEqualTo(2);
      assertThat(load.greeting()).contains("Moin, Ada!");

      load.end();
      assertThat(load.failures).as("%s", load.outcomes()).isEmpty();
      assertThat(load.calls).hasValueGreaterThan(50);
      dev.signal("TERM");
      assertThat(dev.exitCode()).isZero();
    }
  }

  /** Two callers who never stop: one of a filter, one of a route. */
  private static final class Load {
    final AtomicInteger calls = new AtomicInteger();
    final List<String> failures = new CopyOnWriteArrayList<>();
    private final HttpClient client;
    private final String url;
    private final String plugin;
    private volatile boolean ending;
    private volatile List<Thread> callers = List.of();

    /** Owned by the caller of the route. */
    private boolean edited;

    Load(HttpClient client, String url, String plugin) {
      this.client = client;
      this.url = url;
      this.plugin = plugin;
    }

    void begin() {
      callers =
          List.of(
              Thread.ofPlatform().daemon().start(() -> repeat(this::filter)),
              Thread.ofPlatform().daemon().start(() -> repeat(this::route)));
    }

    /** Ends once both have had answers after what was asserted last. */
    void end() throws InterruptedException {
      int before = calls.get();
      await().atMost(Duration.ofSeconds(30)).until(() -> calls.get() > before + 20);
      ending = true;
      for (Thread caller : callers) {
        caller.join();
      }
    }

    String greeting() throws IOException, InterruptedException {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/api/plugins/" + plugin + "/hello/Ada"))
                  .build(),
              BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    }

    /** How the host says that calls have ended. */
    List<String> outcomes() throws IOException, InterruptedException {
      HttpResponse<String> metrics =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/metrics")).build(),
              BodyHandlers.ofString());
      return metrics
          .body()
          .lines()
          .filter(line -> line.startsWith("gonext_plugin_hook_seconds_"))
          .toList();
    }

    private interface Call {
      void run() throws IOException, InterruptedException;
    }

    private void repeat(Call call) {
      while (!ending) {
        try {
          call.run();
        } catch (IOException e) {
          failures.add(e.toString());
        } catch (InterruptedException e) {
          return;
        }
        calls.incrementAndGet();
        // The compiler is to have its share of two processors: what is asserted is that no call
        // is lost, not how many there are.
        LockSupport.parkNanos(10_000_000);
      }
    }

    private void filter() throws IOException, InterruptedException {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url + "/api/v1/filters/the_content"))
                  .POST(BodyPublishers.ofString("{\"value\":\"a *b*\"}"))
                  .build(),
              BodyHandlers.ofString());
      boolean isMarked = response.body().matches("\\{\"value\":\"a <(em|strong)>b</.*");
      if (response.statusCode() != 200
          || response.headers().firstValue("X-Gonext-Degraded").isPresent()
          || !isMarked) {
        failures.add("filter: " + response + " " + response.body());
      }
    }

    private void route() throws IOException, InterruptedException {
      String answer = greeting();
      boolean now = answer.contains("Moin, Ada!");
      if (!answer.startsWith("200 ") || !(now || answer.contains("Hello, Ada!"))) {
        failures.add("route: " + answer);
      }
      if (edited && !now) {
        failures.add("the old version has answered after the new one");
      }
      edited = now;
    }
  }

  private Host host(PrometheusMeterRegistry metrics) throws InterruptedException {
    return Host.open(
        HostConfig.builder(directory.resolve("data"))
            .limits(PATIENT)
            .updates(UpdatePolicy.development())
            .routeRate(RouteRate.UNLIMITED)
            .meters(metrics)
            .build());
  }

  private static String url(HttpServer server) {
    return "http://127.0.0.1:" + server.port();
  }

  /** An example and its SDK, as they lie beside each other in the repository. */
  private Path copy(Example example) throws IOException {
    Path project = directory.resolve("examples").resolve(example.plugin);
    copyTree(ROOT.resolve("examples").resolve(example.plugin), project);
    copyTree(
        ROOT.resolve("sdk").resolve(example.sdk), directory.resolve("sdk").resolve(example.sdk));
    Path packages = ROOT.resolve("examples").resolve(example.plugin).resolve("node_modules");
    if (Files.isDirectory(packages)) {
      Files.createSymbolicLink(project.resolve("node_modules"), packages);
    }
    return project;
  }

  private static void copyTree(Path from, Path to) throws IOException {
    SkipRules rules = new SkipRules(from);
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        boolean isDirectory = Files.isDirectory(file);
        if (!rules.skips(from.relativize(file), isDirectory)) {
          Path target = to.resolve(from.relativize(file));
          Files.createDirectories(isDirectory ? target : target.resolveSibling(""));
          if (!isDirectory) {
            Files.copy(file, target);
          }
        }
      }
    }
  }

  /** As editors save: a new file takes the old one's place. */
  private static void replace(Path file, String text) throws IOException {
    Path aside = file.resolveSibling("." + file.getFileName() + ".tmp~");
    Files.writeString(aside, text);
    Files.move(aside, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  /** CI installs all but Go. */
  private void requireToolchain(Example example) throws Exception {
    ToolSurvey.Finding finding =
        ToolSurvey.take(
                example.language,
                Files.createDirectory(directory.resolve("survey")),
                System.getenv())
            .getFirst();
    boolean isReady = finding.isReady();
    String found = finding.found() + " " + finding.fixes();
    if (example == Example.ASSEMBLYSCRIPT
        && !Files.isDirectory(ROOT.resolve("examples/hello-as/node_modules/assemblyscript"))) {
      isReady = false;
      found = "no AssemblyScript: run 'npm ci' in examples/hello-as";
    }
    if (isReady) {
      return;
    }
    if (System.getenv("CI") != null && example != Example.GO) {
      fail(found);
    }
    abort(found);
  }
}
