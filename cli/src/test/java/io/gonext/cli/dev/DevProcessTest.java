package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.GonextJvm;
import io.gonext.cli.build.Executables;
import io.gonext.cli.build.ProcessRunner;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.Sha256;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * The command as a process, with real tools, files and signals, and a real HTTP server in the
 * host's place that remembers what it was sent.
 */
@Tag("slow")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("DevProcessTest") // its tests run one after another
class DevProcessTest {
  @TempDir private Path directory;
  private Path project;
  private HttpServer host;
  private final BlockingQueue<byte[]> uploads = new LinkedBlockingQueue<>();

  /** What each request brought with it. */
  private final List<String> authorizations = new CopyOnWriteArrayList<>();

  private @Nullable GonextProcess gonext;

  @BeforeEach
  void start() throws IOException {
    project = Files.createDirectory(directory.resolve("project"));
    Files.write(project.resolve("manifest.json"), Samples.manifest("sample"));
    host = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    host.createContext("/_/plugins/dev/install", this::install);
    host.createContext("/_/plugins/dev/logs/", this::logs);
    host.start();
  }

  @AfterEach
  void stop() {
    host.stop(0);
    if (gonext != null) {
      gonext.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void a_signal_during_a_build_exits_with_0_and_leaves_no_process(String signal) throws Exception {
    assumeTrue(has("make"), "no make");
    write("Makefile", "build/plugin.wasm: slow.c\n\t@echo building; sleep 600 & sleep 600\n");
    write("slow.c", "");
    start("--host", url());
    running().awaitLine("building");
    List<ProcessHandle> children = running().descendants();
    assertThat(children).isNotEmpty();
    running().signal(signal);
    assertThat(running().exitCode()).as("%s", output()).isZero();
    await().until(() -> output().getLast().endsWith("stopped: no child processes left"));
    assertThat(children).noneMatch(ProcessRunner::runs);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void a_signal_during_detection_exits_with_0_and_leaves_no_process(String signal)
      throws Exception {
    write("Makefile", "build/plugin.wasm: slow.c\n\ttouch $@\n");
    Path asked = directory.resolve("asked");
    write("make", "#!/bin/sh\necho > " + asked + "\nsleep 600\n");
    Path make = project.resolve("make");
    assertThat(make.toFile().setExecutable(true)).isTrue();
    start(List.of(), Map.of("GONEXT_MAKE", make.toString()), "--host", url());
    await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(asked));
    List<ProcessHandle> children = running().descendants();
    running().signal(signal);
    assertThat(running().exitCode()).as("%s", output()).isZero();
    assertThat(children).isNotEmpty().noneMatch(ProcessRunner::runs);
  }

  @Test
  void the_loop_uploads_edits_survives_failures_and_skips_equal_saves() throws Exception {
    assumeTrue(has("make"), "no make");
    // A compiler of sorts: copies the module that the source names.
    Files.write(project.resolve("one.bin"), Samples.module(1));
    Files.write(project.resolve("two.bin"), Samples.module(2));
    write(
        "Makefile",
        "build/plugin.wasm: src/name one.bin two.bin\n\t@cp \"$$(cat src/name).bin\" $@\n");
    write("src/name", "one");
    start("--host", url() + "/");
    running().awaitLine("watching ");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(1));
    // Saved as editors do: a new file takes the old one's place.
    write("src/name.new", "two");
    Files.move(
        project.resolve("src/name.new"),
        project.resolve("src/name"),
        StandardCopyOption.ATOMIC_MOVE);
    running().awaitLine("live: #2");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(2));
    write("src/name", "three");
    running().awaitLine("build failed");
    assertThat(output()).anyMatch(line -> line.contains("still serving #2"));
    write("src/name", "one");
    running().awaitLine("(recovered)");
    assertThat(uploads.poll(30, TimeUnit.SECONDS)).isEqualTo(Samples.module(1));
    write("src/name", "one");
    running().awaitLine("no input changed: skipped");
    assertThat(uploads).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--no-watch", "--watch=false"})
  void no_watch_with_json_ends_after_the_upload(String once) throws Exception {
    assumeTrue(has("make"), "no make");
    Files.write(project.resolve("m.bin"), Guests.wasm("echo"));
    write("Makefile", "build/plugin.wasm: m.bin\n\t@cp m.bin $@\n");
    start(once, "--json", "--host", url());
    assertThat(running().exitCode()).isZero();
    await().until(() -> output().size() == 5);
    assertThat(output()).allMatch(line -> line.startsWith("{\"event\":\"") && line.endsWith("}"));
    assertThat(output().getLast()).contains("\"event\":\"live\"", "\"confirmed\":true");
  }

  @Test
  void an_edit_found_by_polling_goes_live() throws Exception {
    copyingMakefile();
    start("--poll", "--host", url());
    running().awaitLine("watching " + project + " (Ctrl-C to stop), polling every 500 ms: --poll");
    Files.write(project.resolve("m.bin"), Samples.module(2));
    running().awaitLine("live: #2");
  }

  @Test
  void keep_going_survives_a_failed_first_build() throws Exception {
    copyingMakefile();
    Files.delete(project.resolve("m.bin"));
    start("--keep-going", "--host", url());
    running().awaitLine("build failed");
    running().awaitLine("watching ");
    Files.write(project.resolve("m.bin"), Samples.module(1));
    running().awaitLine("live: #1 (recovered)");
    running().signal("TERM");
    assertThat(running().exitCode()).isZero();
  }

  @Test
  void logs_shows_log_lines_and_sends_the_token_with_every_request() throws Exception {
    copyingMakefile();
    start("--logs", "--token", "secret", "--host", url());
    running().awaitLine("info  said by the plugin");
    assertThat(authorizations).containsOnly("Bearer secret").hasSizeGreaterThanOrEqualTo(2);
  }

  @Test
  void without_a_terminal_log_lines_are_off() throws Exception {
    copyingMakefile();
    start(List.of(), Map.of("GONEXT_TOKEN", "secret"), "--host", url());
    running().awaitLine("watching ");
    running().signal("TERM");
    assertThat(running().exitCode()).isZero();
    // The upload, and the stream that also reports failed calls. The stream may connect again.
    assertThat(authorizations).containsOnly("Bearer secret").hasSizeGreaterThanOrEqualTo(2);
    assertThat(output())
        .noneMatch(line -> line.contains("secret"))
        .noneMatch(line -> line.contains("said by the plugin"));
  }

  @Test
  void a_checkout_of_500_files_causes_one_build() throws Exception {
    assumeTrue(has("git"), "no git");
    copyingMakefile();
    write(".gitignore", "/build/\n");
    for (int i = 0; i < 500; i++) {
      write("src/d" + i % 20 + "/f" + i + ".c", "one");
    }
    git("init", "--quiet", "--initial-branch=main");
    git("add", ".");
    git("commit", "--quiet", "-m", "one");
    git("checkout", "--quiet", "-b", "other");
    for (int i = 0; i < 500; i++) {
      write("src/d" + i % 20 + "/f" + i + ".c", "the other");
    }
    Files.write(project.resolve("m.bin"), Samples.module(2));
    git("commit", "--quiet", "-a", "-m", "two");
    git("checkout", "--quiet", "main");
    start("--json", "--host", url());
    running().awaitEvent("watching", event -> true);
    git("checkout", "--quiet", "other");
    JsonNode live = running().awaitEvent("live", event -> event.path("number").asInt() == 2);
    assertThat(live.path("sha256").asString()).isEqualTo(Sha256.hex(Samples.module(2)));
    // The last thing that happens: whatever Git has caused is over by then.
    write("src/last.c", "1");
    running()
        .awaitEvent("changed", event -> event.path("paths").toString().equals("[\"src/last.c\"]"));
    List<String> changes =
        output().stream().filter(line -> line.startsWith("{\"event\":\"changed\"")).toList();
    assertThat(changes).hasSize(2);
    assertThat(changes.getFirst()).contains("m.bin", "src/d0/f0.c", "src/d19/f499.c");
  }

  @Test
  void a_host_is_started_only_at_the_default_url_and_frees_its_port() throws Exception {
    requireFreeDefaultPort();
    copyingMakefile();
    start("--no-watch", "--host", HostUrl.DEFAULT);
    assertThat(running().exitCode()).as("a host that was named is not started").isEqualTo(4);
    assertThat(output()).anyMatch(line -> line.contains("no host answers at " + HostUrl.DEFAULT));
    running().close();

    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    start(List.of("-Djava.io.tmpdir=" + temporary), Map.of());
    running().awaitLine("host: started in this process on " + HostUrl.DEFAULT);
    running().awaitLine("watching ");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(HostUrl.DEFAULT + "/readyz")).build();
      assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
    running().signal("INT");
    assertThat(running().exitCode()).as("%s", output()).isZero();
    await()
        .until(() -> output().getLast().endsWith("stopped: host closed, no child processes left"));
    requireFreeDefaultPort();
    try (var left = Files.list(temporary)) {
      assertThat(left.filter(path -> path.toString().contains("gonext-dev"))).isEmpty();
    }
  }

  @Test
  void another_server_at_the_default_url_gives_advice() throws Exception {
    requireFreeDefaultPort();
    copyingMakefile();
    HttpServer other =
        HttpServer.create(
            new InetSocketAddress(
                InetAddress.ofLiteral("127.0.0.1"), HostUrl.parse(HostUrl.DEFAULT).port()),
            0);
    other.start();
    try {
      start("--no-watch");
      assertThat(running().exitCode()).isEqualTo(4);
      await()
          .untilAsserted(() ->
              assertThat(String.join("\n", output()))
                  .contains(
                      "the server at " + HostUrl.DEFAULT + " is not a GoNext host",
                      "free the port 8080",
                      "another: --port PORT",
                      "--host URL"));
    } finally {
      other.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"q", "TERM"})
  void the_terminal_is_restored_however_the_command_ends(String how) throws Exception {
    assumeTrue(has("script") && has("stty"), "no script or stty");
    copyingMakefile();
    Path before = directory.resolve("before");
    Path after = directory.resolve("after");
    List<String> gonextCommand =
        GonextJvm.command(List.of(), "plugin", "dev", "--host", url(), project.toString());
    Path session = directory.resolve("session");
    Files.writeString(
        session,
        "stty -g > %s\n'%s'\necho exit $?\nstty -g > %s\n"
            .formatted(before, String.join("' '", gonextCommand), after));
    ProcessBuilder builder =
        new ProcessBuilder("script", "-qefc", "sh " + session, "/dev/null")
            .redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("CI", "NO_COLOR"));
    builder.environment().put("TERM", "xterm");
    Process script = builder.start();
    try (BufferedReader screen = script.inputReader()) {
      awaitScreen(screen, "q quit");
      if (how.equals("q")) {
        // Without Enter, which it takes a terminal that was changed for.
        script.getOutputStream().write('q');
        script.getOutputStream().flush();
      } else {
        ProcessHandle java =
            script
                .descendants()
                .filter(each -> each.info().command().orElse("").endsWith("/java"))
                .findFirst()
                .orElseThrow();
        new ProcessBuilder("kill", "-TERM", String.valueOf(java.pid())).start().waitFor();
      }
      awaitScreen(screen, "exit 0");
      assertThat(script.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(Files.readString(after)).isEqualTo(Files.readString(before)).isNotBlank();
    } finally {
      script.descendants().forEach(ProcessHandle::destroyForcibly);
      script.destroyForcibly();
    }
  }

  @Test
  void a_trap_is_shown_with_the_authors_lines_and_replayed_by_a_key_and_after_each_build()
      throws Exception {
    assumeTrue(has("script") && has("stty"), "no script or stty");
    Path plugin = directory.resolve("trapper");
    try (GonextProcess made =
        GonextProcess.start("plugin", "init", plugin.toString(), "--lang", "c")) {
      assertThat(made.exitCode()).as("%s", made.lines()).isZero();
      assumeTrue(made.lines().stream().noneMatch(line -> line.contains("fix:")), "no clang");
    }
    Path source = plugin.resolve("plugin.c");
    String good = Files.readString(source);
    String end = "  gn_append(out, (gn_text){at, end - at});\n";
    assertThat(good).contains(end);
    Files.writeString(
        source,
        good.replace(end, end + "  if (1000 / (text.length - 4) == 7) gn_logs(GN_INFO, \"7\");\n"));
    int port = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
                "script",
                "-qefc",
                "'"
                    + String.join(
                        "' '",
                        GonextJvm.command(
                            List.of(), "plugin", "dev", "--port", "" + port, plugin.toString()))
                    + "'",
                "/dev/null")
            .redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("CI", "NO_COLOR"));
    builder.environment().put("TERM", "xterm");
    Process script = builder.start();
    try (BufferedReader screen = script.inputReader();
        HttpClient client = HttpClient.newHttpClient()) {
      awaitScreen(screen, "t last trap");
      press(script, 't');
      awaitScreen(screen, "no call has trapped yet");
      HttpRequest call =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + port + "/api/v1/filters/the_content"))
              .POST(HttpRequest.BodyPublishers.ofString("{\"value\":\"boom\"}"))
              .build();
      assertThat(client.send(call, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
      awaitScreen(screen, "call failed: the_content: DIVISION");
      awaitScreen(screen, "--> plugin.c:11");
      awaitScreen(screen, "if (1000 / (text.length - 4) == 7) gn_logs(GN_INFO, \"7\");");
      press(script, 't');
      awaitScreen(screen, "last trap (DIVISION in the_content) still happens");
      awaitScreen(screen, "--> plugin.c:11:");
      awaitScreen(screen, "|            ^");
      Files.writeString(
          source,
          good.replace(
              end, end + "  if (1001 / (text.length - 4) == 7) gn_logs(GN_INFO, \"7\");\n"));
      awaitScreen(screen, "last trap (DIVISION in the_content) still happens");
      Files.writeString(source, good);
      awaitScreen(screen, "last trap (DIVISION in the_content) is gone");
      press(script, 'q');
      assertThat(script.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      script.descendants().forEach(ProcessHandle::destroyForcibly);
      script.destroyForcibly();
    }
  }

  private static void press(Process script, char key) throws IOException {
    script.getOutputStream().write(key);
    script.getOutputStream().flush();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void awaitScreen(BufferedReader screen, String text) throws IOException {
    StringBuilder seen = new StringBuilder();
    for (String line = screen.readLine(); line != null; line = screen.readLine()) {
      if (line.contains(text)) {
        return;
      }
      seen.append(line).append('\n');
    }
    throw new AssertionError("it ended without '" + text + "':\n" + seen);
  }

  /** A compiler of sorts: the module is a file of the project. */
  private void copyingMakefile() throws IOException {
    assumeTrue(has("make"), "no make");
    Files.write(project.resolve("m.bin"), Samples.module(1));
    write("Makefile", "build/plugin.wasm: m.bin\n\t@cp m.bin $@\n");
  }

  /** Another program may well be there, but not where the project is tested for good. */
  private static void requireFreeDefaultPort() {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(HostUrl.parse(HostUrl.DEFAULT).port()));
    } catch (IOException e) {
      if (System.getenv("CI") != null) {
        fail("the port of " + HostUrl.DEFAULT + " is taken");
      }
      abort("the port of " + HostUrl.DEFAULT + " is taken");
    }
  }

  private void git(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=a", "-c", "user.email=a@b"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(project.toFile()).redirectErrorStream(true);
    builder.environment().put("HOME", directory.toString());
    builder.environment().put("XDG_CONFIG_HOME", directory.toString());
    Process process = builder.start();
    String output;
    try (var in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor()).as(output).isZero();
  }

  private GonextProcess running() {
    return Objects.requireNonNull(gonext);
  }

  private List<String> output() {
    return running().lines();
  }

  private String url() {
    return "http://127.0.0.1:" + host.getAddress().getPort();
  }

  private void logs(HttpExchange exchange) throws IOException {
    authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
    exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    exchange
        .getResponseBody()
        .write(
            "data: {\"level\":\"info\",\"message\":\"said by the plugin\"}\n\n"
                .getBytes(StandardCharsets.UTF_8));
    exchange.close();
  }

  private void install(HttpExchange exchange) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (authorization != null) {
      authorizations.add(authorization);
    }
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
        ("{\"action\":\"reloaded\",\"sha256\":\"" + Sha256.hex(wasm) + "\",\"swap_ms\":0.1}")
            .getBytes(StandardCharsets.UTF_8);
    uploads.add(wasm);
    exchange.sendResponseHeaders(200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private void start(String... arguments) throws IOException {
    start(List.of(), Map.of(), arguments);
  }

  private void start(List<String> options, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("plugin", "dev"));
    all.addAll(List.of(arguments));
    all.add(project.toString());
    gonext = GonextProcess.start(options, environment, all.toArray(String[]::new));
  }

  private void write(String name, String text) throws IOException {
    Path file = project.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static boolean has(String program) {
    return new Executables(System.getenv()).find(program).isPresent();
  }
}
