package io.gonext.host.internal.service;

/** A guest's arguments are not acceptable; the guest gets the status for that. */
final class BadArgumentsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Has no stack trace, because guests can cause it at each call. */
  BadArgumentsException() {
    super("bad arguments", null, false, false);
  }
}
