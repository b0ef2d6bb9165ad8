package io.gonext.host;

/** There is no such job. */
public final class UnknownJobException extends HostException {
  private static final long serialVersionUID = 1L;

  public UnknownJobException(String message) {
    super(message, null);
  }
}
