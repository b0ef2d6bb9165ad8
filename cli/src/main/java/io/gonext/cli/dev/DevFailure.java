package io.gonext.cli.dev;

import java.util.List;
import java.util.Objects;

/**
 * Something that keeps a plugin from going live: one sentence, further lines with the commands that
 * help, and the exit code it has when it ends the command.
 */
public final class DevFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What kind of failure, with the command's exit code. */
  public enum Kind {
    /** The build, the artifact, the manifest or the upload failed. */
    FAILED(1),
    /** The command line or the project directory is not right. */
    USAGE(2),
    /** A toolchain is missing or lacks something. */
    TOOLCHAIN(3),
    /** No host answers. */
    UNREACHABLE(4);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The exit code of dev-loop's contract. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Kind kind;

  /** Each a line of its own below the sentence. */
  @SuppressWarnings("serial") // never serialized
  private final List<String> details;

  /** With further lines, if any. */
  public DevFailure(Kind kind, String message, String... details) {
    this(kind, message, List.of(details));
  }

  /** With further lines, which may be none. */
  public DevFailure(Kind kind, String message, List<String> details) {
    super(message);
    this.kind = kind;
    this.details = List.copyOf(details);
  }

  /** Its kind. */
  public Kind kind() {
    return kind;
  }

  /** What helps, a line each. */
  public List<String> details() {
    return details;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
