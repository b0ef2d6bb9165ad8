package io.gonext.cli.admin;

/** The host refused or could not be asked; the message is one sentence, with the fix. */
public final class AdminException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean unreachable;

  AdminException(String message) {
    this(message, false);
  }

  private AdminException(String message, boolean unreachable) {
    super(message);
    this.unreachable = unreachable;
  }

  static AdminException unreachable(String message) {
    return new AdminException(message, true);
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
