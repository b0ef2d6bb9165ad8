package io.gonext.cli;

import io.gonext.cli.log.LogFormat;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gonext demo}: a plugin from its bundle to its answers, step by step. */
@Command(
    name = "demo",
    description = "Install the example plugin, call all it offers, and serve it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext demo                 serves on http://127.0.0.1:8080 until Ctrl-C",
      "  gonext demo --once          checks each answer, then exits; 1 if one is wrong",
      "  gonext demo --once --json   for scripts; the last line is the summary",
      "",
      "Exit codes: 0 done or stopped, 1 an answer was wrong or the demo failed,",
      "2 wrong command line."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin private ListenOptions listen;

  @Option(names = "--once", description = "Exit after the checks; do not serve.")
  private boolean once;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Directory for the embedded store (default: a temporary one, deleted at the end).")
  private @Nullable Path data;

  @Override
  public Integer call() throws Exception {
    listen.startLog(LogFormat.TEXT, LogLevel.WARN);
    Events events = listen.events();
    ServerConfig config = listen.serverConfig().build();
    Report report = new Report(events);
    report.line("GoNext demo: a plugin written in Rust, from its bundle to its answers");
    report.line("");
    boolean passed;
    try (Demo demo = Demo.start(report, config, data)) {
      demo.tour(report);
      passed = report.summary();
      if (!once) {
        demo.keepServing(events);
      }
    }
    return passed ? ExitCode.OK : ExitCode.SOFTWARE;
  }
}
