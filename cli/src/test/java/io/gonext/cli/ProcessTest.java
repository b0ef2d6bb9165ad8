package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.json.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The command as a process: signals, exit codes, and what survives them. */
@Tag("slow")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class ProcessTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void a_signal_stops_the_demo_cleanly_with_exit_code_0(String signal) throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Process process =
        GonextJvm.builder(List.of("-Djava.io.tmpdir=" + temporary), "demo", "--port", "0")
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output = process.inputReader()) {
      String url = awaitLine(output, "Serving on ").replaceAll("Serving on (\\S+), .*", "$1");
      try (HttpClient client = HttpClient.newHttpClient()) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(url + "/api/plugins/hello-rust/hello/you")).build();
        assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
            .contains("Hello, you!");
      }
      kill(process, signal);
      assertThat(output.lines().toList()).last().asString().isEqualTo("stopped");
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      try (var left = Files.list(temporary)) {
        assertThat(left.filter(path -> path.toString().contains("gonext-demo"))).isEmpty();
      }
    } finally {
      process.destroyForcibly();
    }
  }

  /** The launcher only starts more slowly when this fails, so that nobody would notice. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_training_run_starts_all_that_the_launchers_cache_is_for(boolean client) throws Exception {
    Path data = directory.resolve("data");
    List<String> arguments = new ArrayList<>(List.of("train", "--data", data.toString()));
    if (client) {
      arguments.add("--client");
    }
    Process process =
        GonextJvm.builder(List.of(), arguments.toArray(String[]::new))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader output = process.inputReader()) {
      assertThat(output.lines().filter(line -> !line.contains(" INFO ")))
          .noneMatch(line -> line.contains("gonext:") || line.contains("Exception"));
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(data.resolve("gonext.mv.db")).exists();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void a_killed_server_restarts_with_its_plugins() throws Exception {
    Path data = directory.resolve("data");
    Path bundle = directory.resolve("hello-rust.gnplugin");
    Files.write(bundle, Demo.bundle());
    Path asking = directory.resolve("denied.gnplugin");
    Files.write(asking, GuestBundle.of("denied").field("capabilities", "[\"kv.read\"]").bytes());
    Process first =
        start(
            "serve",
            "--port",
            "0",
            "--data",
            data.toString(),
            "--plugin",
            bundle.toString(),
            "--plugin",
            asking.toString());
    try (BufferedReader output = first.inputReader()) {
      awaitLine(output, "denied@1.0.0 ACTIVE");
      assertThat(output.readLine()).isEqualTo("  granted: kv.read");
      awaitLine(output, "listening on ");
      first.destroyForcibly().waitFor();
    }
    Process second = start("serve", "--port", "0", "--data", data.toString());
    try (BufferedReader output = second.inputReader()) {
      assertThat(awaitLine(output, "hello-rust@")).isEqualTo("hello-rust@0.1.0 ACTIVE");
      String url = awaitLine(output, "listening on ").replace("listening on ", "");
      try (HttpClient client = HttpClient.newHttpClient()) {
        HttpRequest request =
            HttpRequest.newBuilder(URI.create(url + "/api/v1/filters/the_title"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"value\":\"x y\"}"))
                .build();
        assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
            .isEqualTo("{\"value\":\"X Y\"}");
      }
    } finally {
      second.destroyForcibly();
    }
  }

  @Test
  void with_json_serve_prints_events_for_listening_and_stopping() throws Exception {
    Path bundle = Files.write(directory.resolve("upper.gnplugin"), GuestBundle.of("upper").bytes());
    Process process =
        GonextJvm.builder(
                List.of(),
                "serve",
                "--json",
                "--port",
                "0",
                "--data",
                directory.resolve("data").toString(),
                "--plugin",
                bundle.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<JsonNode> events = new ArrayList<>();
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        JsonNode event = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
        events.add(event);
        if (event.path("event").asString().equals("listening")) {
          // At once: whoever is told that it listens may stop it.
          kill(process, "TERM");
        }
      }
    }
    assertThat(process.waitFor()).isZero();
    assertThat(events)
        .extracting(event -> event.path("event").asString())
        .containsExactly("opened", "plugin", "grants", "listening", "stopping", "stopped");
    assertThat(events.get(1).path("plugin").asString()).isEqualTo("upper");
    assertThat(events.get(1).path("state").asString()).isEqualTo("ACTIVE");
    assertThat(events.get(3).path("url").asString()).startsWith("http://127.0.0.1:");
    assertThat(Path.of(events.get(3).path("token_in").asString())).isRegularFile();
  }

  @Test
  void log_lines_are_json_to_the_end_and_load_nothing_of_opentelemetrys_sdk() throws Exception {
    Path bundle = Files.write(directory.resolve("upper.gnplugin"), GuestBundle.of("upper").bytes());
    Path errors = directory.resolve("stderr");
    Path classes = directory.resolve("classes");
    Process process =
        GonextJvm.builder(
                List.of("-Xlog:class+load:file=" + classes),
                "serve",
                "-v",
                "--log-format",
                "json",
                "--port",
                "0",
                "--data",
                directory.resolve("data").toString(),
                "--plugin",
                bundle.toString())
            .redirectError(errors.toFile())
            .start();
    try (BufferedReader output = process.inputReader()) {
      awaitLine(output, "listening on ");
      kill(process, "TERM");
      assertThat(output.lines().toList()).last().asString().isEqualTo("stopped");
    }
    assertThat(process.waitFor()).isZero();
    List<String> messages = new ArrayList<>();
    for (String line : Files.readAllLines(errors)) {
      JsonNode json = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
      assertThat(json.path("service.name").stringValue()).isEqualTo("gonext");
      messages.add(json.path("message").stringValue());
    }
    assertThat(messages)
        .contains("activated upper@1.0.0")
        // Of the connection pool, when the host has closed its store.
        .anyMatch(message -> message.endsWith("Shutdown completed."));
    assertThat(Files.readAllLines(classes))
        .anyMatch(line -> line.contains("io.gonext.cli.telemetry.TelemetryOptions "))
        .noneMatch(line -> line.contains("io.gonext.cli.telemetry.Telemetry "))
        .noneMatch(line -> line.matches(".*io\\.opentelemetry\\.(sdk|exporter)\\..*"));
  }

  private static Process start(String... arguments) throws IOException {
    return GonextJvm.builder(List.of(), arguments).redirectErrorStream(true).start();
  }

  private static String awaitLine(BufferedReader output, String prefix) throws IOException {
    StringBuilder seen = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(prefix)) {
        return line;
      }
      seen.append(line).append('\n');
    }
    throw new AssertionError("the process ended before it said '" + prefix + "':\n" + seen);
  }

  private static void kill(Process process, String signal)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
  }
}
