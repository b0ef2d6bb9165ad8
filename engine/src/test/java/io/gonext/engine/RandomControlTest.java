package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.ModuleComparison.Variant;
import io.gonext.engine.RandomModule.Exceptions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random modules of {@link RandomModule}: compiled, they do what the interpreter does. */
class RandomControlTest {
  private static final int MODULES = Integer.getInteger("gonext.test.functions", 150);

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 256L << 20;

  /** Endive does not read the legacy encoding; then all divisions into methods are compared. */
  @ParameterizedTest
  @EnumSource
  void random_control_runs_as_in_the_interpreter(Exceptions exceptions) throws Exception {
    long first = Long.getLong("gonext.test.seed", new SplittableRandom().nextLong(1L << 40));
    System.out.println("random modules from seed " + first);
    var check = new FutureTask<>(() -> firstDifference(first, exceptions));
    new Thread(null, check, "random", STACK_BYTES).start();

    assertThat(check.get()).isNull();
  }

  private static @Nullable String firstDifference(long first, Exceptions exceptions) {
    for (long seed = first; seed < first + MODULES; seed++) {
      byte[] module = RandomModule.of(seed, exceptions);
      Variant[] variants = {Variant.of((int) (seed % 2)), Variant.of(2 + (int) (seed / 2 % 8))};
      try {
        String difference =
            new ModuleComparison(module, RandomModule.FUEL, seed).firstDifference(variants);
        if (difference != null) {
          return exceptions + ", seed " + seed + ", " + difference;
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError(
            exceptions + ", seed " + seed + ", " + Arrays.toString(variants), e);
      }
    }
    return null;
  }
}
