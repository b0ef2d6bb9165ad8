package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Two {@code gonext serve} processes on one PostgreSQL database, behind nginx. */
@Tag("slow")
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
class NodesProcessTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final int CLIENTS = 4;

  /** Requests that must be answered before the kill, and again after it. */
  private static final int ENOUGH = 200;

  @TempDir private Path directory;
  private final List<Process> processes = new ArrayList<>();

  @Test
  void no_request_fails_when_one_of_two_nodes_is_killed() throws Exception {
    Path bundle = Files.write(directory.resolve("hello-rust.gnplugin"), Demo.bundle());
    try (EmbeddedPostgres postgres = postgres();
        HttpClient client = HttpClient.newHttpClient()) {
      String db = postgres.getJdbcUrl("postgres", "postgres");
      int first = serve(db, "one", "--plugin", bundle.toString());
      int second = serve(db, "two");
      String url = "http://127.0.0.1:" + nginx(first, second);

      AtomicInteger answered = new AtomicInteger();
      AtomicBoolean stop = new AtomicBoolean();
      Queue<String> wrong = new ConcurrentLinkedQueue<>();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          clients.add(
              threads.submit(() -> {
                while (!stop.get()) {
                  String answer = get(client, url + "/api/plugins/hello-rust/hello/you");
                  if (answer.startsWith("200 ") && answer.contains("Hello, you!")) {
                    answered.incrementAndGet();
                  } else {
                    wrong.add(answer);
                  }
                }
                return null;
              }));
        }
        try {
          await().atMost(BOUND).until(() -> answered.get() >= ENOUGH);
          int before = answered.get();
          processes.getFirst().destroyForcibly();
          await().atMost(BOUND).until(() -> answered.get() >= before + ENOUGH);
        } finally {
          stop.set(true);
        }
        for (Future<?> each : clients) {
          each.get(30, TimeUnit.SECONDS);
        }
      }
      assertThat(wrong).isEmpty();

      // What is left follows changes of others, here of a program that uses the Java API.
      try (Host host =
          Host.open(
              HostConfig.builder(directory.resolve("three"))
                  .database(Database.postgreSql(db))
                  .build())) {
        host.plugins().install(GuestBundle.of("upper").filter("shout").bytes());
        host.plugins().activate("upper");
        await()
            .atMost(BOUND)
            .until(() -> post(client, url + "/api/v1/filters/shout").equals("{\"value\":\"A\"}"));
      }
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  private static String get(HttpClient client, String url) throws InterruptedException {
    try {
      var response =
          client.send(
              HttpRequest.newBuilder(URI.create(url)).timeout(BOUND).build(),
              BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static String post(HttpClient client, String url)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url))
            .POST(HttpRequest.BodyPublishers.ofString("{\"value\":\"a\"}"))
            .build();
    return client.send(request, BodyHandlers.ofString()).body();
  }

  /** Returns the port of a new node. */
  private int serve(String db, String name, String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "serve",
                "--port",
                "0",
                "--route-rate",
                "off",
                "--data",
                directory.resolve(name).toString()));
    arguments.addAll(List.of(more));
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder =
        GonextJvm.builder(List.of(), arguments.toArray(String[]::new)).redirectError(log.toFile());
    builder.environment().put("GONEXT_DB", db);
    Process process = builder.start();
    processes.add(process);
    BufferedReader output = process.inputReader();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith("listening on ")) {
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
      }
    }
    throw new AssertionError("the node ended before it listened: " + Files.readString(log));
  }

  /** Returns the port of a load balancer that asks the other node where one does not answer. */
  private int nginx(int first, int second) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path own = Files.createDirectory(directory.resolve("nginx"));
    Path config =
        Files.writeString(
            own.resolve("nginx.conf"),
            """
            daemon off;
            master_process off;
            pid %1$s/pid;
            error_log %1$s/error.log;
            events { worker_connections 256; }
            http {
              access_log off;
              client_body_temp_path %1$s/body;
              proxy_temp_path %1$s/proxy;
              fastcgi_temp_path %1$s/fastcgi;
              uwsgi_temp_path %1$s/uwsgi;
              scgi_temp_path %1$s/scgi;
              upstream nodes {
                server 127.0.0.1:%2$d max_fails=1 fail_timeout=1s;
                server 127.0.0.1:%3$d max_fails=1 fail_timeout=1s;
              }
              server {
                listen 127.0.0.1:%4$d;
                location / {
                  proxy_pass http://nodes;
                  proxy_connect_timeout 1s;
                  proxy_next_upstream error timeout http_502 http_503;
                }
              }
            }
            """
                .formatted(own, first, second, port));
    processes.add(
        new ProcessBuilder(nginxProgram(), "-p", own.toString(), "-c", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(own.resolve("out.log").toFile())
            .start());
    try (HttpClient client = HttpClient.newHttpClient()) {
      await()
          .atMost(BOUND)
          .until(() -> get(client, "http://127.0.0.1:" + port + "/healthz").startsWith("200 "));
    }
    return port;
  }

  private static String nginxProgram() {
    String path = System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin";
    Optional<Path> program =
        Stream.of(path.split(":", -1))
            .map(directory -> Path.of(directory, "nginx"))
            .filter(Files::isExecutable)
            .findFirst();
    if (program.isEmpty()) {
      missing("nginx is not installed", null);
    }
    return program.orElseThrow().toString();
  }

  private static EmbeddedPostgres postgres() {
    try {
      return EmbeddedPostgres.builder().start();
    } catch (IOException | RuntimeException e) {
      missing("no PostgreSQL server starts here: " + e, e);
      throw new IllegalStateException(e);
    }
  }

  /** Skips the test on a user's machine, fails it in CI. */
  private static void missing(String what, @Nullable Throwable cause) {
    if (System.getenv("CI") != null) {
      throw new IllegalStateException(what, cause);
    }
    Assumptions.abort(what);
  }
}
