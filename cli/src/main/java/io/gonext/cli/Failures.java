package io.gonext.cli;

import io.gonext.cli.admin.AdminException;
import io.gonext.cli.dev.DevFailure;
import io.gonext.host.failure.HostException;
import io.gonext.server.ServerStartException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Every failure as people see it: one sentence on stderr and an exit code, 2 for a wrong command
 * line, 3 and 4 where {@link DevFailure} says so, and 1 for anything else.
 */
final class Failures {
  /** Set to see the stack trace of an internal error. */
  private static final String DEBUG = "GONEXT_DEBUG";

  private Failures() {}

  static int usage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("gonext: " + message(e, command));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }

  private static @Nullable String message(ParameterException e, CommandLine command) {
    if (e instanceof UnmatchedArgumentException unmatched
        && !command.getSubcommands().isEmpty()
        && !unmatched.isUnknownOption()) {
      return "there is no command "
          + unmatched.getUnmatched().getFirst()
          + "; the commands are "
          + String.join(", ", command.getSubcommands().keySet());
    }
    return e.getMessage();
  }

  static int execution(Exception e, CommandLine command, @Nullable ParseResult parsed) {
    PrintWriter err = command.getErr();
    switch (e) {
      case HostException known -> err.println("gonext: " + known.getMessage());
      case DevFailure known -> {
        err.println("gonext: " + known.getMessage());
        known.details().forEach(detail -> err.println("  " + detail));
        return known.kind().exitCode();
      }
      case AdminException known -> {
        err.println("gonext: " + known.getMessage());
        return known.isUnreachable() ? DevFailure.Kind.UNREACHABLE.exitCode() : ExitCode.SOFTWARE;
      }
      case ServerStartException known -> err.println("gonext: " + known.getMessage());
      case InterruptedException interrupted -> {
        Thread.currentThread().interrupt();
        err.println("gonext: interrupted");
      }
      default -> {
        err.println(
            "gonext: internal error: " + e + "; set " + DEBUG + "=1 to see where it comes from");
        if (System.getenv(DEBUG) != null) {
          e.printStackTrace(err);
        }
      }
    }
    return ExitCode.SOFTWARE;
  }
}
