package io.gonext.cli.output;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Objects;

/**
 * Why a command failed: one sentence, further lines that say what to do about it, and the exit code
 * of the command. Thrown by the commands of plugin authors.
 */
public final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The kind of a failure, which gives the exit code. */
  public enum Kind {
    /** The build, a check, a call or the upload failed. */
    FAILED(1),
    /** The command line or the project directory is wrong. */
    USAGE(2),
    /** A toolchain is missing or incomplete. */
    TOOLCHAIN(3),
    /** No host answers. */
    UNREACHABLE(4);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The exit code of a command that ends with such a failure. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Kind kind;

  @SuppressWarnings("serial") // never serialized
  private final List<String> details;

  /** A failure with further lines, which may be none. */
  public CommandFailure(Kind kind, String message, String... details) {
    this(kind, message, List.of(details));
  }

  /** A failure with further lines, which may be none. */
  public CommandFailure(Kind kind, String message, List<String> details) {
    super(message);
    this.kind = kind;
    this.details = List.copyOf(details);
  }

  /** The kind, which gives the exit code. */
  public Kind kind() {
    return kind;
  }

  /** Further lines: the output of a tool, the problems found, or commands that help. */
  public List<String> details() {
    return details;
  }

  /** The reason of an I/O error, which often has a path as its whole message. */
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "permission denied";
      default -> String.valueOf(e.getMessage());
    };
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
