package io.gonext.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import io.gonext.host.PluginProfile.Unit;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** A profile in the formats of other tools, and as a page. */
class ProfileFilesTest {
  @TempDir private Path directory;

  private static Frame frame(String name, @Nullable String file, int line) {
    return new Frame(name, file, line, name.startsWith("gonext."));
  }

  private static PluginProfile profile(Stack... stacks) {
    return new PluginProfile("hello", "0.1.0", Unit.SAMPLES, 2.5, 4, List.of(stacks));
  }

  private static final PluginProfile PROFILE =
      profile(
          new Stack(List.of(frame("outer", "a.rs", 3), frame("inner", "b.rs", 7)), false, 60),
          new Stack(List.of(frame("outer", "a.rs", 4), frame("gonext.log", null, 0)), false, 30),
          new Stack(List.of(frame("outer", "a.rs", 3), frame("outer", "a.rs", 9)), true, 10));

  @Test
  void the_text_has_each_function_once_with_its_own_part_and_all_below_it() {
    assertThat(ProfileText.rows(PROFILE))
        .extracting(row -> row.function() + " " + row.own() + " " + row.total())
        .containsExactly("inner 60 60", "gonext.log 30 30", "outer 10 100");
    assertThat(ProfileText.text(PROFILE, 2))
        .anySatisfy(line -> assertThat(line).endsWith("60   60.00   60.00  inner"))
        .anySatisfy(line -> assertThat(line).endsWith("30.00  gonext.log (host)"))
        .anySatisfy(line -> assertThat(line).endsWith("60   60.00  b.rs:7"))
        .noneSatisfy(line -> assertThat(line).endsWith("outer"));
  }

  @Test
  void collapsed_stacks_are_sorted_lines_whose_names_cannot_break_them() {
    var hostile =
        profile(
            new Stack(List.of(frame("a;b", null, 0), frame("c\nd 9", null, 0)), false, 5),
            new Stack(List.of(frame("a", null, 0)), true, 1),
            new Stack(List.of(frame("a;b", null, 0), frame("c\nd 9", null, 0)), false, 2));

    assertThat(new String(CollapsedStacks.bytes(hostile), StandardCharsets.UTF_8))
        .isEqualTo("(callers that are not known);a 1\na:b;c d 9 7\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"'&<!--",
        "@DATA@",
        "\u2028\u2029",
        "@TITLE@</title>"
      })
  void hostile_names_are_only_text_in_the_page(String name) throws Exception {
    var hostile =
        new PluginProfile(
            name,
            name,
            Unit.FUEL,
            0,
            0,
            List.of(new Stack(List.of(frame(name, name, 1)), false, 7)));

    String page = new String(FlameGraph.page(hostile), StandardCharsets.UTF_8);

    assertThat(page).doesNotContain("<img", "alert(1)</script>", "<!--");
    assertThat(page.split("<script", -1)).hasSize(3);
    assertThat(page.split("</script>", -1)).hasSize(3);
    assertThat(page.split("</title>", -1)).hasSize(2);
    JsonNode data = data(page);
    assertThat(data.path("names").path(1).asString("")).isEqualTo(name);
    assertThat(data.path("places").path(0).asString("")).isEqualTo(name + ":1");
  }

  private static JsonNode data(String page) throws Exception {
    String from = "<script type=\"application/json\" id=\"data\">";
    int begin = page.indexOf(from) + from.length();
    return StrictJson.parse(
        page.substring(begin, page.indexOf("</script>", begin)).getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void the_page_loads_nothing_and_has_the_tree() throws Exception {
    String page = new String(FlameGraph.page(PROFILE), StandardCharsets.UTF_8);

    assertThat(page).contains("default-src 'none'").doesNotContain("http:", "https:", "src=\"");
    JsonNode data = data(page);
    assertThat(data.path("total").asLong()).isEqualTo(100);
    // The root, outer with its two callees, and outer below callers that are not known.
    assertThat(data.path("nodes").size()).isEqualTo(7);
    assertThat(data.path("nodes").path(1).toString()).isEqualTo("[0,1,90,0,0,[]]");
    assertThat(page).contains("<td>gonext.log (host)</td>");
  }

  @Test
  @Tag("slow")
  void gos_pprof_reads_the_profile() throws Exception {
    assumeTrue(hasGo(), "go is not installed");
    Path file = directory.resolve("cpu.pb.gz");
    Files.write(file, Pprof.bytes(PROFILE));

    String top = pprof("-top", file);
    assertThat(top).contains("Type: samples", "Duration: 2.50s, Total samples = 100");
    assertThat(top).containsPattern("60 60.00% 60.00% +60 60.00%  inner");
    assertThat(top).containsPattern("10 10.00% +100% +100 +100%  outer");
    assertThat(pprof("-raw", file)).contains("inner b.rs:7", "outer a.rs:3");
  }

  private static boolean hasGo() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(place -> Files.isExecutable(Path.of(place, "go")));
  }

  private static String pprof(String option, Path file) throws Exception {
    Process process =
        new ProcessBuilder("go", "tool", "pprof", option, file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  @Test
  void a_profile_is_the_same_after_its_way_over_the_api() throws Exception {
    assertThat(PluginProfile.parse(StrictJson.parse(StrictJson.write(PROFILE.toJson()))))
        .isEqualTo(PROFILE);
  }
}
