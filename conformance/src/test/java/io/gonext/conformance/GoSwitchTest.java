package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Go's backend nests one block for each call of a function: ordinary code nests a thousand deep.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class GoSwitchTest {
  private static final int CASES = 174;

  @Test
  void a_switch_over_174_strings_is_taken_and_right(@TempDir Path project) throws Exception {
    Files.writeString(project.resolve("go.mod"), "module names\n\ngo 1.24\n");
    Files.writeString(project.resolve("main.go"), source());
    byte[] wasm = Toolchain.GO.module(project);

    EngineLimits asBefore = EngineLimits.defaults().with("nesting", 1_000);
    assertThatThrownBy(() -> Engine.admit(wasm, asBefore))
        .hasMessageContaining("(main.choose) nests deeper than the limit, 1000")
        .hasMessageContaining("--limit nesting=NUMBER");

    try (Engine engine = new Engine(EngineLimits.defaults())) {
      CompiledModule module = engine.compile(wasm);
      GuestInstance guest = module.instantiate(InstanceConfig.defaults());

      for (int i = 0; i <= CASES; i += 29) {
        int number = i;
        long answer =
            guest.run(Duration.ofSeconds(20), call -> call.call(guest.function("pick"), number));
        assertThat((int) answer).isEqualTo(i == CASES ? -1 : i * 7 + 4);
      }
    }
  }

  private static String source() {
    StringBuilder source =
        new StringBuilder(
            """
            package main

            import "strconv"

            //go:wasmexport pick
            func pick(n int32) int32 { return choose("name-" + strconv.Itoa(int(n))) }

            //go:noinline
            func next(n int32) int32 { return n + 1 }

            func choose(name string) int32 {
              switch name {
            """);
    for (int i = 0; i < CASES; i++) {
      source.append(
          "  case \"name-%d\":\n    return next(next(next(next(%d))))\n".formatted(i, i * 7));
    }
    return source.append("  }\n  return -1\n}\n\nfunc main() {}\n").toString();
  }
}
