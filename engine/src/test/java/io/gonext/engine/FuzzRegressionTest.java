package io.gonext.engine;

import io.gonext.engine.dwarf.SourceLinesFuzz;
import io.gonext.engine.names.DemanglerFuzz;
import io.gonext.guests.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the fuzz targets with their seeds, the fuzzer's findings, and some thousand variations of
 * both. The profile {@code fuzz} runs the fuzzer itself.
 */
class FuzzRegressionTest {
  private static final long SEED = 4;

  /** The directory of the fuzzer's findings. */
  private static final Path FOUND = Path.of("src/test/resources");

  @TestFactory
  Stream<DynamicTest> known_inputs_and_their_variations_pass() throws IOException {
    return Stream.of(
        target(AdmissionFuzz.class, AdmissionFuzz.seeds(), 5_000, new AdmissionFuzz()::admit),
        target(CompileFuzz.class, CompileFuzz.seeds(), 300, new CompileFuzz()::compile),
        target(
            FunctionNamesFuzz.class,
            FunctionNamesFuzz.seeds(),
            5_000,
            new FunctionNamesFuzz()::read),
        target(SourceLinesFuzz.class, SourceLinesFuzz.seeds(), 5_000, new SourceLinesFuzz()::read),
        target(DemanglerFuzz.class, DemanglerFuzz.seeds(), 5_000, new DemanglerFuzz()::demangle));
  }

  private static DynamicTest target(
      Class<?> fuzz, List<byte[]> seeds, int variations, Consumer<byte[]> target)
      throws IOException {
    var inputs = new ArrayList<>(seeds);
    Path found = FOUND.resolve(fuzz.getName().replace('.', '/') + "Inputs");
    if (Files.isDirectory(found)) {
      try (var files = Files.walk(found)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          inputs.add(Files.readAllBytes(file));
        }
      }
    }
    return DynamicTest.dynamicTest(
        fuzz.getSimpleName(),
        () -> {
          inputs.forEach(target);
          var mutations = new Mutations(inputs, SEED);
          for (int i = 0; i < variations; i++) {
            byte[] input = mutations.next();
            try {
              target.accept(input);
            } catch (Throwable failure) {
              Path kept = Path.of("target", fuzz.getSimpleName() + ".input");
              Files.write(kept, input);
              throw new AssertionError("variation " + i + ", kept in " + kept, failure);
            }
          }
        });
  }
}
