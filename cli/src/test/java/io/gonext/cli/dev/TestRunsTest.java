package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.manifest.Bundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tests of {@code plugin dev --test}. */
class TestRunsTest {
  private static final String TEST =
      "{\"name\":\"n grows\",\"when\":[{\"filter\":\"kv.do\",\"value\":\"in=1\"}],"
          + "\"then\":{\"results\":[\"%s\"]}}";

  @TempDir private Path root;
  private final Scripted.Output events = new Scripted.Output();
  private final TimeSources time = new Scripted.Clock().sources();

  private static Artifact artifact() throws Exception {
    GuestBundle bundle =
        GuestBundle.of("entries", Guests.wasm("kv"))
            .filter("kv.do")
            .field("capabilities", "[\"kv.read\",\"kv.write\"]");
    return new Artifact(
        Bundle.read(bundle.bytes()).manifest(),
        bundle.manifest().getBytes(StandardCharsets.UTF_8),
        Guests.wasm("kv"),
        Map.of(),
        null,
        null);
  }

  private void tests(String json) throws IOException {
    Files.createDirectories(root.resolve("tests"));
    Files.writeString(
        root.resolve("tests/a.json"), "{\"apiVersion\":\"gonext.io/v1\",\"tests\":[" + json + "]}");
  }

  private boolean passed() throws Exception {
    try (TestRuns runs = new TestRuns(root, events, time)) {
      assertThat(runs.awaitPassed()).as("before any version").isTrue();
      runs.begin(artifact());
      return runs.awaitPassed();
    }
  }

  private String text() {
    StringWriter text = new StringWriter();
    TextOutput output =
        new TextOutput(new PrintWriter(text), time, Path.of("nowhere"), false, false);
    events.all.forEach(output::emit);
    return text.toString();
  }

  @Test
  void tests_that_pass_are_one_line() throws Exception {
    tests(TEST.formatted("1"));
    assertThat(passed()).isTrue();
    assertThat(text()).containsPattern("^\\[[0-9:]+] tests: 1 passed, [0-9.]+ ?s\\R$");
  }

  @Test
  void a_test_that_fails_is_shown_with_its_difference() throws Exception {
    tests(TEST.formatted("2") + "," + TEST.replace("n grows", "n is one").formatted("1"));
    assertThat(passed()).isFalse();
    assertThat(text())
        .contains(
            "tests: 1 of 2 failed",
            "    FAIL  n grows",
            "step 1 (filter kv.do) expected \"2\", got \"1\"");
    StringWriter json = new StringWriter();
    JsonOutput output = new JsonOutput(new PrintWriter(json));
    events.all.forEach(output::emit);
    assertThat(json.toString())
        .contains("\"event\":\"tested\"", "\"passed\":1", "\"name\":\"n grows\"");
  }

  @Test
  void tests_that_are_not_valid_or_not_there_are_told() throws Exception {
    assertThat(passed()).isTrue();
    assertThat(text()).contains("warning: --test: there are no tests/*.json in the project");
    tests("{}");
    assertThat(passed()).isFalse();
    assertThat(text()).contains("the tests are not valid:", "a.json: /tests/0/name: ");
  }
}
