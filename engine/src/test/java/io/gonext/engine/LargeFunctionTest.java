package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.MethodName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * esbuild, compiled by Go, whose parser has a function of 200 KB of WebAssembly: it runs compiled,
 * with deadlines, fuel and backtraces. The project is in {@code src/test/go/large}.
 */
@EnabledIfSystemProperty(named = "gonext.test.large", matches = "true")
@TestMethodOrder(MethodName.class)
class LargeFunctionTest {
  private static final Path PROJECT = Path.of("src/test/go/large");
  private static final Path TARGET = Path.of("target/go").toAbsolutePath();
  private static final int LARGE_BYTES = 200_000;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static final Engine ENGINE =
      new Engine(
          EngineLimits.defaults()
              .with("classMb", 256)
              .with("compileMb", 1_024)
              .withCompileTimeout(Duration.ofMinutes(10)));

  private static byte[] wasm = {};
  private static CompiledModule compiled;

  @BeforeAll
  static void build() throws Exception {
    Files.createDirectories(TARGET);
    Path module = TARGET.resolve("large.wasm");
    run(
        Map.of("GOOS", "wasip1", "GOARCH", "wasm"),
        "go",
        "build",
        "-buildmode=c-shared",
        // Inlines more; without it the largest function has 199,780 bytes.
        "-gcflags=github.com/evanw/esbuild/...=-l=4",
        "-o",
        module.toString(),
        ".");
    wasm = Files.readAllBytes(module);
    compiled = ENGINE.compile(wasm, Metering.FUEL);
  }

  @AfterAll
  static void close() {
    ENGINE.close();
  }

  private static String run(Map<String, String> environment, String... command)
      throws InterruptedException, IOException {
    var builder =
        new ProcessBuilder(command).directory(PROJECT.toFile()).redirectError(Redirect.INHERIT);
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      assumeTrue(false, "Go is not installed: " + e.getMessage());
      throw e;
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.strip();
  }

  private static GuestInstance instance() {
    return compiled.instantiate(InstanceConfig.defaults());
  }

  private static RunLimits limits(FuelBudget fuel) {
    long end = System.nanoTime() + LIMIT.toNanos();
    return new RunLimits(LIMIT, end, LIMIT, end, fuel);
  }

  private static long transform(GuestInstance guest, FuelBudget fuel) {
    return guest.run(limits(fuel), call -> call.call(guest.function("transform")));
  }

  /** The index of the function with the most bytes. */
  private static int largest(ModuleDefinition module) {
    int index =
        IntStream.range(0, module.bodies().size())
            .boxed()
            .max(Comparator.comparingInt(i -> module.bodies().get(i).length()))
            .orElseThrow();
    assertThat(module.bodies().get(index).length()).isGreaterThanOrEqualTo(LARGE_BYTES);
    return module.importedFunctions() + index;
  }

  @Test
  void a_function_of_200_kb_returns_what_native_code_returns() throws Exception {
    String expected = run(Map.of(), "go", "run", ".");

    assertThat(transform(instance(), FuelBudget.UNLIMITED)).isEqualTo(Long.parseLong(expected));
  }

  @Test
  void a_function_of_200_kb_is_in_backtraces_with_its_offset() {
    int largest = largest(definition());
    GuestInstance guest = instance();
    transform(guest, FuelBudget.UNLIMITED);
    long all = guest.lastRun().fuel();
    List<GuestFrame> frames = new ArrayList<>();

    for (int i = 1; i < 64; i++) {
      GuestInstance cut = instance();
      var fuel = new FuelBudget(all * i / 64);
      GuestTrap trap = catchThrowableOfType(GuestTrap.class, () -> transform(cut, fuel));
      assertThat(trap.trapCause().code()).isEqualTo("OUT_OF_FUEL");
      frames.addAll(trap.backtrace());
    }

    assertThat(frames)
        .anySatisfy(frame -> {
          assertThat(frame.functionIndex()).isEqualTo(largest);
          assertThat(frame.name()).contains("esbuild");
          assertThat(frame.codeOffset()).isPositive();
        });
  }

  @Test
  void a_function_of_200_kb_ends_at_its_deadline() {
    GuestInstance guest = instance();

    GuestTrap trap =
        catchThrowableOfType(
            GuestTrap.class,
            () -> guest.run(Duration.ofMillis(500), call -> call.call(guest.function("forever"))));

    assertThat(trap.trapCause().code()).isEqualTo("DEADLINE");
  }

  @Test
  void no_method_of_a_function_of_200_kb_is_too_large_for_hotspot() {
    assertThat(MethodSizeTest.huge(definition(), false)).isEmpty();
  }

  private static ModuleDefinition definition() {
    return Admission.admit(wasm, EngineLimits.defaults().with("classMb", 256)).definition();
  }
}
