package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The options of {@code serve} from a file. */
class ServeFileTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void a_files_options_are_arguments() throws IOException {
    Path file =
        write(
            """
            # the port of the office
            port: 9000
            data: "/var/lib/gonext"
            dev: true
            verify-resets: false
            dashboard: false
            route-rate: off
            egress-allow: [10.0.0.0/8, 192.168.1.1/32]
            limit:
              nesting: 50
              compileMb: 300
            read-only-token: {ops: /etc/ops.token}
            registry-plain-http: one.example
            """);

    assertThat(added("serve", "--config", file.toString(), "--json"))
        .containsExactly(
            "serve",
            "--config",
            file.toString(),
            "--json",
            "--port=9000",
            "--data=/var/lib/gonext",
            "--dev",
            "--no-dashboard",
            "--route-rate=off",
            "--egress-allow=10.0.0.0/8",
            "--egress-allow=192.168.1.1/32",
            "--limit=nesting=50",
            "--limit=compileMb=300",
            "--read-only-token=ops=/etc/ops.token",
            "--registry-plain-http=one.example");
  }

  @Test
  void an_option_of_the_command_line_takes_the_place_of_the_files() throws IOException {
    Path file = write("port: 9000\negress-allow: [10.0.0.0/8]\ncall-ms: 50\n");

    assertThat(
            added("serve", "--config=" + file, "--port", "9001", "--egress-allow", "127.0.0.0/8"))
        .endsWith("127.0.0.0/8", "--call-ms=50");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing\n", "---\n"})
  void an_empty_file_says_nothing(String text) throws IOException {
    Path file = write(text);
    assertThat(added("serve", "--config=" + file)).hasSize(2);
  }

  @Test
  void other_commands_and_calls_without_a_file_stay_as_they_are() {
    assertThat(added("serve", "--port", "1")).hasSize(3);
    assertThat(added("list", "serve")).hasSize(2);
    assertThat(added("serve", "--config")).hasSize(2);
    assertThat(added("serve", "--config=missing.yaml", "--help")).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          prot: 8080             | line 1: there is no option prot; did you mean port?
          xyzzy: 1               | line 1: there is no option xyzzy; gonext serve --help lists them
          config: other.yaml     | line 1: there is no option config
          p: 1                   | line 1: there is no option p
          port: many             | line 1: Invalid value for option '--port'
          data: [a, b]           | line 1: data takes one value
          data:                  | line 1: data takes one value
          data: {a: b}           | line 1: data takes one value
          plugin: [[a]]          | line 1: plugin takes a value, or a list of values
          limit: [nesting]       | line 1: Value for option
          limit: {nesting: [1]}  | line 1: limit takes names with a value each, such as limit: {name: value}
          limit: {nesting: deep} | line 1: Invalid value for option '--limit'
          dev: 'yes'             | line 1: dev is true or false
          '- port'               | line 1: write one option in each line, such as port: 8080
          port                   | line 1: write one option in each line, such as port: 8080
          'plugin: [1'           | this is not YAML
          'port: *other'         | line 1: write the value in place of *other
          """)
  void what_the_command_does_not_take_is_refused_with_its_line(String text, String said)
      throws IOException {
    assertThat(refused(write(text))).contains(said);
  }

  @Test
  void the_line_is_that_of_the_key() throws IOException {
    assertThat(refused(write("port: 9000\n\n# more\ndata: /tmp\ncal-ms: 3\n")))
        .contains("serve.yaml, line 5: there is no option cal-ms; did you mean call-ms?");
    assertThat(refused(write("port: 9000\ndata: a\nport: 9001\n"))).contains("line 3", "port");
    assertThat(refused(write("port: 9000\n---\nport: 9001\n"))).contains("second document");
    assertThat(refused(directory)).contains("cannot be read");
    assertThat(refused(directory.resolve("missing.yaml"))).contains("missing.yaml cannot be read");
    assertThat(refused(Files.write(directory.resolve("large"), new byte[(1 << 20) + 1])))
        .contains("has more than 1048576 bytes");
  }

  @Test
  void check_says_whether_the_host_would_start_and_starts_nothing() throws IOException {
    Path data = directory.resolve("data");
    Path file = write("data: '" + data + "'\ncall-ms: 500\n");

    assertThat(run("serve", "--check", "--config", file.toString())).isZero();
    assertThat(out.toString()).isEqualTo("the options are valid, with those of " + file + "\n");
    assertThat(data).doesNotExist();
    assertThat(run("serve", "--check", "--config", write("call-ms: 0\n").toString())).isEqualTo(2);
  }

  @Test
  void config_check_says_what_serve_would_say() throws IOException {
    Path file = write("call-ms: 500\n");
    assertThat(run("config", "check", file.toString())).isZero();
    assertThat(out.toString()).isEqualTo("the options are valid, with those of " + file + "\n");
    assertThat(run("config", "check", "--json", file.toString())).isZero();
    assertThat(out.toString()).contains("\"event\":\"checked\"");
    assertThat(run("config", "check", write("cal-ms: 3\n").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("line 1: there is no option cal-ms; did you mean call-ms?");
    assertThat(run("config", "check")).isEqualTo(2);
    assertThat(err.toString()).contains("FILE");
  }

  @Test
  void check_is_still_the_name_of_a_key_and_of_a_plugin() {
    assertThat(below("config", "check", "FILE")).containsKey("check");
    assertThat(below("config", "--help")).containsKey("check");
    assertThat(below("config", "shop", "check")).isEmpty();
    assertThat(below("config", "--", "check")).isEmpty();
  }

  private static Map<String, CommandLine> below(String... arguments) {
    return Objects.requireNonNull(Main.commandLine(arguments).getSubcommands().get("config"))
        .getSubcommands();
  }

  @Test
  void the_database_may_be_named_in_a_file_of_its_owner() throws IOException {
    Path file = directory.resolve("db");
    Files.writeString(file, "jdbc:postgresql://db/gonext?user=u&password=hidden\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertThat(run("serve", "--check", "--db-file", file.toString())).isZero();
    assertThat(
            run("serve", "--check", "--db-file", file.toString(), "--db", "jdbc:postgresql://d/g"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("give one of them");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(run("serve", "--check", "--db-file", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("chmod 600");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(file, "mysql://hidden");
    assertThat(run("serve", "--check", "--db-file", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(file + ": ").doesNotContain("hidden", "Exception");
    assertThat(run("serve", "--check", "--db-file", directory.resolve("no").toString()))
        .isEqualTo(2);
    assertThat(err.toString()).contains("cannot be read");
  }

  @Test
  void what_a_reload_takes_over_are_options_of_serve() {
    assertThat(
            Objects.requireNonNull(Main.commandLine("serve").getSubcommands().get("serve"))
                .getCommandSpec()
                .options()
                .stream()
                .map(OptionSpec::longestName))
        .containsAll(ServeReload.ADJUSTABLE);
  }

  @Test
  void every_option_can_stand_in_the_file() throws IOException {
    List<String> keys =
        Objects.requireNonNull(Main.commandLine("serve").getSubcommands().get("serve"))
            .getCommandSpec()
            .options()
            .stream()
            .map(option -> option.longestName().substring(2))
            .filter(key -> !List.of("config", "check", "help", "version").contains(key))
            .toList();
    assertThat(keys).hasSizeGreaterThan(40);
    for (String key : keys) {
      assertThat(refused(write(key + ": [[]]\n"))).doesNotContain("there is no option");
    }
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("serve.yaml"), text);
  }

  private static List<String> added(String... arguments) {
    return Arrays.asList(ServeFile.addedTo(arguments, Main.commandLine(arguments)));
  }

  private String refused(Path file) {
    err.getBuffer().setLength(0);
    assertThat(run("serve", "--check", "--config", file.toString()))
        .as(file.toString())
        .isEqualTo(2);
    assertThat(err.toString()).doesNotContain("Exception", "\tat ");
    return Stream.of(err.toString().split("\n", -1)).findFirst().orElseThrow();
  }

  private int run(String... arguments) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
