package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code gonext plugin fuzz}, on guests with planted faults. */
@Tag("slow")
class FuzzTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trap | fresh | trap | {\"value\":[{}],\"args\":[]} | UNREACHABLE",
        "loop | fresh | limit | {\"value\":-1,\"args\":[]} | DEADLINE",
        "answer | fresh | answer | {\"value\":true,\"args\":[]} | BAD_ANSWER",
        "random | fresh | nondeterminism | {\"value\":0,\"args\":[]} | another answer each time",
        "random | reused | nondeterminism | {\"value\":0,\"args\":[]} | in two ways",
        "state | reused | state | {\"value\":0,\"args\":[]} | after other calls: ",
        "grow | reused | growth | {\"value\":0,\"args\":[]} | pages of 64 KiB after "
      })
  void a_planted_fault_is_found_made_small_and_replayed(
      String hook, String isolation, String kind, String input, String words) throws Exception {
    Path bundle =
        write(
            GuestBundle.of("faulty", Guests.wasm("faults"))
                .filter(hook)
                .limit("call_ms", 100)
                .limit("isolation", "\"" + isolation + "\""));

    assertThat(fuzz(bundle, "--json", "--seed", "1", "--calls", "300")).isEqualTo(1);

    JsonNode answer = json();
    assertThat(answer.path("findings")).as("%s", answer).hasSize(1);
    JsonNode finding = answer.path("findings").path(0);
    assertThat(finding.path("kind").asString("")).isEqualTo(kind);
    assertThat(finding.path("target").asString("")).isEqualTo("filter " + hook);
    assertThat(finding.path("what").asString("") + finding.path("details")).contains(words);
    assertThat(finding.path("input").toString()).isEqualTo(input);
    // The recording is of the small call, and can be made again.
    String file = finding.path("recording").asString("");
    if (!kind.equals("limit")) {
      assertThat(root("replay", file, "--plugin", bundle.toString())).as("%s%s", out, err).isZero();
      assertThat(out.toString()).contains("1 recordings replayed, 1 as recorded");
    } else {
      // Where in the loop the time is over depends on the machine.
      root("replay", file, "--limit", "1", "--plugin", bundle.toString());
      assertThat(out.toString()).contains("hook loop: the trap DEADLINE");
    }
  }

  @Test
  void a_fault_of_a_known_input_is_found_in_its_neighbourhood() throws Exception {
    // Random JSON alone has this field in one of thousands of calls.
    GuestBundle bundle = GuestBundle.of("faulty", Guests.wasm("faults")).filter("title");
    Path folder = Files.createDirectories(directory.resolve("project"));
    Files.write(
        folder.resolve("manifest.json"), bundle.manifest().getBytes(StandardCharsets.UTF_8));
    Files.createDirectories(folder.resolve("build"));
    Files.write(folder.resolve("build/plugin.wasm"), Guests.wasm("faults"));
    Files.createDirectories(folder.resolve("tests"));
    Files.writeString(
        folder.resolve("tests/one.json"),
        "{\"when\":[{\"filter\":\"title\",\"value\":[{\"id\":7}],\"args\":[]}]}");

    assertThat(fuzz(folder, "--seed", "1", "--calls", "40")).isEqualTo(1);

    assertThat(err.toString())
        .contains("seed 1; filter title of faulty@1.0.0; 1 known inputs")
        .contains("found trap in filter title")
        .contains("call: gonext plugin call " + folder + " filter title --value '[{}]'")
        .contains("replay: gonext replay ");
    assertThat(out.toString())
        .matches("faulty@1\\.0\\.0: 40 calls in [0-9]+ s, 1 finding, seed 1\\R");
  }

  @Test
  void the_same_seed_makes_the_same_calls_and_another_one_others() throws Exception {
    Path bundle = write(GuestBundle.of("calm", Guests.wasm("faults")).filter("plain"));
    assertThat(fuzz(bundle, "--json", "--seed", "7", "--calls", "200")).isZero();
    JsonNode first = json();
    assertThat(fuzz(bundle, "--json", "--seed", "7", "--calls", "200")).isZero();
    assertThat(json().path("calls_sha256")).isEqualTo(first.path("calls_sha256"));
    assertThat(fuzz(bundle, "--json", "--seed", "8", "--calls", "200")).isZero();
    assertThat(json().path("calls_sha256")).isNotEqualTo(first.path("calls_sha256"));
    assertThat(first.path("findings")).isEmpty();
    assertThat(directory.resolve("found")).doesNotExist();
  }

  @Test
  void recordings_are_inputs_and_ignored_kinds_are_not_told() throws Exception {
    Path bundle =
        write(GuestBundle.of("faulty", Guests.wasm("faults")).filter("trap").filter("random"));
    assertThat(fuzz(bundle, "--seed", "1", "--calls", "300", "--ignore", "nondeterminism"))
        .isEqualTo(1);
    assertThat(err.toString()).contains("found trap").doesNotContain("found nondeterminism");

    assertThat(
            fuzz(
                bundle,
                "--calls",
                "20",
                "--ignore",
                "nondeterminism,trap",
                "--recordings",
                directory.resolve("found").toString()))
        .isZero();
    assertThat(err.toString()).contains("; 1 known inputs");
  }

  @Test
  void routes_and_jobs_are_called_too() throws Exception {
    Path bundle =
        write(
            GuestBundle.of("worker", Guests.wasm("jobs"))
                .field("jobs", "[\"ok\",{\"name\":\"trap\",\"max_attempts\":3}]"));
    assertThat(fuzz(bundle, "--json", "--seed", "1", "--calls", "20")).isEqualTo(1);
    assertThat(json().path("findings"))
        .as("%s", out)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.path("kind").asString("")).isEqualTo("trap");
          assertThat(finding.path("target").asString("")).isEqualTo("job trap");
          assertThat(finding.path("input").toString()).isEqualTo("{\"args\":{}}");
        });

    Path routes = write(GuestBundle.of("pages", Guests.wasm("panic")).route("GET", "/items/{id}"));
    assertThat(fuzz(routes, "--json", "--seed", "1", "--calls", "20")).isEqualTo(1);
    assertThat(json().path("findings"))
        .as("%s", out)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.path("target").asString("")).isEqualTo("GET /items/{id}");
          assertThat(finding.at("/input/params/id").asString("")).hasSize(1);
          assertThat(finding.at("/input/body").asString("x")).isEmpty();
        });
  }

  @Test
  void what_cannot_be_fuzzed_gets_a_sentence() throws Exception {
    Path bundle = write(GuestBundle.of("silent", Guests.wasm("faults")));
    assertThat(fuzz(bundle)).isEqualTo(2);
    assertThat(err.toString()).contains("silent@1.0.0 has no hooks, routes or jobs");
    for (List<String> wrong :
        List.of(
            List.of("--duration", "1 hour"),
            List.of("--calls", "0"),
            List.of("--recordings", "nowhere"),
            List.of("--ignore", "everything"))) {
      assertThat(fuzz(bundle, wrong.toArray(String[]::new))).as("%s", wrong).isEqualTo(2);
      assertThat(err.toString()).as("%s", wrong).contains(wrong.getLast());
    }
  }

  private Path write(GuestBundle bundle) throws IOException {
    return Files.write(directory.resolve("plugin.gnplugin"), bundle.bytes());
  }

  private JsonNode json() throws InvalidJsonException {
    return StrictJson.parse(out.toString().strip().getBytes(StandardCharsets.UTF_8));
  }

  private int fuzz(Path plugin, String... options) {
    return root(
        Stream.concat(
                Stream.of(
                    "plugin",
                    "fuzz",
                    plugin.toString(),
                    "--output",
                    directory.resolve("found").toString()),
                Stream.of(options))
            .toArray(String[]::new));
  }

  private int root(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
