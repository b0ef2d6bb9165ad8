package io.gonext.testkit.file;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bytes are a file of tests or they are refused with all that is wrong; written, it is the same.
 */
public class TestFileFuzz {
  /** With each kind of what is given, called and expected. */
  public static List<byte[]> seeds() throws IOException {
    Path examples = Path.of(System.getProperty("gonext.root", "..")).resolve("examples");
    byte[] guestbook = Files.readAllBytes(examples.resolve("guestbook/tests/guestbook.json"));
    byte[] plugin = Files.readAllBytes(examples.resolve("hello-go/tests/plugin.json"));
    byte[] least =
        "{\"apiVersion\":\"gonext.io/v1\",\"tests\":[{\"name\":\"a\",\"when\":[{\"filter\":\"h\",\"value\":1}],\"then\":{}}]}"
            .getBytes(StandardCharsets.UTF_8);
    assertThat(TestFile.parse(guestbook).tests()).isNotEmpty();
    assertThat(TestFile.parse(plugin).tests()).isNotEmpty();
    assertThat(TestFile.parse(least).tests()).hasSize(1);
    return List.of(guestbook, plugin, least);
  }

  @MethodSource("seeds")
  @FuzzTest
  public void read(byte[] json) {
    try {
      TestFile file = TestFile.parse(json);
      byte[] written = StrictJson.write(file.json());
      assertThat(StrictJson.write(TestFile.parse(written).json())).isEqualTo(written);
    } catch (InvalidTestFileException e) {
      assertThat(e.problems()).isNotEmpty();
    }
  }
}
