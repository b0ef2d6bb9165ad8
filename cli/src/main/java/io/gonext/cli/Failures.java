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
import java.util.Map;
import java.util.stream.Collectors;
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
  private static final String DETAILS = "details";

  private Failures() {}

  static int usage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String message = message(e, command);
    Failure failure =
        new Failure(message, JsonLines.fields(DETAILS, List.of()), List.of(), ExitCode.USAGE);
    // After a wrong argument, the option itself may not be parsed yet.
    return command.getCommandSpec().findOption(JSON) != null && List.of(args).contains(JSON)
        ? printJson(command, failure)
        : printLines(command, failure);
  }

  private static String message(ParameterException e, CommandLine command) {
    if (e instanceof UnmatchedArgumentException unmatched
        && !command.getSubcommands().isEmpty()
        && !unmatched.isUnknownOption()) {
      return "there is no command "
          + unmatched.getUnmatched().getFirst()
          + "; the commands are "
          + command.getSubcommands().entrySet().stream()
              .filter(each -> !each.getValue().getCommandSpec().usageMessage().hidden())
              .map(Map.Entry::getKey)
              .collect(Collectors.joining(", "));
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

  /**
   * What is printed of a failure.
   *
   * @param fields beside the message and the exit code, for programs
   * @param lines below the message, for people
   */
  private record Failure(
      String message, Map<String, Object> fields, List<String> lines, int exitCode) {}

  /** A refusal; several problems are one line each, or an array in JSON. */
  private static int refused(
      CommandLine command, String message, List<String> problems, int exitCode) {
    return print(
        command,
        new Failure(
            message,
            JsonLines.fields("problems", problems, DETAILS, List.of()),
            problems.size() > 1
                ? problems.stream().map(problem -> "- " + problem).toList()
                : List.of(),
            exitCode));
  }

  private static int untrusted(CommandLine command, UntrustedException e) {
    return print(
        command,
        new Failure(
            String.valueOf(e.getMessage()),
            JsonLines.fields("code", e.code(), DETAILS, List.of()),
            List.of(),
            ExitCode.SOFTWARE));
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
    return print(
        command, new Failure(message, JsonLines.fields(DETAILS, details), details, exitCode));
  }

  private static int print(CommandLine command, Failure failure) {
    return wantsJson(command) ? printJson(command, failure) : printLines(command, failure);
  }

  private static int printLines(CommandLine command, Failure failure) {
    PrintWriter err = new PlainWriter(command.getErr());
    err.println("gonext: " + failure.message);
    failure.lines.forEach(line -> err.println("  " + line));
    if (failure.exitCode == ExitCode.USAGE) {
      err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    }
    return failure.exitCode;
  }

  private static int printJson(CommandLine command, Failure failure) {
    Map<String, Object> fields = JsonLines.fields("error", failure.message);
    fields.putAll(failure.fields);
    fields.put("exit_code", failure.exitCode);
    new JsonLines(command.getOut()).print(fields);
    return failure.exitCode;
  }
}
