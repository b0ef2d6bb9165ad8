package io.gonext.host.internal.service.db;

import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;

/** The host refuses SQL that the database did not refuse, or would not. */
public final class SqlRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Refused refused;

  /**
   * Has no stack trace, because guests can cause it at each call.
   *
   * @param message for the plugin's author
   */
  public SqlRefusedException(Refused refused, String message) {
    super(message, null, false, false);
    this.refused = refused;
  }

  static SqlRefusedException badArguments(String message) {
    return new SqlRefusedException(Refused.BAD_ARGUMENTS, message);
  }

  HostAnswer answer() {
    return new HostAnswer.Explained(refused, String.valueOf(getMessage()));
  }
}
