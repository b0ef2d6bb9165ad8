package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * C++ that throws, built by clang with {@code -fwasm-exceptions}. The expected numbers are what the
 * same code returns when it is built for x86-64.
 */
class CppExceptionsTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("gonext.root"), "conformance", "src", "test", "cpp");
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path output;

  private byte[] build(String optimization) throws IOException, InterruptedException {
    for (String program : List.of("clang++", "wasm-ld")) {
      TestTool.require(
          "c", TestTool.isOnPath(program), "no " + program + " on PATH: apt-get install clang lld");
    }
    for (String source : List.of("guest", "runtime")) {
      Toolchain.run(
          output,
          Map.of(),
          "clang++",
          "--target=wasm32",
          "-std=c++17",
          "-fwasm-exceptions",
          "-fno-builtin",
          source.equals("guest") ? optimization : "-O1",
          "-c",
          SOURCES.resolve(source + ".cpp").toString(),
          "-o",
          source + ".o");
    }
    Toolchain.run(
        output, Map.of(), "wasm-ld", "--no-entry", "guest.o", "runtime.o", "-o", "guest.wasm");
    return Files.readAllBytes(output.resolve("guest.wasm"));
  }

  private static int call(GuestInstance guest, String function, int argument) {
    return (int) (long) guest.run(LONG, call -> call.call(guest.function(function), argument));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-O0", "-O1", "-O2", "-Os"})
  void cpp_exceptions_work_as_in_a_native_program(String optimization) throws Exception {
    try (var engine = new Engine(EngineLimits.defaults())) {
      var guest = engine.compile(build(optimization)).instantiate(InstanceConfig.defaults());

      assertThat(IntStream.range(0, 12).map(value -> call(guest, "run", value)))
          .containsExactly(
              12, 102, 1_020_004, -998_998, 1_020_002, 502, 1_020_003, 702, -998_998, 1_020_002, 44,
              1_102);
      assertThat(call(guest, "storm", 1_000)).isEqualTo(9_340_732);
      assertThat(call(guest, "unwind", 1_000)).isEqualTo(1_001);
      assertThat(catchThrowableOfType(GuestTrap.class, () -> call(guest, "uncaught", 1)))
          .hasMessageMatching(
              "the guest threw an exception that it does not catch \\(tag 0\\) \\(in __cxa_throw"
                  + " @0x\\w+ < check\\(int\\) @0x\\w+ < uncaught @0x\\w+\\)");
    }
  }
}
