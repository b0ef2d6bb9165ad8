package io.gonext.host;

/** The request contradicts the state the plugin is in. */
public final class ConflictException extends HostException {
  private static final long serialVersionUID = 1L;

  public ConflictException(String message) {
    super(message, null);
  }
}
