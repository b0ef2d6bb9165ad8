package io.gonext.cli.admin;

import io.gonext.cli.output.OptionPairs;
import io.gonext.cli.output.Table;
import io.gonext.host.json.StrictJson;
import io.gonext.server.LogLevel;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
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
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext log-level}. */
@Command(
    name = "log-level",
    description = "Show or change the log levels of a running host.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext log-level                                  list the levels",
      "  gonext log-level io.gonext.host debug --for 10m",
      "  gonext log-level gonext.plugin.hello-rust debug   the lines of a plugin",
      "  gonext log-level io.gonext.host --reset"
    })
public final class LogLevelCommand extends AdminCommand {
  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})([smh])");
  private static final Duration LONGEST = Duration.ofDays(7);

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "LOGGER",
      defaultValue = "",
      description =
          "The name of a logger: root, a package or a class, or gonext.plugin.NAME for the lines of"
              + " a plugin.")
  private String logger = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "LEVEL",
      defaultValue = "",
      description = "trace, debug, info, warn, error or off.")
  private String level = "";

  @Option(
      names = "--for",
      paramLabel = "TIME",
      description =
          "Go back to the level of before after this time, such as 30s, 10m or 2h (default: when"
              + " the host restarts).")
  private @Nullable String time;

  @Option(names = "--reset", description = "Go back to the level that the logger had at first.")
  private boolean reset;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    if (logger.isEmpty()) {
      OptionPairs.refuseWith(spec, "no LOGGER", "--for", "--reset");
      return host.logLevels("GET", "", new byte[0]);
    }
    String path = "/" + URLEncoder.encode(logger, StandardCharsets.UTF_8).replace("+", "%20");
    if (reset) {
      if (!level.isEmpty()) {
        throw wrong("give a LEVEL or --reset, not both");
      }
      OptionPairs.refuseWith(spec, "--reset", "--for");
      return host.logLevels("DELETE", path, new byte[0]);
    }
    if (level.isEmpty()) {
      throw wrong("give the LEVEL of " + logger + ", or --reset");
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    try {
      body.put("level", LogLevel.parse(level).label());
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
    if (time != null) {
      body.put("for_seconds", seconds(time));
    }
    return host.logLevels("PUT", path, StrictJson.write(body));
  }

  private long seconds(String text) {
    Matcher matcher = TIME.matcher(text);
    if (matcher.matches()) {
      long number = Long.parseLong(matcher.group(1));
      Duration read =
          switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
          };
      if (!read.isZero() && read.compareTo(LONGEST) <= 0) {
        return read.toSeconds();
      }
    }
    throw wrong("--for " + text + ": give a time such as 30s, 10m or 2h, at most 168h");
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("LOGGER", "LEVEL", "BEFORE", "UNTIL");
    for (JsonNode one : answer.path("levels")) {
      boolean changed = one.path("changed").asBoolean(false);
      table.row(
          List.of(
              one.path("logger").asString(""),
              one.path("level").asString(""),
              one.path("before").asString(""),
              one.path("until").asString(changed ? "the host restarts" : "")));
    }
    table.print(out, "no logger has a level of its own");
  }
}
