package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.GonextJvm;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** The command as a process of its own, and all that it has said so far. */
final class GonextProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final Process process;
  private final List<String> lines = new CopyOnWriteArrayList<>();

  private GonextProcess(Process process) {
    this.process = process;
  }

  static GonextProcess start(String... arguments) throws IOException {
    return start(List.of(), Map.of(), arguments);
  }

  /** With options for the JVM, and with more in the environment. */
  static GonextProcess start(
      List<String> options, Map<String, String> environment, String... arguments)
      throws IOException {
    ProcessBuilder builder = GonextJvm.builder(options, arguments);
    builder.environment().putAll(environment);
    GonextProcess started = new GonextProcess(builder.redirectErrorStream(true).start());
    Thread.ofVirtual().start(started::read);
    return started;
  }

  private void read() {
    try (BufferedReader output = process.inputReader()) {
      output.lines().forEach(lines::add);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  List<String> lines() {
    return lines;
  }

  /** What it has started and what those have. */
  List<ProcessHandle> descendants() {
    return process.descendants().toList();
  }

  /** The first line that has one of these in it, once it has come. */
  String awaitLine(String... anyOf) {
    return awaitFirst(
        () -> lines.stream().filter(line -> List.of(anyOf).stream().anyMatch(line::contains)));
  }

  /** The first event of a {@code --json} that is such, once it has come. */
  JsonNode awaitEvent(String event, Predicate<JsonNode> which) {
    return awaitFirst(() ->
        lines.stream()
            .filter(line -> line.startsWith("{\"event\":\"" + event + "\""))
            .map(GonextProcess::json)
            .filter(which));
  }

  private static JsonNode json(String line) {
    try {
      return StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(line, e);
    }
  }

  private <T> T awaitFirst(java.util.function.Supplier<Stream<T>> found) {
    await()
        .atMost(PATIENCE)
        .failFast("it ended: " + lines, () -> !process.isAlive() && found.get().findAny().isEmpty())
        .untilAsserted(() -> assertThat(found.get()).as("%s", lines).isNotEmpty());
    Optional<T> first = found.get().findFirst();
    return first.orElseThrow();
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }

  /** Its exit code, once it has ended by itself. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("%s", lines).isTrue();
    return process.exitValue();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
