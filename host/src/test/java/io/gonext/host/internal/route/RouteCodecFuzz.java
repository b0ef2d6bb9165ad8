package io.gonext.host.internal.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.host.PluginResponse;
import io.gonext.host.internal.route.RouteCodec.BadResponseException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** What a plugin answers to a request is an HTTP response that can be sent, or it is refused. */
public class RouteCodecFuzz {
  private static final RouteHeaders RULES = TestHeaders.rules("{}");

  public static List<byte[]> seeds() {
    return Stream.of(
            "{\"status\":200,\"headers\":{\"Content-Type\":\"text/plain\"},\"body\":\"aGVsbG8=\"}",
            "{\"status\":599,\"headers\":null,\"body\":null}",
            "{\"status\":204,\"headers\":{\"X-Forwarded-For\":\"a\",\"set-cookie\":\"b\"}}",
            "{\"status\":200.5,\"headers\":{\"a b\":\"\\r\\n\"},\"body\":\"====\"}")
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .toList();
  }

  @MethodSource("seeds")
  @FuzzTest
  public void decode(byte[] utf8) {
    PluginResponse response;
    try {
      response = RouteCodec.decode(StrictJson.parse(utf8), RULES);
    } catch (InvalidJsonException | BadResponseException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return;
    }
    assertThat(response.status()).isBetween(200, 599);
    response
        .headers()
        .forEach((name, content) -> {
          assertThat(name).matches("[!-~]+").doesNotContain(":");
          assertThat(content).matches("[\\t -~\\x80-\\xff]*");
        });
  }
}
