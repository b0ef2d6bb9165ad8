package io.gonext.host.json;

/** The text is not JSON as this host accepts it; the message says where and why. */
public final class InvalidJsonException extends Exception {
  private static final long serialVersionUID = 1L;

  InvalidJsonException(String message) {
    super(message);
  }
}
