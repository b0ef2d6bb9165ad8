package io.gonext.cli.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class HealthCommandTest {
  @Test
  void a_host_that_is_warming_up_says_how_many_plugins_are_done() throws Exception {
    String answer =
        """
        {"name":"app","state":"ACTIVE","healthy":true,"warm_up":{"plugins":10,"done":3}}\
        """;
    StringWriter out = new StringWriter();
    try (PrintWriter writer = new PrintWriter(out)) {
      new HealthCommand().print(StrictJson.parse(answer.getBytes(StandardCharsets.UTF_8)), writer);
    }
    assertThat(out.toString())
        .isEqualToNormalizingNewlines(
            "app ACTIVE, healthy\n  the host is warming up: 3 of 10 plugins are done\n");
  }
}
