package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledGuest.Variant;
import io.gonext.engine.bytecode.CompiledFunctions;
import io.gonext.engine.bytecode.PartSizes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random modules of {@link RandomDispatch}: the structured form of a function does what the
 * interpreter does, and uses as much fuel, whatever the sizes of its parts.
 */
class RandomDispatchTest {
  private static final int MODULES = Integer.getInteger("gonext.test.functions", 60);

  /** The interpreter recurses. */
  private static final long STACK_BYTES = 256L << 20;

  @Test
  void random_dispatches_run_and_use_fuel_as_in_the_interpreter() throws Exception {
    long first = Long.getLong("gonext.test.seed", new SplittableRandom().nextLong(1L << 40));
    System.out.println("random dispatches from seed " + first);
    var check = new FutureTask<>(() -> firstDifference(first));
    new Thread(null, check, "random", STACK_BYTES).start();

    assertThat(check.get()).isNull();
  }

  @Test
  void most_random_dispatches_get_a_structured_form() {
    int structured = 0;
    for (long seed = 0; seed < 60; seed++) {
      ModuleDefinition module =
          Admission.admit(RandomDispatch.of(seed), EngineLimits.defaults()).definition();
      var classes = ModuleCompiler.emit(module, PartSizes.DEFAULTS, false, () -> false).classes();
      ClassModel functions =
          ClassFile.of()
              .parse(classes.get(ModuleCompiler.CLASS_NAME + CompiledFunctions.GROUP + 0));
      Set<String> names =
          functions.methods().stream()
              .map(method -> method.methodName().stringValue())
              .collect(Collectors.toSet());
      // The loop as it was is a method of its own, with an r in its name.
      structured +=
          (int)
              names.stream()
                  .filter(name -> !CompiledFunctions.isPart(name))
                  .filter(name -> names.stream().anyMatch(other -> isResumed(other, name)))
                  .count();
    }

    assertThat(structured).isGreaterThan(60);
  }

  private static boolean isResumed(String part, String function) {
    return part.startsWith(function + "_") && part.contains("r");
  }

  private static @Nullable String firstDifference(long first) {
    for (long seed = first; seed < first + MODULES; seed++) {
      Variant one = Variant.of(0);
      Variant other = Variant.of(2 + (int) (seed / 2 % 8));
      if (seed % 2 == 0) {
        one = one.metered();
        other = other.metered();
      }
      try {
        var comparison = new ModuleComparison(RandomDispatch.of(seed), RandomDispatch.FUEL, seed);
        String difference =
            seed % 2 == 0
                ? comparison.firstDifference(one, other, other.counted())
                : comparison.firstDifference(one, other);
        if (difference != null) {
          return "seed " + seed + ", " + difference;
        }
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", " + one + ", " + other, e);
      }
    }
    return null;
  }
}
