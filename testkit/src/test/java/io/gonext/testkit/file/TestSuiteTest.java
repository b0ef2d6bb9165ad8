package io.gonext.testkit.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.gonext.engine.Coverage;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.UserCompileCache;
import io.gonext.host.json.StrictJson;
import io.gonext.testkit.file.TestSuite.Defaults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.IntNode;
import tools.jackson.databind.node.ObjectNode;

class TestSuiteTest {
  private static final byte[] ENTRIES =
      GuestBundle.of("entries", Guests.wasm("kv"))
          .filter("kv.do")
          .field("capabilities", "[\"kv.read\",\"kv.write\"]")
          .bytes();

  private static TestFile file(String... tests) {
    return TestFile.parse(
        ("{\"apiVersion\":\"gonext.io/v1\",\"tests\":[" + String.join(",", tests) + "]}")
            .getBytes(StandardCharsets.UTF_8));
  }

  private static List<TestOutcome> run(byte[] bundle, Defaults defaults, TestFile file)
      throws IOException {
    try (TestSuite suite = TestSuite.of(bundle, defaults, UserCompileCache.open())) {
      return file.tests().stream().map(suite::run).toList();
    }
  }

  private static TestOutcome run(byte[] bundle, String test) throws IOException {
    return run(bundle, Defaults.NONE, file(test)).getFirst();
  }

  @Test
  void each_test_has_a_host_of_its_own() throws Exception {
    String increments =
        "{\"name\":\"%s\",\"when\":[{\"filter\":\"kv.do\",\"value\":\"in=1\"}],"
            + "\"then\":{\"results\":[\"1\"],\"kv\":{\"n\":\"1\"},\"audit\":[],"
            + "\"calls\":[[\"gn_kv_incr\",\"n\",1]],\"fuel_at_most\":100000}}";
    assertThat(
            run(
                ENTRIES,
                Defaults.NONE,
                file(increments.formatted("first"), increments.formatted("second"))))
        .allSatisfy(outcome -> assertThat(outcome.problems()).isEmpty())
        .extracting(TestOutcome::name)
        .containsExactly("first", "second");
  }

  @Test
  void all_that_differs_is_told_and_an_update_mends_it() throws Exception {
    TestFile file =
        file(
            "{\"name\":\"n\",\"given\":{\"kv\":{\"n\":\"4\"}},"
                + "\"when\":[{\"filter\":\"kv.do\",\"value\":\"in=1\"}],"
                + "\"then\":{\"fuel_at_most\":1,\"results\":[\"4\"],\"calls\":[],"
                + "\"kv\":{\"n\":{\"$regex\":\"[0-9]\"}}}}");
    TestOutcome outcome = run(ENTRIES, Defaults.NONE, file).getFirst();
    assertThat(outcome.passed()).isFalse();
    assertThat(outcome.problems())
        .satisfiesExactly(
            result ->
                assertThat(result).isEqualTo("step 1 (filter kv.do) expected \"4\", got \"5\""),
            calls ->
                assertThat(calls).startsWith("calls /0: expected nothing, got [\"gn_kv_incr\""),
            fuel -> assertThat(fuel).startsWith("fuel: expected at most 1, got "));
    file.update(outcome);
    TestFile updated = TestFile.parse(StrictJson.write(file.json()));
    assertThat(updated.tests().getFirst().then().propertyNames())
        .containsExactly("fuel_at_most", "results", "calls", "kv");
    assertThat(updated.json().toString()).contains("\"kv\":{\"n\":{\"$regex\":\"[0-9]\"}}");
    assertThat(run(ENTRIES, Defaults.NONE, updated).getFirst().problems()).isEmpty();
  }

  @Test
  void a_step_that_fails_unexpectedly_fails_the_test() throws Exception {
    byte[] trapping = GuestBundle.of("trap").filter("boom").bytes();
    String when = "\"when\":[{\"filter\":\"boom\",\"value\":1}]";
    TestOutcome outcome = run(trapping, "{\"name\":\"n\"," + when + "}");
    assertThat(outcome.problems())
        .singleElement()
        .asString()
        .contains("step 1 (filter boom) failed");
    assertThat(outcome.lines()).anyMatch(line -> line.startsWith("at "));
    assertThat(
            run(
                    trapping,
                    "{\"name\":\"n\","
                        + when
                        + ",\"then\":{\"results\":[{\"failed\":\"UNREACHABLE\","
                        + "\"reason\":{\"$regex\":\"unreachable\"}}]}}")
                .problems())
        .isEmpty();
  }

  @Test
  void functions_come_from_the_test_and_then_from_the_project() throws Exception {
    byte[] asking =
        GuestBundle.of("asking", Guests.wasm("app"))
            .filter("posts.find")
            .filter("posts.count")
            .field("capabilities", "[\"posts.read\",\"posts.count\"]")
            .bytes();
    Defaults defaults =
        new Defaults(
            Optional.empty(),
            List.of(
                new TestSuite.Function("posts.find", "posts.read", IntNode.valueOf(1)),
                new TestSuite.Function("posts.count", "posts.count", IntNode.valueOf(2))),
            Set.of());
    TestFile file =
        file(
            "{\"name\":\"n\",\"given\":{\"functions\":[{\"name\":\"posts.find\","
                + "\"request\":{\"id\":7},\"answers\":[{\"title\":\"T\"}],\"fails_on_call\":[2]}]},"
                + "\"when\":[{\"filter\":\"posts.find\",\"value\":{\"id\":7}},"
                + "{\"filter\":\"posts.find\",\"value\":{\"id\":7}},"
                + "{\"filter\":\"posts.find\",\"value\":{\"id\":8}},"
                + "{\"filter\":\"posts.count\",\"value\":{}}],"
                + "\"then\":{\"results\":[{\"title\":\"T\"},-2,1,2]}}");
    assertThat(run(asking, defaults, file).getFirst().problems()).isEmpty();
  }

  @Test
  void answers_of_requests_come_in_order_and_what_has_none_fails_the_test() throws Exception {
    byte[] fetching =
        GuestBundle.of("fetch")
            .filter("fetch.x")
            .field("capabilities", "[\"http.fetch\"]")
            .field("http", "{\"serve\":[],\"fetch\":{\"allow\":[\"https://a.example\"]}}")
            .bytes();
    String step = "{\"filter\":\"fetch.x\",\"value\":{\"url\":\"https://a.example/x\"}}";
    TestOutcome outcome =
        run(
            fetching,
            "{\"name\":\"n\",\"given\":{\"fetch\":[{\"url\":\"https://a.example/*\",\"answers\":["
                + "{\"status\":201,\"headers\":{\"X-A\":\"1\"},\"body\":{\"b\":1}},"
                + "{\"fails\":\"timeout\"},{\"fails\":\"connection\"}],"
                + "\"fails_on_call\":[{\"call\":4,\"status\":503}]}]},"
                + "\"when\":["
                + String.join(",", step, step, step, step)
                + ",{\"filter\":\"fetch.x\",\"value\":{\"method\":\"POST\","
                + "\"url\":\"https://a.example/x\"}}],"
                + "\"then\":{\"results\":[{\"status\":201,\"headers\":{\"x-a\":\"1\"},"
                + "\"body\":\"eyJiIjoxfQ==\"},-5,-5,{\"$partial\":{\"status\":503}},-5]}}");
    assertThat(outcome.problems())
        .singleElement()
        .asString()
        .contains("fetched POST https://a.example/x", "the method differs");
  }

  @Test
  void what_is_given_and_does_not_fit_is_told() throws Exception {
    byte[] settings =
        GuestBundle.of("settings")
            .filter("read")
            .field(
                "config",
                "{\"schema\":{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}}}}")
            .bytes();
    String when = "\"when\":[{\"filter\":\"read\",\"value\":\"n\"}]";
    assertThat(
            run(settings, "{\"name\":\"n\",\"given\":{\"config\":{\"n\":\"x\"}}," + when + "}")
                .problems())
        .singleElement()
        .asString()
        .startsWith("given config /n: ");
    assertThat(
            run(settings, "{\"name\":\"n\",\"given\":{\"secrets\":{\"K\":\"x\"}}," + when + "}")
                .problems())
        .singleElement()
        .asString()
        .startsWith("given secrets: ");
    assertThat(run(settings, "{\"name\":\"n\",\"when\":[{\"filter\":\"other\"}]}").problems())
        .containsExactly("settings@1.0.0 has no filter other in its manifest; it has read");
    Defaults defaults =
        new Defaults(
            Optional.of(
                (ObjectNode) StrictJson.parse("{\"n\":\"x\"}".getBytes(StandardCharsets.UTF_8))),
            List.of(),
            Set.of());
    assertThat(run(settings, defaults, file("{\"name\":\"n\"," + when + "}")).getFirst().problems())
        .singleElement()
        .asString()
        .startsWith("given config /n: ");
  }

  @Test
  void the_coverage_is_of_all_tests_together() throws Exception {
    TestFile file =
        file(
            "{\"name\":\"a\",\"when\":[{\"filter\":\"kv.do\",\"value\":\"gn\"}]}",
            "{\"name\":\"b\",\"when\":[{\"filter\":\"kv.do\",\"value\":\"in=1\"}]}");
    try (TestSuite suite =
        TestSuite.counting(ENTRIES, Guests.wasm("kv"), Defaults.NONE, UserCompileCache.open())) {
      Coverage none = suite.coverage();
      assertThat(suite.run(file.tests().getFirst()).problems()).isEmpty();
      long first = covered(suite.coverage());
      assertThat(first).isGreaterThan(covered(none));
      assertThat(suite.run(file.tests().getLast()).problems()).isEmpty();
      assertThat(covered(suite.coverage())).isGreaterThan(first);
    }
  }

  private static long covered(Coverage coverage) {
    return coverage.blocks().stream().filter(block -> block.runs() > 0).count();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"name\":\"n\"}                                   | /tests/0/when: ",
        "{\"name\":\"n\",\"when\":[],\"x\":1}               | /tests/0/x: ",
        "{\"name\":\"n\",\"when\":[{}]}                     | /tests/0/when/0: a step has exactly"
            + " one of",
        "{\"name\":\"n\",\"when\":[{\"filter\":\"a\",\"job\":\"b\"}]} | /tests/0/when/0: a step has"
            + " exactly one of action, advance, filter, job and request, and not filter and job",
        "{\"name\":\"n\",\"when\":[{\"action\":\"a\",\"value\":1}]} | /tests/0/when/0: a step with"
            + " action has no value; allowed: action, args",
        "{\"name\":\"n\",\"when\":[{\"job\":\"a\",\"args\":[]}]} | /tests/0/when/0: the arguments"
            + " of a job are an object",
        "{\"name\":\"n\",\"when\":[{\"filter\":\"a\",\"args\":{}}]} | /tests/0/when/0: the"
            + " arguments of a hook are an array",
        "{\"name\":\"n\",\"when\":[{\"advance\":\"1h\"}]}   | /tests/0/when/0: 1h is not a"
            + " duration, such as PT90S or PT1H",
        "{\"name\":\"n\",\"given\":{\"clock\":\"now\"},\"when\":[{\"filter\":\"a\"}]} |"
            + " /tests/0/given/clock: now is not an instant",
        "{\"name\":\"n\",\"when\":[{\"filter\":\"a\"}],\"then\":{\"results\":[]}} |"
            + " /tests/0/then/results: one for each step is expected, so 1 and not 0",
        "{\"name\":\"n\",\"when\":[{\"filter\":\"a\"}],\"then\":{\"logs\":{\"$has\":1}}} |"
            + " /tests/0/then/logs/$has: there is no such matcher",
        "{\"name\":\"n\",\"given\":{\"fetch\":[{\"url\":\"x\",\"body\":{\"$any\":1}}]},\"when\":[{\"filter\":\"a\"}]}"
            + " | /tests/0/given/fetch/0/body/$any: allowed: true",
      })
  void a_file_that_is_not_valid_is_refused_with_the_place(String test, String problem) {
    assertThatExceptionOfType(InvalidTestFileException.class)
        .isThrownBy(() -> file(test))
        .satisfies(
            e -> assertThat(e.problems()).anySatisfy(it -> assertThat(it).startsWith(problem)));
  }

  @Test
  void a_file_is_json_and_names_each_test_once() {
    assertThatExceptionOfType(InvalidTestFileException.class)
        .isThrownBy(() -> TestFile.parse("{".getBytes(StandardCharsets.UTF_8)))
        .withMessageStartingWith("it is not JSON: ");
    assertThatExceptionOfType(InvalidTestFileException.class)
        .isThrownBy(() -> TestFile.parse(new byte[TestFile.MAX_BYTES + 1]))
        .withMessageContaining("has more than");
    String test = "{\"name\":\"n\",\"when\":[{\"filter\":\"a\"}]}";
    assertThatExceptionOfType(InvalidTestFileException.class)
        .isThrownBy(() -> file(test, test))
        .withMessage("/tests/1/name: another test has the name \"n\"");
  }
}
