package io.gonext.host.internal.service;

/** A guest's arguments are not acceptable; the guest gets the status for that. */
final class BadArgumentsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Without a trace, because guests can cause it at each call. */
  static final BadArgumentsException INSTANCE = new BadArgumentsException();

  private BadArgumentsException() {
    super("bad arguments", null, false, false);
  }
}
