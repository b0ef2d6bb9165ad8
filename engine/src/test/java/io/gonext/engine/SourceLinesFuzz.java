package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Debug information may be anything: there is a line or there is none. */
class SourceLinesFuzz {
  private static final int[] ADDRESSES = {
    Integer.MIN_VALUE, -1, 0, 1, 5, 20, 100, 200, 0xFFFF, 1 << 20, Integer.MAX_VALUE
  };

  /** Two bytes that say how long the strings are, the strings, and the lines. */
  static List<byte[]> seeds() {
    return FuzzSeeds.outlines().stream()
        .map(ModuleOutline::debug)
        .filter(debug -> debug.lines().length > 0)
        .map(debug ->
            ByteBuffer.allocate(Short.BYTES + debug.strings().length + debug.lines().length)
                .putShort((short) debug.strings().length)
                .put(debug.strings())
                .put(debug.lines())
                .array())
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) {
    if (input.length < Short.BYTES) {
      return;
    }
    int stringsEnd =
        Math.min(input.length, Short.BYTES + (ByteBuffer.wrap(input).getShort() & 0xFFFF));
    byte[] strings = Arrays.copyOfRange(input, Short.BYTES, stringsEnd);
    byte[] lines = Arrays.copyOfRange(input, stringsEnd, input.length);
    Budget.check(
        Duration.ofSeconds(1),
        (1 << 20) + 256L * input.length,
        () -> {
          var read = SourceLines.of(lines, strings).lookup();
          for (int address : ADDRESSES) {
            var location = read.at(address);
            if (location != null) {
              assertThat(location.line()).isPositive();
              assertThat(location.file())
                  .isNotEmpty()
                  .hasSizeLessThanOrEqualTo(512 + 10)
                  .doesNotContain("\n");
            }
          }
        });
  }
}
