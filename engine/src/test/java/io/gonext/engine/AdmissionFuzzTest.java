package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.Guests;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Admission either admits or refuses a mutated module. An admitted module compiles, within the
 * memory of a small JVM. The budget is fixed, and the test prints its seed.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class AdmissionFuzzTest {
  /** The long profile multiplies the budget. */
  private static final int FACTOR = Integer.getInteger("gonext.test.fuzz", 1);

  private static final int ADMISSIONS = 150_000 * FACTOR;
  private static final int COMPILES = 200 * FACTOR;

  private static final List<byte[]> SEEDS =
      List.of(
          Guests.wasm("engine-basics"), Guests.wasm("engine-wasi"), Guests.wasm("engine-mutator"));

  private static final int[] INTERESTING = {0, 1, 0x0B, 0x40, 0x60, 0x7F, 0x80, 0xFC, 0xFF};

  @Test
  void a_mutated_module_is_refused_or_compiles() {
    long seed = new Random().nextLong();
    System.out.println("AdmissionFuzzTest seed " + seed);
    var random = new Random(seed);
    int admitted = 0;
    int compiled = 0;

    for (int i = 0; i < ADMISSIONS; i++) {
      byte[] module = mutate(SEEDS.get(random.nextInt(SEEDS.size())), random);
      ModuleOutline outline = admitOrNull(module);
      if (outline != null) {
        admitted++;
        if (compiled < COMPILES) {
          compiled++;
          ModuleCompiler.compile(outline, Metering.NONE, _ -> {}, () -> false);
        }
      }
    }

    // If every mutation were refused at the first byte, the test would prove nothing.
    assertThat(admitted).isBetween(ADMISSIONS / 100, ADMISSIONS * 99 / 100);
    assertThat(compiled).isEqualTo(COMPILES);
  }

  private static @org.jspecify.annotations.Nullable ModuleOutline admitOrNull(byte[] module) {
    try {
      return Admission.admit(module, EngineLimits.defaults());
    } catch (ModuleRejectedException refused) {
      assertThat(refused.byteOffset()).isBetween(0L, (long) module.length);
      return null;
    }
  }

  private static byte[] mutate(byte[] seed, RandomGenerator random) {
    byte[] mutant = seed.clone();
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      int at = 8 + random.nextInt(mutant.length - 8);
      switch (random.nextInt(4)) {
        case 0 -> mutant[at] = (byte) random.nextInt();
        case 1 -> mutant[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
        case 2 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
        default -> {
          int length = Math.min(random.nextInt(16), mutant.length - at);
          System.arraycopy(seed, 8 + random.nextInt(seed.length - 24), mutant, at, length);
        }
      }
    }
    return random.nextInt(10) == 0
        ? java.util.Arrays.copyOf(mutant, 8 + random.nextInt(mutant.length - 8))
        : mutant;
  }
}
