package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.guests.GuestBundle;
import io.gonext.host.ChainFailedException;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.trust.TrustPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.slf4j.event.Level;

/** What a guest of AssemblyScript's compiler finds where JavaScript would answer. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("AssemblyScriptImportsTest") // its tests run one after another
class AssemblyScriptImportsTest {
  private static final Path PROJECT =
      Path.of(System.getProperty("gonext.root"), "sdk", "assemblyscript", "stdlib");
  private static final CallOptions CLOSED = CallOptions.DEFAULT.withFailClosed();

  private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  private Host host;

  @BeforeAll
  void install(@TempDir Path data) throws Exception {
    byte[] module = Toolchain.ASSEMBLYSCRIPT.module(PROJECT);
    host = Host.open(HostConfig.builder(data).trust(TrustPolicy.off()).build());
    var bundle =
        GuestBundle.of("stdlib", module)
            .action("console")
            .action("hostile")
            .action("exit")
            .filter("now")
            .filter("passed")
            .filter("random");
    assertThat(host.plugins().install(bundle.bytes()).warnings()).isEmpty();
    host.logs().setLevel("stdlib", Level.DEBUG);
    host.logs().listen("stdlib", (level, line) -> lines.add(level + " " + line));
    host.plugins().activate("stdlib");
  }

  @AfterAll
  void close() {
    if (host != null) {
      host.close();
    }
  }

  @Test
  void the_console_and_trace_write_to_the_log() throws InterruptedException {
    lines.clear();
    host.doAction(CLOSED, "console");

    assertThat(lines)
        .containsExactly(
            "DEBUG a debug line",
            "INFO gr\u00fc\u00dfe, \u4e16\u754c \ud83c\udf0d",
            "INFO an info line",
            "WARN a warning",
            "ERROR an error",
            "ERROR Assertion failed: but this",
            "INFO nothing more",
            "INFO numbers 1.5, -2.0",
            "INFO all 1.0, 2.0, 3.0, 4.0, 5.0");
  }

  @Test
  void a_line_of_the_console_is_one_harmless_line() throws InterruptedException {
    lines.clear();
    host.doAction(CLOSED, "hostile");

    assertThat(lines).containsExactly("INFO one\\nline\\u001b[2J\\u202eonly");
  }

  @Test
  void date_now_is_the_host_s_clock() throws InterruptedException {
    long before = System.currentTimeMillis();
    long now = host.applyFilters(CLOSED, "now", 0).value().asLong();

    assertThat(now).isBetween(before, System.currentTimeMillis());
  }

  @Test
  void performance_now_advances() throws InterruptedException {
    assertThat(host.applyFilters(CLOSED, "passed", 0).value().asDouble()).isPositive();
  }

  @Test
  void math_random_differs_from_lease_to_lease() throws InterruptedException {
    Set<Double> drawn = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      double number = host.applyFilters(CLOSED, "random", 0).value().asDouble();
      assertThat(number).isBetween(0.0, 1.0);
      drawn.add(number);
    }
    assertThat(drawn).hasSize(20);
  }

  @Test
  void process_exit_ends_the_call() {
    var failed =
        catchThrowableOfType(ChainFailedException.class, () -> host.doAction(CLOSED, "exit", 3));

    assertThat(failed).hasMessageContaining("EXIT").hasMessageContaining("3");
  }
}
