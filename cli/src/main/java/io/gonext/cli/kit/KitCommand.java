package io.gonext.cli.kit;

import io.gonext.cli.dev.DevFailure;
import io.gonext.host.failure.HostException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that answers once, as lines of text or as one JSON object. */
abstract class KitCommand implements Callable<Integer> {
  static final String EXIT_CODES =
      "Exit codes: 0 done, 1 failed or refused, 2 wrong command line, 3 a toolchain is missing.";

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
    if (!json) {
      Answer answer = answered();
      answer.text().forEach(spec.commandLine().getOut()::println);
      return answer.exitCode();
    }
    try {
      Answer answer = answered();
      print(answer.fields());
      return answer.exitCode();
    } catch (DevFailure e) {
      return failed(e.getMessage(), e.details(), e.kind().exitCode());
    } catch (HostException e) {
      return failed(e.getMessage(), List.of(), ExitCode.SOFTWARE);
    }
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
      spec.commandLine().getErr().println(line);
    }
  }

  final CommandSpec spec() {
    return spec;
  }

  private int failed(String message, List<String> details, int exitCode) {
    print(Answer.fields("error", message, "details", details, "exit_code", exitCode));
    return exitCode;
  }

  private void print(Map<String, Object> fields) {
    spec.commandLine()
        .getOut()
        .println(new String(StrictJson.write(StrictJson.valueOf(fields)), StandardCharsets.UTF_8));
  }
}
