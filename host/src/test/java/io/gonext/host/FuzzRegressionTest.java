package io.gonext.host;

import io.gonext.guests.Mutations;
import io.gonext.host.internal.abi.GuestAbiFuzz;
import io.gonext.host.internal.route.RouteCodecFuzz;
import io.gonext.host.json.StrictJsonFuzz;
import io.gonext.host.manifest.BundleFuzz;
import io.gonext.host.manifest.ManifestFuzz;
import io.gonext.host.manifest.PublishedFormatFuzz;
import io.gonext.host.recording.RecordingFuzz;
import io.gonext.host.trust.TrustFuzz;
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
 * The fuzz targets with their seeds, with what the fuzzer has found, and with some thousand
 * variations, without the fuzzer; that one is for the profile {@code fuzz}.
 */
class FuzzRegressionTest {
  private static final long SEED = 4;

  /** Where the fuzzer keeps what it found, in folders beside the targets' packages. */
  private static final Path FOUND = Path.of("src/test/resources");

  @TestFactory
  Stream<DynamicTest> inputs_that_are_known_and_variations_of_them() throws IOException {
    return Stream.of(
        target(StrictJsonFuzz.class, StrictJsonFuzz.seeds(), 5_000, new StrictJsonFuzz()::parse),
        target(RouteCodecFuzz.class, RouteCodecFuzz.seeds(), 5_000, new RouteCodecFuzz()::decode),
        target(BundleFuzz.class, BundleFuzz.seeds(), 3_000, new BundleFuzz()::read),
        target(ManifestFuzz.class, ManifestFuzz.seeds(), 3_000, new ManifestFuzz()::read),
        target(TrustFuzz.class, TrustFuzz.seeds(), 3_000, new TrustFuzz()::read),
        target(RecordingFuzz.class, RecordingFuzz.seeds(), 3_000, new RecordingFuzz()::read),
        target(
            PublishedFormatFuzz.class,
            PublishedFormatFuzz.seeds(),
            300,
            new PublishedFormatFuzz()::read),
        target(GuestAbiFuzz.class, GuestAbiFuzz.seeds(), 1_000, new GuestAbiFuzz()::answer));
  }

  private static DynamicTest target(
      Class<?> type, List<byte[]> seeds, int variations, Consumer<byte[]> target)
      throws IOException {
    var inputs = new ArrayList<>(seeds);
    Path found = FOUND.resolve(type.getName().replace('.', '/') + "Inputs");
    if (Files.isDirectory(found)) {
      try (var files = Files.walk(found)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          inputs.add(Files.readAllBytes(file));
        }
      }
    }
    return DynamicTest.dynamicTest(
        type.getSimpleName(),
        () -> {
          inputs.forEach(target);
          var mutations = new Mutations(inputs, SEED);
          for (int i = 0; i < variations; i++) {
            byte[] input = mutations.next();
            try {
              target.accept(input);
            } catch (Throwable failure) {
              Path kept = Path.of("target", type.getSimpleName() + ".input");
              Files.write(kept, input);
              throw new AssertionError("variation " + i + ", kept in " + kept, failure);
            }
          }
        });
  }
}
