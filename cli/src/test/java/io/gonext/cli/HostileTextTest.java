package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What plugins, bundles and hosts say must not steer the terminal of who reads it. */
@Tag("slow")
class HostileTextTest {
  private static final String HOSTILE =
      "a\u001b]0;owned\u0007\r\u0085\u009b2J\u202e\u2066\u200f\u061c\u2028\u2029\ufeff\u007fz";

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  /** A host of which every field of every answer is hostile. */
  private static HttpServer host(int status) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String name :
        List.of(
            "name",
            "version",
            "state",
            "previous",
            "pending",
            "cause",
            "trouble",
            "reason",
            "id",
            "sha256",
            "at",
            "event",
            "actor",
            "detail",
            "action",
            "from",
            "to",
            "installed_at")) {
      fields.put(name, HOSTILE);
    }
    for (String name : List.of("granted", "sensitive", "healthy")) {
      fields.put(name, false);
    }
    fields.put("swap_ms", 1.5);
    fields.put("warm_up_calls", 1);
    Map<String, Object> answer = new LinkedHashMap<>(fields);
    for (String name : List.of("plugins", "versions", "audit", "capabilities", "waiting")) {
      answer.put(name, List.of(fields));
    }
    answer.put("warnings", List.of(HOSTILE));
    byte[] body = StrictJson.write(StrictJson.valueOf(answer));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  static Stream<List<String>> commands() {
    return Stream.of(
        List.of("list"),
        List.of("audit", "sample"),
        List.of("versions", "sample"),
        List.of("grants", "sample"),
        List.of("health", "sample"),
        List.of("activate", "sample"),
        List.of("deactivate", "sample"),
        List.of("reset", "sample"),
        List.of("rollback", "sample"),
        List.of("reject", "sample"),
        List.of("list", "--json"),
        List.of("audit", "sample", "--json"));
  }

  private int ask(HttpServer server, List<String> command) {
    List<String> options =
        List.of(
            "--token",
            "0123456789abcdef0123456789abcdef",
            "--url",
            "http://127.0.0.1:" + server.getAddress().getPort());
    return run(Stream.concat(command.stream(), options.stream()).toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void answers_of_a_host_are_escaped(List<String> command) throws IOException {
    HttpServer server = host(200);
    try {
      ask(server, command);
    } finally {
      server.stop(0);
    }
    assertThat((out + "" + err).toLowerCase(Locale.ROOT))
        .contains("\\u202e", "\\u009b2j", "\\u001b]0;owned");
    assertHarmless();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 422, 500})
  void refusals_of_a_host_are_escaped(int status) throws IOException {
    HttpServer server = host(status);
    try {
      assertThat(ask(server, List.of("list"))).isEqualTo(1);
    } finally {
      server.stop(0);
    }
    assertThat(err.toString()).contains("\\u202e", "\\u009b2J");
    assertHarmless();
  }

  /** A module that imports a hostile name, and exports one twice. */
  private static byte[] hostileModule(boolean exportsTwice) {
    byte[] name = HOSTILE.getBytes(StandardCharsets.UTF_8);
    var wasm = new ByteArrayOutputStream();
    wasm.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0});
    var imports = new ByteArrayOutputStream();
    imports.writeBytes(new byte[] {1, 3, 'e', 'n', 'v', (byte) name.length});
    imports.writeBytes(name);
    imports.writeBytes(new byte[] {0, 0});
    wasm.writeBytes(new byte[] {2, (byte) imports.size()});
    wasm.writeBytes(imports.toByteArray());
    if (exportsTwice) {
      var exports = new ByteArrayOutputStream();
      exports.write(2);
      for (int i = 0; i < 2; i++) {
        exports.write(name.length);
        exports.writeBytes(name);
        exports.writeBytes(new byte[] {0, 0});
      }
      wasm.writeBytes(new byte[] {7, (byte) exports.size()});
      wasm.writeBytes(exports.toByteArray());
    }
    return wasm.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void names_in_a_rejected_module_are_escaped(boolean exportsTwice) throws IOException {
    Path bundle = directory.resolve("hostile.gnplugin");
    Files.write(bundle, GuestBundle.of("hostile", hostileModule(exportsTwice)).bytes());

    assertThat(run("plugin", "check", bundle.toString())).isEqualTo(1);
    assertThat(run("plugin", "check", "--json", bundle.toString())).isEqualTo(1);
    assertThat(
            run(
                "serve",
                "--port",
                "0",
                "--data",
                directory.resolve("data").toString(),
                "--plugin",
                bundle.toString()))
        .isEqualTo(1);

    assertThat(out.toString()).contains("\\u202e", "\\u009b2J");
    assertHarmless();
  }

  @Test
  void names_of_bundle_entries_are_escaped() throws IOException {
    Path bundle = directory.resolve("entry.gnplugin");
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(
        "manifest.json",
        GuestBundle.of("sample", new byte[0]).manifest().getBytes(StandardCharsets.UTF_8));
    files.put("plugin.wasm", Guests.wasm("echo"));
    files.put(HOSTILE, new byte[1]);
    Files.write(bundle, GuestBundle.zip(files));

    assertThat(run("plugin", "check", bundle.toString())).isEqualTo(1);

    assertThat(out + "" + err).contains("\\u202e");
    assertHarmless();
  }

  @Test
  void text_in_a_manifest_is_escaped() throws IOException {
    Path bundle = directory.resolve("manifest.gnplugin");
    Files.write(
        bundle,
        GuestBundle.of("sample", Guests.wasm("echo"))
            .field(
                "entry",
                new String(StrictJson.write(StrictJson.valueOf(HOSTILE)), StandardCharsets.UTF_8))
            .bytes());

    assertThat(run("plugin", "check", bundle.toString())).isEqualTo(1);
    assertHarmless();
  }

  /** Only line ends and tabs steer. */
  private void assertHarmless() {
    assertThat((out + "" + err).codePoints().filter(HostileTextTest::steers).toArray()).isEmpty();
  }

  private static boolean steers(int c) {
    int type = Character.getType(c);
    return (type == Character.CONTROL && c != '\n' && c != '\t')
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR;
  }
}
