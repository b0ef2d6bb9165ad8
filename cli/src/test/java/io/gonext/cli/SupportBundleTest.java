package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.AdminToken;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The support bundle of a host that has a secret in every place where one can be. */
@Isolated("it replaces the JVM's log")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SupportBundleTest {
  private static final String SECRET = "hunter2";
  private static final String TOKEN = "a-token-of-the-operator-" + SECRET;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path directory;
  private RunningServer running;

  @BeforeAll
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    ProcessLog log = ProcessLog.start(LogFormat.TEXT, LogLevel.INFO, false, "1");
    running =
        RunningServer.openHost(
                HostConfig.builder(directory.resolve("data")).trust(TrustPolicy.off()).build())
            .listen(
                ServerConfig.loopback(0)
                    .token(AdminToken.of(TOKEN))
                    .token("ci", AdminToken.of("another-token-" + SECRET))
                    .log(log)
                    .settings(settings())
                    .build());
    running
        .host()
        .plugins()
        .deploy(
            GuestBundle.of("logs", Guests.wasm("logs"))
                .filter("say")
                .field(
                    "config",
                    "{\"schema\":{\"type\":\"object\",\"properties\":{"
                        + "\"greeting\":{\"type\":\"string\"},\"retries\":{\"type\":\"integer\"}}}}")
                .field("secrets", "{\"keys\":[\"API_KEY\"]}")
                .bytes(),
            Set.of());
    running
        .host()
        .configs()
        .merge("logs", OptionalLong.empty(), object().put("greeting", SECRET).put("retries", 3));
    running.host().secrets().set("logs", "API_KEY", SECRET.getBytes(StandardCharsets.UTF_8));
    running.host().plugins().deploy(GuestBundle.of("upper").bytes(), Set.of());
    running.host().applyFilters("say", "x");
    for (String line :
        new String[] {
          "the URL https://operator:" + SECRET + "@example.com/x is wrong",
          "jdbc:postgresql://db/x?user=u&password=" + SECRET + "&ssl=true",
          "Authorization: Bearer " + SECRET,
          "{\"password\":\"" + SECRET + " and more\",\"id\":1}",
          "client_secret = '" + SECRET + "'",
          "run with --token " + SECRET,
          "my own token is " + TOKEN,
          "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + SECRET,
          "-----BEGIN PRIVATE KEY-----\n" + SECRET + "\n-----END PRIVATE KEY-----"
        }) {
      LoggerFactory.getLogger("io.gonext.said").warn(line);
    }
    running
        .host()
        .audit()
        .record(
            "logs",
            "tested",
            object().put("password", SECRET).put("from", "a://b:" + SECRET + "@c"));
  }

  private static Map<String, String> settings() {
    CommandLine gonext = Main.commandLine();
    gonext.parseArgs(
        "serve",
        "--db",
        "jdbc:postgresql://" + SECRET + "/x?password=" + SECRET,
        "--otlp",
        "http://127.0.0.1:1/" + SECRET,
        "--token",
        "ci=/etc/ci.token",
        "--call-ms",
        "77");
    return ServeSettings.of(serve(gonext));
  }

  @AfterAll
  void stop() {
    running.close();
  }

  @Test
  void no_byte_of_the_file_holds_a_secret() throws Exception {
    Path file = directory.resolve("secrets.zip");
    assertThat(run("--output", file.toString())).as(err.toString()).isZero();
    Map<String, String> files = unzipped(file);
    assertThat(files)
        .allSatisfy((name, text) -> assertThat(text).as(name).doesNotContainIgnoringCase(SECRET));
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
        .doesNotContainIgnoringCase(SECRET);
    // The lines are there all the same.
    assertThat(files.get("log.txt"))
        .contains("https://[hidden]@example.com/x is wrong")
        .contains("password=[hidden]&ssl=true")
        .contains("my own token is [hidden]");
    assertThat(files.get("audit.json")).contains("\"tested\"", "[hidden]", "a://[hidden]@c");
  }

  @Test
  void the_file_has_everything_that_its_readme_names() throws Exception {
    Path file = directory.resolve("complete.zip");
    assertThat(run("--output", file.toString())).as(err.toString()).isZero();
    Map<String, String> files = unzipped(file);
    assertThat(files.keySet())
        .containsExactly(
            "README.txt",
            "host.json",
            "readiness.txt",
            "metrics.txt",
            "compile-cache.txt",
            "threads.txt",
            "log.txt",
            "log-levels.json",
            "audit.json",
            "functions.json",
            "plugins.json",
            "plugins/logs.json",
            "plugin-logs/logs.txt",
            "plugins/upper.json",
            "plugin-logs/upper.txt");
    files.keySet().stream()
        .skip(1)
        .forEach(name -> assertThat(files.get("README.txt")).contains("  " + name + "  "));
    JsonNode host = json(files.get("host.json"));
    assertThat(host.path("settings").path("--call-ms").stringValue()).isEqualTo("77");
    assertThat(host.path("settings").path("--db").stringValue()).isEqualTo("(set, not shown)");
    assertThat(host.path("settings").path("--token, names").stringValue()).isEqualTo("ci");
    assertThat(host.path("java").path("version").stringValue())
        .isEqualTo(Runtime.version().toString());
    assertThat(host.path("jvm_options"))
        .allMatch(option -> !option.stringValue().matches("-D[^=]*=(?!\\.\\.\\.$).*"));
    assertThat(files.get("metrics.txt")).contains("gonext_plugin_hook_seconds_count{");
    assertThat(files.get("compile-cache.txt")).contains("gonext_engine_compile_cache");
    assertThat(files.get("threads.txt")).contains("gonext-audit");
    assertThat(files.get("readiness.txt")).contains("\"status\"");
    assertThat(files.get("plugin-logs/logs.txt")).contains("info a line of the guest");
    JsonNode plugin = json(files.get("plugins/logs.json"));
    assertThat(plugin.path("config").path("greeting").stringValue()).isEqualTo("string");
    assertThat(plugin.path("config").path("retries").stringValue()).isEqualTo("number");
    assertThat(plugin.path("health").path("healthy").booleanValue()).isTrue();
    assertThat(json(files.get("plugins/upper.json")).has("config")).isFalse();
    if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
      assertThat(Files.getPosixFilePermissions(file))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
    assertThat(out.toString()).startsWith(file + ", ").contains("read it before you send it");
  }

  @Test
  void log_lines_of_plugins_can_be_left_out() throws Exception {
    Path file = directory.resolve("short.zip");
    assertThat(run("--json", "--no-plugin-logs", "-o", file.toString())).isZero();
    assertThat(unzipped(file).keySet()).noneMatch(name -> name.startsWith("plugin-logs"));
    JsonNode answer = json(out.toString().strip());
    assertThat(answer.path("file").stringValue()).isEqualTo(file.toString());
    assertThat(answer.path("bytes").asLong()).isEqualTo(Files.size(file));
    assertThat(answer.path("missing")).isEmpty();
  }

  @Test
  void a_file_that_exists_is_not_overwritten() throws Exception {
    Path file = Files.writeString(directory.resolve("mine.zip"), "mine");
    assertThat(run("--output", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("mine.zip exists already");
    assertThat(Files.readString(file)).isEqualTo("mine");
  }

  @Test
  void a_file_that_cannot_be_written_is_said_in_a_sentence() throws Exception {
    assertThat(run("--output", directory.resolve("no/such/x.zip").toString())).isEqualTo(1);
    assertThat(err.toString()).contains("cannot be written").doesNotContain("Exception");
  }

  @Test
  void a_host_that_does_not_answer_or_refuses_the_token_leaves_no_file() throws Exception {
    Path file = directory.resolve("none.zip");
    assertThat(runAt("http://127.0.0.1:1", TOKEN, "-o", file.toString())).isEqualTo(4);
    assertThat(runAt("http://127.0.0.1:" + running.port(), "wrong", "-o", file.toString()))
        .isEqualTo(1);
    assertThat(file).doesNotExist();
  }

  @Test
  void what_a_host_does_not_give_is_named_with_its_reason() throws Exception {
    HttpServer older =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    older.createContext(
        "/",
        exchange -> {
          boolean known = exchange.getRequestURI().getPath().equals("/api/v1/host");
          byte[] body =
              (known ? "{\"version\":\"0\"}" : "{\"detail\":\"no such path\"}")
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 404, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    older.start();
    try {
      Path file = directory.resolve("older.zip");
      assertThat(
              runAt(
                  "http://127.0.0.1:" + older.getAddress().getPort(), TOKEN, "-o", file.toString()))
          .isZero();
      assertThat(out.toString())
          .contains("  could not get host.json: ")
          .contains("  could not get plugins.json: ");
      assertThat(unzipped(file).get("README.txt"))
          .contains("What the host did not give:\n")
          .contains("  threads.txt  ");
    } finally {
      older.stop(0);
    }
  }

  @Test
  void each_option_of_serve_is_shown_or_withheld_by_a_decision() {
    assertThat(
            serve(Main.commandLine()).options().stream()
                .map(option -> option.longestName())
                .filter(name -> !name.equals("--help") && !name.equals("--version")))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(ServeSettings.SHOWN, ServeSettings.NAMES_ONLY, ServeSettings.WITHHELD)
                .flatMap(Set::stream)
                .toList());
  }

  private static Map<String, String> unzipped(Path file) throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    try (ZipInputStream zip =
        new ZipInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        files.put(entry.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return files;
  }

  private static CommandSpec serve(CommandLine gonext) {
    return Objects.requireNonNull(gonext.getSubcommands().get("serve")).getCommandSpec();
  }

  private static JsonNode json(@Nullable String text) throws Exception {
    return StrictJson.parse(Objects.requireNonNull(text).getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private int run(String... arguments) {
    return runAt("http://127.0.0.1:" + running.port(), TOKEN, arguments);
  }

  private int runAt(String url, String token, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all =
        Stream.concat(
                Stream.of("support-bundle", "--url", url, "--token", token), Stream.of(arguments))
            .toArray(String[]::new);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
