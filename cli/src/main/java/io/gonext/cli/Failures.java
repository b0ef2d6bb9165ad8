package io.gonext.cli;

import io.gonext.cli.admin.AdminException;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.HostException;
import io.gonext.host.RegistryException;
import io.gonext.host.UntrustedException;
import io.gonext.server.ServerStartException;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Prints failures and chooses the exit code: 2 for a wrong command line, 3 or 4 where {@link
 * CommandFailure} says so, and 1 for anything else. A failure is one sentence on stderr; with
 * {@code --json} it is one object on stdout.
 */
final class Failures {
  /** The variable that makes an internal error print its stack trace. */
  private static final String DEBUG = "GONEXT_DEBUG";

  private static final String JSON = "--json";

  private Failures() {}

  static int usage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message = message(e, command);
    // After a wrong argument, the option itself may not be parsed yet.
    if (command.getCommandSpec().findOption(JSON) != null && List.of(args).contains(JSON)) {
      return json(command, message, List.of(), ExitCode.USAGE);
    }
    PrintWriter err = new PlainWriter(command.getErr());
    err.println("gonext: " + message);
    err.println(seeHelp(command));
    return ExitCode.USAGE;
  }

  private static String seeHelp(CommandLine command) {
    return "Try '" + command.getCommandSpec().qualifiedName() + " --help'.";
  }

  private static String message(ParameterException e, CommandLine command) {
    if (e instanceof UnmatchedArgumentException unmatched
        && !command.getSubcommands().isEmpty()
        && !unmatched.isUnknownOption()) {
      return "there is no command "
          + unmatched.getUnmatched().getFirst()
          + "; the commands are "
          + String.join(", ", command.getSubcommands().keySet());
    }
    // picocli writes "option" twice when a value is not KEY=VALUE.
    return String.valueOf(e.getMessage()).replace("option option '", "option '");
  }

  static int execution(Exception e, CommandLine command, @Nullable ParseResult parsed) {
    return switch (e) {
      case BundleRejectedException known ->
          refused(command, known.summary(), known.problems(), ExitCode.SOFTWARE);
      case UntrustedException known -> untrusted(command, known);
      case RegistryException known when known.kind() == RegistryException.Kind.REFERENCE ->
          failed(command, known.getMessage(), ExitCode.USAGE);
      case HostException known -> failed(command, known.getMessage(), ExitCode.SOFTWARE);
      case CommandFailure known ->
          failed(command, known.getMessage(), known.details(), known.kind().exitCode());
      case AdminException known ->
          refused(command, known.getMessage(), known.problems(), known.exitCode());
      case ServerStartException known -> failed(command, known.getMessage(), ExitCode.SOFTWARE);
      case InterruptedException interrupted -> {
        Thread.currentThread().interrupt();
        yield failed(command, "interrupted", ExitCode.SOFTWARE);
      }
      default -> {
        if (System.getenv(DEBUG) != null) {
          e.printStackTrace(command.getErr());
        }
        yield failed(
            command,
            "internal error: " + e + "; set " + DEBUG + "=1 to see the stack trace",
            ExitCode.SOFTWARE);
      }
    };
  }

  /** Prints a refusal; several problems are one line each, or an array in JSON. */
  private static int refused(
      CommandLine command, String message, List<String> problems, int exitCode) {
    if (wantsJson(command)) {
      new JsonLines(command.getOut())
          .print(
              JsonLines.fields(
                  "error",
                  message,
                  "problems",
                  problems,
                  "details",
                  List.of(),
                  "exit_code",
                  exitCode));
      return exitCode;
    }
    return failed(
        command,
        message,
        problems.size() > 1 ? problems.stream().map(problem -> "- " + problem).toList() : List.of(),
        exitCode);
  }

  private static int untrusted(CommandLine command, UntrustedException e) {
    String message = String.valueOf(e.getMessage());
    if (wantsJson(command)) {
      new JsonLines(command.getOut())
          .print(
              JsonLines.fields(
                  "error",
                  message,
                  "code",
                  e.code(),
                  "details",
                  List.of(),
                  "exit_code",
                  ExitCode.SOFTWARE));
      return ExitCode.SOFTWARE;
    }
    return failed(command, message, ExitCode.SOFTWARE);
  }

  private static boolean wantsJson(CommandLine command) {
    OptionSpec json = command.getCommandSpec().findOption(JSON);
    return json != null && Boolean.TRUE.equals(json.getValue());
  }

  private static int failed(CommandLine command, @Nullable String message, int exitCode) {
    return failed(command, String.valueOf(message), List.of(), exitCode);
  }

  private static int failed(
      CommandLine command, String message, List<String> details, int exitCode) {
    if (wantsJson(command)) {
      return json(command, message, details, exitCode);
    }
    PrintWriter err = new PlainWriter(command.getErr());
    err.println("gonext: " + message);
    details.forEach(detail -> err.println("  " + detail));
    if (exitCode == ExitCode.USAGE) {
      err.println(seeHelp(command));
    }
    return exitCode;
  }

  private static int json(CommandLine command, String message, List<String> details, int exitCode) {
    new JsonLines(command.getOut())
        .print(JsonLines.fields("error", message, "details", details, "exit_code", exitCode));
    return exitCode;
  }
}
