package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.Guests;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which NaN a guest sees. */
class NanTest {
  private static final byte[] GUEST = Guests.wasm("engine-nan");

  private static final long ONE_32 = 0x3F80_0000L;
  private static final long NAN_32 = 0x7FC0_0000L;
  private static final List<Long> NANS_32 = List.of(0x7FC0_0001L, 0xFFC0_0000L, 0xFF80_0001L);

  private static final long ONE_64 = 0x3FF0_0000_0000_0000L;
  private static final long NAN_64 = 0x7FF8_0000_0000_0000L;
  private static final List<Long> NANS_64 =
      List.of(0x7FF8_0000_0000_0001L, 0xFFF8_0000_0000_0000L, 0xFFF0_0000_0000_0001L);

  @RegisterExtension final TestEngine engine = new TestEngine();

  private GuestInstance guest;

  @BeforeEach
  void instantiate() {
    guest = engine.engine.compile(GUEST).instantiate(engine.config());
  }

  static Stream<String> binary() {
    return Stream.of("add", "sub", "mul", "div", "min", "max");
  }

  static Stream<String> unary() {
    return Stream.of("ceil", "floor", "trunc", "nearest", "sqrt");
  }

  @ParameterizedTest
  @MethodSource("binary")
  void arithmetic_with_a_nan_returns_the_canonical_nan(String operation) {
    for (long nan : NANS_32) {
      for (long other : List.of(ONE_32, NANS_32.getFirst(), NANS_32.getLast())) {
        assertThat(bits("f32." + operation, nan, other)).isEqualTo(NAN_32);
        assertThat(bits("f32." + operation, other, nan)).isEqualTo(NAN_32);
      }
    }
    for (long nan : NANS_64) {
      for (long other : List.of(ONE_64, NANS_64.getFirst(), NANS_64.getLast())) {
        assertThat(bits("f64." + operation, nan, other)).isEqualTo(NAN_64);
        assertThat(bits("f64." + operation, other, nan)).isEqualTo(NAN_64);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("unary")
  void rounding_and_the_root_of_a_nan_return_the_canonical_nan(String operation) {
    assertThat(NANS_32).allMatch(nan -> bits("f32." + operation, nan) == NAN_32);
    assertThat(NANS_64).allMatch(nan -> bits("f64." + operation, nan) == NAN_64);
  }

  @Test
  void a_nan_of_another_size_becomes_the_canonical_nan() {
    assertThat(NANS_64).allMatch(nan -> bits("f32.demote_f64", nan) == NAN_32);
    assertThat(NANS_32).allMatch(nan -> bits("f64.promote_f32", nan) == NAN_64);
  }

  @Test
  void numbers_without_a_value_are_the_canonical_nan() {
    long zero = 0;
    long infinity = 0x7F80_0000L;
    assertThat(bits("f32.div", zero, zero)).isEqualTo(NAN_32);
    assertThat(bits("f32.sub", infinity, infinity)).isEqualTo(NAN_32);
    assertThat(bits("f32.mul", infinity, zero)).isEqualTo(NAN_32);
    assertThat(bits("f32.sqrt", ONE_32 | 0x8000_0000L)).isEqualTo(NAN_32);
    assertThat(bits("f64.sqrt", ONE_64 | Long.MIN_VALUE)).isEqualTo(NAN_64);
  }

  @ParameterizedTest
  @CsvSource({
    "negated, ffc00000",
    "signed, 3f800000",
    "stored, 7fc00000",
    "kept, 7fc00000",
    "chosen, 7fc00000",
    "added, 7fc00000",
    "summed, 7fc00000",
    "mixed, 7fc00000"
  })
  void every_way_to_see_the_bits_shows_the_canonical_nan(String function, String seen) {
    assertThat(bits(function, 0xFFC0_0001L, ONE_32)).isEqualTo(Long.parseLong(seen, 16));
    assertThat(bits(function, ONE_32, 0xFF80_0001L)).isEqualTo(Long.parseLong(seen, 16));
  }

  @ParameterizedTest
  @ValueSource(longs = {0x7F80_0001L, 0xFFC0_0001L, 0xFFC0_0000L})
  void a_nan_that_is_only_copied_keeps_its_bits(long nan) {
    assertThat(bits("copied", nan)).isEqualTo(nan);
    assertThat(bits("mixed-copy", nan)).isEqualTo(nan);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 200_000})
  void the_bits_are_the_same_before_and_after_the_jit_compiles_the_loop(int rounds) {
    long expected = 0;
    for (int i = 0; i < rounds; i++) {
      expected = expected * 31 + NAN_64;
    }
    long sum = bits("sums", NANS_64.getLast(), NANS_64.getFirst(), rounds);
    assertThat(sum).isEqualTo(expected);
  }

  private long bits(String function, long... operands) {
    return TestEngine.call(guest, function, operands);
  }
}
