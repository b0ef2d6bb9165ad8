package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code gonext top} against a running host, also on a real terminal. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TopTest {
  private static final String ENTER_SCREEN = "\u001b[?1049h";
  private static final String LEAVE_SCREEN = "\u001b[?1049l";
  private static final String SHOW_CURSOR = "\u001b[?25h";

  /** What {@code .ci/run} has found: a test that needs it is skipped nowhere. */
  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  private Path data;
  private RunningServer running;

  @BeforeAll
  void serve(@TempDir Path directory) throws Exception {
    data = directory.resolve("data");
    RunningServer.OpenHost opened =
        RunningServer.openHost(HostConfig.builder(data).trust(TrustPolicy.off()).build());
    opened
        .host()
        .plugins()
        .deploy(GuestBundle.of("shop", Guests.wasm("upper")).filter("title").bytes(), Set.of());
    opened
        .host()
        .plugins()
        .deploy(GuestBundle.of("blog", Guests.wasm("trap")).filter("title").bytes(), Set.of());
    assertThat(opened.host().applyFilters("title", "x").degraded()).hasSize(1);
    opened.host().plugins().install(GuestBundle.of("upper").filter("title").bytes());
    running = opened.listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build());
  }

  @AfterAll
  void stop() {
    running.close();
  }

  @Test
  void once_prints_each_plugin_as_text() {
    String[] lines = said("top", "--once", "--sort", "name").split("\n", -1);
    assertThat(lines[0]).matches("gonext at http://127.0.0.1:\\d+: 3 plugins, 2 in service, .*");
    assertThat(lines[2]).matches("NAME +VERSION +STATE +CALLS/S +P50 +P99 +FAILURES .*");
    assertThat(lines[3]).matches("blog +1.0.0 +ACTIVE .* 1  closed +0/8 +0 .*");
    assertThat(lines[4]).matches("shop +1.0.0 +ACTIVE .* 0  closed +0/8 +0 .*");
    assertThat(lines[5]).matches("upper +1.0.0 +INSTALLED");
    assertThat(said("top", "--once", "--filter", "ho")).contains("shop").doesNotContain("blog");
  }

  @Test
  void without_a_terminal_it_prints_once() throws Exception {
    List<String> command = new ArrayList<>(GonextJvm.command(List.of(), arguments("top")));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).startsWith("gonext at http://").contains("blog").doesNotContain("\u001b");
  }

  @Test
  void json_is_one_line_with_the_activity_of_plugins_in_service() throws Exception {
    String line = said("top", "--json");
    assertThat(line.strip()).doesNotContain("\n");
    JsonNode answer = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8));
    assertThat(answer.at("/memory/heap_max_bytes").asLong(0)).isPositive();
    assertThat(answer.at("/plugins/0/name").asString("")).isEqualTo("blog");
    assertThat(answer.at("/plugins/0/activity/failures").asLong(0)).isEqualTo(1);
    assertThat(answer.at("/plugins/2/activity").isMissingNode()).isTrue();
  }

  @Test
  void a_column_or_an_interval_that_does_not_exist_is_a_usage_error() {
    StringWriter err = new StringWriter();
    assertThat(run(new StringWriter(), err, arguments("top", "--sort", "size"))).isEqualTo(2);
    assertThat(err.toString())
        .startsWith("gonext: --sort size: give one of name, state, calls-s, p99, failures");
    assertThat(run(new StringWriter(), err, arguments("top", "--interval", "0"))).isEqualTo(2);
  }

  @Test
  void a_host_that_does_not_answer_is_an_error_and_not_a_screen() {
    StringWriter err = new StringWriter();
    assertThat(run(new StringWriter(), err, "top", "--url", "http://127.0.0.1:1", "--token", "t"))
        .isEqualTo(4);
    assertThat(err.toString()).contains("no host answers at http://127.0.0.1:1");
  }

  @Test
  void keys_sort_filter_and_open_a_plugin_on_a_terminal_and_q_restores_it() throws Exception {
    JsonNode result =
        onTerminal("blog", "f", "1  closed", "/ho\\r", "filter ho", "\\r", "instances [", "q");
    assertRestored(result, 0);
    assertThat(result.path("written").asString(""))
        .startsWith(ENTER_SCREEN)
        .contains("0 of 8 in use")
        .contains("last calls that were slow, late or failed");
  }

  @Test
  void arrow_keys_move_the_selection_and_ctrl_c_restores_the_terminal() throws Exception {
    String reversed = "\u001b[7m";
    JsonNode result = onTerminal(reversed + "blog", "\\x1b[B", reversed + "shop", "\\x03");
    assertRestored(result, 0);
  }

  @Test
  void the_end_of_the_process_restores_the_terminal() throws Exception {
    assertRestored(onTerminal("shop", "signal TERM"), 128 + 15);
  }

  private static void assertRestored(JsonNode result, int code) {
    assertThat(result.path("left")).as(result.toString()).isEmpty();
    assertThat(result.path("code").asInt(-1)).as(result.toString()).isEqualTo(code);
    assertThat(result.path("restored").asBoolean(false)).as(result.toString()).isTrue();
    String written = result.path("written").asString("");
    assertThat(written).contains(ENTER_SCREEN);
    // What may follow belongs to the same change of an xterm's screens: its old title.
    assertThat(written.substring(written.lastIndexOf(LEAVE_SCREEN) + LEAVE_SCREEN.length()))
        .isIn("", "\u001b[23;0;0t");
    assertThat(written.lastIndexOf(SHOW_CURSOR)).isGreaterThan(written.lastIndexOf("\u001b[?25l"));
  }

  /**
   * Runs it on a terminal of 100 by 20.
   *
   * @param steps what has to be written, and the keys that are sent then, by turns
   */
  private JsonNode onTerminal(String... steps) throws Exception {
    boolean isThere = Files.isExecutable(Path.of("/usr/bin/python3"));
    assertThat(isThere || !REQUIRED.contains("python3")).as("python3 is required").isTrue();
    assumeTrue(isThere, "no python3: apt-get install python3");
    Path script = Path.of(TopTest.class.getResource("/terminal.py").toURI());
    List<String> command = new ArrayList<>(List.of("python3", script.toString(), "100", "20"));
    command.addAll(List.of(steps));
    command.add("--");
    command.addAll(GonextJvm.command(List.of(), arguments("top", "--sort", "name")));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(printed).isZero();
    return StrictJson.parse(
        printed.substring(printed.lastIndexOf('\n') + 1).getBytes(StandardCharsets.UTF_8));
  }

  private String said(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    assertThat(run(out, err, arguments(words))).as(err.toString()).isZero();
    return out.toString();
  }

  private String[] arguments(String... words) {
    List<String> arguments = new ArrayList<>(List.of(words));
    arguments.addAll(
        List.of("--url", "http://127.0.0.1:" + running.port(), "--data", data.toString()));
    return arguments.toArray(String[]::new);
  }

  private static int run(StringWriter out, StringWriter err, String... arguments) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
  }
}
