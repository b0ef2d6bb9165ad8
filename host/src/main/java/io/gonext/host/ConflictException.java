package io.gonext.host;

/** The plugin's state does not allow the request. */
public final class ConflictException extends HostException {
  private static final long serialVersionUID = 1L;

  public ConflictException(String message) {
    super(message, null);
  }
}
