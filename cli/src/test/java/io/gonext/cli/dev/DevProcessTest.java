package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.Guests;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The command as a process, with real tools, files and signals, and a real HTTP server in the
 * host's place that remembers what it was sent.
 */
@Timeout(120)
class DevProcessTest {
  @TempDir private Path directory;
  private Path project;
  private HttpServer host;
  private final BlockingQueue<byte[]> uploads = new LinkedBlockingQueue<>();
  private final List<String> output = new CopyOnWriteArrayList<>();
  private @Nullable Process process;

  @BeforeEach
  void start() throws IOException {
    project = Files.createDirectory(directory.resolve("project"));
    Files.write(project.resolve("manifest.json"), Samples.manifest("sample"));
    host = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    host.createContext("/_/plugins/dev/install", this::install);
    host.start();
  }

  @AfterEach
  void stop() {
    host.stop(0);
    if (process != null) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void a_signal_during_a_build_ends_it_with_0_and_leaves_no_process(String signal)
      throws Exception {
    assumeTrue(has("make"), "no make");
    write("Makefile", "build/plugin.wasm: slow.c\n\t@echo building; sleep 600 & sleep 600\n");
    write("slow.c", "");
    start("--host", url());
    awaitLine("building");
    List<ProcessHandle> children = running().descendants().toList();
    assertThat(children).isNotEmpty();
    new ProcessBuilder("kill", "-" + signal, String.valueOf(running().pid())).start().waitFor();
    assertThat(running().waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(running().exitValue()).as("%s", output).isZero();
    assertThat(output).last().asString().endsWith("stopped: no child processes left");
    assertThat(children).noneMatch(ProcessRunner::runs);
  }

  @Test
  void edits_are_live_failures_are_survived_and_saves_without_change_are_skipped()
      throws Exception {
    assumeTrue(has("make"), "no make");
    // A compiler of sorts: copies the module that the source names.
    Files.write(project.resolve("one.bin"), Samples.module(1));
    Files.write(project.resolve("two.bin"), Samples.module(2));
    write(
        "Makefile",
        "build/plugin.wasm: src/name one.bin two.bin\n\t@cp \"$$(cat src/name).bin\" $@\n");
    write("src/name", "one");
    start("--host", url() + "/");
    awaitLine("watching ");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(1));
    // Saved as editors do: a new file takes the old one's place.
    write("src/name.new", "two");
    Files.move(
        project.resolve("src/name.new"),
        project.resolve("src/name"),
        StandardCopyOption.ATOMIC_MOVE);
    awaitLine("live: #2");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(2));
    write("src/name", "three");
    awaitLine("build failed");
    assertThat(output).anyMatch(line -> line.contains("still serving #2"));
    write("src/name", "one");
    awaitLine("(recovered)");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(1));
    write("src/name", "one");
    awaitLine("inputs the same: skipped");
    assertThat(uploads).isEmpty();
  }

  @Test
  void rust_is_built_uploaded_and_built_again_on_an_edit() throws Exception {
    Path root = Path.of(System.getProperty("gonext.root"));
    copyTree(
        root.resolve("examples/hello-rust"),
        project,
        List.of("Cargo.toml", "Cargo.lock", "src", "manifest.json"));
    // Faster to build than the example's own settings, and not less real.
    Files.writeString(
        project.resolve("Cargo.toml"),
        Files.readString(project.resolve("Cargo.toml"))
            .replace("../../sdk/rust", root.resolve("sdk/rust").toString())
            .replace("opt-level = \"s\"", "opt-level = 0")
            .replace("lto = true", "lto = false")
            .replace("codegen-units = 1", "codegen-units = 4"));
    start("--host", url());
    awaitLine("watching ", "no target", "no cargo on PATH");
    assumeTrue(
        output.stream().noneMatch(line -> line.contains("no target") || line.contains("no cargo")),
        "no Rust for WebAssembly: " + output);
    byte[] first = uploads.poll(30, TimeUnit.SECONDS);
    assertThat(first).isNotNull();
    assertThat(output)
        .anyMatch(line -> line.contains("detected language: rust (Cargo.toml), cargo"));
    Path source = project.resolve("src/lib.rs");
    String before = Files.readString(source);
    Files.writeString(source, before.replace("Hello, ", "Moin, "));
    assertThat(Files.readString(source)).isNotEqualTo(before);
    awaitLine("live: #2");
    byte[] second = uploads.poll(30, TimeUnit.SECONDS);
    assertThat(new String(second, StandardCharsets.ISO_8859_1)).contains("Moin, ");
    Files.writeString(source, before + "\nfn broken( {");
    awaitLine("build failed");
    assertThat(output).anyMatch(line -> line.startsWith("    error"));
    assertThat(Files.readAllBytes(project.resolve("build/plugin.wasm"))).isEqualTo(second);
  }

  @Test
  void without_watching_as_json_it_ends_by_itself() throws Exception {
    assumeTrue(has("make"), "no make");
    Files.write(project.resolve("m.bin"), Guests.wasm("echo"));
    write("Makefile", "build/plugin.wasm: m.bin\n\t@cp m.bin $@\n");
    start("--no-watch", "--json", "--host", url());
    assertThat(running().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(running().exitValue()).isZero();
    await().until(() -> output.size() == 5);
    assertThat(output).allMatch(line -> line.startsWith("{\"event\":\"") && line.endsWith("}"));
    assertThat(output.getLast()).contains("\"event\":\"live\"", "\"confirmed\":true");
  }

  private Process running() {
    return Objects.requireNonNull(process);
  }

  private String url() {
    return "http://127.0.0.1:" + host.getAddress().getPort();
  }

  private void install(HttpExchange exchange) throws IOException {
    byte[] body;
    try (var in = exchange.getRequestBody()) {
      body = in.readAllBytes();
    }
    String text = new String(body, StandardCharsets.ISO_8859_1);
    String delimiter = text.substring(0, text.indexOf("\r\n"));
    int begin = text.indexOf("\r\n\r\n", text.indexOf("name=\"wasm\"")) + 4;
    byte[] wasm =
        text.substring(begin, text.lastIndexOf("\r\n" + delimiter + "--"))
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] answer =
        ("{\"action\":\"reloaded\",\"sha256\":\"" + Artifact.sha256(wasm) + "\",\"swap_ms\":0.1}")
            .getBytes(StandardCharsets.UTF_8);
    uploads.add(wasm);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private void start(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Half of a JVM's start is its compilers'.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of("io.gonext.cli.Main", "plugin", "dev"));
    command.addAll(List.of(arguments));
    command.add(project.toString());
    Process started = new ProcessBuilder(command).redirectErrorStream(true).start();
    process = started;
    Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader lines = started.inputReader()) {
            lines.lines().forEach(output::add);
          } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
  }

  private void awaitLine(String... anyOf) {
    await()
        .atMost(Duration.ofSeconds(60))
        .failFast(
            "it ended",
            () ->
                !running().isAlive() && output.stream().noneMatch(line -> containsAny(line, anyOf)))
        .untilAsserted(() -> assertThat(output).anyMatch(line -> containsAny(line, anyOf)));
  }

  private static boolean containsAny(String line, String... anyOf) {
    return List.of(anyOf).stream().anyMatch(line::contains);
  }

  private void write(String name, String text) throws IOException {
    Path file = project.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void copyTree(Path from, Path to, List<String> names) throws IOException {
    for (String name : names) {
      try (var files = Files.walk(from.resolve(name))) {
        for (Path file : files.toList()) {
          Path target = to.resolve(from.relativize(file));
          if (Files.isDirectory(file)) {
            Files.createDirectories(target);
          } else {
            Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
          }
        }
      }
    }
  }

  private static boolean has(String program) {
    return new Executables(System.getenv()).find(program).isPresent();
  }
}
