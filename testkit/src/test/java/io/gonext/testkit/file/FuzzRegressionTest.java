package io.gonext.testkit.file;

import io.gonext.guests.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The fuzz target with its seeds and with some thousand variations, without the fuzzer; that one is
 * for the profile {@code fuzz}.
 */
class FuzzRegressionTest {
  private static final long SEED = 4;

  @Test
  void variations_of_files_are_read_or_refused() throws Exception {
    List<byte[]> seeds = TestFileFuzz.seeds();
    TestFileFuzz target = new TestFileFuzz();
    seeds.forEach(target::read);
    Mutations mutations = new Mutations(seeds, SEED);
    for (int i = 0; i < 2_000; i++) {
      byte[] input = mutations.next();
      try {
        target.read(input);
      } catch (Throwable failure) {
        throw new AssertionError(
            "variation " + i + ": " + new String(input, StandardCharsets.ISO_8859_1), failure);
      }
    }
  }
}
