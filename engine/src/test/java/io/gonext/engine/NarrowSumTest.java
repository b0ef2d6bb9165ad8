package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.Guests;
import java.time.Duration;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Additions in i64 that the compiler makes additions of i32, and others that it must not. */
class NarrowSumTest {
  private static final long ADDED = (1L << 32) + 7;

  @RegisterExtension final TestEngine engine = new TestEngine();

  @ParameterizedTest
  @ValueSource(ints = {0, 1, -1, -7, -8, 8, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void sums_are_those_of_wide_integers(int value) {
    GuestInstance instance =
        engine.engine.compile(Guests.wasm("engine-sums")).instantiate(InstanceConfig.defaults());
    long unsigned = Integer.toUnsignedLong(value);

    assertThat((int) call(instance, "unsigned", value)).isEqualTo((int) (unsigned + ADDED));
    assertThat((int) call(instance, "signed", value)).isEqualTo((int) ((long) value - 8));
    assertThat(call(instance, "wide", value)).isEqualTo(unsigned + ADDED);
    assertThat((int) call(instance, "shifted", value)).isEqualTo((int) ((unsigned + ADDED) >>> 32));
    assertThat((int) call(instance, "twice", value)).isEqualTo(value + 2);
  }

  private static long call(GuestInstance instance, String export, int value) {
    return instance.run(Duration.ofSeconds(5), call -> call.call(instance.function(export), value));
  }
}
