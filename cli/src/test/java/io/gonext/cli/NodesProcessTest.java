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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
  private @Nullable Nginx balancer;

  @Test
  void no_request_fails_when_one_of_two_nodes_is_killed() throws Exception {
    Path bundle = Files.write(directory.resolve("hello-rust.gnplugin"), Demo.bundle());
    try (EmbeddedPostgres postgres = postgres();
        HttpClient client = HttpClient.newHttpClient()) {
      String db = postgres.getJdbcUrl("postgres", "postgres");
      int first = serve(db, "one", "--plugin", bundle.toString());
      int second = serve(db, "two");
      Nginx nginx = Nginx.start(directory.resolve("nginx"), List.of(first, second));
      balancer = nginx;
      String url = nginx.url();

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
      if (balancer != null) {
        balancer.close();
      }
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

  static EmbeddedPostgres postgres() {
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
