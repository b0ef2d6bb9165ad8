package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.host.AuditRow;
import io.gonext.host.HostConfig;
import io.gonext.server.AdminToken;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An operator changes levels of the log while the host runs. */
@Isolated("it sets levels of the JVM's log")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogLevelTest {
  private static final String LOGGER = "io.gonext.leveled";

  private final Logger log = LoggerFactory.getLogger(LOGGER);

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path data;
  private RunningServer.OpenHost opened;
  private RunningServer running;

  @BeforeAll
  void serve(@TempDir Path directory) throws InterruptedException {
    data = directory;
    ProcessLog processLog = ProcessLog.start(LogFormat.TEXT, LogLevel.ERROR, false, "1");
    opened = RunningServer.openHost(HostConfig.builder(data).build());
    running =
        opened.listen(
            ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).log(processLog).build());
  }

  @AfterAll
  void stop() {
    running.close();
  }

  @Test
  void a_level_changes_at_once_goes_back_and_both_are_in_the_audit_log() throws IOException {
    assertThat(log.isDebugEnabled()).isFalse();
    assertThat(said("log-level", LOGGER, "debug")).containsPattern(LOGGER + " +debug +inherited");
    assertThat(log.isDebugEnabled()).isTrue();
    AuditRow row = opened.host().audit().newest(1).getFirst();
    assertThat(row.event()).isEqualTo("log_level");
    assertThat(row.actor()).isEqualTo("operator");
    assertThat(row.detail()).contains(LOGGER, "\"from\":\"inherited\"", "\"to\":\"debug\"");
    said("log-level", LOGGER, "trace");
    assertThat(said("log-level", LOGGER, "--reset")).doesNotContain(LOGGER);
    assertThat(log.isErrorEnabled()).isTrue();
    assertThat(log.isDebugEnabled()).isFalse();
    assertThat(said("audit", "--limit", "1")).contains("log_level_reset").contains("operator");
  }

  @Test
  void a_level_with_a_time_goes_back_by_itself() throws IOException {
    String timed = LOGGER + ".timed";
    Logger timedLog = LoggerFactory.getLogger(timed);
    said("log-level", timed, "warn", "--for", "10m");
    assertThat(said("log-level", timed, "debug", "--for", "1s")).contains("inherited  20");
    await().atMost(Duration.ofSeconds(30)).until(() -> !timedLog.isDebugEnabled());
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> opened.host().audit().newest(1).getFirst().event().equals("log_level_reset"));
    assertThat(opened.host().audit().newest(1).getFirst().actor()).isEqualTo("host");
    assertThat(timedLog.isWarnEnabled()).isFalse();
  }

  @Test
  void the_level_of_a_plugin_is_in_the_audit_log_of_the_plugin() throws IOException {
    said("log-level", "gonext.plugin.hello", "debug");
    said("log-level", "gonext.plugin.hello", "--reset");
    assertThat(opened.host().audit().newest("hello", 10))
        .extracting(AuditRow::event)
        .containsExactly("log_level_reset", "log_level");
  }

  @Test
  void loggers_of_libraries_do_not_go_below_info() throws IOException {
    assertThat(refused("log-level", "org.eclipse.jetty", "debug"))
        .contains("may hold tokens and passwords");
    assertThat(refused("log-level", "root", "trace")).contains("give it info");
    assertThat(refused("log-level", "io.gonextjetty", "debug")).contains("give it info");
    said("log-level", "org.eclipse.jetty", "info");
    said("log-level", "org.eclipse.jetty", "--reset");
  }

  @Test
  void what_is_not_a_logger_or_not_changed_is_refused_in_a_sentence() throws IOException {
    assertThat(refused("log-level", "a b", "debug")).contains("the name of a logger is");
    assertThat(refused("log-level", "io.gonext.quiet", "--reset"))
        .contains("nobody changed the level");
  }

  @Test
  void a_wrong_command_line_ends_with_2() throws IOException {
    for (String wrong :
        new String[] {
          "x loud",
          "x",
          "x debug --for 3",
          "x debug --for 0s",
          "x debug --for 169h",
          "--reset",
          "x debug --reset",
          "x --reset --for 1m"
        }) {
      assertThat(run(("log-level " + wrong).split(" ", -1))).as(wrong).isEqualTo(2);
      assertThat(err.toString()).startsWith("gonext: ").doesNotContain("Exception");
    }
  }

  @Test
  void root_levels_are_listed_with_what_the_command_started_with() throws IOException {
    assertThat(said("log-level", "--json"))
        .contains("{\"logger\":\"io.gonext\",\"level\":\"error\",\"changed\":false}")
        .contains("\"logger\":\"root\"");
    assertThat(Optional.of(LogLevel.parse("WARN"))).contains(LogLevel.WARN);
  }

  private String said(String... arguments) throws IOException {
    assertThat(run(arguments)).as(err.toString()).isZero();
    return out.toString();
  }

  private String refused(String... arguments) throws IOException {
    assertThat(run(arguments)).isEqualTo(1);
    return err.toString();
  }

  private int run(String... arguments) throws IOException {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    String[] all = new String[arguments.length + 4];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--url";
    all[arguments.length + 1] = "http://127.0.0.1:" + running.port();
    all[arguments.length + 2] = "--token";
    all[arguments.length + 3] = Files.readString(data.resolve(AdminToken.FILE)).strip();
    return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
