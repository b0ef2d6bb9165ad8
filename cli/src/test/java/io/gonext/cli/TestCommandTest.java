package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import tools.jackson.databind.JsonNode;

/** {@code gonext plugin test} on a real plugin. */
class TestCommandTest {
  private static final String PASSES =
      """
      {"name": "an entry grows # by 1", "given": {"kv": {"n": "4"}},
       "when": [{"filter": "kv.do", "value": "in=1"}],
       "then": {"results": ["5"], "calls": [["gn_kv_incr", "n", 1]]}}\
      """;
  private static final String FAILS =
      """
      {"name": "an entry <shrinks>", "given": {"kv": {"n": "4"}},
       "when": [{"filter": "kv.do", "value": "in=1"}],
       "then": {"results": ["3"], "kv": {"n": {"$regex": "[0-9]"}}}}\
      """;

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path project;

  /** A plugin's directory without sources, so that no toolchain is needed. */
  @BeforeEach
  void project() throws IOException {
    project = Files.createDirectories(directory.resolve("project"));
    Files.createDirectories(project.resolve("tests"));
    Files.createDirectories(project.resolve("build"));
    Files.writeString(project.resolve("manifest.json"), bundle().manifest());
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("kv"));
  }

  private static GuestBundle bundle() {
    return GuestBundle.of("entries", Guests.wasm("kv"))
        .filter("kv.do")
        .field("capabilities", "[\"kv.read\",\"kv.write\"]");
  }

  @Test
  void a_line_a_test_and_the_difference_of_those_that_fail() throws Exception {
    tests("a.json", PASSES);
    assertThat(run(project.toString())).as("%s", err).isZero();
    assertThat(out.toString())
        .containsPattern(
            "^ok    an entry grows # by 1 \\(\\d+ ms\\)\\R1 tests, 1 passed, 0 failed, ");
    tests("b.json", FAILS);
    assertThat(run(project.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("FAIL  an entry <shrinks> (", "2 tests, 1 passed, 1 failed, ")
        .contains("      step 1 (filter kv.do) expected \"3\", got \"5\"");
    assertThat(run(project.toString(), "--filter", "grows")).isZero();
    assertThat(out.toString()).contains("1 tests, 1 passed");
    assertThat(run(project.toString(), "--filter", "absent")).isEqualTo(2);
    assertThat(err.toString()).contains("no test has \"absent\" in its name");
  }

  @Test
  void an_update_shows_the_difference_and_writes_it() throws Exception {
    tests("a.json", PASSES, FAILS);
    assertThat(run(project.toString(), "--update")).isZero();
    assertThat(out.toString())
        .contains(
            "diff  an entry <shrinks> (",
            "expected \"3\", got \"5\"",
            "2 tests, 1 passed, 1 updated, ",
            "updated: " + project.resolve("tests/a.json"));
    JsonNode written = StrictJson.parse(Files.readAllBytes(project.resolve("tests/a.json")));
    assertThat(written.at("/tests/1/then").toString())
        .isEqualTo("{\"results\":[\"5\"],\"kv\":{\"n\":{\"$regex\":\"[0-9]\"}}}");
    assertThat(written.at("/tests/0/then").toString())
        .isEqualTo("{\"results\":[\"5\"],\"calls\":[[\"gn_kv_incr\",\"n\",1]]}");
    byte[] after = Files.readAllBytes(project.resolve("tests/a.json"));
    assertThat(run(project.toString(), "--update")).isZero();
    assertThat(project.resolve("tests/a.json")).hasBinaryContent(after);
  }

  @Test
  void reports_are_json_tap_and_xml() throws Exception {
    tests("a.json", PASSES, FAILS);
    assertThat(run(project.toString(), "--json")).isEqualTo(1);
    JsonNode json = StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
    assertThat(json.get("passed").intValue()).isEqualTo(1);
    assertThat(json.get("failed").intValue()).isEqualTo(1);
    assertThat(json.at("/tests/1/name").stringValue()).isEqualTo("an entry <shrinks>");
    assertThat(json.at("/tests/1/problems/0").stringValue()).endsWith("expected \"3\", got \"5\"");

    assertThat(run(project.toString(), "--tap")).isEqualTo(1);
    assertThat(out.toString().lines())
        .startsWith(
            "TAP version 13",
            "1..2",
            "ok 1 - an entry grows \\# by 1",
            "not ok 2 - an entry <shrinks>",
            "# step 1 (filter kv.do) expected \"3\", got \"5\"");
    assertThat(run(project.toString(), "--tap", "--json")).isEqualTo(2);

    Path xml = directory.resolve("junit.xml");
    assertThat(run(project.toString(), "--report-junit", xml.toString())).isEqualTo(1);
    Document document =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(xml.toFile());
    Element suite = (Element) document.getElementsByTagName("testsuite").item(0);
    assertThat(suite.getAttribute("tests")).isEqualTo("2");
    assertThat(suite.getAttribute("failures")).isEqualTo("1");
    Element second = (Element) document.getElementsByTagName("testcase").item(1);
    assertThat(second.getAttribute("name")).isEqualTo("an entry <shrinks>");
    assertThat(second.getAttribute("classname")).isEqualTo("entries");
    assertThat(((Element) second.getElementsByTagName("failure").item(0)).getAttribute("message"))
        .endsWith("expected \"3\", got \"5\"");
  }

  @Test
  void a_bundle_is_tested_with_the_tests_beside_it_or_elsewhere() throws Exception {
    tests("a.json", PASSES);
    Path bundle = project.resolve("entries-1.0.0.gnplugin");
    Files.write(bundle, bundle().bytes());
    assertThat(run(bundle.toString())).as("%s", err).isZero();
    Path moved = Files.copy(bundle, directory.resolve("other.gnplugin"));
    assertThat(run(moved.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("there are no tests in ");
    assertThat(run(moved.toString(), "--tests", project.resolve("tests").toString())).isZero();
    assertThat(run(bundle.toString(), "--coverage", directory.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("--coverage needs the sources");
  }

  @Test
  void coverage_without_debug_information_is_a_failure_that_says_why() throws Exception {
    tests("a.json", PASSES);
    assertThat(run(project.toString(), "--coverage", directory.resolve("cov").toString()))
        .isEqualTo(1);
    assertThat(err.toString()).contains("the module has no debug information");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                                     | a.json: it is not JSON: ",
        "{\"apiVersion\":\"gonext.io/v1\",\"test\":[]}         | a.json: /test: ",
        "{\"apiVersion\":\"gonext.io/v1\",\"tests\":[{\"name\":\"n\",\"when\":[{}]}]} | a.json:"
            + " /tests/0/when/0: ",
      })
  void a_file_that_is_not_valid_ends_the_command_with_the_place(String json, String problem)
      throws Exception {
    Files.writeString(project.resolve("tests/a.json"), json);
    assertThat(run(project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("the tests are not valid:").contains(problem);
  }

  @Test
  void two_files_may_not_have_a_test_of_one_name() throws Exception {
    tests("a.json", PASSES);
    tests("b.json", PASSES);
    assertThat(run(project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("b.json: ", "has a test \"an entry grows # by 1\", too");
  }

  @Test
  void the_projects_configuration_and_functions_are_there() throws Exception {
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm("app"));
    Files.writeString(
        project.resolve("manifest.json"),
        GuestBundle.of("asking", new byte[0])
            .filter("posts.find")
            .filter("posts.count")
            .field("capabilities", "[\"posts.read\",\"posts.count\"]")
            .field("config", "{\"schema\":{\"type\":\"object\"}}")
            .manifest());
    Files.writeString(project.resolve("gonext.config.json"), "{\"a\":1}");
    Files.writeString(
        project.resolve("gonext.functions.json"),
        "{\"posts.find\":{\"capability\":\"posts.read\",\"answer\":{\"title\":\"T\"}}}");
    tests(
        "a.json",
        """
        {"name": "n", "given": {"functions": [{"name": "posts.count", "answers": [3]}]},
         "when": [{"filter": "posts.find", "value": {}}, {"filter": "posts.count", "value": {}}],
         "then": {"results": [{"title": "T"}, 3]}}\
        """);
    assertThat(run(project.toString())).as("%s%s", out, err).isZero();
  }

  @Test
  void a_plugin_that_is_not_there_or_is_refused_is_told() throws Exception {
    tests("a.json", PASSES);
    assertThat(run(directory.resolve("absent").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("absent does not exist");
    Files.writeString(project.resolve("manifest.json"), "{}");
    assertThat(run(project.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("a host would reject the plugin:");
  }

  private void tests(String file, String... tests) throws IOException {
    Files.writeString(
        project.resolve("tests").resolve(file),
        "{\"apiVersion\":\"gonext.io/v1\",\"tests\":[" + String.join(",\n", tests) + "]}\n");
  }

  private int run(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[arguments.length + 2];
    all[0] = "plugin";
    all[1] = "test";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
