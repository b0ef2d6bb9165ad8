package io.gonext.host;

/** A recording cannot be read, or calls cannot be recorded. */
public final class RecordingException extends HostException {
  private static final long serialVersionUID = 1L;

  public RecordingException(String message) {
    super(message, null);
  }
}
