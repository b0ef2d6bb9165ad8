package io.gonext.host.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Bytes are JSON or they are not; what was read can be written, and read again to the same. */
public class StrictJsonFuzz {
  public static List<byte[]> seeds() {
    return Stream.of(
            "{\"a\":[1,-2.5e10,true,null,\"\\u00e9\\n\"],\"b\":{}}",
            "[[[[]]],{\"\":\"\"}]",
            "\"\\ud83d\\ude00 größe\"",
            "123456789012345678901234567890.00000000001",
            "-0",
            "1e-400")
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void parse(byte[] utf8) {
    JsonNode value;
    try {
      value = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return;
    }
    byte[] written = StrictJson.write(value);
    try {
      assertThat(StrictJson.write(StrictJson.parse(written))).isEqualTo(written);
    } catch (InvalidJsonException e) {
      throw new AssertionError(
          "written but not read: " + new String(written, StandardCharsets.UTF_8), e);
    }
  }
}
