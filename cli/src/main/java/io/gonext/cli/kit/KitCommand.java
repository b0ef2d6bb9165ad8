package io.gonext.cli.kit;

import io.gonext.cli.dev.DevFailure;
import io.gonext.cli.json.JsonLines;
import io.gonext.cli.text.PlainWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that answers once, as lines of text or as one JSON object. */
abstract class KitCommand implements Callable<Integer> {
  static final String EXIT_CODES =
      "Exit codes: 0 done, 1 failed or refused, 2 wrong command line, 3 no toolchain.";

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  abstract Answer answer() throws IOException, InterruptedException;

  @Override
  public final Integer call() throws InterruptedException {
    // Before anything logs: what went wrong is said by the command, and what a plugin logs is shown
    // by it.
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
    System.setProperty("org.slf4j.simpleLogger.log.gonext.plugin", "off");
    System.setProperty("org.slf4j.simpleLogger.log.io.gonext", "off");
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
      throw new DevFailure(DevFailure.Kind.FAILED, e.getFile() + ": permission denied");
    } catch (IOException e) {
      throw new DevFailure(
          DevFailure.Kind.FAILED, "a file cannot be read or written: " + e.getMessage());
    }
  }

  /** For people alone, beside the answer: goes to stderr. */
  final void note(String line) {
    if (!json) {
      new PlainWriter(spec.commandLine().getErr()).println(line);
    }
  }

  final CommandSpec spec() {
    return spec;
  }
}
