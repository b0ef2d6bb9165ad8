package io.gonext.cli.kit;

import io.gonext.cli.log.ProcessLog;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.Host;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that prints one answer, as lines of text or as one JSON object. */
abstract class KitCommand implements Callable<Integer> {
  static final String EXIT_CODES =
      "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 a toolchain is missing.";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  abstract Answer answer() throws IOException, InterruptedException;

  @Override
  public final Integer call() throws InterruptedException {
    // Set before anything logs: the command itself prints errors and the plugin's log lines.
    ProcessLog.startSilent(Host.version());
    Answer answer;
    try (EndOfProcess _ = EndOfProcess.interrupts(Thread.currentThread())) {
      answer = answered();
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonLines(out).print(answer.fields());
    } else {
      answer.text().forEach(new PlainWriter(out)::println);
    }
    return answer.exitCode();
  }

  private Answer answered() throws InterruptedException {
    try {
      return answer();
    } catch (AccessDeniedException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, e.getFile() + ": permission denied");
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, "cannot read or write a file: " + e.getMessage());
    }
  }

  /** Prints a line to stderr, unless JSON was requested. */
  final void note(String line) {
    if (!json) {
      new PlainWriter(spec.commandLine().getErr()).println(line);
    }
  }

  /** Prints a line to stdout at once, unless JSON was requested. */
  final void say(String line) {
    if (!json) {
      new PlainWriter(spec.commandLine().getOut()).println(line);
    }
  }

  final CommandSpec spec() {
    return spec;
  }
}
