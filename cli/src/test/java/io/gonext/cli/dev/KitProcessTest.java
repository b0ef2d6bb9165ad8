package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.cli.GonextJvm;
import io.gonext.cli.build.Executables;
import io.gonext.cli.build.ProcessRunner;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The author's commands as processes, and what a signal leaves of them. */
@Tag("slow")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
class KitProcessTest {
  @TempDir private Path directory;
  private Path project;
  private Path temporary;
  private @Nullable Process started;

  @BeforeEach
  void project() throws IOException {
    project = Files.createDirectory(directory.resolve("project"));
    temporary = Files.createDirectory(directory.resolve("tmp"));
    Files.writeString(
        project.resolve("manifest.json"),
        GuestBundle.of("sample", new byte[0])
            .field("hooks", "{\"filters\":[\"spin\"]}")
            .manifest());
  }

  @AfterEach
  void stop() {
    if (started != null) {
      started.descendants().forEach(ProcessHandle::destroyForcibly);
      started.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"build,TERM,143", "pack,INT,130", "check,TERM,143"})
  void a_signal_ends_a_build_and_its_child_processes(String command, String signal, int exitCode)
      throws Exception {
    assumeTrue(new Executables(System.getenv()).find("make").isPresent(), "no make");
    Files.writeString(
        project.resolve("Makefile"), "build/plugin.wasm:\n\t@touch begun; sleep 600 & sleep 600\n");
    Process process = start("plugin", command, project.toString());
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> Files.exists(project.resolve("begun")) && process.descendants().count() >= 3);
    List<ProcessHandle> children = process.descendants().toList();
    kill(process, signal);
    assertThat(process.exitValue()).isEqualTo(exitCode);
    assertThat(children).noneMatch(ProcessRunner::runs);
  }

  @Test
  void a_signal_during_a_call_leaves_no_temporary_files() throws Exception {
    Files.createDirectory(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("loop"));
    Process process = start("plugin", "call", project.toString(), "filter", "spin");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          try (Stream<Path> there = Files.walk(temporary)) {
            return there.anyMatch(file -> file.toString().endsWith(".mv.db"));
          }
        });
    kill(process, "TERM");
    assertThat(process.exitValue()).isEqualTo(143);
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left.filter(path -> path.getFileName().toString().startsWith("gonext"))).isEmpty();
    }
  }

  @Test
  void a_signal_ends_random_calls_with_a_summary() throws Exception {
    Files.createDirectory(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("echo"));
    Process process =
        start(
            "plugin",
            "fuzz",
            project.toString(),
            "--duration",
            "10m",
            "--output",
            directory.resolve("fuzz").toString());
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> assertThat(directory.resolve("log")).content().contains("seed ", "filter spin"));
    kill(process, "TERM");
    assertThat(process.exitValue()).isEqualTo(143);
    assertThat(directory.resolve("log"))
        .content()
        .containsPattern("sample@1\\.0\\.0: [0-9,]+ calls in [0-9]+ s, nothing found, seed [0-9]+");
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left.filter(path -> path.getFileName().toString().startsWith("gonext"))).isEmpty();
    }
  }

  @Test
  void no_build_finds_the_module_of_this_directory() throws Exception {
    Files.createDirectory(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("loop"));
    Process process =
        GonextJvm.builder(List.of(), "plugin", "check", "--no-build", "--quick")
            .directory(project.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    started = process;
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(directory.resolve("log")).content().startsWith("ok  sample@");
    assertThat(process.exitValue()).isZero();
  }

  private Process start(String... arguments) throws IOException {
    Process process =
        GonextJvm.builder(List.of("-Djava.io.tmpdir=" + temporary), arguments)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    started = process;
    return process;
  }

  private static void kill(Process process, String signal)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
  }
}
