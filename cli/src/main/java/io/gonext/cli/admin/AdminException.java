package io.gonext.cli.admin;

import io.gonext.cli.output.CommandFailure;
import java.util.List;
import picocli.CommandLine.ExitCode;

/** The host refused a call, or could not be called; the message says what to do. */
public final class AdminException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;
  private final int status;

  @SuppressWarnings("serial") // never serialized
  private final List<String> problems;

  AdminException(String message) {
    this(message, List.of(), ExitCode.SOFTWARE, 0);
  }

  /** A refusal for several reasons. */
  AdminException(String message, List<String> problems) {
    this(message, problems, ExitCode.SOFTWARE, 0);
  }

  private AdminException(String message, List<String> problems, int exitCode, int status) {
    super(message);
    this.problems = List.copyOf(problems);
    this.exitCode = exitCode;
    this.status = status;
  }

  static AdminException unreachable(String message) {
    return new AdminException(message, List.of(), CommandFailure.Kind.UNREACHABLE.exitCode(), 0);
  }

  /** A refusal with an HTTP status. */
  static AdminException refused(int status, String message, List<String> problems) {
    return new AdminException(message, problems, ExitCode.SOFTWARE, status);
  }

  /** A command line that no host could accept. */
  static AdminException usage(String message) {
    return new AdminException(message, List.of(), ExitCode.USAGE, 0);
  }

  /** The problems that the host listed, one sentence each; may be empty. */
  public List<String> problems() {
    return problems;
  }

  /** Whether the host answered with this HTTP status. */
  boolean hasStatus(int wanted) {
    return status == wanted;
  }

  /** Whether no host answered at all. */
  boolean isUnreachable() {
    return exitCode == CommandFailure.Kind.UNREACHABLE.exitCode();
  }

  /** The exit code of the command. */
  public int exitCode() {
    return exitCode;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
