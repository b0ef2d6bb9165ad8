package io.gonext.engine.dwarf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.engine.Budget;
import io.gonext.engine.FuzzSeeds;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** For any debug information, there is a line of bounded size or none. */
public class SourceLinesFuzz {
  private static final int[] ADDRESSES = {
    Integer.MIN_VALUE, -1, 0, 1, 5, 20, 100, 200, 0xFFFF, 1 << 20, Integer.MAX_VALUE
  };

  public static List<byte[]> seeds() {
    return FuzzSeeds.lineTables();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] input) {
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
          var table = SourceLines.of(lines, strings).table();
          for (int address : ADDRESSES) {
            for (var location : Arrays.asList(read.at(address), table.at(address))) {
              if (location != null) {
                assertThat(location.number()).isPositive();
                assertThat(location.path()).isNotEmpty().hasSizeLessThanOrEqualTo(512 + 1 + 512);
              }
            }
          }
        });
  }
}
