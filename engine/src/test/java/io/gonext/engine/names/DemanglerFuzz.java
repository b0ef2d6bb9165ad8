package io.gonext.engine.names;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.engine.Budget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/** Any mangled name becomes a name of bounded length, or stays unchanged. */
public class DemanglerFuzz {
  public static List<byte[]> seeds() throws IOException {
    return DemanglerTest.vectors().stream()
        .map(vector -> vector[0].getBytes(StandardCharsets.UTF_8))
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void demangle(byte[] name) {
    String text = new String(name, StandardCharsets.UTF_8);
    for (String prefix : List.of("", "_R", "_Z", "_ZN")) {
      String mangled = prefix + text;
      Budget.check(
          Duration.ofSeconds(1),
          (16 << 20) + 256L * mangled.length(),
          () -> {
            String demangled = Demangler.demangle(mangled);
            assertThat(demangled.equals(mangled) || demangled.length() <= Demangler.MOST_TEXT_CHARS)
                .isTrue();
          });
    }
  }
}
