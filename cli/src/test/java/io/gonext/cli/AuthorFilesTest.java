package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A configuration and an application's functions for the commands of an author. */
class AuthorFilesTest {
  private static final String SCHEMA =
      "{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
          + "\"greeting\":{\"type\":\"string\",\"default\":\"Hello\"},"
          + "\"times\":{\"type\":\"integer\",\"default\":1}}}}";

  @TempDir private Path project;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void a_call_takes_the_configuration_of_the_project() throws IOException {
    configured();
    assertThat(call("h", "\"cgreeting\"")).isEqualTo("\"Hello\"");
    write("gonext.config.json", "{\"greeting\":\"Moin\"}");
    assertThat(call("h", "\"cgreeting\"")).isEqualTo("\"Moin\"");
  }

  @Test
  void the_option_config_takes_json_or_a_file() throws IOException {
    configured();
    write("gonext.config.json", "{\"greeting\":\"Moin\"}");
    assertThat(call("h", "\"cgreeting\"", "--config", "{\"greeting\":\"Ahoi\"}"))
        .isEqualTo("\"Ahoi\"");
    write("other.json", "{\"greeting\":\"Servus\"}");
    assertThat(call("h", "\"cgreeting\"", "--config", project.resolve("other.json").toString()))
        .isEqualTo("\"Servus\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "7", "\"text\"", "null"})
  void the_option_config_refuses_what_is_not_an_object(String json) throws IOException {
    configured();
    assertThat(run("call", project.toString(), "filter", "h", "--value", "1", "--config", json))
        .isEqualTo(2);
    assertThat(err.toString())
        .containsPattern(
            "--config "
                + Pattern.quote(json)
                + " is (not an object: give one, such|neither a file)");
  }

  @Test
  void a_configuration_that_is_not_valid_is_refused_with_all_problems() throws IOException {
    configured();
    write("gonext.config.json", "{\"greeting\":1,\"times\":\"x\"}");
    assertThat(run("call", project.toString(), "filter", "h", "--value", "\"cgreeting\""))
        .isEqualTo(1);
    assertThat(err.toString())
        .contains("the configuration does not match config.schema of the manifest:")
        .contains("/greeting", "/times");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[1]          | must contain a JSON object",
        "{\"a\":      | is not valid JSON",
      })
  void a_configuration_file_that_is_not_an_object_is_refused(String text, String reason)
      throws IOException {
    configured();
    write("gonext.config.json", text);
    assertThat(run("call", project.toString(), "filter", "h", "--value", "1")).isEqualTo(1);
    assertThat(err.toString()).contains("gonext.config.json " + reason);
  }

  @Test
  void a_call_takes_the_secrets_of_the_project() throws IOException {
    withSecret();
    assertThat(run("call", project.toString(), "filter", "h", "--value", "\"sAPI_KEY\"")).isOne();
    assertThat(err.toString())
        .contains("starts only with the secret API_KEY", "gonext.secrets.json");
    secrets("{\"API_KEY\":\"s3cret\"}", "rw-------");
    assertThat(call("h", "\"sAPI_KEY\"")).isEqualTo("\"s3cret\"");
  }

  @Test
  void the_option_secrets_names_another_file() throws IOException {
    withSecret();
    secrets("{\"API_KEY\":{\"env\":\"PATH\"}}", "rw-r--r--");
    Files.move(project.resolve("gonext.secrets.json"), project.resolve("other.json"));
    assertThat(call("h", "\"sAPI_KEY\"", "--secrets", project.resolve("other.json").toString()))
        .contains("/bin");
  }

  @Test
  void secrets_that_others_can_read_are_refused() throws IOException {
    withSecret();
    secrets("{\"API_KEY\":\"s3cret\"}", "rw-r-----");
    assertThat(run("call", project.toString(), "filter", "h", "--value", "\"sAPI_KEY\"")).isOne();
    assertThat(err.toString())
        .contains("gonext.secrets.json can be read by others: run chmod 600")
        .doesNotContain("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[\"s3cret\"]                         | is not a valid JSON object",
        "{\"API_KEY\":\"s3cret\"              | is not a valid JSON object",
        "{\"API_KEY\":[\"s3cret\"]}           | API_KEY: write the value as a text, or",
        "{\"API_KEY\":\"\"}                   | API_KEY: write the value as a text, or",
        "{\"API_KEY\":{\"env\":\"NO_SUCH_ONE\"}} | the variable NO_SUCH_ONE is not set, or is"
            + " empty",
        "{\"OTHER\":\"s3cret\"}               | does not name it; it names API_KEY",
      })
  void a_file_of_secrets_that_is_not_valid_is_refused_without_its_values(String text, String reason)
      throws IOException {
    withSecret();
    secrets(text, "rw-------");
    assertThat(run("call", project.toString(), "filter", "h", "--value", "1")).isEqualTo(1);
    assertThat(err.toString()).contains(reason).doesNotContain("s3cret");
  }

  @Test
  void a_call_gets_the_answers_of_the_projects_functions() throws IOException {
    calling("posts.find");
    write("gonext.functions.json", "{\"posts.find\":{\"answer\":{\"title\":\"T\"}}}");
    assertThat(call("posts.find", "{\"id\":7}")).isEqualTo("{\"title\":\"T\"}");
  }

  @Test
  void a_function_may_take_another_capability_than_its_name() throws IOException {
    calling("blog.see");
    write("gonext.functions.json", "{\"posts.find\":{\"capability\":\"blog.see\",\"answer\":[1]}}");
    assertThat(call("posts.find", "{}")).isEqualTo("[1]");
  }

  @Test
  void the_option_functions_names_another_file() throws IOException {
    calling("posts.find");
    write("others.json", "{\"posts.find\":{\"answer\":2}}");
    assertThat(call("posts.find", "{}", "--functions", project.resolve("others.json").toString()))
        .isEqualTo("2");
  }

  @Test
  void a_file_of_functions_that_is_not_valid_is_refused_with_all_problems() throws IOException {
    calling("posts.find");
    write(
        "gonext.functions.json",
        "{\"posts.find\":{\"title\":\"T\"},\"Posts\":{\"answer\":1},"
            + "\"posts.x\":{\"answer\":1,\"capabilty\":\"a.b\"}}");
    assertThat(run("check", project.toString())).isEqualTo(1);
    assertThat(err.toString())
        .contains("posts.find: write an object with the answer")
        .contains("Posts")
        .contains("posts.x: there is no field capabilty; allowed: answer, capability");
  }

  @Test
  void check_says_how_to_name_a_capability_of_an_application() throws IOException {
    calling("blog.see");
    assertThat(run("check", "--quick", project.toString())).isEqualTo(1);
    assertThat(out.toString())
        .contains("there is no capability blog.see")
        .contains(
            "if your application offers it: --capability NAME, or a function in"
                + " gonext.functions.json");
  }

  @Test
  void check_accepts_a_capability_of_an_application_that_it_was_told_of() throws IOException {
    calling("blog.see");
    assertThat(run("check", "--capability", "blog.see", project.toString()))
        .as("%s%s", out, err)
        .isZero();
    write("gonext.functions.json", "{\"posts.find\":{\"capability\":\"blog.see\",\"answer\":1}}");
    assertThat(run("check", project.toString())).as("%s%s", out, err).isZero();
    assertThat(run("check", "--capability", "Blog", project.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("--capability: ");
  }

  private void configured() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("settings", new byte[0]).filter("h").field("config", SCHEMA).manifest());
    module("settings");
  }

  private void withSecret() throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("settings", new byte[0])
            .filter("h")
            .field("secrets", "{\"keys\":[{\"name\":\"API_KEY\",\"required\":true}]}")
            .manifest());
    module("settings");
  }

  private void secrets(String text, String permissions) throws IOException {
    write("gonext.secrets.json", text);
    Files.setPosixFilePermissions(
        project.resolve("gonext.secrets.json"), PosixFilePermissions.fromString(permissions));
  }

  private void calling(String capability) throws IOException {
    write(
        "manifest.json",
        GuestBundle.of("app", new byte[0])
            .filter("posts.find")
            .field("capabilities", "[\"" + capability + "\"]")
            .manifest());
    module("app");
  }

  private void module(String guest) throws IOException {
    Files.createDirectories(project.resolve("build"));
    Files.write(project.resolve("build/plugin.wasm"), Guests.wasm(guest));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(project.resolve(name), text);
  }

  private String call(String hook, String value, String... more) {
    String[] words = new String[more.length + 6];
    words[0] = "call";
    words[1] = project.toString();
    words[2] = "filter";
    words[3] = hook;
    words[4] = "--value";
    words[5] = value;
    System.arraycopy(more, 0, words, 6, more.length);
    assertThat(run(words)).as("%s%s", out, err).isZero();
    return out.toString().strip();
  }

  private int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[words.length + 1];
    all[0] = "plugin";
    System.arraycopy(words, 0, all, 1, words.length);
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
