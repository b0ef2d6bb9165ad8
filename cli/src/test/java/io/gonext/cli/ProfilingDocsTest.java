package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Host;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The commands of {@code docs/profiling.md}, and what they say of real plugins. */
@Tag("slow")
class ProfilingDocsTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Path RUST = ROOT.resolve("examples/hello-rust/hello-rust-0.1.0.gnplugin");
  private static final Pattern BLOCK = Pattern.compile("(?s)```sh\n(.*?)```");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** A recorded call of the example, where the document has the files of a host. */
  @BeforeEach
  void record() throws Exception {
    Path calls = Files.createDirectories(directory.resolve("calls"));
    try (Host host = Host.open(directory.resolve("data"))) {
      host.plugins().install(Files.readAllBytes(RUST));
      host.plugins().activate("hello-rust");
      host.recordings().start("hello-rust", RecordingPolicy.ALL);
      var _ = host.applyFilters("the_title", "a title");
      Files.write(
          calls.resolve("hello-rust-1.recording.json"),
          host.recordings().get("hello-rust", 1).orElseThrow().file());
    }
  }

  /** Words between spaces, with single quotes as in a shell. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    Pattern.compile("'([^']*)'|(\\S+)")
        .matcher(line)
        .results()
        .forEach(found -> words.add(found.group(1) == null ? found.group(2) : found.group(1)));
    return words;
  }

  @Test
  void each_command_of_the_document_does_what_it_says() throws IOException {
    int ran = 0;
    String document = Files.readString(ROOT.resolve("docs/profiling.md"));
    for (String line :
        BLOCK.matcher(document).results().flatMap(block -> block.group(1).lines()).toList()) {
      List<String> words = words(line);
      assertThat(words.getFirst()).isEqualTo("gonext");
      String[] typed =
          words.stream()
              .skip(1)
              .map(word ->
                  switch (word) {
                    case "hello-rust-0.1.0.gnplugin" -> RUST.toString();
                    case "10s" -> "1s";
                    case "calls", "flame.html", "cpu.pb.gz", "stacks.txt" ->
                        directory.resolve(word).toString();
                    default -> word;
                  })
              .toArray(String[]::new);
      if (typed[0].equals("plugin")) {
        boolean isShort =
            List.of(typed).contains("--duration") || !line.matches(".*(profile|bench).*");
        String[] quick =
            isShort || line.contains("--by fuel")
                ? typed
                : Stream.concat(Stream.of(typed), Stream.of("--duration", "500ms"))
                    .toArray(String[]::new);
        int code = run(quick);
        // On a busy machine, a build may look slower than itself.
        assertThat(code)
            .as("%s: %s%s", line, out, err)
            .isIn(0, line.contains("--fail-over") ? 1 : 0);
        ran++;
      } else {
        assertThatCode(() -> Main.commandLine().parseArgs(typed))
            .as(line)
            .doesNotThrowAnyException();
      }
    }
    assertThat(ran).isGreaterThanOrEqualTo(10);
    assertThat(directory.resolve("flame.html")).content().contains("Profile of hello-rust@0.1.0");
    assertThat(directory.resolve("stacks.txt")).content().contains("gn_handle_hook");
    assertThat(Files.size(directory.resolve("cpu.pb.gz"))).isPositive();
  }

  @Test
  void the_profile_by_fuel_is_the_fuel_of_the_call_each_time() throws Exception {
    String[] call = {RUST.toString(), "filter", "the_title", "--value", "\" a  b\"", "--json"};
    long fuel = json("call", call).path("fuel").asLong();

    JsonNode first = json("profile", with(call, "--by", "fuel"));
    JsonNode second = json("profile", with(call, "--by", "fuel"));

    assertThat(first.path("profile").path("total").asLong()).isEqualTo(fuel).isPositive();
    assertThat(second).isEqualTo(first);
    assertThat(
            json("bench", with(call, "--duration", "200ms")).path("result").path("fuel").asLong())
        .isEqualTo(fuel);
  }

  @Test
  void a_guest_that_grows_its_memory_leaks_and_another_does_not() throws Exception {
    Path leaking = directory.resolve("leak.gnplugin");
    Files.write(leaking, GuestBundle.of("remembers").filter("f").bytes());
    JsonNode grown = json("mem", leaking.toString(), "filter", "f", "--calls", "4000", "--json");
    JsonNode steady =
        json("mem", RUST.toString(), "filter", "the_title", "--value", "\"a\"", "--json");

    assertThat(grown.path("leaks").asBoolean(false)).as(grown.toString()).isTrue();
    assertThat(grown.path("pages_per_1000_calls").asDouble()).isPositive();
    assertThat(steady.path("leaks").asBoolean(true)).isFalse();
    assertThat(steady.path("pages").asLong()).isGreaterThan(16);
    assertThat(steady.path("stack_bytes").asLong()).isEqualTo(1 << 20);
    assertThat(steady.path("written_stack_bytes").asLong()).isPositive();
    assertThat(steady.path("gn_alloc").asLong()).isEqualTo(2);
    assertThat(steady.path("gn_free").asLong()).isEqualTo(3);
  }

  @Test
  void wrong_command_lines_get_a_sentence_and_code_2() {
    for (String command : List.of("profile", "bench", "mem")) {
      assertThat(run("plugin", command, RUST.toString())).isEqualTo(2);
      assertThat(err.toString()).contains("which call?");
      assertThat(run("plugin", command, RUST.toString(), "filter", "the_title", "--replay", "x"))
          .isEqualTo(2);
      assertThat(err.toString()).contains("leave out KIND and HOOK");
      assertThat(run("plugin", command, RUST.toString(), "--replay", "nowhere")).isEqualTo(2);
      assertThat(err.toString()).contains("nowhere does not exist");
      assertThat(run("plugin", command, RUST.toString(), "filter", "none")).isEqualTo(2);
      assertThat(err.toString()).contains("has no filter none");
    }
    String plugin = RUST.toString();
    assertThat(run("plugin", "profile", plugin, "--replay", "x", "--value", "1")).isEqualTo(2);
    assertThat(run("plugin", "profile", plugin, "filter", "the_title", "--duration", "0s"))
        .isEqualTo(2);
    assertThat(run("plugin", "bench", plugin, "filter", "the_title", "--fail-over", "5"))
        .isEqualTo(2);
    assertThat(run("plugin", "mem", plugin, "filter", "the_title", "--calls", "1")).isEqualTo(2);
    assertThat(err.toString()).doesNotContain("Exception");
  }

  private static String[] with(String[] call, String... more) {
    return Stream.concat(Stream.of(call), Stream.of(more)).toArray(String[]::new);
  }

  private JsonNode json(String command, String... arguments) throws Exception {
    int code =
        run(
            Stream.concat(Stream.of("plugin", command), Stream.of(arguments))
                .toArray(String[]::new));
    assertThat(code).as("%s%s", out, err).isZero();
    return StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
