package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledGuest.Variant;
import io.gonext.engine.RandomModule.Exceptions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random modules of {@link RandomModule}: compiled, they do what the interpreter does, and use as
 * much fuel, whatever the sizes of their parts.
 */
class RandomControlTest {
  private static final int MODULES = Integer.getInteger("gonext.test.functions", 150);

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 256L << 20;

  /** Endive does not read the legacy encoding; then all divisions into methods are compared. */
  @ParameterizedTest
  @EnumSource
  void random_control_runs_and_uses_fuel_as_in_the_interpreter(Exceptions exceptions)
      throws Exception {
    long first = Long.getLong("gonext.test.seed", new SplittableRandom().nextLong(1L << 40));
    System.out.println("random modules from seed " + first);
    var check = new FutureTask<>(() -> firstDifference(first, exceptions));
    new Thread(null, check, "random", STACK_BYTES).start();

    assertThat(check.get()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void random_control_runs_out_of_fuel_at_the_same_place_in_parts_of_any_size(
      Exceptions exceptions) {
    long seed = new SplittableRandom().nextLong(1L << 40);
    var small = Variant.of(6).metered();
    for (int module = 0; module < MODULES / 30; module++, seed++) {
      var comparison =
          new ModuleComparison(RandomModule.of(seed, exceptions), RandomModule.FUEL, seed);
      for (long units = 1; units < 4_000; units *= 3) {
        assertThat(
                comparison.firstDifference(
                    new FuelBudget(units),
                    Variant.of(0).metered(),
                    small,
                    Variant.of(3).metered(),
                    Variant.of(4).counted()))
            .as("seed " + seed)
            .isNull();
      }
    }
  }

  private static @Nullable String firstDifference(long first, Exceptions exceptions) {
    for (long seed = first; seed < first + MODULES; seed++) {
      byte[] module = RandomModule.of(seed, exceptions);
      var small = Variant.of(2 + (int) (seed / 2 % 8));
      Variant[] variants =
          seed % 3 == 0
              ? new Variant[] {Variant.of(0).metered(), small.metered(), small.counted()}
              : new Variant[] {Variant.of((int) (seed % 2)), small};
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
