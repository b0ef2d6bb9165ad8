package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import java.io.PrintWriter;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext logs}. */
@Command(
    name = "logs",
    description =
        "Show the log lines of a plugin on this host; with -f, also new lines as they come.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext logs hello-rust",
      "  gonext logs hello-rust -f --level warn",
      "  gonext logs hello-rust --since 10m --json"
    })
public final class LogsCommand extends AdminCommand {
  private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([smhd])");

  /** How many lines of a plugin a host keeps. */
  private static final int MOST_LINES = 500;

  /** The levels, in lower case as on the command line. */
  private enum Level {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final InstantSource clock = InstantSource.system();

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = {"-f", "--follow"},
      description = "Show new lines until Ctrl-C. Reconnects by itself.")
  private boolean follow;

  @Option(
      names = "--level",
      paramLabel = "LEVEL",
      description = "The lowest level to show: trace, debug, info, warn or error.")
  private @Nullable Level level;

  @Option(
      names = "--last",
      paramLabel = "LINES",
      defaultValue = "100",
      description =
          "How many existing lines to show; a host keeps 500 (default: ${DEFAULT-VALUE}).")
  private int last;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Show no older lines: 30s, 10m, 2h or 1d ago, or since 2026-01-31T12:00:00Z.")
  private @Nullable String since;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("GET", of(name) + "/logs" + query(), new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    for (JsonNode line : answer.path("lines")) {
      printLine(line, out);
    }
  }

  private static void printLine(JsonNode line, PrintWriter out) {
    out.println(
        "%s %-5s %s"
            .formatted(
                line.path("at").asString(""),
                line.path("level").asString("").toUpperCase(Locale.ROOT),
                line.path("message").asString("")));
    out.flush();
  }

  @Override
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    String path = of(name) + "/logs/stream" + query();
    if (!follow) {
      return super.run(host, people, lines);
    }
    Consumer<JsonNode> printer = lines == null ? line -> printLine(line, people) : lines::print;
    return new Following(host, spec.commandLine().getErr())
        .run(AdminClient.ofPlugins(path), printer);
  }

  private String query() {
    if (last < 0 || last > MOST_LINES) {
      throw new ParameterException(
          spec.commandLine(), "--last " + last + ": give a number from 0 to " + MOST_LINES);
    }
    StringBuilder query = new StringBuilder("?last=").append(last);
    if (level != null) {
      query.append("&level=").append(level);
    }
    if (since != null) {
      query.append("&since=").append(time(since));
    }
    return query.toString();
  }

  private Instant time(String text) {
    Matcher ago = AGO.matcher(text);
    if (ago.matches()) {
      long number = Long.parseLong(ago.group(1));
      return clock
          .instant()
          .minus(
              switch (ago.group(2)) {
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
              });
    }
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--since " + text + ": give it as 30s, 10m, 2h, 1d or 2026-01-31T12:00:00Z",
          e);
    }
  }
}
