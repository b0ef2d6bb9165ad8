package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.gonext.guests.GuestBundle;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.ArgSpec;
import tools.jackson.databind.JsonNode;

/** What a person gets for good and for bad input: output, one sentence, an exit code. */
class CommandLineTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void the_version_is_one_line_on_stdout() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).matches("gonext \\d+\\.\\d+\\.\\d+\\S* \\(Java \\S+\\)\\R");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"--help", "demo --help", "serve --help", "help demo", "plugin dev --help"})
  void help_goes_to_stdout_and_shows_examples(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isZero();
    assertThat(out.toString()).contains("Usage: gonext").contains("Examples:");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list --state gone",
        "list --limit 0",
        "show 7",
        "retry 7",
        "cancel 7",
        "delete 7",
        "delete",
        "run app tidy {",
        "run app tidy []",
        "run app tidy --delay-ms -1"
      })
  void arguments_that_no_host_accepts_end_a_command_for_jobs_with_2(String arguments) {
    assertThat(run(("jobs " + arguments + " --token t --url http://127.0.0.1:1").split(" ", -1)))
        .isEqualTo(2);
    assertThat(err.toString()).startsWith("gonext: ").doesNotContain("Exception");
    assertThat(err.toString().lines().findFirst().orElseThrow()).doesNotContain("Usage");
  }

  static Stream<Arguments> commands() {
    return below(Main.commandLine())
        // It is picocli's.
        .filter(command -> !(command.getCommand() instanceof HelpCommand))
        .map(command -> arguments(command.getCommandSpec().qualifiedName(), command));
  }

  private static Stream<CommandLine> below(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().flatMap(CommandLineTest::below));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("commands")
  void every_commands_help_has_examples_and_exit_codes(String name, CommandLine command) {
    String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
    assertThat(help).startsWith("Usage: " + name);
    assertThat(help.lines().dropWhile(line -> !line.equals("Examples:")).skip(1).toList())
        .first()
        .asString()
        .matches("  (gonext .*|source <.*|GONEXT_DB=.*)");
    assertThat(help).contains("Exit codes:");
  }

  /** A list of commands shows only the first element of a description. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("commands")
  void the_first_line_of_every_commands_help_is_a_sentence(String name, CommandLine command) {
    assertThat(command.getCommandSpec().usageMessage().description()[0]).endsWith(".");
  }

  /** What is cut in the middle cannot be copied to a shell. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("commands")
  void no_help_cuts_an_example_a_path_or_a_url(String name, CommandLine command) {
    String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
    assertThat(help.lines())
        .contains(command.getCommandSpec().usageMessage().footer())
        .allMatch(line -> line.length() <= 80);
    assertThat(
            command.getCommandSpec().args().stream()
                .flatMap(arg -> Stream.of(arg.description()))
                .flatMap(text -> Stream.of(text.split("\\s+|%n", -1)))
                .filter(word -> word.matches(".+[/:.=].+"))
                .filter(word -> !help.contains(word)))
        .isEmpty();
  }

  /** A description of several lines is broken where it is written, and not again. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("commands")
  void no_help_breaks_a_line_that_is_broken_already(String name, CommandLine command) {
    String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
    assertThat(
            command.getCommandSpec().args().stream()
                .map(ArgSpec::description)
                .filter(lines -> lines.length > 1)
                .flatMap(Stream::of)
                .filter(line -> !line.contains("${"))
                .filter(line -> !help.contains(line)))
        .isEmpty();
    assertThat(command.getCommandSpec().usageMessage().description())
        .allMatch(line -> help.contains(line) || line.length() > 80);
    assertThat(command.getUsageMessage().lines().takeWhile(line -> line.matches("Usage:.*|  .*")))
        .as("a label that is cut")
        .noneMatch(line -> line.endsWith(":"));
  }

  /** But for those that only group others, the one whose answer is a script, and the launcher's. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("commands")
  void every_command_that_prints_an_answer_has_json(String name, CommandLine command) {
    boolean answers =
        // It has one below it, and an answer of its own.
        (command.getSubcommands().isEmpty() || name.equals("gonext config"))
            && !name.equals("gonext completion")
            && !command.getCommandSpec().usageMessage().hidden();
    assertThat(command.getCommandSpec().findOption("--json") != null).isEqualTo(answers);
  }

  /** Who asks for JSON gets it, whatever goes wrong. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | plugin check --json --nonsense | --nonsense",
        "2 | plugin call --json .           | KIND",
        "2 | plugin check --json /no/such   | does not exist",
        "2 | plugin dev --json --host h .   | http",
        "2 | plugin dev --json --watch-also /no/such . | /no/such does not exist",
        "1 | serve --json --plugin /no/such | does not exist",
        "2 | demo --json --port x           | --port",
        "2 | list --json --url nowhere      | http://HOST:PORT",
        "2 | list --json --url http://      | http://HOST:PORT",
        "2 | list --json --url http://h?a=b | http://HOST:PORT",
        "2 | logs --json --level loud abc   | expected one of [",
        "2 | logs --json --token t --last 501 abc | --last 501: give a number from 0 to 500",
        "2 | audit --json --token t --limit 0 abc | --limit 0: give a number from 1 to 10000",
        "1 | list --json --data /no/such    | no token",
        "4 | list --json --token t --url http://127.0.0.1:1 | 127.0.0.1:1",
      })
  void with_json_a_failure_is_one_object_on_stdout(int code, String arguments, String named)
      throws Exception {
    assertThat(run(arguments.split(" +", -1))).as("%s%s", out, err).isEqualTo(code);
    assertThat(err.toString()).isEmpty();
    JsonNode failure = StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
    assertThat(failure.path("error").asString()).contains(named);
    assertThat(failure.path("exit_code").intValue()).isEqualTo(code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                          | no command given",
        "dmeo                        | demo",
        "demo --nonsense             | --nonsense",
        "demo extra                  | extra",
        "demo --port x               | --port",
        "demo --port 65536           | 0 to 65535",
        "demo --port -1              | 0 to 65535",
        "serve --plugin              | --plugin",
        "serve --route-rate 10       | 'off'",
        "serve --token ci            | Value for option '--token' (NAME=FILE)",
        "serve --read-only-token ci  | Value for option '--read-only-token' (NAME=FILE)",
        "serve --read-only-token viewer=x | these names are reserved",
        "serve --route-rate 0/5      | BURST/PER_SECOND",
        "serve --route-rate-per-client 5 | 'off'",
        "serve --trusted-proxy proxy | 10.0.0.0/8",
        "serve --egress-allow 10/8:x | 10.0.0.0/8:8080",
        "serve --egress-mode off     | --egress-mode",
        "serve --egress-rate 0       | --egress-rate",
        "serve --breaker 0/20/30     | PERCENT/CALLS/SECONDS",
        "serve --breaker 101/20/30   | 'off'",
        "serve --breaker 50/20/601   | 600 seconds",
        "serve --breaker-open 60/1   | SHORTEST/LONGEST",
        "serve --warm-up 10          | 10s, 500ms or 2m",
        "serve --warm-up 61m         | at most 60m",
        "serve --memory-mb 0         | 1 to 2047",
        "serve --memory-mb 2048      | 1 to 2047",
        "serve --compile-seconds 0   | 1 to 3600",
        "serve --migration-seconds 0 | 1 to 86400",
        "serve --call-ms 0           | 1 to 3600000",
        "serve --wait-ms 0           | 1 to 3600000",
        "serve --fuel 0              | at least 1 unit",
        "serve --fuel -7             | at least 1 unit",
        "serve --start-ms 3600001    | 1 to 3600000",
        "serve --instances 10001     | 1 to 10000",
        "serve --limit depth=5       | there is no limit depth",
        "serve --limit nesting=0     | nesting must lie between 1",
        "serve --limit nesting       | NAME=NUMBER",
        "serve --host no.such.host.invalid | does not exist",
        "plugin                      | dev",
        "secret set shop KEY hunter2 | a value is not an argument",
        "plugin dev                  | PROJECT",
        "plugin call . filter        | HOOK",
        "plugin diff .               | NEW",
        "doctor --port 0             | 1 to 65535",
        "completion fish             | BASH, ZSH",
        "plugin dev --lang java .    | assemblyscript",
        "plugin dev --watch=maybe .  | --watch",
        "plugin dev --port 0 .       | 1 to 65535",
        "plugin dev --port 1 --host http://h . | give only one",
        "plugin dev --build-only --port 1 . | --port has no effect with --build-only",
        "plugin dev --no-watch --poll . | --poll has no effect with --no-watch",
        "plugin dev --watch=false --keep-going . | --keep-going has no effect",
        "plugin check --postgres jdbc:postgresql://h/d . | --postgres is for --db",
        "plugin check --no-build --lang go . | --lang has no effect with --no-build",
        "serve --breaker off --breaker-open 1/2 | --breaker-open has no effect",
        "serve --dev --breaker-open 1/2 | --dev without --breaker",
        "secret rotate-master --db jdbc:postgresql://h/d | --db is for --stopped",
        "secret rotate-master --stopped --url http://h | --url has no effect with --stopped",
      })
  void a_wrong_command_line_prints_a_sentence_and_exits_with_2(String arguments, String named) {
    assertThat(run(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1))).isEqualTo(2);
    assertThat(err.toString()).startsWith("gonext: ").contains(named).contains("--help");
    assertNoStackTrace();
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plugin check FILE",
        "plugin check -- FILE",
        "plugin call . filter h --value FILE"
      })
  void an_argument_that_begins_with_at_is_not_expanded(String line) throws IOException {
    Path file = Files.writeString(directory.resolve("more"), "--help");
    String argument = "@" + file;
    assertThat(run(line.replace("FILE", argument).split(" ", -1))).isPositive();
    assertThat(err.toString()).contains(argument);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void a_rejected_bundle_exits_with_1() throws IOException {
    Map<Path, String> bundles =
        Map.of(
            directory.resolve("missing.gnplugin"),
            "does not exist",
            directory,
            "is a directory",
            Files.write(directory.resolve("text.gnplugin"), new byte[] {1, 2, 3}),
            "not a ZIP",
            Files.write(
                directory.resolve("empty.gnplugin"),
                GuestBundle.zip(Map.of("README.md", new byte[0]))),
            "no manifest.json",
            Files.write(
                directory.resolve("broken.gnplugin"),
                GuestBundle.zip(
                    Map.of("manifest.json", "{\"name\":\"X\"}".getBytes(StandardCharsets.UTF_8)))),
            "/name",
            Files.write(
                directory.resolve("slip.gnplugin"),
                GuestBundle.of("upper").field("capabilities", "[\"kv.raed\"]").bytes()),
            "did you mean kv.read?",
            Files.write(
                directory.resolve("nowasm.gnplugin"),
                GuestBundle.of("nowasm", "text".getBytes(StandardCharsets.UTF_8)).bytes()),
            "not a WebAssembly module");
    bundles.forEach((bundle, reason) -> {
      err.getBuffer().setLength(0);
      Path data = directory.resolve("data");
      assertThat(
              run("serve", "--port", "0", "--data", data.toString(), "--plugin", bundle.toString()))
          .isEqualTo(1);
      assertThat(err.toString()).startsWith("gonext: ").contains(reason);
      // Several problems are a line each, below the sentence.
      assertThat(err.toString().lines().skip(1)).allMatch(line -> line.startsWith("  - "));
      assertNoStackTrace();
      assertThat(data).doesNotExist();
    });
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | plugin dev --host localhost:8080 . | http://localhost:8080",
        "2 | plugin dev /no/such/directory      | does not exist",
        "2 | plugin dev --build-only DIR        | Cargo.toml (Rust)",
        "2 | plugin dev --lang rust DIR         | there is no Cargo.toml",
      })
  void a_project_that_cannot_be_built_prints_advice(int code, String arguments, String named) {
    String line = arguments.replace("DIR", directory.toString());
    assertThat(run(line.split(" ", -1))).isEqualTo(code);
    assertThat(err.toString()).startsWith("gonext: ").contains(named);
    assertNoStackTrace();
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void serve_gives_advice_for_a_port_in_use() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      String port = String.valueOf(taken.getLocalPort());
      assertThat(run("serve", "--port", port, "--data", directory.resolve("d").toString()))
          .isEqualTo(1);
      assertThat(err.toString()).contains("127.0.0.1:" + port).contains("--port");
      assertNoStackTrace();
    }
  }

  @Test
  void serve_gives_advice_for_a_data_directory_that_is_a_file() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThat(run("serve", "--port", "0", "--data", file.toString())).isEqualTo(1);
    assertThat(err.toString()).contains(file.toString()).contains("--data");
    assertNoStackTrace();
  }

  @Test
  void an_unusable_database_is_reported_without_its_password() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    String data = directory.resolve("d").toString();
    String down = "jdbc:postgresql://127.0.0.1:" + port + "/gonext?user=u&password=geheim";
    assertThat(run("serve", "--port", "0", "--data", data, "--db", down)).isEqualTo(1);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).contains("127.0.0.1:" + port + "/gonext cannot be reached");
    assertThat(run("serve", "--port", "0", "--data", data, "--db", "postgres://x?password=geheim"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("--db: a database is named as jdbc:postgresql://");
    assertThat(err.toString()).doesNotContain("geheim");
    assertNoStackTrace();
  }

  @Test
  void the_demo_checks_every_answer_and_leaves_no_files() throws IOException {
    assertThat(run("demo", "--once", "--port", "0", "--data", directory.resolve("d").toString()))
        .as(out.toString() + err)
        .isZero();
    assertThat(out.toString())
        .contains("<strong>world</strong>")
        .contains("Hello, Ada!")
        .contains("0 failed");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void with_json_the_demo_prints_each_check_and_a_summary() throws Exception {
    assertThat(run("demo", "--once", "--json", "--port", "0")).as("%s%s", out, err).isZero();
    List<JsonNode> events = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      events.add(StrictJson.parse(line.getBytes(StandardCharsets.UTF_8)));
    }
    assertThat(events.getFirst().path("step").asString()).isEqualTo("host opened");
    List<JsonNode> checks =
        events.stream().filter(event -> event.path("event").asString().equals("check")).toList();
    assertThat(checks).hasSizeGreaterThan(10).allMatch(check -> check.path("passed").asBoolean());
    assertThat(events.getLast())
        .hasToString("{\"event\":\"summary\",\"passed\":" + checks.size() + ",\"failed\":0}");
  }

  private void assertNoStackTrace() {
    assertThat(err.toString()).doesNotContain("\tat ").doesNotContain("Exception");
  }

  @Test
  void a_command_that_is_not_there_is_answered_with_those_that_are_for_people() {
    assertThat(run("lst")).isEqualTo(2);
    assertThat(err.toString())
        .startsWith("gonext: there is no command lst; the commands are demo, serve, list, ");
    assertThat(err.toString()).doesNotContain("train");
  }

  private int run(String... args) {
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }
}
