package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.EngineLimits;
import io.gonext.guests.GuestBundle;
import io.gonext.host.ChainFailedException;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.hook.CallOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A Go plugin that registers its hooks in {@code main}, in both of Go's build modes. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class GoModesTest {
  private static final Path SDK = Path.of(System.getProperty("gonext.root"), "sdk", "go");
  private static final CallOptions CLOSED =
      CallOptions.DEFAULT.withFailClosed().withLimit(Duration.ofSeconds(20));

  private static final String MAIN =
      """
      package main

      import "gonext.io/gonext"

      func main() {
      	gonext.Filter("greet", func(name string, _ gonext.Args) (string, error) {
      		return "Hello, " + name, nil
      	})
      }
      """;

  @TempDir private Path directory;

  private byte[] build(String mode) throws Exception {
    Files.writeString(directory.resolve("main.go"), MAIN);
    Files.writeString(
        directory.resolve("go.mod"),
        "module modes\n\ngo 1.24\n\nrequire gonext.io/gonext v0.0.0\n\nreplace gonext.io/gonext => "
            + SDK
            + "\n");
    return Files.readAllBytes(Toolchain.go(directory, mode));
  }

  private Host start(byte[] module, List<String> lines) throws InterruptedException {
    Host host =
        Host.open(
            HostConfig.builder(directory.resolve("data"))
                // The suite may run beside other builds.
                .engineLimits(EngineLimits.defaults().withCompileTimeout(Duration.ofMinutes(5)))
                .build());
    host.plugins()
        .install(GuestBundle.of("modes", module).filter("greet").limit("call_ms", 10_000).bytes());
    host.logs().listen("modes", (level, line) -> lines.add(level + " " + line));
    host.plugins().activate("modes");
    return host;
  }

  @Test
  void the_default_mode_runs_main_which_registers() throws Exception {
    try (Host host = start(build("exe"), new ArrayList<>())) {
      assertThat(host.applyFilters(CLOSED, "greet", "Ada").value().asString())
          .isEqualTo("Hello, Ada");
    }
  }

  @Test
  void a_library_does_not_run_main_and_says_why_nothing_is_registered() throws Exception {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    try (Host host = start(build("c-shared"), lines)) {
      var failed =
          catchThrowableOfType(
              ChainFailedException.class, () -> host.applyFilters(CLOSED, "greet", "Ada"));

      assertThat(failed).hasMessageContaining("STATUS");
    }
    assertThat(lines)
        .anyMatch(line -> line.contains("register handlers in init") && line.contains("c-shared"))
        .anyMatch(line -> line.startsWith("WARN greet: no handler of this name"));
  }
}
