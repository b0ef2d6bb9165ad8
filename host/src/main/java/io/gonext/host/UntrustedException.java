package io.gonext.host;

/** A bundle, a signature or a key is not trusted. Nothing was changed. */
public final class UntrustedException extends HostException {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * @param code what programs read, in lower case with underscores: {@code signature_invalid}, say
   */
  public UntrustedException(String code, String message) {
    super(message, null);
    this.code = code;
  }

  /** The kind of the refusal, for programs: lower case with underscores. */
  public String code() {
    return code;
  }
}
