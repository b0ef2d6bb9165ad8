package io.gonext.cli.kit;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** What the doctor says of machines that lack things. */
class DoctorCommandTest {
  @TempDir private Path directory;
  private Path bin;
  private Path inotify;
  private final Map<String, String> environment = new HashMap<>();
  private JsonNode answer = NullNode.getInstance();

  @BeforeEach
  void machine() throws IOException {
    bin = Files.createDirectory(directory.resolve("bin"));
    environment.put("PATH", bin.toString());
    inotify = Files.createDirectory(directory.resolve("inotify"));
    limits(1 << 20, 1024);
  }

  @ParameterizedTest
  @CsvSource({
    "go, go is not on PATH, https://go.dev/dl/",
    "tinygo, tinygo is not on PATH, https://tinygo.org/",
    "rust, cargo is not on PATH, apt-get install cargo rustc libstd-rust-dev-wasm32 lld",
    "assemblyscript, npx is not on PATH, apt-get install nodejs npm",
    "c, make is not on PATH, apt-get install make clang lld wasi-libc",
  })
  void doctor_says_which_tool_is_missing_and_how_to_install_it(
      String language, String missing, String fix) throws Exception {
    assertThat(run()).isEqualTo(3);
    assertThat(answer.path("ready").booleanValue()).isFalse();
    assertThat(finding(language).path("ok").booleanValue()).isFalse();
    assertThat(finding(language).path("found").asString()).startsWith(missing);
    assertThat(finding(language).path("fixes").toString()).contains(fix);
    assertThat(run("--lang", language)).isEqualTo(3);
  }

  @Test
  void doctor_is_content_with_one_language() throws Exception {
    program("go", "echo go version go1.26.1 linux/amd64");
    assertThat(run()).isZero();
    assertThat(finding("go").path("found").asString()).isEqualTo("go 1.26");
    assertThat(finding("rust").path("ok").booleanValue()).isFalse();
    assertThat(run("--lang", "go")).isZero();
    assertThat(run("--lang", "rust")).isEqualTo(3);
  }

  @Test
  void doctor_names_the_version_of_a_go_that_is_too_old() throws Exception {
    program("go", "echo go version go1.19.8 linux/amd64");
    assertThat(run("--lang", "go")).isEqualTo(3);
    assertThat(finding("go").path("found").asString()).contains("1.24 or later", "1.19");
    assertThat(finding("go").path("fixes").toString()).contains("https://go.dev/dl/");
  }

  @Test
  void doctor_accepts_this_jdk() throws Exception {
    run();
    assertThat(finding("java").path("ok").booleanValue()).isTrue();
  }

  @Test
  void doctor_suggests_another_port_for_one_in_use() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      run("--port", String.valueOf(taken.getLocalPort()));
      assertThat(finding("port").path("ok").booleanValue()).isFalse();
      assertThat(finding("port").path("fixes").toString()).contains("gonext serve --port ");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "8192,    1024, max_user_watches=524288,  max_user_instances",
    "1048576,   16, max_user_instances=512, max_user_watches",
  })
  void doctor_says_how_to_raise_a_low_limit_of_file_watching(
      long watches, long watchers, String fix, String other) throws Exception {
    run();
    assertThat(finding("file watching").path("ok").booleanValue()).isTrue();
    limits(watches, watchers);
    run();
    assertThat(finding("file watching").path("ok").booleanValue()).isFalse();
    assertThat(finding("file watching").path("fixes").toString())
        .contains("sudo sysctl fs.inotify." + fix, "--poll")
        .doesNotContain(other);
  }

  /** A kernel's file is not like others: asked for a byte, it has no more after that. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void doctor_reads_the_limits_of_the_kernel_completely() throws Exception {
    inotify = Path.of("/proc/sys/fs/inotify");
    run();
    assertThat(finding("file watching").path("found").asString())
        .containsPattern("at most [0-9]{3,} directories by [0-9]{2,} watchers");
  }

  private void limits(long watches, long watchers) throws IOException {
    Files.writeString(inotify.resolve("max_user_watches"), watches + "\n");
    Files.writeString(inotify.resolve("max_user_instances"), watchers + "\n");
  }

  private void program(String name, String script) throws IOException {
    Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    environment.put("GONEXT_" + name.toUpperCase(Locale.ROOT), file.toString());
  }

  private JsonNode finding(String what) {
    return answer
        .path("findings")
        .valueStream()
        .filter(finding -> finding.path("what").asString().equals(what))
        .findFirst()
        .orElseThrow();
  }

  private int run(String... arguments) throws Exception {
    StringWriter out = new StringWriter();
    int exitCode =
        new CommandLine(new DoctorCommand(environment, inotify))
            .setOut(new PrintWriter(out, true))
            .execute(
                Stream.concat(Stream.of("--json"), Stream.of(arguments)).toArray(String[]::new));
    answer = StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
    return exitCode;
  }
}
