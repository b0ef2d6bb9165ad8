package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.provider.MethodSource;

/** For any name section, a function has a name of bounded length. */
class FunctionNamesFuzz {
  static List<byte[]> seeds() {
    return FuzzSeeds.outlines().stream()
        .map(ModuleOutline::functionNames)
        .filter(Objects::nonNull)
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] section) {
    Budget.check(
        Duration.ofSeconds(1),
        (1 << 24) + 256L * section.length,
        () -> {
          var names = FunctionNames.of(List.of(), Map.of(), section, 16);
          for (int index = -1; index < 16; index++) {
            assertThat(names.of(index))
                .hasSizeLessThanOrEqualTo(FunctionNames.MOST_CHARS + 10)
                .doesNotContain("\n", "\r", "\u001b");
          }
        });
  }
}
