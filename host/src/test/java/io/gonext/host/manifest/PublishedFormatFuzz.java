package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** A document fits a published format, or it is refused with reasons. */
public class PublishedFormatFuzz {
  public static List<byte[]> seeds() {
    String digest = "\"digest\":\"sha256:" + "0".repeat(64) + "\"";
    return List.of(
        ("{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[{\"name\":\"shop\",\"reference\":\"a\","
                + digest
                + ",\"state\":\"inactive\",\"grants\":[\"kv.read\"],\"config\":{\"a\":1e2}}]}")
            .getBytes(StandardCharsets.UTF_8),
        ("{\"apiVersion\":\"gonext.io/v1\",\"serial\":1,\"plugins\":[{\"name\":\"shop\",\"versions\":"
             + "[{\"version\":\"1.0.0\",\"size\":1,\"reference\":\"a\","
                + digest
                + "}]}]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] json) {
    JsonNode document;
    try {
      document = StrictJson.parse(json);
    } catch (InvalidJsonException e) {
      return;
    }
    for (PublishedFormat format : PublishedFormat.values()) {
      assertThat(format.problems(document))
          .hasSizeLessThanOrEqualTo(20)
          .allSatisfy(problem -> assertThat(problem).startsWith("/").contains(": "));
    }
  }
}
