package io.gonext.cli.admin;

import java.util.List;

/** The host refused a call, or could not be called; the message says what to do. */
public final class AdminException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean unreachable;

  @SuppressWarnings("serial") // never serialized
  private final List<String> problems;

  AdminException(String message) {
    this(message, List.of(), false);
  }

  /** A refusal for several reasons. */
  AdminException(String message, List<String> problems) {
    this(message, problems, false);
  }

  private AdminException(String message, List<String> problems, boolean unreachable) {
    super(message);
    this.problems = List.copyOf(problems);
    this.unreachable = unreachable;
  }

  static AdminException unreachable(String message) {
    return new AdminException(message, List.of(), true);
  }

  /** The problems that the host listed, one sentence each; may be empty. */
  public List<String> problems() {
    return problems;
  }

  /** Whether no host answered at all. */
  public boolean isUnreachable() {
    return unreachable;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
