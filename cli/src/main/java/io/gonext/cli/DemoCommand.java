package io.gonext.cli;

import io.gonext.server.ServerConfig;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code gonext demo}: the whole way of a plugin, step by step. */
@Command(
    name = "demo",
    description = "Run a plugin written in Rust: install, activate, filter, serve.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext demo                 serves on http://127.0.0.1:8080 until Ctrl-C",
      "  gonext demo --once          checks every answer; exits with 1 if one fails",
      "  gonext demo --once --json   the same for scripts; the last line is the summary",
      "",
      "Exit codes: 0 done or stopped, 1 an answer was not the expected one,",
      "2 wrong command line."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin private ListenOptions listen;

  @Option(names = "--once", description = "Exit once every answer has been checked.")
  private boolean once;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Keep the embedded store here (default: a temporary directory).")
  private @Nullable Path data;

  @Override
  public Integer call() throws Exception {
    listen.configureLogging("warn");
    Events events = listen.events();
    ServerConfig config = listen.serverConfig().build();
    Report report = new Report(events);
    report.line("GoNext: a plugin written in Rust, from its bundle to its answers");
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
