package io.gonext.testkit;

import static io.gonext.testkit.Script.fetch;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.testkit.junit.GonextTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The example in Java of docs/testing.md is the one that runs here. */
class TestingDocsTest {
  @Nested
  @GonextTest
  class PostsTest {
    @Test
    void a_post_is_fetched_and_the_server_may_fail(TestHost host) {
      host.given(fetch("https://api.example.com/x"))
          .answers(200, "{\"title\":\"T\"}")
          .failsOnCall(2, 503);
      TestPlugin plugin = host.install(bundle());
      plugin
          .filter("fetch.x", Map.of("url", "https://api.example.com/x"))
          .returned("{\"$partial\":{\"status\":200}}")
          .called("[\"gn_http_fetch\",{\"url\":\"https://api.example.com/x\"}]")
          .usedFuelAtMost(1_000_000);
      plugin
          .filter("fetch.x", Map.of("url", "https://api.example.com/x"))
          .returned("{\"$partial\":{\"status\":503}}");
    }
  }

  private static byte[] bundle() {
    return GuestBundle.of("fetch")
        .filter("fetch.x")
        .field("capabilities", "[\"http.fetch\"]")
        .field("http", "{\"serve\":[],\"fetch\":{\"allow\":[\"https://api.example.com\"]}}")
        .bytes();
  }

  @Test
  void the_documents_example_is_the_one_above() throws Exception {
    Path root = Path.of(System.getProperty("gonext.root"));
    Matcher block =
        Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(root.resolve("docs/testing.md")));
    assertThat(block.find()).isTrue();
    String source =
        Files.readString(
            root.resolve("testkit/src/test/java/io/gonext/testkit/TestingDocsTest.java"));
    assertThat(withoutSpace(source)).contains(withoutSpace(block.group(1)));
  }

  private static String withoutSpace(String code) {
    return code.replaceAll("\\s+", "");
  }
}
