package io.gonext.host;

/** A registry did not give or take what was asked of it. */
public final class RegistryException extends HostException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Kind {
    /** The reference cannot be read. */
    REFERENCE("reference_invalid"),
    /** The operator does not allow this registry. */
    NOT_ALLOWED("registry_not_allowed"),
    /** The registry does not hold it. */
    NOT_FOUND("not_found"),
    /** The registry asks for other credentials. */
    UNAUTHORIZED("registry_unauthorized"),
    /** What the registry holds is not a plugin, too large, or not what its digest says. */
    UNACCEPTABLE("artifact_invalid"),
    /** The registry cannot be reached, fails, or breaks the rules of its protocol. */
    UNAVAILABLE("registry_unavailable");

    private final String code;

    Kind(String code) {
      this.code = code;
    }

    /** For programs: lower case with underscores. */
    public String code() {
      return code;
    }
  }

  private final Kind kind;

  public RegistryException(Kind kind, String message) {
    super(message, null);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
